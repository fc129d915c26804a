"""The second look at events of which only a reference was kept: those that a correlation may need.

First whole groups are given up, by what all their events have together; then, of the others, the
hours around which no window can fire. What is left is read again, and becomes a match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.intake.jsontext import NotAnEventError
from jumpsigma.intake.records import UNNAMED
from jumpsigma.matcher.correlate.classes import Classes, Collected, Ledger, hour_of
from jumpsigma.matcher.correlate.matches import LeftOut
from jumpsigma.matcher.correlate.payloads import Payloads
from jumpsigma.matcher.correlate.plan import Plan
from jumpsigma.matcher.correlate.prospects import Prospect, Total, prospect_of, totals_of, width_of
from jumpsigma.matcher.correlate.recognised import ALONE, NOTHING
from jumpsigma.matcher.correlate.references import Origin, Reference
from jumpsigma.matcher.correlate.rows import Entry, Match

#: Events whose hours are counted at a time.
_COUNTED = 100_000


class _Wanted(NamedTuple):
    """An entry of a class, in a group in which its correlation may fire."""

    entry: Entry
    prospect: Prospect
    width: int

    @property
    def group(self) -> tuple[int, str]:
        return self.entry.correlation, self.entry.group


class Recall:
    """Reads events again, once for each level of correlations."""

    def __init__(self, plan: Plan, payloads: Payloads, ledger: Ledger) -> None:
        self._plan, self._payloads, self._ledger = plan, payloads, ledger
        self._theirs: dict[bytes, tuple[list[tuple[Entry, ...]], list[int]]] = {}
        self._changed: dict[str | None, None] = {}

    def matches(self, level: Sequence[int]) -> Iterator[Match]:
        """The matches with which correlations of a level may fire, with those of their entries."""
        counts = self._ledger.references.counts()
        wanted = self._wanted(level, counts)
        size = sum(counts[number] for number, entries in enumerate(wanted) if entries)
        parts = size // _COUNTED + 1
        for part in range(parts):
            chosen = wanted
            if parts > 1:
                chosen = [
                    [each for each in entries if hash(each.group) % parts == part]
                    for entries in wanted
                ]
            yield from self._in_time(chosen)

    def _wanted(self, level: Sequence[int], counts: Counter[int]) -> list[list[_Wanted]]:
        """For each class its entries in groups that may fire."""
        classes = self._ledger.classes
        wanted: list[list[_Wanted]] = [[] for _ in classes]
        entries: dict[int, list[tuple[int, Entry]]] = {place: [] for place in level}
        for number in counts:
            for entry in classes[number]:
                if entry.correlation in entries:
                    entries[entry.correlation].append((number, entry))
        for place, mine in entries.items():
            correlation = self._plan.correlations[place]
            prospect = prospect_of(correlation)
            if prospect is None:
                continue  # its events are added one by one
            totals = totals_of(
                prospect,
                (
                    (entry.group, entry.slots, entry.values, counts[number])
                    for number, entry in mine
                ),
            )
            width = width_of(correlation)
            for number, entry in mine:
                if prospect.enough(totals[entry.group]) or self._ledger.is_crowded(entry):
                    wanted[number].append(_Wanted(entry, prospect, width))
        return wanted

    def _in_time(self, wanted: list[list[_Wanted]]) -> Iterator[Match]:
        references, classes = self._ledger.references, self._ledger.classes
        totals: dict[tuple[int, str], dict[int, Total]] = {}
        prospects: dict[tuple[int, str], Prospect] = {}
        times = references.times(wanted)
        for (number, hour), count in times.items():
            for each in wanted[number]:
                entry, prospect = each.entry, each.prospect
                spans = totals.setdefault(each.group, {})
                span = hour // each.width
                total = prospect.of(entry.slots, entry.values, count)
                spans[span] = prospect.join(spans.get(span), total)
                prospects[each.group] = prospect
        kept = {group: prospects[group].spans(spans) for group, spans in totals.items()}
        totals.clear()
        needed = {
            (number, hour): {
                each.entry
                for each in wanted[number]
                if hour // each.width in kept[each.group] or self._ledger.is_crowded(each.entry)
            }
            for number, hour in times
        }
        for origin, reference in references.among(wanted):
            if not reference.length:
                continue  # somebody else holds it
            entries = needed[reference.number, reference.hour]
            if entries:
                match = self._read(origin, reference, classes[reference.number])
                if match is not None:
                    rest = tuple(entry for entry in match.entries if entry in entries)
                    yield match._replace(entries=rest)

    def wake(
        self,
        correlations: Collection[int],
        classes: Classes,
        hold: Callable[[Match], None],
        left_out: LeftOut,
    ) -> None:
        """Find out the classes of events that nobody has looked at and these correlations look at.

        Where there are too many classes, ``hold`` is given matches.
        """
        ledger, uses = self._ledger, self._plan.uses
        woken = {
            number
            for number, (rules, _) in ledger.deferred.items()
            if any(use.correlation in correlations for rule in rules for use in uses[rule])
        }
        if not woken:
            return

        def revised(origin: Origin, asked: Sequence[Reference]) -> tuple[list[int], list[int]]:
            found, hours = [NOTHING] * len(asked), [0] * len(asked)
            raws = [self._bytes(origin, reference) for reference in asked]
            for number in {reference.number for reference in asked}:
                places = [place for place, each in enumerate(asked) if each.number == number]
                recognised = classes.recognised(ledger.deferred[number])
                if recognised is None:
                    numbers, times = [ALONE] * len(places), [0] * len(places)
                else:
                    numbers, times = recognised.classes_of([raws[place] for place in places])
                for place, known, hour in zip(places, numbers, times, strict=True):
                    found[place], hours[place] = known, hour
                    if known == ALONE:
                        match = self._match(origin, asked[place], raws[place], left_out)
                        found[place], hours[place] = self._added(match, hold)
            return found, hours

        wanted = [number in woken for number in range(len(ledger.classes))]
        ledger.references.revise(wanted, revised)
        for number in woken:
            del ledger.deferred[number]

    def _added(self, match: Match | None, hold: Callable[[Match], None]) -> tuple[int, int]:
        """The class and the hour of an event, which is held where there are too many classes."""
        if match is None:
            return NOTHING, 0
        number = self._ledger.number_of(match.entries)
        if number != ALONE:
            return number, hour_of(match.time)
        self._ledger.note(match.entries, match.time)
        hold(match)
        return NOTHING, 0

    def everything(self, level: Sequence[int]) -> Iterator[Match]:
        """All matches of correlations of a level."""
        classes = self._ledger.classes
        wanted = [[entry for entry in each if entry.correlation in level] for each in classes]
        for origin, reference in self._ledger.references.among(wanted):
            match = None
            if reference.length:
                match = self._read(origin, reference, classes[reference.number])
            if match is not None:
                yield match._replace(entries=tuple(wanted[reference.number]))

    def include(self, collected: Collected, path: str | None, lines: int) -> Iterator[Match]:
        """Take over what another process took of an input, of which ``lines`` went before.

        What this process yields was taken there, and is to be added here one by one: there are
        too many classes.
        """
        ledger = self._ledger
        theirs, numbers = self._theirs.setdefault(collected.process, ([], []))
        theirs += collected.classes
        for place, entries in enumerate(collected.classes, len(numbers)):
            kind = collected.deferred.get(place)
            numbers.append(ledger.number_of(entries) if kind is None else ledger.defer(kind))
        origin = ledger.references.begin(path, collected.kept, lines)
        for reference in ledger.references.include(collected.references, numbers):
            match = self._read(origin, reference, theirs[reference.number])
            if match is not None:
                yield match

    def _read(
        self, origin: Origin, reference: Reference, entries: tuple[Entry, ...]
    ) -> Match | None:
        """The match of an event; None when what stands there now is another one."""
        match = self._match(origin, reference, self._bytes(origin, reference), LeftOut())
        if match is None or match.entries != entries:
            self._changed[origin.path] = None
            return None
        return match

    def _bytes(self, origin: Origin, reference: Reference) -> bytes:
        """What stands where an event was, nothing where that cannot be read."""
        try:
            return self._ledger.references.read(origin, reference)
        except OSError:
            return b""

    def _match(
        self, origin: Origin, reference: Reference, raw: bytes, left_out: LeftOut
    ) -> Match | None:
        """The match of what was read again, if it is one."""
        payloads = self._payloads
        try:
            event = payloads.read(raw)
        except NotAnEventError:
            # One that nobody had looked at may have been none before.
            if not (raw.startswith(b"{") and raw.endswith(b"}")):
                self._changed[origin.path] = None
            return None
        return self._plan.match(
            payloads.program.holding(event).numbers,
            event,
            left_out,
            raw=raw,
            path=origin.path,
            line=origin.lines + reference.line,
        )

    def problems(self) -> Iterator[Diagnostic]:
        """One error for each input that was not what it had been."""
        for path in self._changed:
            yield Diagnostic(
                "JS072",
                "changed while it was scanned: correlations lack events that were there",
                span=Span(path or UNNAMED),
                hint="scan it again, or a copy of it",
            )
