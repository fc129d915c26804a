"""From what the user names to the inputs that are read: folders become their event files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.intake.opening import STDIN

SUFFIXES = (".json", ".ndjson", ".jsonl", ".log")
"""Which files of a folder are read, each also with ``.gz`` behind it, in any case. A file that
is named itself is read whatever its name."""


def expand_inputs(paths: Sequence[str]) -> tuple[list[str], list[Diagnostic]]:
    """Replace each folder by its event files, recursive and sorted, hidden ones left out.

    Files and ``-`` stay as they are, in the order given. JS072 for what does not exist and for a
    folder that cannot be listed, JS076 for a folder without an event file.
    """
    inputs: list[str] = []
    problems: list[Diagnostic] = []
    for path in paths:
        if path == STDIN:
            inputs.append(path)
        elif Path(path).is_dir():
            inputs += _event_files(path, problems)
        elif Path(path).exists():
            inputs.append(path)
        else:
            problems.append(Diagnostic("JS072", "no such file or folder", span=Span(path)))
    return inputs, problems


def _event_files(folder: str, problems: list[Diagnostic]) -> list[str]:
    before = len(problems)

    def unlistable(error: OSError) -> None:
        message = f"cannot list: {error.strerror or error}"
        problems.append(Diagnostic("JS072", message, span=Span(error.filename or folder)))

    found: list[str] = []
    for parent, folders, files in os.walk(folder, onerror=unlistable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [str(Path(parent, name)) for name in files if _is_event_file(name)]
    if not found and len(problems) == before:
        hint = f"event files end in {', '.join(SUFFIXES)}, or one of these and .gz"
        problems.append(Diagnostic("JS076", "no event file here", span=Span(folder), hint=hint))
    return sorted(found)


def _is_event_file(name: str) -> bool:
    return not name.startswith(".") and name.lower().removesuffix(".gz").endswith(SUFFIXES)
