"""What people call rules by, as paths."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from jumpsigma.content import shipped

if TYPE_CHECKING:
    from jumpsigma.pack import Pack

SHIPPED: Final = "shipped"


def resolved(paths: Iterable[str | Path]) -> list[str | Path]:
    """The paths, with those of the shipped rules for the word ``shipped``, and for no path."""
    return [_resolve(path) for path in tuple(paths) or (SHIPPED,)]


def _resolve(path: str | Path) -> str | Path:
    if path != SHIPPED or Path(path).exists():
        return path
    folder, here = shipped("sigma_rules"), Path.cwd()
    # In a checkout the short path is the one that people recognise in a message.
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def relative_to_pack(path: str, pack: Pack) -> str:
    """A path below the folder that was loaded; of a file that was named, its name."""
    whole = PurePath(path)
    for root in pack.roots:
        if whole != PurePath(root) and whole.is_relative_to(root):
            return whole.relative_to(root).as_posix()
    return whole.name
