"""Diagnostics to text for people and to JSON for programs.

Text repeats what strangers wrote (file names, values, source lines), so everything that could
move the cursor, change colours or reorder text on a terminal is shown as an escape instead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from jumpsigma.diagnostics import Diagnostic, Severity, Span

_BREAK: Final = re.compile("\r\n|\n|\r")
_WIDTH: Final = 100  # terminal cells of a source line that are shown
_TAB: Final = "    "
_MARGIN: Final = 24  # cells kept before the place when a line is cut
_COLORS: Final = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_MAX_SOURCE: Final = 16 * 1024 * 1024

ReadSource = Callable[[str], str | None]


def read_source_file(path: str) -> str | None:
    """The text of a file for showing its lines, None when it cannot be read."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(_MAX_SOURCE).decode("utf-8-sig", "replace")
    except OSError:
        return None


def to_text(
    diagnostics: Iterable[Diagnostic],
    *,
    color: bool = False,
    read_source: ReadSource = read_source_file,
) -> str:
    """One block for each diagnostic, in the given order; ends with a newline unless empty.

    ``file:line:column: severity JSnnn: message``, the source line with the place underlined, and
    the hint. ``read_source`` gives the text of a file by the path in the span, or None.
    """
    sources: dict[str, list[str]] = {}
    blocks: list[str] = []
    for diagnostic in diagnostics:
        block = [_headline(diagnostic, color=color)]
        if diagnostic.span is not None and diagnostic.span.line:
            path = diagnostic.span.path
            if path not in sources:
                sources[path] = _BREAK.split((read_source(path) or "").removeprefix("\ufeff"))
            block += _excerpt(diagnostic, sources[path], color=color)
        if diagnostic.hint is not None:
            block.append(f"  hint: {printable(diagnostic.hint)}")
        blocks.append("\n".join(block) + "\n")
    return "".join(blocks)


def to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """One object for each diagnostic: ``code severity message path line column rule_id hint``.

    ``path`` is always a string, empty when the problem is in no file; ``line`` and ``column`` are
    null when it is in a file as a whole.
    """
    return [
        {
            "code": diagnostic.code,
            "severity": str(diagnostic.severity),
            "message": diagnostic.message,
            "path": diagnostic.span.path if diagnostic.span else "",
            "line": (diagnostic.span.line or None) if diagnostic.span else None,
            "column": (diagnostic.span.column or None) if diagnostic.span else None,
            "rule_id": diagnostic.rule_id,
            "hint": diagnostic.hint,
        }
        for diagnostic in diagnostics
    ]


def printable(text: str) -> str:
    """The text with control, format and surrogate characters and line ends as escapes."""
    return "".join(map(_cell, text)) if not text.isprintable() else text


def _cell(char: str) -> str:
    if char == " " or char.isprintable():
        return char
    if unicodedata.category(char) == "Zs":  # no-break and wide spaces
        return char
    return char.encode("unicode_escape").decode("ascii")


def _headline(diagnostic: Diagnostic, *, color: bool) -> str:
    severity = f"{diagnostic.severity} {diagnostic.code}"
    if color:
        severity = f"\x1b[1;{_COLORS[diagnostic.severity]}m{severity}\x1b[0m"
    place = ""
    if diagnostic.span is not None:
        span = diagnostic.span
        numbers = [str(number) for number in (span.line, span.column) if number]
        place = ":".join([printable(span.path), *numbers]) + ": "
    return f"{place}{severity}: {printable(diagnostic.message)}"


def _excerpt(diagnostic: Diagnostic, lines: Sequence[str], *, color: bool) -> list[str]:
    span = diagnostic.span
    if span is None or span.line > len(lines):
        return []
    line = lines[span.line - 1]
    if not line.strip():
        return []
    start, end = _underlined(span, line)
    shown, indent, width = _window(line, start, end)
    gutter = str(span.line)
    underline = "^" * width
    if color:
        underline = f"\x1b[1;{_COLORS[diagnostic.severity]}m{underline}\x1b[0m"
    return [
        f"  {gutter} | {shown}".rstrip(),
        f"  {' ' * len(gutter)} | {' ' * indent}{underline}",
    ]


def _underlined(span: Span, line: str) -> tuple[int, int]:
    """The characters of the first line that the span covers, as a half-open range."""
    start = min(max(span.column - 1, 0), len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    return start, max(min(end, len(line)), start + 1)


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a line that is shown; the cells before the underline, and those under it."""
    cells = [_TAB if char == "\t" else _cell(char) for char in line]
    widths = [_width(cell) for cell in cells]
    first = 0
    if sum(widths) > _WIDTH and sum(widths[:end]) > _WIDTH:
        first, room = start, _MARGIN
        while first and widths[first - 1] <= room:
            first -= 1
            room -= widths[first]
    last, room = first, _WIDTH
    while last < len(cells) and widths[last] <= room:
        room -= widths[last]
        last += 1
    before, after = "…" if first else "", "…" if last < len(cells) else ""
    indent = len(before) + sum(widths[first:start])
    width = max(sum(widths[start : min(end, last)]), 1)
    return before + "".join(cells[first:last]) + after, indent, width


def _width(cell: str) -> int:
    """Terminal cells of a character (or of the escape that stands for it)."""
    return sum(
        0
        if unicodedata.category(char) in ("Mn", "Me")
        else 2
        if unicodedata.east_asian_width(char) in ("W", "F")
        else 1
        for char in cell
    )
