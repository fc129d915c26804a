"""Sliding windows: when the condition of a correlation begins to hold (S807-S810)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.matcher.correlate.measures import Measured, measure_of
from jumpsigma.matcher.correlate.rows import NANOSECONDS, Placed, Row


class Window:
    """The window of one group. ``armed``: the condition has not held since the last finding."""

    __slots__ = ("armed", "measure", "size")

    def __init__(self, correlation: CorrelationIR) -> None:
        self.measure = measure_of(correlation)
        self.size = 0
        self.armed = True

    def arrive(self, row: Row) -> None:
        """An event comes in; judge when the last of its instant has come."""
        self.size += 1
        self.measure.arrive(row)

    def leave(self, row: Row) -> None:
        """The oldest event goes out; settle when the last of its instant has gone."""
        self.size -= 1
        self.measure.leave(row)

    def settle(self, since: int) -> None:
        """Judge after events have left: what no longer holds can begin to hold again."""
        if not self.armed and not (self.size and self.measure.holds(since)):
            self.armed = True

    def fires(self, since: int) -> bool:
        """Judge after events have come: whether this is a crossing."""
        if not self.measure.holds(since):
            self.armed = True
            return False
        fired, self.armed = self.armed, False
        return fired


@dataclass(frozen=True, slots=True)
class Crossing:
    """The condition began to hold: the rows [start, end) were in the window at ``time``."""

    time: int
    number: Measured
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A window after an arrival: whether the condition holds, and how far it is from it."""

    group: str
    time: int
    holds: bool
    number: Measured
    start: int
    end: int


Observer = Callable[[Judged], None]


def crossings(
    correlation: CorrelationIR,
    lead: Iterable[Placed],
    trail: Iterable[Placed],
    observe: Observer | None = None,
) -> Iterator[Crossing]:
    """Every crossing of every group, in the order of the groups and of time within one.

    ``lead`` and ``trail`` are the same rows in order, read twice: one brings the events that come,
    the other those that leave, so that no window is held. ``observe`` is told of every window
    that is judged after an arrival.
    """
    span = correlation.timespan * NANOSECONDS
    window = Window(correlation)
    leaving = iter(trail)
    oldest = next(leaving, None)
    group: str | None = None
    now = end = 0

    def judge() -> Iterator[Crossing]:
        assert oldest is not None  # noqa: S101 - what came last has not left
        since = now - span
        fires = window.fires(since)
        if fires or observe is not None:
            number = window.measure.number(since)
            if observe is not None and group is not None:
                observe(Judged(group, now, not window.armed, number, oldest.start, end))
            if fires:
                yield Crossing(now, number, oldest.start, end)

    for row, start, stop in lead:
        if row.group != group:
            if group is not None:
                yield from judge()
                while oldest is not None and oldest.start < start:
                    oldest = next(leaving, None)
            group, now, window = row.group, row.time, Window(correlation)
        elif row.time != now:
            yield from judge()
            now = row.time
            while oldest is not None and oldest.row.time < now - span:
                gone = oldest.row.time
                while oldest is not None and oldest.row.time == gone and oldest.start < start:
                    window.leave(oldest.row)
                    oldest = next(leaving, None)
                window.settle(gone + 1)
        window.arrive(row)
        end = stop
    if group is not None:
        yield from judge()
