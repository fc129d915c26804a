"""Findings for reading: a short block each, most telling things first.

Nothing waits for the last finding, so that a long scan can be watched, and only the end of a very
long value is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TextIO

from jumpsigma.matcher.findings import Finding
from jumpsigma.report.folding import folded, terminal_width
from jumpsigma.report.indicators import described
from jumpsigma.report.jsonout import to_json
from jumpsigma.report.visible import visible

_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "dim",
}
#: Pieces of a line, each with its style.
Parts = tuple[tuple[str, str], ...]

_MAX_VALUE = 160  # characters; one event can hold kilobytes in one field
_INDENT = 2
_WHO = (
    ("initiated_by", "email"),
    ("initiated_by", "username"),
    ("initiated_by", "id"),
    ("username",),
)


class TableSink:
    """Blocks of level, title, time, who did it, what matched, and where the event stands."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._stream = stream
        self._lines: _Lines = _ColoredLines(stream) if color else _PlainLines(stream)

    def write(self, finding: Finding) -> None:
        """Write one block and a blank line."""
        self._lines.write(_heading(finding), indent=0)
        for name, value in _details(finding):
            self._lines.write(((name, "dim"), (" ", ""), (value, "")), indent=_INDENT)
        self._stream.write("\n")

    def close(self) -> None:
        """Flush."""
        self._stream.flush()


class _Lines(Protocol):
    """Writes lines folded to the width, what follows the first a little further in."""

    def write(self, parts: Parts, *, indent: int) -> None:
        """Write one line."""


class _PlainLines:
    """Without rich, whose import takes longer than a scan of a small file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, parts: Parts, *, indent: int) -> None:
        text = "".join(piece for piece, _ in parts)
        for number, line in enumerate(folded(text, _room(terminal_width(), indent))):
            self._stream.write(f"{_margin(indent, number)}{line.rstrip()}\n")


class _ColoredLines:
    """With rich, which knows the colours of each terminal."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self._console = Console(
            file=stream, force_terminal=True, highlight=False, markup=False, emoji=False
        )

    def write(self, parts: Parts, *, indent: int) -> None:
        from rich.text import Text

        text, room = Text.assemble(*parts), _room(self._console.width, indent)
        for number, line in enumerate(text.wrap(self._console, room, overflow="fold")):
            line.rstrip()
            margin = Text(_margin(indent, number))
            self._console.print(margin.append_text(line), no_wrap=True, crop=False)


def _room(width: int, indent: int) -> int:
    return max(width - indent - _INDENT, 20)


def _margin(indent: int, number: int) -> str:
    return " " * (indent + (_INDENT if number else 0))


def _heading(finding: Finding) -> Parts:
    level = finding.level or "no level"
    return (
        (visible(level.upper()), _STYLES.get(level, "")),
        ("  ", ""),
        (visible(finding.rule_title), "bold"),
        ("  ", ""),
        (visible(finding.timestamp or "no timestamp"), "dim"),
    )


def _details(finding: Finding) -> Iterator[tuple[str, str]]:
    who = _who(finding.event)
    if who:
        yield "by", who
    if finding.correlation is not None:
        yield from _correlation(finding.correlation)
    for path, values in finding.matched.items():
        yield f"{visible(path)}:", ", ".join(_value(value) for value in values)
    for indicator in finding.indicators:
        yield "listed", described(indicator)
    if finding.source is not None:
        yield "at", visible(f"{finding.source.path or 'event'}:{finding.source.line}")


def _correlation(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The group and what was measured, then when, and on how many events with an id."""
    group = ", ".join(f"{visible(key)}={_value(value)}" for key, value in told["group"].items())
    measured = f"{told['type']} {_value(told['count'])}"
    yield "correlates", visible(measured) + (f" of {group}" if group else "")
    events, first, last = len(told["event_ids"]), _value(told["first"]), _value(told["last"])
    span = first if first == last else f"{first} to {last}"
    yield "from", span + (f", {events:,} event{'' if events == 1 else 's'}" if events else "")


def _who(event: dict[str, Any]) -> str:
    """Who caused the event, by name if it has one, and from which address."""
    name = next((name for path in _WHO if (name := _text_at(event, path))), "")
    address = _text_at(event, ("client_ip",))
    return visible(f"{name} from {address}" if name and address else name or address)


def _text_at(event: Any, path: tuple[str, ...]) -> str:
    for key in path:
        event = event.get(key) if isinstance(event, dict) else None
    return event if isinstance(event, str) else ""


def _value(value: Any) -> str:
    text = visible(value if isinstance(value, str) else to_json(value))
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}… ({len(text)} characters)"
