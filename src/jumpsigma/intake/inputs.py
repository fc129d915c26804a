"""From what the user names to the inputs that are read: folders and patterns become files."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.intake.opening import STDIN

SUFFIXES = (".json", ".ndjson", ".jsonl", ".log")
"""Which files of a folder are read, each also with ``.gz`` or ``.zst`` behind it, in any case. A
file that is named itself, or by a pattern, is read whatever its name."""

_pattern = re.compile(r"[*?\[]")


def expand_inputs(paths: Sequence[str]) -> tuple[list[str], list[Diagnostic]]:
    """Replace each folder by its event files, recursive and sorted, hidden ones left out.

    Files and ``-`` stay as they are, in the order given. A name that does not exist and holds
    ``*``, ``?`` or ``[`` is a pattern, as Windows shells hand it on: it is replaced by what it
    matches, sorted, ``**`` through all folders.

    JS072 for what does not exist, for a pattern that matches nothing, for a folder that cannot be
    listed and for a pipe in one (reading it might wait for ever); JS076 for a folder without an
    event file.
    """
    inputs: list[str] = []
    problems: list[Diagnostic] = []
    for path in paths:
        if path == STDIN:
            inputs.append(path)
        elif Path(path).is_dir():
            inputs += _event_files(path, problems)
        elif os.path.lexists(path) or not _pattern.search(path):
            inputs += _existing(path, problems)
        else:
            inputs += _matching(path, problems)
    return inputs, problems


def _existing(path: str, problems: list[Diagnostic]) -> list[str]:
    if Path(path).exists():
        return [path]
    message = "a link to nowhere" if os.path.lexists(path) else "no such file or folder"
    problems.append(Diagnostic("JS072", message, span=Span(path)))
    return []


def _matching(pattern: str, problems: list[Diagnostic]) -> list[str]:
    # Not Path.glob: it takes relative patterns only. `absent/**` gives `absent/`, there or not.
    found = (m for m in glob.glob(pattern, recursive=True) if os.path.lexists(m))  # noqa: PTH207
    matches = sorted(found)
    if "**" in pattern:
        # Folders are searched already. A link to a folder above would lead to files many times.
        files = {os.path.realpath(m): m for m in reversed(matches) if not Path(m).is_dir()}
        matches = sorted(files.values())
    if not matches:
        hint = "in a pattern, * and ? stay within a folder and ** goes through all below it"
        problems.append(Diagnostic("JS072", "matches no file", span=Span(pattern), hint=hint))
    inputs: list[str] = []
    for match in matches:
        inputs += _event_files(match, problems) if Path(match).is_dir() else [match]
    return _readable(inputs, problems)


def _readable(files: list[str], problems: list[Diagnostic]) -> list[str]:
    """Leave out pipes and sockets, which nobody has named."""
    kept: list[str] = []
    for file in files:
        path = Path(file)
        if path.is_fifo() or path.is_socket():
            hint = "name it itself to read from it"
            problems.append(Diagnostic("JS072", "a pipe, no file", span=Span(file), hint=hint))
        else:
            kept.append(file)
    return kept


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
        hint = f"event files end in {', '.join(SUFFIXES)}, or one of these and .gz or .zst"
        problems.append(Diagnostic("JS076", "no event file here", span=Span(folder), hint=hint))
    return _readable(sorted(found), problems)


def _is_event_file(name: str) -> bool:
    plain = name.lower().removesuffix(".gz").removesuffix(".zst")
    return not name.startswith(".") and plain.endswith(SUFFIXES)
