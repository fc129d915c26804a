"""Why a correlation does, or does not, fire on events."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from jumpsigma.api.lists import lists_for
from jumpsigma.api.lowering import lower_chosen
from jumpsigma.api.rules import find_rule, matcher_of
from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intake.events import ReadStats
from jumpsigma.intake.events import Source as Input
from jumpsigma.interpret import Lists
from jumpsigma.ir.correlations import CorrelationIR, Threshold
from jumpsigma.mapping import load_mapping
from jumpsigma.matcher import Source
from jumpsigma.matcher.correlate import Correlator, Match
from jumpsigma.matcher.correlate.measures import bits
from jumpsigma.matcher.correlate.reporting import Report
from jumpsigma.matcher.correlate.rows import Row
from jumpsigma.matcher.correlate.times import written
from jumpsigma.matcher.correlate.windows import Judged
from jumpsigma.matcher.findings import timestamp_of
from jumpsigma.matcher.indicators import ListProvider
from jumpsigma.pack import Pack
from jumpsigma.report.timeline import CorrelationExplanation, Episode, Moment


def explain_correlation(
    pack: Pack,
    rule: str,
    sources: Iterable[Input],
    mapping: str | Path = "jumpcloud",
    *,
    lists: Lists | None = None,
    indicators: ListProvider | None = None,
    stats: ReadStats | None = None,
    on_problem: Callable[[Diagnostic], None] | None = None,
) -> CorrelationExplanation:
    """Judge a correlation, given by id, title or file name, on events as ``scan`` reads them.

    Raises :class:`DiagnosticError` when it is not there, is no correlation (JS090), or cannot run
    on this mapping.
    """
    loaded = find_rule(pack, rule)
    if loaded.kind != "correlation":
        raise DiagnosticError(Diagnostic("JS090", f"{loaded.title!r} is no correlation"))
    lowered = lower_chosen(pack, load_mapping(mapping), [loaded], speaking=())
    matcher = matcher_of(lowered, lists_for(pack, lists, indicators))
    number = next(
        (
            n
            for n in range(len(lowered.correlations))
            if n + len(lowered.rules) not in lowered.silent
        ),
        None,
    )
    if number is None:
        own = [each for each in lowered.refused if each.span and each.span.path == loaded.path]
        raise DiagnosticError((own or list(lowered.refused))[-1])
    with matcher.correlator() as correlator:
        told = _Told(lowered.correlations, number, correlator)
        for source in sources:
            for _ in matcher.scan_events(
                source, told.keep, correlator.left_out, stats=stats, on_problem=on_problem
            ):
                pass
        for _ in correlator.findings(told.watch, told.report):
            pass
        if on_problem is not None:
            for problem in correlator.problems():
                on_problem(problem)
    return told.explanation()


class _Told:
    """What the windows of one correlation tell while they are judged."""

    def __init__(
        self, correlations: Sequence[CorrelationIR], number: int, correlator: Correlator
    ) -> None:
        self._number, self._node = number, correlations[number]
        self._places = {id(each): place for place, each in enumerate(correlations)}
        self._correlator = correlator
        self._findings: list[Episode] = []
        self._nearest: Episode | None = None
        self._distance = float("inf")
        self._matches: Counter[int] = Counter()
        self._below: Counter[int] = Counter()

    def keep(self, match: Match) -> None:
        """Count the match, once for each reference, and pass it on."""
        entries = (each.slots for each in match.entries if each.correlation == self._number)
        self._matches.update({slot for slots in entries for slot in bits(slots)})
        self._correlator.add(match)

    def watch(self, number: int, judged: Judged, rows: Callable[[], list[Row]]) -> None:
        """Remember the window that comes nearest, the first of equal ones."""
        if number != self._number or self._findings:
            return
        distance = self._from(judged)
        if distance < self._distance:
            self._distance, window = distance, rows()
            group = dict(zip(self._node.group_by, json.loads(window[0].spelled), strict=True))
            self._nearest = self._episode(group, judged.number, window)

    def report(self, number: int, told: Report) -> None:
        """Remember a finding."""
        self._below[number] += 1
        found = told.finding.correlation
        if number == self._number and found is not None:
            self._findings.append(self._episode(found["group"], found["count"], told.rows))

    def explanation(self) -> CorrelationExplanation:
        """Everything together."""
        matches = {
            reference.rule.title: self._below[self._places[id(reference.rule)]]
            if isinstance(reference.rule, CorrelationIR)
            else self._matches[slot]
            for slot, reference in enumerate(self._node.references)
        }
        found = sorted(self._findings, key=lambda each: each.moments[-1].time)
        nearest = None if found else self._nearest
        return CorrelationExplanation(self._node, tuple(found), nearest, matches)

    def _from(self, judged: Judged) -> float:
        """How far a window is from the condition."""
        condition = self._node.condition
        if isinstance(condition, Threshold):
            return abs((judged.number or 0) - condition.number)
        return len(self._node.references) - (judged.number or 0)

    def _episode(self, group: dict[str, Any], number: float | None, rows: Sequence[Row]) -> Episode:
        return Episode(group, number, tuple(map(self._moment, rows)))

    def _moment(self, row: Row) -> Moment:
        event = self._correlator.payload(row.number).event
        path = row.path.decode("utf-8", "surrogatepass") or None
        return Moment(
            row.time,
            timestamp_of(event) or written(row.time),
            tuple(self._node.references[slot].rule.title for slot in bits(row.slots)),
            row.event_id.decode("utf-8", "surrogatepass") or None,
            Source(path, row.line) if row.line else None,
        )
