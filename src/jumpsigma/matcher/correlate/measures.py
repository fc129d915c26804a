"""What a window measures, kept up to date as events come and go (S811-S818)."""

from __future__ import annotations

import json
import math
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Protocol, assert_never

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
from jumpsigma.ir.correlations import Sequence as Way
from jumpsigma.matcher.correlate.rows import Row

OPS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
    "eq": eq,
    "neq": ne,
}
Measured = int | float | None


class Measure(Protocol):
    """The state of one window. ``since`` is the earliest time that is inside it."""

    def arrive(self, row: Row) -> None:
        """Count an event; they come in the order of their times."""

    def leave(self, row: Row) -> None:
        """Forget an event that came; they leave in the order in which they came."""

    def number(self, since: int) -> Measured:
        """The measured number, None where there is nothing to measure."""

    def holds(self, since: int) -> bool:
        """Whether the condition holds of a window that has events."""


def measure_of(correlation: CorrelationIR) -> Measure:
    """The measure of an empty window."""
    condition = correlation.condition
    match correlation.type:
        case "temporal":
            return _Temporal(condition)
        case "temporal_ordered":
            if isinstance(condition, Threshold):
                return _Ordered(condition, len(correlation.references))
            return _OrderedWays(sequences(condition))
        case _:
            pass
    assert isinstance(condition, Threshold)  # noqa: S101 - only temporal types have others
    match correlation.type:
        case "event_count":
            return _EventCount(condition)
        case "value_count":
            return _ValueCount(condition)
        case "value_sum":
            return _Sum(condition)
        case "value_avg":
            return _Average(condition)
        case "value_median":
            return _Percentile(condition, Fraction(1, 2))
        case "value_percentile":
            return _Percentile(condition, Fraction(str(correlation.percentile)) / 100)
        case _:
            assert_never(correlation.type)


class _Compared:
    """A number and a threshold."""

    __slots__ = ("_op", "_wanted")

    def __init__(self, threshold: Threshold) -> None:
        self._op, self._wanted = OPS[threshold.op], threshold.number

    def number(self, since: int) -> Measured:
        raise NotImplementedError

    def holds(self, since: int) -> bool:
        found = self.number(since)
        return found is not None and self._op(found, self._wanted)


class _EventCount(_Compared):
    __slots__ = ("_count",)

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self._count = 0

    def arrive(self, row: Row) -> None:  # noqa: ARG002 - any event counts
        self._count += 1

    def leave(self, row: Row) -> None:  # noqa: ARG002 - any event counts
        self._count -= 1

    def number(self, since: int) -> Measured:  # noqa: ARG002 - events that are outside have left
        return self._count


class _ValueCount(_Compared):
    __slots__ = ("_values",)

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self._values: Counter[str] = Counter()

    def arrive(self, row: Row) -> None:
        self._values.update(json.loads(row.values))

    def leave(self, row: Row) -> None:
        for value in json.loads(row.values):
            self._values[value] -= 1
            if not self._values[value]:
                del self._values[value]

    def number(self, since: int) -> Measured:  # noqa: ARG002 - events that are outside have left
        return len(self._values)


class _Sum(_Compared):
    """The exact sum, so that it depends neither on the order nor on what has left."""

    __slots__ = ("_count", "_total")

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self._total: int | Fraction = 0
        self._count = 0

    def arrive(self, row: Row) -> None:
        for value in json.loads(row.values):
            self._total += exact(value)
            self._count += 1

    def leave(self, row: Row) -> None:
        for value in json.loads(row.values):
            self._total -= exact(value)
            self._count -= 1

    def number(self, since: int) -> Measured:  # noqa: ARG002 - events that are outside have left
        return plain(self._total) if self._count else None


class _Average(_Sum):
    __slots__ = ()

    def number(self, since: int) -> Measured:  # noqa: ARG002 - events that are outside have left
        return plain(Fraction(self._total) / self._count) if self._count else None


class _Percentile(_Compared):
    __slots__ = ("_share", "_values")

    def __init__(self, threshold: Threshold, share: Fraction) -> None:
        super().__init__(threshold)
        self._share = share
        self._values: list[int | float] = []

    def arrive(self, row: Row) -> None:
        for value in json.loads(row.values):
            insort(self._values, value)

    def leave(self, row: Row) -> None:
        for value in json.loads(row.values):
            del self._values[bisect_left(self._values, value)]

    def number(self, since: int) -> Measured:  # noqa: ARG002 - events that are outside have left
        return interpolated(self._values, self._share) if self._values else None


def exact(value: float) -> int | Fraction:
    """A finite number as one that adds without rounding."""
    return value if isinstance(value, int) else Fraction(value)


def plain(value: int | Fraction) -> int | float:
    """The nearest number that JSON has: whole, or a double."""
    if value.denominator == 1:
        return int(value)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def interpolated(values: Sequence[int | float], share: Fraction) -> int | float:
    """The value at a share of sorted values, linear between the two nearest (S815)."""
    place = (len(values) - 1) * share
    low = math.floor(place)
    below = exact(values[low])
    if place == low:
        return plain(below)
    return plain(below + (place - low) * (exact(values[low + 1]) - below))


class _Present:
    """How many events of the window satisfy each reference's rule."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()

    def add(self, slots: int, by: int) -> None:
        for slot in bits(slots):
            self.counts[slot] += by
            if not self.counts[slot]:
                del self.counts[slot]


class _Temporal:
    __slots__ = ("_condition", "_present")

    def __init__(self, condition: Threshold | RuleExpr) -> None:
        self._condition = condition
        self._present = _Present()

    def arrive(self, row: Row) -> None:
        self._present.add(row.slots, 1)

    def leave(self, row: Row) -> None:
        self._present.add(row.slots, -1)

    def number(self, since: int) -> Measured:  # noqa: ARG002 - events that are outside have left
        return len(self._present.counts)

    def holds(self, since: int) -> bool:  # noqa: ARG002 - events that are outside have left
        condition, counts = self._condition, self._present.counts
        if isinstance(condition, Threshold):
            return OPS[condition.op](len(counts), condition.number)
        return satisfied(condition, counts)


def satisfied(node: RuleExpr, seen: Counter[int]) -> bool:
    """Whether a condition over references holds where these were seen (S817)."""
    match node:
        case Seen(reference):
            return reference in seen
        case Unseen(item):
            return not satisfied(item, seen)
        case Every(items):
            return all(satisfied(item, seen) for item in items)
        case Some(items):
            return any(satisfied(item, seen) for item in items)
        case _:
            assert_never(node)


NEVER = -(2**70)  # before every time


class _Ordered(_Compared):
    """The longest run of references that matched one after another in the listed order (S818).

    ``_best[n][i]`` is the latest time at which a run of n + 1 references begins that ends with
    reference i: of two runs the later is inside every window that the earlier is in, so that one
    number for each is all that has to be kept.
    """

    __slots__ = ("_before", "_best", "_now", "_slots")

    def __init__(self, threshold: Threshold, count: int) -> None:
        super().__init__(threshold)
        self._best = [[NEVER] * count for _ in range(count)]
        self._before = self._best
        self._now, self._slots = NEVER, 0

    def arrive(self, row: Row) -> None:
        if row.time != self._now:
            self._before = [list(runs) for runs in self._best]
            self._now, self._slots = row.time, 0
        self._slots |= row.slots
        for slot in bits(self._slots):
            self._best[0][slot] = row.time
            for length in range(1, len(self._best)):
                begun = max(self._before[length - 1][:slot], default=NEVER)
                self._best[length][slot] = max(self._before[length][slot], begun)

    def leave(self, row: Row) -> None:
        """A run leaves with its beginning, which ``since`` tells."""

    def number(self, since: int) -> Measured:
        return sum(max(runs) >= since for runs in self._best)


class _OrderedWays:
    """The alternatives of an ordered condition, each with the latest time at which it begins."""

    __slots__ = ("_before", "_best", "_now", "_present", "_slots", "_ways")

    def __init__(self, ways: list[Way]) -> None:
        self._ways = ways
        self._best = [[NEVER] * len(way.seen) for way in ways]
        self._before = self._best
        self._now, self._slots = NEVER, 0
        self._present = _Present()

    def arrive(self, row: Row) -> None:
        self._present.add(row.slots, 1)
        if row.time != self._now:
            self._before = [list(runs) for runs in self._best]
            self._now, self._slots = row.time, 0
        self._slots |= row.slots
        for way, best, before in zip(self._ways, self._best, self._before, strict=True):
            for place, slot in enumerate(way.seen):
                if self._slots >> slot & 1:
                    best[place] = before[place - 1] if place else row.time

    def leave(self, row: Row) -> None:
        self._present.add(row.slots, -1)

    def _holding(self, since: int) -> Way | None:
        for way, best in zip(self._ways, self._best, strict=True):
            begun = not best or best[-1] >= since
            if begun and not any(slot in self._present.counts for slot in way.unseen):
                return way
        return None

    def number(self, since: int) -> Measured:
        way = self._holding(since)
        return len(way.seen) if way is not None else None

    def holds(self, since: int) -> bool:
        return self._holding(since) is not None


def bits(slots: int) -> list[int]:
    """The positions of the bits that are set."""
    return [slot for slot in range(slots.bit_length()) if slots >> slot & 1]
