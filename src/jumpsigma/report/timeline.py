"""A correlation on events: what made it fire, on a small timeline, or how near it came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from jumpsigma.ir.correlations import CorrelationIR, Threshold, describe_condition
from jumpsigma.matcher import Source
from jumpsigma.report.jsonout import to_json
from jumpsigma.report.visible import visible

#: Of more events than this the middle ones are counted, not printed.
SHOWN_EVENTS: Final = 20
_SECOND: Final = 1_000_000_000  # nanoseconds


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a window: when (nanoseconds, and as it says), for which rules, and where."""

    time: int
    timestamp: str
    rules: tuple[str, ...]
    event_id: str | None
    source: Source | None


@dataclass(frozen=True, slots=True)
class Episode:
    """A window of one group: the measured number, and the events that it was measured on."""

    group: dict[str, Any]
    number: int | float | None
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class CorrelationExplanation:
    """What a correlation made of events.

    ``findings`` has a window for each, ``nearest`` the one that came closest when there is no
    finding; ``matches`` counts the events of each rule that the correlation refers to, by title.
    """

    correlation: CorrelationIR
    findings: tuple[Episode, ...]
    nearest: Episode | None
    matches: dict[str, int]

    @property
    def fires(self) -> bool:
        """Whether the correlation fires on the events."""
        return bool(self.findings)


def correlation_text(explanation: CorrelationExplanation, *, color: bool = False) -> str:
    """The explanation for a terminal: a paragraph for each finding, or for the nearest window."""
    return "\n".join(_lines(explanation, color=color)) + "\n"


def _lines(explanation: CorrelationExplanation, *, color: bool) -> Iterator[str]:
    bold, dim, plain = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    correlation, count = explanation.correlation, len(explanation.findings)
    times = "once" if count == 1 else f"{count:,} times"
    verdict = f"fires {times}" if count else "does not fire"
    yield f"{bold}{visible(correlation.title)} {verdict}{plain}"
    yield f"{dim}rule {visible(correlation.path)}{plain}"
    yield visible(_summary(correlation))
    for title, matches in explanation.matches.items():
        yield f"  {matches:,} {'match' if matches == 1 else 'matches'} of {visible(title)}"
    for episode in explanation.findings:
        yield ""
        yield f"{bold}{_heading(correlation, episode)}{plain}"
        yield from _timeline(episode)
    if explanation.nearest is not None:
        yield ""
        yield f"{bold}nearest: {_heading(correlation, explanation.nearest)}{plain}"
        yield from _timeline(explanation.nearest)


def _summary(correlation: CorrelationIR) -> str:
    of = f" of {', '.join(correlation.fields)}" if correlation.fields else ""
    by = f" by {', '.join(correlation.group_by)}" if correlation.group_by else ""
    return f"{correlation.type}{of}{by} within {_span(correlation.timespan * _SECOND)}"


def _heading(correlation: CorrelationIR, episode: Episode) -> str:
    group = ", ".join(f"{name}={_shown(value)}" for name, value in episode.group.items())
    number = "nothing" if episode.number is None else f"{episode.number:,}"
    condition = visible(describe_condition(correlation))
    if not isinstance(correlation.condition, Threshold):
        number = f"{number} of {len(correlation.references)} rules"
    elif correlation.condition.op in {"gt", "gte"}:
        return (
            f"{group or 'all events'}: {number} of {correlation.condition.number:,} ({condition})"
        )
    if not condition.startswith("("):
        condition = f"({condition})"
    return f"{group or 'all events'}: {number} {condition}"


def _timeline(episode: Episode) -> Iterator[str]:
    moments = episode.moments
    half = SHOWN_EVENTS // 2
    hidden = len(moments) - SHOWN_EVENTS
    shown = moments if hidden <= 0 else (*moments[:half], *moments[-half:])
    rows = [_row(moment, moments[0].time) for moment in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, row in enumerate(rows):
        if hidden > 0 and place == half:
            yield f"  ... {hidden:,} more"
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  " + "  ".join(cells).rstrip()


def _row(moment: Moment, first: int) -> tuple[str, str, str, str, str]:
    offset = "" if moment.time == first else f"+{_span(moment.time - first)}"
    source = moment.source
    place = "" if source is None else f"{source.path or 'event'}:{source.line}"
    rules = ", ".join(moment.rules)
    texts = (moment.timestamp, offset, rules, place, moment.event_id or "")
    return (visible(texts[0]), *map(visible, texts[1:]))  # type: ignore[return-value]


def _span(nanoseconds: int) -> str:
    """Such as 1d02h, 5m, 3m05s, 0.25s: the two largest units, fractions of less than a minute."""
    seconds, fraction = divmod(nanoseconds, _SECOND)
    if seconds < 60:
        digits = f".{fraction:09}".rstrip("0") if fraction else ""
        return f"{seconds}{digits}s"
    for large, small, size in (("d", "h", 86_400), ("h", "m", 3600), ("m", "s", 60)):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            less = rest // {"h": 3600, "m": 60, "s": 1}[small]
            return f"{count}{large}{less:02}{small}" if less else f"{count}{large}"
    raise AssertionError(seconds)


def _shown(value: Any) -> str:
    return visible(value if isinstance(value, str) else to_json(value))


def correlation_dict(explanation: CorrelationExplanation) -> dict[str, Any]:
    """The explanation as plain data, for ``explain --format json``."""
    correlation = explanation.correlation
    return {
        "rule_id": correlation.id,
        "rule_title": correlation.title,
        "path": correlation.path,
        "mapping": correlation.mapping,
        "fires": explanation.fires,
        "type": correlation.type,
        "timespan": correlation.timespan,
        "condition": describe_condition(correlation),
        "matches": explanation.matches,
        "findings": [_episode(each) for each in explanation.findings],
        "nearest": explanation.nearest and _episode(explanation.nearest),
    }


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "group": episode.group,
        "number": episode.number,
        "events": [
            {
                "timestamp": moment.timestamp,
                "offset": (moment.time - episode.moments[0].time) / _SECOND,
                "rules": list(moment.rules),
                "event_id": moment.event_id,
                "source": moment.source
                and {"path": moment.source.path, "line": moment.source.line},
            }
            for moment in episode.moments
        ],
    }
