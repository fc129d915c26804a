"""``# jumpsigma: ignore[JS123] reason``: comments that silence a check where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from jumpsigma.checks.view import FileView
from jumpsigma.diagnostics import Span

_COMMENT: Final = re.compile(r"(?:^|\s)(#\s*jumpsigma:\s*ignore\[([^\]\n]*)\][ \t]*([^\r\n]*))")
_MARK: Final = "jumpsigma:"


@dataclass(slots=True)
class Ignore:
    """Codes that are not wanted, why, and where somebody said so.

    ``used`` collects those that silenced something.
    """

    codes: tuple[str, ...]
    reason: str
    span: Span
    used: set[str] = field(default_factory=set)

    def silences(self, code: str) -> bool:
        """Whether a code is one of these; remembers that it was."""
        if code not in self.codes:
            return False
        self.used.add(code)
        return True


def comments(file: FileView) -> Iterator[tuple[range, Ignore]]:
    """The ignores in the comments of a file, each with the lines that it is for.

    That is its own line. Where nothing else stands on that, it is the next line that is no
    comment, with all that is indented below it.
    """
    if _MARK not in file.text:
        return
    lines = file.lines
    for number, line in enumerate(lines, 1):
        if _MARK not in line or (found := _COMMENT.search(line)) is None:
            continue
        target = range(number, number + 1)
        if not line[: found.start(1)].strip():
            target = _block(lines, number)
        codes = tuple(code for each in found[2].split(",") if (code := each.strip()))
        start, end = found.start(1) + 1, found.end(1) + 1
        span = Span(file.path, number, start, number, end)
        yield target, Ignore(codes, found[3].strip(), span)


def _block(lines: list[str], number: int) -> range:
    """The lines of the first block behind a line: its first line and what is indented below."""
    first = number
    while first < len(lines) and lines[first].lstrip()[:1] in ("", "#"):
        first += 1
    if first == len(lines):
        return range(number, number + 1)
    indent = _indent(lines[first])
    last = first + 1
    while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
        last += 1
    return range(first + 1, last + 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
