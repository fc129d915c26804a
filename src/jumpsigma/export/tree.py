"""What an export writes: the files of each rule and of the pack, an index and checksums.

The same rules give the same bytes. A file that has them already is left alone, so that its time
says when it changed. Only what an earlier export wrote, and nobody has changed since, is written
over or removed: the index knows.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.export.texts import to_json

INDEX: Final = "index.json"
CHECKSUMS: Final = "SHA256SUMS"
_SLUG: Final = re.compile(r"[^a-z0-9]+")
#: Names that Windows keeps for devices, whatever their suffix.
_RESERVED: Final = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
_LONGEST: Final = 80


@dataclass(slots=True)
class Written:
    """The paths, relative to the folder: new or changed, left as they were, removed, kept."""

    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Not as an earlier export wrote it: neither removed nor overwritten."""
    waiting: list[str] = field(default_factory=list)
    """Of an earlier export, not of this one, and not removed since the rules are not complete."""


def slug(title: str, taken: set[str]) -> str:
    """A file name for a title that is safe on every system, and not taken yet in any case."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = _SLUG.sub("_", plain).strip("_")[:_LONGEST].rstrip("_") or "rule"
    name = f"{name}_rule" if _RESERVED.fullmatch(name) else name
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    taken.add(unique)
    return unique


def write_tree(
    folder: Path, files: Mapping[str, str], index: Mapping[str, Any], *, complete: bool = True
) -> Written:
    """Write files below a folder, then its index and checksums.

    ``complete``: all rules could be read, so that what is not among the files is to be removed.

    Raises :class:`DiagnosticError` (JS091) where a file cannot be written.
    """
    _look_at(folder)
    before = _earlier(folder)
    done = Written()
    sums = {path: _digest(text.encode()) for path, text in files.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        gone = sorted(before.keys() - sums.keys())
        if complete:
            for path in gone:
                _remove(folder, path, before[path], done)
        else:
            done.waiting += gone
            sums |= {path: before[path] for path in gone}
        for path, text in sorted(files.items()):
            _write(folder, path, text, done, before.get(path))
        document = {**index, "files": dict(sorted(sums.items()))}
        text = to_json(document, indent=2) + "\n"
        _write_over(folder, INDEX, text, done)
        lines = [f"{digest}  {path}\n" for path, digest in sorted(sums.items())]
        lines.append(f"{_digest(text.encode())}  {INDEX}\n")
        _write_over(folder, CHECKSUMS, "".join(lines), done)
    except OSError as error:
        place = Span(str(error.filename or folder))
        message = f"cannot write: {error.strerror or error}"
        raise DiagnosticError(Diagnostic("JS091", message, span=place)) from None
    return done


def _look_at(folder: Path) -> None:
    """Raise :class:`DiagnosticError` (JS091) where no export can be written."""
    wrong = None
    if folder.exists() and not folder.is_dir():
        wrong, hint = folder, "an export is written into a folder; give one, or a name that is free"
    elif (folder / CHECKSUMS).exists() and not (folder / INDEX).exists():
        wrong, hint = folder / CHECKSUMS, "take another folder"
    if wrong is not None:
        message = "it is there, and is not of an export"
        raise DiagnosticError(Diagnostic("JS091", message, span=Span(str(wrong)), hint=hint))


def _earlier(folder: Path) -> dict[str, str]:
    """The files of the export that stands there, by the index, each with its digest."""
    try:
        found = json.loads((folder / INDEX).read_text(encoding="utf-8"))["files"]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, KeyError, TypeError):
        message = "the index of the export that stands there cannot be read"
        hint = "take another folder, or remove this one"
        place = Span(str(folder / INDEX))
        raise DiagnosticError(Diagnostic("JS091", message, span=place, hint=hint)) from None
    if not isinstance(found, dict):
        return {}
    return {str(path): str(digest) for path, digest in found.items() if _is_inside(str(path))}


def _is_inside(path: str) -> bool:
    """An index may have come from anybody: nothing outside the folder is ever removed."""
    parts = path.split("/")
    return not os.path.isabs(path) and "\\" not in path and not {"", ".", ".."} & set(parts)  # noqa: PTH117


def _remove(folder: Path, path: str, digest: str, done: Written) -> None:
    file = folder / path
    if file.is_symlink() or not file.is_file() or not _below(folder, file):
        return
    if _digest(file.read_bytes()) != digest:
        done.kept.append(path)
        return
    file.unlink()
    done.removed.append(path)


def _write(folder: Path, path: str, text: str, done: Written, before: str | None) -> None:
    """Write a file, unless one is there that is not as the earlier export wrote it."""
    file = folder / path
    if file.is_file() and not file.is_symlink() and _below(folder, file):
        found = file.read_bytes()
        if found != text.encode() and _digest(found) != before:
            done.kept.append(path)
            return
    _write_over(folder, path, text, done)


def _write_over(folder: Path, path: str, text: str, done: Written) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if not _below(folder, file):
        raise OSError(0, "it leads out of the folder of the export", str(file))
    data = text.encode()
    if file.is_file() and not file.is_symlink() and file.read_bytes() == data:
        done.same.append(path)
        return
    # Written beside and moved, so that nobody reads half a file, and a link is replaced.
    waiting = file.with_name(f".{file.name}.new")
    waiting.write_bytes(data)
    waiting.replace(file)
    done.changed.append(path)


def _below(folder: Path, file: Path) -> bool:
    return file.parent.resolve().is_relative_to(folder.resolve())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def unique_slugs(titles: Iterable[str]) -> list[str]:
    """A slug for each title, in order."""
    taken: set[str] = set()
    return [slug(title, taken) for title in titles]
