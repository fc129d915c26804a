"""The meaning of correlations, in plain code: the slow twin of the matcher's windows (S801-S835).

Every window is put together and judged from scratch, with nothing kept from one to the next.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from math import floor, isfinite
from typing import Any, assert_never

from jumpsigma.interpret.expressions import holds
from jumpsigma.interpret.fields import values_of
from jumpsigma.interpret.lists import Lists
from jumpsigma.interpret.values import moment_of, number_of, text_of
from jumpsigma.ir.correlations import (
    CorrelationIR,
    Every,
    RuleExpr,
    Seen,
    Some,
    Threshold,
    Unseen,
    sequences,
)
from jumpsigma.matcher.correlate.matches import digest_of

_SECOND = 1_000_000_000  # nanoseconds
_TIMES = ("timestamp", "@timestamp", "UtcTime", "TimeCreated", "time")
_NUMERIC = ("value_sum", "value_avg", "value_median", "value_percentile")


@dataclass(frozen=True, slots=True)
class Given:
    """An event and where it stands."""

    event: dict[str, Any]
    path: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A correlation that holds: what a finding says of its window, and who completed it."""

    correlation: CorrelationIR
    time: int
    key: tuple[str, ...]
    group: dict[str, Any]
    count: int | float | None
    made: tuple[tuple[int, str], ...]
    completing: Given

    @property
    def event_ids(self) -> tuple[str, ...]:
        """The ids of the events that it rests on, in the order of their times."""
        return tuple(dict.fromkeys(name for _, name in self.made if name))


@dataclass(frozen=True, slots=True)
class _Happening:
    """An event in one group: the references that it is for, the values that are measured."""

    time: int
    event_id: str
    origin: str
    digest: bytes
    given: Given
    key: tuple[str, ...]
    spelled: tuple[Any, ...]
    slots: frozenset[int]
    values: Counter[Any]
    made: tuple[tuple[int, str], ...]

    @property
    def order(self) -> tuple[Any, ...]:
        """S806."""
        return (
            self.time,
            self.event_id,
            self.origin,
            self.digest,
            self.given.path or "",
            self.given.line,
        )


def correlate(
    correlations: Sequence[CorrelationIR], events: Iterable[Given], lists: Lists | None = None
) -> list[Verdict]:
    """The verdicts of correlations on events in any order, as S834 orders findings."""
    given = list(events)
    found = [
        (verdict.time, place, json.dumps(verdict.key), verdict)
        for place, correlation in enumerate(correlations)
        for verdict in _verdicts(correlation, given, lists or {})
    ]
    return [verdict for *_, verdict in sorted(found, key=lambda each: each[:3])]


def _verdicts(correlation: CorrelationIR, given: list[Given], lists: Lists) -> list[Verdict]:
    groups: dict[tuple[str, ...], list[_Happening]] = {}
    for each in _merged(_happenings(correlation, given, lists)):
        groups.setdefault(each.key, []).append(each)
    return [verdict for group in groups.values() for verdict in _crossings(correlation, group)]


def _happenings(
    correlation: CorrelationIR, given: list[Given], lists: Lists
) -> Iterator[_Happening]:
    """S801, S803, S804, S816, S821: the matches of every reference, in every group."""
    for slot, reference in enumerate(correlation.references):
        if isinstance(reference.rule, CorrelationIR):
            inner = reference.rule
            for verdict in _verdicts(inner, given, lists):
                origin = f"{id(inner)} {verdict.key}"
                event = {**verdict.completing.event}
                for below in inner.references:
                    event |= dict(zip(below.group_by, verdict.group.values(), strict=True))
                event |= verdict.group
                yield from _in_groups(
                    correlation, slot, verdict.completing, event, origin=origin, made=verdict.made
                )
        else:
            for each in given:
                if holds(reference.rule.condition, each.event, lists):
                    yield from _in_groups(correlation, slot, each, each.event)


def _in_groups(
    correlation: CorrelationIR,
    slot: int,
    given: Given,
    event: dict[str, Any],
    *,
    origin: str = "",
    made: tuple[tuple[int, str], ...] = (),
) -> Iterator[_Happening]:
    reference = correlation.references[slot]
    time = time_of(given.event)
    if time is None:
        return
    values = _measured(correlation, reference.fields, event)
    if values is None:
        return
    found = [_distinct(values_of(event, field)) for field in reference.group_by]
    event_id = _text_at(given.event, ("id", "event.id", "_id"))
    for chosen in product(*found):
        yield _Happening(
            time,
            event_id,
            origin,
            digest_of(given.event),
            given,
            tuple(key for key, _ in chosen),
            tuple(value for _, value in chosen),
            frozenset({slot}),
            values,
            made or ((time, event_id),),
        )


def _measured(
    correlation: CorrelationIR, fields: Sequence[str], event: dict[str, Any]
) -> Counter[Any] | None:
    """S813-S816: the values of an event; None when it has none."""
    if correlation.type in _NUMERIC:
        numbers = [number_of(value) for value in values_of(event, fields[0])]
        values = Counter(n for n in numbers if n is not None and isfinite(n))
        return values or None
    if correlation.type == "value_count":
        keys = [[key for key, _ in _distinct(values_of(event, field))] for field in fields]
        return Counter(product(*keys)) or None
    return Counter()


def _distinct(values: list[Any]) -> list[tuple[str, Any]]:
    """S804: the values that compare, each once, with how the event spells it."""
    found: dict[str, Any] = {}
    for value in values:
        text = text_of(value)
        if text is not None:
            whole = isinstance(value, float) and isfinite(value) and value == int(value)
            found.setdefault(str(int(value)) if whole else text.lower(), value)
    return list(found.items())


def _merged(happenings: Iterable[_Happening]) -> list[_Happening]:
    """S801, S802: one event, in one group, once; with all that its copies have."""
    found: dict[tuple[Any, ...], _Happening] = {}
    for each in sorted(happenings, key=lambda each: each.order):
        name: tuple[Any, ...] = (each.key, each.time, each.event_id, each.origin)
        if not each.event_id:
            name = (*name, each.given.path, each.given.line)
        known = found.get(name)
        if known is not None:
            each = replace(  # noqa: PLW2901 - the event so far
                known, slots=known.slots | each.slots, values=known.values | each.values
            )
        found[name] = each
    return sorted(found.values(), key=lambda each: each.order)


def _crossings(correlation: CorrelationIR, group: list[_Happening]) -> Iterator[Verdict]:
    """S807-S810: go through the moments at which something changes."""
    span = correlation.timespan * _SECOND
    held = False
    previous: int | None = None
    for now in sorted({each.time for each in group}):
        if previous is not None:
            leaving = sorted({each.time for each in group if previous <= each.time + span < now})
            for gone in leaving:
                window = [each for each in group if gone < each.time <= previous]
                held = held and _judge(correlation, window)[0]
        window = [each for each in group if now - span <= each.time <= now]
        truth, count = _judge(correlation, window)
        if truth and not held:
            yield _verdict(correlation, now, window, count)
        held, previous = truth, now


def _judge(correlation: CorrelationIR, window: list[_Happening]) -> tuple[bool, int | float | None]:
    """Whether the condition holds of a window, and the measured number."""
    if not window:
        return False, None
    condition = correlation.condition
    seen = frozenset().union(*(each.slots for each in window))
    if isinstance(condition, Threshold):
        count = _number(correlation, window)
        return count is not None and _compares(condition, count), count
    if correlation.type == "temporal_ordered":
        for way in sequences(condition):
            if not seen & set(way.unseen) and _in_order(window, way.seen) is not None:
                return True, len(way.seen)
        return False, None
    return _holds(condition, seen), len(seen)


def _number(correlation: CorrelationIR, window: list[_Happening]) -> int | float | None:
    values = [value for each in window for value in each.values.elements()]
    match correlation.type:
        case "event_count":
            return len(window)
        case "value_count":
            return len(set(values))
        case "value_sum":
            return _plain(sum(map(Fraction, values), Fraction()))
        case "value_avg":
            return _plain(sum(map(Fraction, values), Fraction()) / len(values))
        case "value_median":
            return _percentile(values, Fraction(1, 2))
        case "value_percentile":
            return _percentile(values, Fraction(str(correlation.percentile)) / 100)
        case "temporal":
            return len(frozenset().union(*(each.slots for each in window)))
        case "temporal_ordered":
            return len(_longest(window, len(correlation.references)))
        case _:
            assert_never(correlation.type)


def _percentile(values: list[Any], share: Fraction) -> int | float:
    ordered = [*sorted(map(Fraction, values))]
    place = share * (len(ordered) - 1)
    low = floor(place)
    above = ordered[min(low + 1, len(ordered) - 1)]
    return _plain(ordered[low] * (1 - place + low) + above * (place - low))


def _plain(value: Fraction) -> int | float:
    if value.denominator == 1:
        return int(value)
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _compares(threshold: Threshold, number: float) -> bool:
    match threshold.op:
        case "lt":
            return number < threshold.number
        case "lte":
            return number <= threshold.number
        case "gt":
            return number > threshold.number
        case "gte":
            return number >= threshold.number
        case "eq":
            return number == threshold.number
        case "neq":
            return number != threshold.number
        case _:
            assert_never(threshold.op)


def _holds(node: RuleExpr, seen: frozenset[int]) -> bool:
    match node:
        case Seen(reference):
            return reference in seen
        case Unseen(item):
            return not _holds(item, seen)
        case Every(items):
            return all(_holds(item, seen) for item in items)
        case Some(items):
            return any(_holds(item, seen) for item in items)
        case _:
            assert_never(node)


def _in_order(window: list[_Happening], slots: Sequence[int]) -> list[_Happening] | None:
    """S818: the earliest events of these references, strictly later each."""
    chosen: list[_Happening] = []
    for slot in slots:
        later = [
            each
            for each in window
            if slot in each.slots and (not chosen or each.time > chosen[-1].time)
        ]
        if not later:
            return None
        chosen.append(later[0])
    return chosen


def _longest(window: list[_Happening], count: int) -> list[_Happening]:
    """S818: the longest sequence in the listed order; of several the one that ends first."""
    for size in range(count, 0, -1):
        found = [
            ([(each.time, slot) for each, slot in zip(way, slots, strict=True)][::-1], way)
            for slots in combinations(range(count), size)
            if (way := _in_order(window, slots)) is not None
        ]
        if found:
            return min(found, key=lambda each: each[0])[1]
    return []


def _verdict(
    correlation: CorrelationIR, now: int, window: list[_Happening], count: float | None
) -> Verdict:
    chosen = window
    if correlation.type == "temporal_ordered":
        condition = correlation.condition
        if isinstance(condition, Threshold):
            chosen = _longest(window, len(correlation.references)) or window
        else:
            seen = frozenset().union(*(each.slots for each in window))
            ways = (w for w in sequences(condition) if not seen & set(w.unseen))
            found = (_in_order(window, way.seen) for way in ways)
            chosen = next(each for each in found if each is not None) or window
    last = ([each for each in chosen if each.time == now] or window)[-1]
    return Verdict(
        correlation,
        now,
        window[0].key,
        dict(zip(correlation.group_by, window[0].spelled, strict=True)),
        count,
        tuple(sorted(below for each in chosen for below in each.made)),
        last.given,
    )


def time_of(event: dict[str, Any]) -> int | None:
    """S803: nanoseconds since 1970."""
    for field in _TIMES:
        for value in values_of(event, field):
            moment = moment_of(value)
            if moment is None:
                continue
            if isinstance(value, str):
                digits = re.search(r"\.(\d+)", value)
                whole = floor(moment.timestamp()) * _SECOND
                found = whole + int((digits[1] if digits else "0").ljust(9, "0")[:9])
            else:
                exact = Fraction(repr(value)) * _SECOND
                found = round(exact / 1000 if abs(value) >= 100_000_000_000 else exact)
            if -(2**63) <= found < 2**63:
                return found
    return None


def _text_at(event: dict[str, Any], fields: Sequence[str]) -> str:
    texts = (value for field in fields for value in values_of(event, field))
    return next((text for text in texts if isinstance(text, str)), "")
