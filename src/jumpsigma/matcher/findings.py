"""What the matcher says: one finding for each rule that an event satisfies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jumpsigma.intake.records import Event
from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.matcher.runtime import TIME_PATHS, values

if TYPE_CHECKING:
    from jumpsigma.ir.correlations import CorrelationIR
    from jumpsigma.ir.nodes import RuleIR
    from jumpsigma.matcher.program import Holding, Program

_ID_PATHS = (("id",), ("event", "id"), ("_id",))


@dataclass(frozen=True, slots=True)
class Source:
    """Where the event stands.

    ``line`` counts every line of a file, or an array's elements, from 1; ``path`` is None for
    an iterable or a file object.
    """

    path: str | None
    line: int


@dataclass
class Carried:
    """An event that another process has matched: it is read once more when it is asked for.

    It has the names of an :class:`~jumpsigma.intake.records.Event`. ``numbers`` are the rules that
    give findings, ``read`` makes of bytes what rules see.
    """

    read: Callable[[bytes], dict[str, Any]]
    program: Program
    numbers: tuple[int, ...]
    raw: bytes
    path: str | None
    line: int

    @cached_property
    def data(self) -> dict[str, Any]:
        """The event as rules see it."""
        return self.read(self.raw)

    @cached_property
    def holding(self) -> Holding:
        """What is found out about it on the way to knowing that the rules hold."""
        return self.program.among(self.data, self.numbers)


#: What a finding says is found out from these, when it is asked for: the rule with its number,
#: what was found out about the event on the way (None: it is still to be), and the event.
_Origin = tuple["Program", "RuleIR", int, "Holding | None", Event | Carried]


class _Deferred:
    """Fills the slots of a finding when they are first read.

    Most findings of a scan are counted, or asked for a few things only.
    """

    __slots__ = ("_origin",)
    _origin: _Origin

    if not TYPE_CHECKING:  # a type checker must still know which names there are

        def __getattr__(self, name: str) -> Any:
            """Python asks here for a slot that is still empty."""
            if name not in Finding.__slots__:
                message = f"{type(self).__name__!r} object has no attribute {name!r}"
                raise AttributeError(message, name=name, obj=self)
            program, rule, number, holding, event = self._origin
            known: dict[str, Any]
            if name in ("matched", "indicators"):
                seen = event.holding if holding is None else holding
                known = {name: getattr(program, name)(number, seen)}
            else:
                known = _plain(rule, event.data, Source(event.path, event.line))
                known["correlation"] = None
            for each, value in known.items():
                object.__setattr__(self, each, value)
            return known[name]


@dataclass(frozen=True, slots=True)
class Finding(_Deferred):
    """One event that satisfies one rule.

    ``matched`` maps event paths to the values that satisfied a leaf of the rule's condition.
    ``author`` and ``license`` are the rule's: the Detection Rule License 1.1 asks that they
    travel with the alert. ``event_id`` and ``timestamp`` are the event's own ``id`` and
    ``timestamp``, as they stand there. ``source`` is None when an event was matched by itself.

    ``correlation`` is None for a single-event rule, else ``type``, ``group``, ``count``,
    ``first``, ``last`` and ``event_ids`` of what was correlated; the rest of the finding is then
    that of the event which completed it. ``indicators`` are the values of lists on which it rests
    (S704), empty for a rule without placeholders.
    """

    rule_id: str | None
    rule_title: str
    level: str | None
    author: str | None
    license: str | None
    tags: tuple[str, ...]
    event_id: str | None
    timestamp: str | None
    source: Source | None
    matched: dict[str, list[Any]]
    event: dict[str, Any]
    correlation: dict[str, Any] | None = None
    indicators: tuple[MatchedIndicator, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The finding as ``scan --format ndjson`` prints it, in that order of keys."""
        source = self.source and {"path": self.source.path, "line": self.source.line}
        result: dict[str, Any] = {
            "rule_id": self.rule_id,
            "rule_title": self.rule_title,
            "level": self.level,
            "author": self.author,
            "license": self.license,
            "tags": list(self.tags),
            "event_id": self.event_id,
            "timestamp": self.timestamp,
            "source": source,
            "matched": self.matched,
            "event": self.event,
        }
        if self.correlation is not None:
            result["correlation"] = self.correlation
        if self.indicators:
            result["indicators"] = [each.to_dict() for each in self.indicators]
        return result


def findings_of(
    program: Program,
    rules: Sequence[RuleIR],
    silent: Collection[int],
    holding: Holding,
    event: Event,
) -> list[Finding]:
    """What the rules that hold say of an event that was read, but the silent ones.

    It is found out when it is asked for: the event must not change any more.
    """
    return [
        _deferred((program, rules[number], number, holding, event))
        for number in holding.numbers
        if number not in silent
    ]


def findings_again(program: Program, rules: Sequence[RuleIR], event: Carried) -> list[Finding]:
    """The findings that another process had on an event."""
    return [_deferred((program, rules[number], number, None, event)) for number in event.numbers]


def packed(findings: Sequence[Finding]) -> list[tuple[tuple[int, ...], bytes, int]]:
    """What :func:`findings_of` gave for events of one input, to be carried to another process.

    For each event the numbers of the rules, its bytes, and its line.
    """
    events: dict[int, tuple[list[int], Event | Carried]] = {}
    for finding in findings:
        _, _, number, _, event = finding._origin  # noqa: SLF001 - ours
        events.setdefault(id(event), ([], event))[0].append(number)
    return [(tuple(numbers), event.raw, event.line) for numbers, event in events.values()]


def _deferred(origin: _Origin) -> Finding:
    finding: Finding = object.__new__(Finding)
    object.__setattr__(finding, "_origin", origin)  # a finding is frozen
    return finding


def finding_of(
    rule: RuleIR | CorrelationIR,
    event: dict[str, Any],
    source: Source | None,
    matched: dict[str, list[Any]],
    indicators: tuple[MatchedIndicator, ...] = (),
    *,
    correlation: dict[str, Any] | None = None,
) -> Finding:
    """What a rule that holds says of an event, which may change afterwards."""
    return Finding(
        **_plain(rule, event, source),
        matched=matched,
        correlation=correlation,
        indicators=indicators,
    )


def _plain(
    rule: RuleIR | CorrelationIR, event: dict[str, Any], source: Source | None
) -> dict[str, Any]:
    """What a finding says without another look at the rule's condition."""
    return {
        "rule_id": rule.id,
        "rule_title": rule.title,
        "level": rule.level,
        "author": rule.author,
        "license": rule.license,
        "tags": rule.tags,
        "event_id": id_of(event),
        "timestamp": timestamp_of(event),
        "source": source,
        "event": event,
    }


def id_of(event: dict[str, Any]) -> str | None:
    """The id of an event (S703)."""
    usual = event.get("id")
    return usual if type(usual) is str else _first_text(event, _ID_PATHS)


def timestamp_of(event: dict[str, Any]) -> str | None:
    """The time of an event as it stands there (S703)."""
    usual = event.get("timestamp")
    return usual if type(usual) is str else _first_text(event, TIME_PATHS)


def _first_text(event: dict[str, Any], paths: tuple[tuple[str, ...], ...]) -> str | None:
    for path in paths:
        for value in values(event, path):
            if isinstance(value, str):
                return value
    return None
