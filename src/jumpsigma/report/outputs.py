"""Keeping what is written away from what is read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span


def refuse_overwriting(output: str | Path, others: Iterable[str], message: str, hint: str) -> None:
    """Refuse an output that is the same file as another, by whatever name or link.

    ``others`` are the paths that are read (``-`` for standard input), or written too. Call it
    before ``output`` is opened, which empties it. Devices and pipes may be shared.

    Raises
    ------
    DiagnosticError
        ``JS091`` with ``message`` and ``hint``.

    """
    path = Path(output)
    if (path.is_file() or not path.exists()) and any(_same_file(path, each) for each in others):
        raise DiagnosticError(Diagnostic("JS091", message, span=Span(str(output)), hint=hint))


def write_report(path: Path, text: str, read: Iterable[str]) -> None:
    """Write a report of what was ``read``, and the folders above it.

    Raises
    ------
    DiagnosticError
        ``JS091`` where it would overwrite what it is made of, or cannot be written.

    """
    message = "the report would overwrite what it is made of"
    refuse_overwriting(path, read, message, hint="choose another file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise DiagnosticError(
            Diagnostic("JS091", f"cannot write: {error.strerror}", span=Span(str(path)))
        ) from None


def _same_file(path: Path, other: str) -> bool:
    try:
        if other == "-":
            return os.path.samestat(path.stat(), os.fstat(sys.stdin.fileno()))
        # Two outputs may both be still to be made.
        return os.path.realpath(path) == os.path.realpath(other) or path.samefile(other)
    except (OSError, ValueError):  # not there, or a standard input that is no file
        return False
