"""The matcher's windows against the plain reading of the sentences, and against themselves."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

import pytest
from dense import KINDS, pack, stream
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import RULES, Event, packs, streams

from jumpsigma.api.lowering import LoweredPack
from jumpsigma.api.rules import matcher_of
from jumpsigma.intake.events import Event as Read
from jumpsigma.interpret.correlations import Given, Verdict, correlate
from jumpsigma.interpret.correlations import time_of as plain_time_of
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.matcher import Finding, Matcher
from jumpsigma.matcher.correlate.times import time_of

Told = tuple[Any, ...]


def matcher_over(correlations: tuple[CorrelationIR, ...]) -> Matcher:
    """A matcher that tells of correlations only."""
    silent = frozenset(range(len(RULES)))
    return matcher_of(LoweredPack(RULES, correlations, silent))


def scanned(matcher: Matcher, events: list[Event], limit: int = 1_000_000) -> list[Finding]:
    """The findings of a batch; each event's line is its number in the stream.

    Two in three events are kept as the bytes that they were read from, the others as they are.
    """
    with matcher.correlator(limit) as correlator:
        for event in events:
            raw = json.dumps(event).encode() if event["number"] % 3 else b""
            read = Read(event, None, 1 + event["number"], raw)
            assert matcher.match_read(read, correlator.add, correlator.left_out) == []
        return list(correlator.findings())


def numbered(events: list[Event]) -> list[Event]:
    """Copies that can be told apart, by what is no part of a digest's order in any other way."""
    return [{**event, "number": number} for number, event in enumerate(events)]


def told(finding: Finding) -> Told:
    correlation = finding.correlation
    assert correlation is not None
    assert list(correlation) == ["type", "group", "count", "first", "last", "event_ids"]
    return (
        finding.rule_title,
        repr(correlation["group"]),
        repr(correlation["count"]),
        tuple(correlation["event_ids"]),
        finding.event["number"],
        finding.source and finding.source.line,
    )


def meant(verdict: Verdict) -> Told:
    return (
        verdict.correlation.title,
        repr(verdict.group),
        repr(verdict.count),
        verdict.event_ids,
        verdict.completing.event["number"],
        verdict.completing.line,
    )


def plainly(correlations: tuple[CorrelationIR, ...], events: list[Event]) -> list[Verdict]:
    return correlate(correlations, [Given(event, None, 1 + event["number"]) for event in events])


@settings(max_examples=200)
@given(packs(), streams())
def test_the_windows_say_what_the_sentences_say(
    correlations: tuple[CorrelationIR, ...], events: list[Event]
) -> None:
    events = numbered(events)
    found = scanned(matcher_over(correlations), events)
    assert [told(finding) for finding in found] == [
        meant(verdict) for verdict in plainly(correlations, events)
    ]
    for finding, verdict in zip(found, plainly(correlations, events), strict=True):
        assert finding.correlation is not None
        first, last = verdict.made[0][0], verdict.made[-1][0]
        bounds = [finding.correlation["first"], finding.correlation["last"]]
        assert [time_of({"time": bound}) for bound in bounds] == [first, last]


@pytest.mark.parametrize("kind", KINDS)
def test_dense_streams_say_it_too(kind: str) -> None:
    findings = Counter[bool]()
    for seed in range(150):
        rng = Random(f"{kind} {seed}")
        correlations, events = pack(rng, kind), numbered(stream(rng))
        matcher = matcher_over(correlations)
        found = [told(finding) for finding in scanned(matcher, events)]
        assert found == [meant(verdict) for verdict in plainly(correlations, events)], seed
        assert [told(f) for f in scanned(matcher, events[::-1], limit=3)] == found, seed
        findings[bool(found)] += 1
    assert findings[True] > 75


@settings(max_examples=100)
@given(packs(), streams(), st.randoms(use_true_random=False), st.sampled_from((0, 3)))
def test_neither_the_order_of_events_nor_a_file_changes_a_finding(
    correlations: tuple[CorrelationIR, ...], events: list[Event], random: Any, limit: int
) -> None:
    events = numbered(events)
    matcher = matcher_over(correlations)
    expected = [finding.to_dict() for finding in scanned(matcher, events)]
    shuffled = random.sample(events, len(events))
    assert [f.to_dict() for f in scanned(matcher, shuffled)] == expected
    assert [f.to_dict() for f in scanned(matcher, shuffled, limit)] == expected


@pytest.mark.parametrize(
    ("event", "time"),
    [
        ({"timestamp": "2024-01-01T00:00:00Z"}, 1704067200_000000000),
        ({"timestamp": "2024-01-01T00:00:00"}, 1704067200_000000000),
        ({"timestamp": "2024-01-01 02:00:00+02:00"}, 1704067200_000000000),
        ({"timestamp": "2024-01-01T00:00:00.000000001Z"}, 1704067200_000000001),
        ({"timestamp": "2024-01-01T00:00:00.1234567891Z"}, 1704067200_123456789),
        ({"timestamp": "1969-12-31T23:59:59.5Z"}, -500_000_000),
        ({"timestamp": 1704067200}, 1704067200_000000000),
        ({"timestamp": 1704067200123}, 1704067200_123000000),
        ({"timestamp": 1704067200.123}, 1704067200_123000000),
        ({"timestamp": "soon", "@timestamp": "2024-01-01T00:00:00Z"}, 1704067200_000000000),
        ({"event": {}, "UtcTime": "2024-01-01 00:00:00.250"}, 1704067200_250000000),
        ({"timestamp": "2024-01-01t00:00:00z"}, 1704067200_000000000),
        ({"timestamp": "2024-02-29 23:59:60.5"}, 1709251199_500000000),
        ({"timestamp": "2024-01-01T00:00:99Z"}, 1704067259_000000000),
        ({"timestamp": "2024-01-01T24:00:00Z"}, None),
        ({"timestamp": "2024-01-01T00:60:00Z"}, None),
        ({"timestamp": "2023-02-29T00:00:00Z"}, None),
        ({"timestamp": "0000-01-01T00:00:00Z"}, None),
        ({"timestamp": "2262-04-11T23:47:16.854775807Z"}, 2**63 - 1),
        ({"timestamp": "2262-04-11T23:47:16.854775808Z"}, None),
        ({"timestamp": "1677-09-21T00:12:43.145224192Z"}, -(2**63)),
        ({"timestamp": "1677-09-21T00:12:43.145224191Z"}, None),
        ({"timestamp": "9999-12-31T23:59:59Z"}, None),
        ({"timestamp": "2024-13-01T00:00:00Z"}, None),
        ({"timestamp": None}, None),
        ({"timestamp": True}, None),
        ({}, None),
    ],
)
def test_event_times(event: Event, time: int | None) -> None:
    assert time_of(event) == time
    assert plain_time_of(event) == time
