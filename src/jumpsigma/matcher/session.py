"""Rules and correlations on a live stream: events one by one, findings as they become certain."""

from __future__ import annotations

import heapq
from bisect import insort
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jumpsigma.diagnostics import Diagnostic, Severity
from jumpsigma.matcher.correlate.batch import problems_of
from jumpsigma.matcher.correlate.matches import LeftOut, entries_of
from jumpsigma.matcher.correlate.payloads import Payload, Payloads, pickled
from jumpsigma.matcher.correlate.plan import Plan
from jumpsigma.matcher.correlate.reporting import report, seen_from_above
from jumpsigma.matcher.correlate.rows import (
    NANOSECONDS,
    Match,
    Row,
    inner_row,
    merged,
    rows_of,
    same_event,
)
from jumpsigma.matcher.correlate.times import time_of
from jumpsigma.matcher.correlate.windows import Window
from jumpsigma.matcher.findings import Finding
from jumpsigma.matcher.program import Holding

OnProblem = Callable[[Diagnostic], None]


@dataclass(slots=True)
class Dropped:
    """Base matches that a session left out of its correlations, by reason (S832).

    ``over_limit`` counts what a match is held as: once for each group of each correlation.
    """

    too_late: int = 0
    without_time: int = 0
    too_many_groups: int = 0
    over_limit: int = 0


class _Group:
    """What is held of one group: its window, and the rows in it."""

    __slots__ = ("floor", "rows", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.rows: deque[Row] = deque()
        self.floor = -(2**70)  # nothing before it is held any more


class Session:
    """Feed it events; it gives the findings of single events at once, of correlations in time.

    A correlation is judged at a moment when no event before it can come any more: the latest
    time seen less the tolerance. With no tolerance that is at once. Not thread-safe.
    """

    def __init__(
        self,
        holding: Callable[[dict[str, Any]], Holding],
        singles: Callable[[Holding, dict[str, Any]], list[Finding]],
        plan: Plan,
        payloads: Payloads,
        lateness: timedelta,
        *,
        limit: int,
        on_problem: OnProblem | None = None,
    ) -> None:
        if lateness < timedelta(0) or limit < 1:
            raise ValueError("a session needs a lateness of 0 or more and a limit of 1 or more")
        self.dropped = Dropped()
        self._holding, self._singles, self._plan = holding, singles, plan
        self._packed, self._unpacked = payloads.packed, payloads.payload
        self._lateness = lateness // timedelta(microseconds=1) * 1000
        self._limit, self._on_problem = limit, on_problem
        self._watermark = -(2**70)
        self._times: list[int] = []  # a heap of the instants in _pending
        self._pending: defaultdict[int, list[Match]] = defaultdict(list)
        count = len(plan.correlations)
        self._groups: list[dict[str, _Group]] = [{} for _ in range(count)]
        # Every row that is held, oldest first, for each correlation.
        self._oldest: list[deque[tuple[int, str]]] = [deque() for _ in range(count)]
        self._payloads: dict[int, bytes] = {}
        self._uses: Counter[int] = Counter()
        self._next = self._held = 0
        self._closed = False

    @property
    def held(self) -> int:
        """How much of past events is held now, to be compared with the limit."""
        return self._held

    def feed(self, event: dict[str, Any]) -> list[Finding]:
        """Take one event; its findings, and those of correlations that are certain now.

        Raises ``TypeError`` for what is no dict, ``ValueError`` after :meth:`close`.
        """
        if not isinstance(event, dict):
            raise TypeError(f"an event is a dict, not {type(event).__name__}")
        if self._closed:
            raise ValueError("the session is closed")
        holding = self._holding(event)
        findings = self._singles(holding, event)
        if not self._plan.correlations:
            return findings
        self._take(holding, event)
        time = time_of(event)
        if time is not None and time - self._lateness > self._watermark:
            self._watermark = time - self._lateness
        found = self._release(self._watermark)
        self._expire()
        while self._held > self._limit:
            self._drop_oldest()
        return findings + found

    def close(self) -> list[Finding]:
        """The findings of correlations that were still open; no event can be fed any more."""
        self._closed = True
        found = self._release(2**70)
        self.__dict__.update(_groups=[], _oldest=[], _payloads={}, _held=0)
        return found

    def _take(self, holding: Holding, event: dict[str, Any]) -> None:
        left_out = LeftOut()
        match = self._plan.match(holding.numbers, event, left_out)
        if left_out:
            self._note("without_time", left_out.without_time, left_out)
            self._note("too_many_groups", left_out.too_many_groups, left_out)
        if match is None:
            return
        if match.time < self._watermark:
            self._note("too_late", 1)
            return
        if match.time not in self._pending:
            heapq.heappush(self._times, match.time)
        # The event is the caller's, who may change it: what it is now is kept.
        self._pending[match.time].append(self._packed(match, event, holding))
        self._held += len(match.entries)

    def _release(self, until: int) -> list[Finding]:
        """Judge every instant that is complete."""
        found: list[Finding] = []
        while self._times and self._times[0] <= until:
            time = heapq.heappop(self._times)
            found += self._instant(time, self._pending.pop(time))
        return found

    def _instant(self, time: int, matches: list[Match]) -> list[Finding]:
        plan = self._plan
        arriving: defaultdict[int, list[Row]] = defaultdict(list)
        first = self._next
        for match in matches:
            self._held -= len(match.entries)
            number = self._keep(match.payload)
            for correlation, row in rows_of(match, number):
                arriving[correlation].append(row)
        found: list[tuple[tuple[int, str], Finding]] = []
        for place in plan.order:
            node = plan.correlations[place]
            touched: dict[str, _Group] = {}
            for row in sorted(arriving[place]):
                touched[row.group] = self._arrive(place, row)
            for name, group in sorted(touched.items()):
                since = max(time - node.timespan * NANOSECONDS, group.floor)
                if not group.window.fires(since):
                    continue
                rows, measured = list(group.rows), group.window.measure.number(since)
                told = report(node, plan.bases[place], rows, measured, self._payload)
                if plan.reports(place):
                    found.append(((place, name), told.finding))
                if plan.uses_of(place):
                    event = seen_from_above(node, rows[0], told.payload.event)
                    payload = self._keep(pickled(told.payload))
                    left_out = LeftOut()
                    for entry in entries_of(plan.uses_of(place), event, left_out):
                        row = inner_row(place, told.row, entry, payload)
                        arriving[entry.correlation].append(row)
                    self._note("too_many_groups", left_out.too_many_groups, left_out)
        for number in range(first, self._next):
            if not self._uses[number]:
                del self._payloads[number], self._uses[number]
        found.sort(key=lambda each: each[0])
        return [finding for _, finding in found]

    def _keep(self, payload: bytes) -> int:
        number = self._next
        self._next += 1
        self._payloads[number] = payload
        return number

    def _payload(self, number: int) -> Payload:
        return self._unpacked(self._payloads[number])

    def _arrive(self, place: int, row: Row) -> _Group:
        correlation = self._plan.correlations[place]
        group = self._groups[place].get(row.group)
        if group is None:
            group = self._groups[place][row.group] = _Group(Window(correlation))
        self._leave(group, row.time - correlation.timespan * NANOSECONDS)
        for index in range(len(group.rows) - 1, -1, -1):
            known = group.rows[index]
            if known.time < row.time:
                break
            if same_event(known, row):
                both = merged(known, row)
                group.rows[index] = both
                self._use(both.number, known.number)
                group.window.leave(known)
                group.window.arrive(both)
                return group
        insort(group.rows, row)
        self._use(row.number)
        self._oldest[place].append((row.time, row.group))
        self._held += 1
        group.window.arrive(row)
        return group

    def _use(self, number: int, instead_of: int | None = None) -> None:
        self._uses[number] += 1
        if instead_of is not None:
            self._unuse(instead_of)

    def _unuse(self, number: int) -> None:
        self._uses[number] -= 1
        if not self._uses[number]:
            del self._uses[number]
            del self._payloads[number]

    def _leave(self, group: _Group, since: int) -> None:
        """Let go what is before a time, instant by instant."""
        while group.rows and group.rows[0].time < since:
            gone = group.rows[0].time
            while group.rows and group.rows[0].time == gone:
                row = group.rows.popleft()
                group.window.leave(row)
                self._unuse(row.number)
                self._held -= 1
            group.window.settle(max(gone + 1, group.floor))

    def _expire(self) -> None:
        """Forget what no later event can meet."""
        for place, correlation in enumerate(self._plan.correlations):
            since = self._watermark - correlation.timespan * NANOSECONDS
            oldest, groups = self._oldest[place], self._groups[place]
            while oldest and oldest[0][0] < since:
                _, name = oldest.popleft()
                if name in groups:
                    self._leave(groups[name], since)
                    if not groups[name].rows:
                        del groups[name]

    def _drop_oldest(self) -> None:
        held = [(rows[0], place) for place, rows in enumerate(self._oldest) if rows]
        if not held:
            time = heapq.heappop(self._times)
            size = sum(len(match.entries) for match in self._pending.pop(time))
            self._held -= size
            self._note("over_limit", size)
            return
        (time, name), place = min(held)
        self._oldest[place].popleft()
        group = self._groups[place].get(name)
        if group is None or not group.rows or group.rows[0].time > time:
            return  # what this stood for has left already
        before = self._held
        group.floor = time + 1
        self._leave(group, group.floor)
        self._note("over_limit", before - self._held)
        if not group.rows:
            del self._groups[place][name]

    def _note(self, reason: str, count: int, left_out: LeftOut | None = None) -> None:
        if not count:
            return
        before = getattr(self.dropped, reason)
        setattr(self.dropped, reason, before + count)
        if before or self._on_problem is None:
            return
        if left_out is not None:
            for problem in problems_of(left_out):
                self._on_problem(problem)
            return
        message, hint = {
            "too_late": (
                "an event came later than the session waits, and took no part in correlations",
                "give the session a larger lateness",
            ),
            "over_limit": (
                f"more than {self._limit:,} base matches are held; the oldest are forgotten",
                "give the session a larger limit",
            ),
        }[reason]
        self._on_problem(Diagnostic("JS077", message, Severity.WARNING, hint=hint))
