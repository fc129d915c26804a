"""Correlations over all events of a scan, whatever the order in which they are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Self

from jumpsigma.diagnostics import Diagnostic, Severity
from jumpsigma.matcher.correlate.classes import Classes, Collected, Ledger
from jumpsigma.matcher.correlate.matches import MAX_GROUPS, LeftOut, entries_of
from jumpsigma.matcher.correlate.payloads import PICKLED, Payload, Payloads, pickled
from jumpsigma.matcher.correlate.plan import Plan
from jumpsigma.matcher.correlate.prospects import hopeful
from jumpsigma.matcher.correlate.recall import Recall
from jumpsigma.matcher.correlate.references import no_file
from jumpsigma.matcher.correlate.reporting import Report, report, seen_from_above
from jumpsigma.matcher.correlate.rows import Match, Placed, Row, inner_row, placed, rows_of
from jumpsigma.matcher.correlate.store import DEFAULT_LIMIT, File, Memory, Store
from jumpsigma.matcher.correlate.windows import Judged, crossings
from jumpsigma.matcher.findings import Finding

#: Told of every window that is judged, with the number of the correlation and how to get the rows.
Watcher = Callable[[int, Judged, Callable[[], list[Row]]], None]


class Correlator:
    """Takes base matches in any order, then gives the findings of the correlations.

    Up to ``limit`` rows (a match is one row for each group of each correlation) are held in
    memory; more go to a SQLite file in a private temporary folder, which :meth:`close` removes.
    ``classes`` takes lines that are not parsed, of which as many references are held in memory.
    ``left_out`` counts the events that take part in nothing.
    """

    def __init__(self, plan: Plan, payloads: Payloads, limit: int = DEFAULT_LIMIT) -> None:
        self._plan, self._payloads, self._limit = plan, payloads, limit
        self._store: Store = Memory()
        self._ledger = Ledger(limit, decidable=plan.decidable)
        self._recall = Recall(plan, payloads, self._ledger)
        self._folder: TemporaryDirectory[str] | None = None
        self._fed: set[int] = set()  # the correlations to which others have given findings
        self.classes = Classes(plan, payloads, self._ledger)
        self.left_out = LeftOut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget all matches, and remove the files."""
        self._store.close()
        self._ledger.close()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def folder(self) -> str:
        """A private folder for what other processes keep, which goes with :meth:`close`.

        Raises as :meth:`add` does.
        """
        try:
            if self._folder is None:
                self._folder = TemporaryDirectory(prefix="jumpsigma-", ignore_cleanup_errors=True)
        except OSError as error:
            raise no_file(error) from None
        return self._folder.name

    def add(self, match: Match) -> None:
        """Take what :meth:`Plan.match` made of an event.

        Raises :class:`DiagnosticError` (JS091) when the file cannot be written.
        """
        try:
            if match.payload.startswith(PICKLED) or not self._ledger.keep(match):
                self._ledger.note(match.entries, match.time)
                self._hold(match)
        except (sqlite3.Error, OSError) as error:
            raise no_file(error) from None

    def include(self, collected: Collected, path: str | None, lines: int = 0) -> None:
        """Take over what another process took of an input, of which ``lines`` went before.

        Raises as :meth:`add` does.
        """
        for match in self._recall.include(collected, path, lines):
            self.add(match)

    def _hold(self, match: Match) -> None:
        store = self._store
        if not match.digest and isinstance(store, File):
            match = match._replace(digest=self._payloads.digest(match.payload))
        number = store.add_payload(match.payload)
        for correlation, row in rows_of(match, number):
            store.add(correlation, row)
        self._spill()

    def _spill(self) -> None:
        if isinstance(self._store, Memory) and self._store.size > self._limit:
            # From a file payloads are not read again in any order only to tell copies apart.
            self._store = File.holding(self._store, self._digested)

    def payload(self, number: int) -> Payload:
        """What a row refers to."""
        return self._payloads.payload(self._store.payload(number))

    def _digested(self, row: Row) -> Row:
        if row.digest:
            return row
        return row._replace(digest=self._payloads.digest(self._store.payload(row.number)))

    def _told_apart(self, one: Row, other: Row) -> tuple[Row, Row]:
        """Two copies of an event, with their digests unless these are known to be equal."""
        same = not one.digest and not other.digest
        if same and self._store.payload(one.number) == self._store.payload(other.number):
            return one, other
        return self._digested(one), self._digested(other)

    def findings(
        self,
        watch: Watcher | None = None,
        on_report: Callable[[int, Report], None] | None = None,
    ) -> Iterator[Finding]:
        """All findings of the matches so far, ordered by time, then correlation, then group.

        To be called once. ``watch`` and ``on_report`` are for who explains: they are told of
        every window, and of everything that a finding rests on.

        Raises as :meth:`add` does.
        """
        try:
            for level in self._plan.levels:
                woken = self._fed.intersection(level) if watch is None else level
                self._recall.wake(woken, self.classes, self._hold, self.left_out)
                # Who explains is shown every window, also where nothing can fire.
                recall = self._recall.matches if watch is None else self._recall.everything
                for match in recall(level):
                    self._hold(match)
                for correlation in level:
                    self._correlate(correlation, watch, on_report)
                    self._spill()
        except (sqlite3.Error, OSError) as error:
            raise no_file(error) from None
        yield from self._store.findings()

    def _correlate(
        self,
        number: int,
        watch: Watcher | None,
        on_report: Callable[[int, Report], None] | None,
    ) -> None:
        plan, store = self._plan, self._store
        correlation, uses = plan.correlations[number], plan.uses_of(number)
        if watch is None and isinstance(store, Memory):
            store.narrow(number, lambda rows: hopeful(correlation, rows))
        store.sort(number)

        def merged_rows(start: int = 0, end: int | None = None) -> Iterator[Placed]:
            return placed(store.rows(number, start, end), self._told_apart)

        def window(start: int, end: int) -> list[Row]:
            return [each.row for each in merged_rows(start, end)]

        def observe(judged: Judged) -> None:
            if watch is not None:
                watch(number, judged, lambda: window(judged.start, judged.end))

        found = crossings(
            correlation,
            merged_rows(),
            merged_rows(),
            observe if watch is not None else None,
        )
        for crossing in found:
            rows = window(crossing.start, crossing.end)
            told = report(correlation, plan.bases[number], rows, crossing.number, self.payload)
            if on_report is not None:
                on_report(number, told)
            if plan.reports(number):
                store.add_finding((crossing.time, number, rows[0].group), told.finding)
            if uses:
                event = seen_from_above(correlation, rows[0], told.payload.event)
                payload = store.add_payload(pickled(told.payload))
                last = self._digested(told.row)
                for entry in entries_of(uses, event, self.left_out):
                    self._fed.add(entry.correlation)
                    self._ledger.note((entry,), last.time)
                    store.add(entry.correlation, inner_row(number, last, entry, payload))
        store.drop(number)

    def problems(self) -> Iterator[Diagnostic]:
        """What has to be said of inputs that changed, and of events that took part in nothing."""
        yield from self._recall.problems()
        yield from problems_of(self.left_out)


def problems_of(left_out: LeftOut) -> Iterator[Diagnostic]:
    """One warning for each reason."""
    for count, reason, hint in (
        (
            left_out.without_time,
            "no time that can be read",
            "correlations need a timestamp, such as 2024-01-31T08:00:00Z",
        ),
        (
            left_out.too_many_groups,
            f"more than {MAX_GROUPS:,} groups or values of one correlation",
            None,
        ),
    ):
        if count:
            events = "1 event has" if count == 1 else f"{count:,} events have"
            yield Diagnostic(
                "JS077",
                f"{events} {reason}, and took no part in correlations",
                Severity.WARNING,
                hint=hint,
            )
