"""Make the edits of results: the text changes where it was wrong, and nowhere else."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jumpsigma.checks.model import Edit
from jumpsigma.checks.run import Result
from jumpsigma.checks.view import FileView

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A file with its edits: ``results`` are the problems that they mend."""

    path: str
    before: str
    after: str
    results: tuple[Result, ...]

    @property
    def diff(self) -> str:
        """The change in the unified format, with three lines around it."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            self.path,
            self.path,
        )
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def fixed(results: Iterable[Result]) -> list[Fixed]:
    """The files that results with edits are in, and what becomes of them.

    Edits that overlap an earlier one are left for another run, which sees the text anew.
    """
    by_path: dict[str, list[Result]] = {}
    for result in results:
        if result.edits:
            by_path.setdefault(result.edits[0].span.path, []).append(result)
    return [_fixed(path, found) for path, found in by_path.items()]


def _fixed(path: str, results: list[Result]) -> Fixed:
    view = FileView(path)
    text, done, pieces, at = view.text, list[Result](), list[str](), 0
    for result in sorted(results, key=lambda each: _start(view, each.edits[0])):
        start, end = _start(view, result.edits[0]), _end(view, result.edits[0])
        if start < at or len(result.edits) > 1:
            continue
        pieces += (text[at:start], result.edits[0].text)
        at = end
        done.append(result)
    return Fixed(path, text, "".join([*pieces, text[at:]]), tuple(done))


def _start(view: FileView, edit: Edit) -> int:
    return view.offset(edit.span.line, edit.span.column)


def _end(view: FileView, edit: Edit) -> int:
    return view.offset(edit.span.end_line, edit.span.end_column)


def write(change: Fixed) -> None:
    """Write the file anew, in one step, with the byte order mark and the mode that it had.

    Raises :class:`OSError` when it cannot be written.
    """
    path = Path(os.path.realpath(change.path))
    mark = _BOM if path.read_bytes().startswith(_BOM) else b""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(mark + change.after.encode())
        Path(temporary).chmod(path.stat().st_mode & 0o7777)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
