"""Whether events of the intake can satisfy a correlation: a sequence of them as the witness."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, islice
from math import floor
from typing import Any, Final

from jumpsigma.interpret import holds, values_of
from jumpsigma.interpret.correlations import Given, correlate
from jumpsigma.interpret.values import text_of
from jumpsigma.ir.bind import bind
from jumpsigma.ir.correlations import (
    CorrelationIR,
    Reference,
    Threshold,
    TooManySequencesError,
    sequences,
)
from jumpsigma.ir.nodes import And, Compare, Exists, Expr, Not, Null, Number, RuleIR, Test, Text
from jumpsigma.reachability.candidates import candidates
from jumpsigma.reachability.carried import Intake, weakest
from jumpsigma.reachability.verdict import REACHABILITIES, Reach, Witness, reach
from jumpsigma.reachability.witness import Event

#: A threshold above this is not acted out.
MOST_EVENTS: Final = 2000
_WAYS: Final = 24
_START: Final = datetime(2024, 5, 1, 12, tzinfo=UTC)
_TEMPORAL: Final = ("temporal", "temporal_ordered")

Lists = Mapping[str, Collection[str]]
#: Values of the fields that events are grouped by, by the number of the field.
Group = dict[int, str]


class _CannotError(Exception):
    """A part of a correlation cannot come about; ``reach`` says why."""

    def __init__(self, reach: Reach) -> None:
        super().__init__(reach.reachability)
        self.reach = reach


@dataclass(frozen=True, slots=True)
class _Acted:
    """Events in order, each with the seconds since the one before, and what they rest on."""

    events: tuple[tuple[Event, float], ...]
    answers: tuple[Reach, ...]
    group: Group
    reasons: tuple[str, ...] = ()
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        """How bad the worst answer is."""
        worst = max(REACHABILITIES.index(each.reachability) for each in self.answers)
        return max(worst, REACHABILITIES.index("partial") if self.reasons else 0)


def reach_correlation(
    correlation: CorrelationIR, intake: Intake, lists: Lists | None = None
) -> Reach:
    """Whether a sequence of events of the intake can satisfy a correlation.

    It is as reachable as the rules that its condition takes, on events that have the fields that
    it groups by and measures; a rule that it can do without makes it ``partial``.
    """
    actor = _Actor(intake, lists or {})
    try:
        acted = actor.fire(correlation, {})
    except _CannotError as error:
        return error.reach
    events = actor.timed(acted.events, correlation.timespan)
    reasons = (*acted.reasons, *(why for each in acted.answers for why in each.reasons))
    found = Reach(
        REACHABILITIES[acted.rank],
        weakest(tuple(each.provenance for each in acted.answers)),
        tuple(dict.fromkeys(name for each in acted.answers for name in each.services)),
        tuple(dict.fromkeys(name for each in acted.answers for name in each.event_types)),
        tuple(dict.fromkeys(reasons)),
        Witness(events, acted.lists),
    )
    given = [Given(event, None, line) for line, event in enumerate(events, start=1)]
    known = {name: tuple(values) for name, values in (lists or {}).items()}
    if correlate([correlation], given, {**known, **acted.lists}):
        return found
    why = "its rules are reachable, but no sequence of events was found that completes it"
    return replace(found, reachability="unlikely", reasons=(*found.reasons, why), witness=None)


@dataclass(slots=True)
class _Actor:
    intake: Intake
    lists: Lists
    _answers: dict[Any, Reach] = field(default_factory=dict)

    def fire(self, correlation: CorrelationIR, group: Group) -> _Acted:
        """Events that complete the correlation once, in a group of these values."""
        if correlation.type in _TEMPORAL:
            return self._together(correlation, group)
        ways = [
            lambda each=each: self._measured(correlation, each, group)
            for each in correlation.references
        ]
        acted, failed = self._best(ways)
        dead = tuple(
            f"{correlation.references[number].name} is dead: {'; '.join(answer.reasons)}"
            for number, answer in failed.items()
        )
        return replace(acted, reasons=(*acted.reasons, *dead))

    def _best(self, ways: Sequence[Any]) -> tuple[_Acted, dict[int, Reach]]:
        """The way that rests on the best answers, and why others do not lead anywhere."""
        acted: list[_Acted] = []
        failed: dict[int, Reach] = {}
        for number, way in enumerate(ways):
            try:
                acted.append(way())
            except _CannotError as error:
                failed[number] = error.reach
        if not acted:
            raise _CannotError(
                min(failed.values(), key=lambda each: REACHABILITIES.index(each.reachability))
            )
        return min(acted, key=lambda each: each.rank), failed

    def _together(self, correlation: CorrelationIR, group: Group) -> _Acted:
        ways = [
            lambda slots=slots, first=first: self._chain(correlation, slots, first, group)
            for slots in islice(_ways(correlation), _WAYS)
            for first in slots
        ]
        return self._best(ways)[0]

    def _chain(
        self, correlation: CorrelationIR, slots: tuple[int, ...], first: int, group: Group
    ) -> _Acted:
        """One match of each of these references in order; ``first`` decides the group."""
        acted = {first: self._once(correlation.references[first], group)}
        group = {**acted[first].group, **group}
        for slot in slots:
            if slot != first:
                acted[slot] = self._once(correlation.references[slot], group)
        return _joined([acted[slot] for slot in slots], group)

    def _measured(self, correlation: CorrelationIR, reference: Reference, group: Group) -> _Acted:
        """Enough matches of one reference to satisfy the threshold."""
        threshold = correlation.condition
        if not isinstance(threshold, Threshold):
            raise TypeError("only temporal types have conditions over rules")
        if correlation.type not in ("event_count", "value_count"):
            return self._once(reference, group, _number_test(threshold, reference.fields[0]))
        count = _count(threshold)
        if count > MOST_EVENTS:
            raise _CannotError(Reach("unlikely", "assumed", reasons=(f"it takes {count} events",)))
        once = self._once(reference, group)
        if correlation.type == "value_count":
            return replace(once, events=tuple(self._varied(reference, once, count)))
        if isinstance(reference.rule, CorrelationIR):
            # It has to end before it can begin anew.
            pause = reference.rule.timespan + 1.0
            (head, gap), *rest = once.events
            again = ((head, max(gap, pause)), *rest)
            return replace(once, events=(*once.events, *(again * (count - 1))))
        return replace(once, events=once.events * count)

    def _once(self, reference: Reference, group: Group, *more: Expr) -> _Acted:
        """One match of a reference, in a group of these values."""
        rule = reference.rule
        if isinstance(rule, CorrelationIR):
            inner = {
                place: group[number]
                for number, path in enumerate(reference.group_by)
                if number in group and (place := _place_of(path, rule)) is not None
            }
            acted = self.fire(rule, inner)
            outer = {
                number: acted.group[place]
                for number, path in enumerate(reference.group_by)
                if (place := _place_of(path, rule)) in acted.group and place is not None
            }
            return replace(acted, group={**outer, **group})
        paths = [*reference.group_by, *reference.fields]
        pins = {path: group[n] for n, path in enumerate(reference.group_by) if n in group}
        answer = self._reach(_pinned(rule, paths, pins, more))
        if answer.witness is None:
            raise _CannotError(answer)
        event = answer.witness.events[0]
        found = {
            number: text_of(values_of(event, path)[0]) or ""
            for number, path in enumerate(reference.group_by)
        }
        return _Acted(
            ((event, 1.0),),
            (answer,),
            {**found, **group},
            lists={name: tuple(values) for name, values in answer.witness.lists.items()},
        )

    def _reach(self, condition: Expr) -> Reach:
        if condition not in self._answers:
            self._answers[condition] = reach(condition, self.intake, self.lists)
        return self._answers[condition]

    def _varied(
        self, reference: Reference, once: _Acted, count: int
    ) -> Iterator[tuple[Event, float]]:
        """As many events, each with another value of the field that is counted."""
        *before, (event, gap) = once.events
        yield from before
        rule, path = reference.rule, reference.fields[0]
        if before or isinstance(rule, CorrelationIR):
            yield event, gap
            return
        view = self.intake.view(once.answers[0].services[0])
        claim = view.claim(path)
        condition = bind(rule.condition, _few_values(self.lists, once.lists))
        seen: set[str] = set()
        if claim is None:
            return
        first = values_of(event, path)[0]
        for value in (first, *_others(first), *candidates([], claim, _rng(path))):
            changed = _with(event, path, value)
            text = str(text_of(value)).lower()
            if changed is None or text in seen or len(seen) == count:
                continue
            if claim.accepts(value) and holds(condition, changed):
                seen.add(text)
                yield changed, 1.0

    def timed(self, events: Sequence[tuple[Event, float]], timespan: int) -> tuple[Event, ...]:
        """The events with times inside the window, and with ids of their own."""
        whole = sum(gap for _, gap in events)
        scale = min(1.0, timespan / (whole + 1))
        now, timed = 0.0, []
        for number, (event, gap) in enumerate(events, start=1):
            now += gap * scale
            moment = _START + timedelta(seconds=now)
            stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z"
            copied = copy.deepcopy(event)
            copied |= {self.intake.time_field: stamp, self.intake.id_field: f"{number:024x}"}
            timed.append(copied)
        return tuple(timed)


def _joined(acted: Sequence[_Acted], group: Group) -> _Acted:
    lists: dict[str, tuple[str, ...]] = {}
    for each in acted:
        lists.update(each.lists)
    return _Acted(
        tuple(event for each in acted for event in each.events),
        tuple(answer for each in acted for answer in each.answers),
        group,
        tuple(why for each in acted for why in each.reasons),
        lists,
    )


def _ways(correlation: CorrelationIR) -> Iterator[tuple[int, ...]]:
    """The sets of references, in order, that satisfy a temporal condition."""
    condition = correlation.condition
    slots = range(len(correlation.references))
    if isinstance(condition, Threshold):
        yield from combinations(slots, min(_count(condition), len(slots)))
        return
    try:
        yield from (way.seen for way in sequences(condition) if way.seen)
    except TooManySequencesError:
        yield tuple(slots)


def _count(threshold: Threshold) -> int:
    """The smallest number of events, at least one, that satisfies a threshold."""
    match threshold.op:
        case "gte" | "eq":
            return max(1, -floor(-threshold.number))
        case "gt":
            return max(1, floor(threshold.number) + 1)
        case "lt" | "lte":
            return 1
        case "neq":
            return 2 if threshold.number == 1 else 1


def _number_test(threshold: Threshold, path: str) -> Expr:
    """What one event must say so that the sum, average or percentile of it alone is enough."""
    match threshold.op:
        case "eq":
            return Test(path, Number(threshold.number))
        case "neq":
            return Not(Test(path, Number(threshold.number)))
        case op:
            return Test(path, Compare(op, threshold.number))


def _pinned(
    rule: RuleIR, paths: Sequence[str], pins: Mapping[str, str], more: Sequence[Expr]
) -> Expr:
    """The condition of a rule on events that have certain fields, and values of some."""
    there = [
        And((Test(path, Exists(expected=True)), Not(Test(path, Null()))))
        for path in paths
        if path not in pins
    ]
    same = [Test(path, Text((value,))) for path, value in pins.items()]
    items = (rule.condition, *there, *same, *more)
    return items[0] if len(items) == 1 else And(items)


def _place_of(path: str, inner: CorrelationIR) -> int | None:
    """Which group field of an inner correlation a field of the outer one is."""
    names = [inner.group_by, *(below.group_by for below in inner.references)]
    return next((each.index(path) for each in names if path in each), None)


def _few_values(lists: Lists, more: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {**{name: tuple(islice(values, 60)) for name, values in lists.items()}, **more}


def _rng(seed: str) -> Any:
    import random

    return random.Random(seed)  # noqa: S311 - samples, no secrets


def _others(value: Any) -> Iterator[Any]:
    """Values like this one."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from range(value + 1, value + MOST_EVENTS)
    elif isinstance(value, str):
        head, at, tail = value.partition("@")
        for number in range(1, MOST_EVENTS):
            yield (
                f"{value[: -len(f'{number:x}')]}{number:x}"
                if len(value) > 8
                else value + str(number)
            )
            yield f"{head}{number}{at}{tail}"
            address = value.rpartition(".")
            yield f"{address[0]}.{number % 255}"
            yield f"{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}"


def _with(event: Event, path: str, value: Any) -> Event | None:
    """The event with another value at a path of objects; None where there is no such place."""
    changed = copy.deepcopy(event)
    node: Any = changed
    *above, last = path.split(".")
    for part in above:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or last not in node:
        return None
    node[last] = value
    return changed
