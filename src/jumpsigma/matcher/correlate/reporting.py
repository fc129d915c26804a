"""A crossing as a finding: what its window held, told with the event that completed it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.matcher.correlate.evidence import completing, evidence
from jumpsigma.matcher.correlate.measures import Measured
from jumpsigma.matcher.correlate.payloads import Made, Payload
from jumpsigma.matcher.correlate.rows import Row
from jumpsigma.matcher.correlate.times import written
from jumpsigma.matcher.findings import Finding, Source, finding_of, timestamp_of
from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.matcher.runtime import add


class Report(NamedTuple):
    """A finding, and what correlations over this one need of it."""

    finding: Finding
    row: Row
    payload: Payload
    rows: list[Row]


def report(
    correlation: CorrelationIR,
    bases: Sequence[int],
    rows: Sequence[Row],
    number: Measured,
    payload_of: Callable[[int], Payload],
) -> Report:
    """What a crossing says (S809, S819, S820).

    :param bases: the numbers of the single-event rules that the correlation refers to, in order.
    :param rows: the events of the window, in order.
    """
    chosen = evidence(correlation, rows)
    last = completing(rows, chosen)
    payload = payload_of(last.number)
    made = _made(chosen, payload_of)
    matched, indicators = _matched(payload, bases)
    source = Source(last.path.decode("utf-8", "surrogatepass") or None, last.line)
    place = source if last.line else None
    finding = finding_of(correlation, payload.event, place, matched, indicators)
    ids = [each.event_id.decode("utf-8", "surrogatepass") for each in made if each.event_id]
    spelled = json.loads(rows[0].spelled)
    finding = replace(
        finding,
        correlation={
            "type": correlation.type,
            "group": dict(zip(correlation.group_by, spelled, strict=True)),
            "count": number,
            "first": made[0].timestamp,
            "last": made[-1].timestamp,
            "event_ids": list(dict.fromkeys(ids)),
        },
    )
    return Report(
        finding, last, Payload(payload.event, ((None, matched, indicators),), made), chosen
    )


def _made(rows: Sequence[Row], payload_of: Callable[[int], Payload]) -> tuple[Made, ...]:
    """The events below the rows, in the order of their times, each once.

    Only the first and the last have their timestamps: no more is ever asked for.
    """
    found: list[tuple[Made, int]] = []
    for row in rows:
        if row.origin:
            found += [(each, row.number) for each in payload_of(row.number).made]
        else:
            found.append((Made(row.time, row.event_id, ""), row.number))
    found.sort(key=lambda each: (each[0][:2], not each[0].timestamp))
    distinct = [
        each
        for place, each in enumerate(found)
        if not place or not each[0].event_id or each[0][:2] != found[place - 1][0][:2]
    ]
    made = [each for each, _ in distinct]
    for place in (0, -1):
        each, number = distinct[place]
        if not each.timestamp:
            event = payload_of(number).event
            made[place] = each._replace(timestamp=timestamp_of(event) or written(each.time))
    return tuple(made)


def _matched(
    payload: Payload, bases: Sequence[int]
) -> tuple[dict[str, list[Any]], tuple[MatchedIndicator, ...]]:
    """What satisfied the rules that the correlation refers to, in the order of the references."""
    found: dict[str, list[Any]] = {}
    indicators: list[MatchedIndicator] = []
    for wanted in (None, *dict.fromkeys(bases)):
        for number, matched, listed in payload.hits:
            if number == wanted:
                indicators += [each for each in listed if each not in indicators]
                for path, values in matched.items():
                    add(found, path, values)
    return found, tuple(indicators)


def seen_from_above(correlation: CorrelationIR, row: Row, event: dict[str, Any]) -> dict[str, Any]:
    """The event of an inner finding with the inner group's values in place of its own (S821).

    Under the names in the correlation, and under those that the fields have in the events.
    """
    spelled = json.loads(row.spelled)
    found = dict(event)
    for reference in correlation.references:
        found.update(zip(reference.group_by, spelled, strict=True))
    found.update(zip(correlation.group_by, spelled, strict=True))
    return found
