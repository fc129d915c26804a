"""SigmaHQ's rules, which are not ours to ship: whoever measures with them says where they are."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath
from typing import Final

from benchmarks.events import digest_of

_FOLDER: Final = "rules"


def rules_folder(place: Path, scratch: Path) -> Path:
    """The folder ``rules`` of SigmaHQ: a checkout of it, that folder itself, or an archive.

    An archive (``.tar.gz``) is unpacked into ``scratch``, rule files alone. Raises
    :class:`ValueError` for what is none of these.
    """
    if place.is_dir():
        return place / _FOLDER if (place / _FOLDER).is_dir() else place
    if not place.is_file():
        raise ValueError(f"there is no {place}")
    target = scratch / f"sigmahq-{digest_of([place])}"
    if not target.exists():
        growing = target.with_name(f"{target.name}.part")
        with tarfile.open(place) as files:
            for member in files:
                inside = _inside(PurePosixPath(member.name))
                content = files.extractfile(member) if member.isfile() else None
                if inside is not None and content is not None:
                    path = growing / inside
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content.read())
        if not growing.exists():
            raise ValueError(f"{place} holds no folder {_FOLDER} with rules")
        growing.replace(target)
    return target


def _inside(name: PurePosixPath) -> Path | None:
    """Where a rule stands below ``rules``; None for every other file, and for names that climb."""
    if _FOLDER not in name.parts or ".." in name.parts or name.suffix != ".yml":
        return None
    return Path(*name.parts[name.parts.index(_FOLDER) + 1 :])
