"""Base matches that are never parsed: the findings are those of parsing every event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
from dense import KINDS, pack, stream
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import RULES, Event, packs, streams
from taken import take_lines

from jumpsigma.api.lowering import LoweredPack
from jumpsigma.api.rules import matcher_of
from jumpsigma.intake.events import Event as Read
from jumpsigma.ir.correlations import CorrelationIR, Threshold
from jumpsigma.matcher import Finding, Matcher
from jumpsigma.matcher.correlate import Correlator
from jumpsigma.matcher.correlate.rows import NANOSECONDS
from jumpsigma.matcher.correlate.times import time_of, written

START = 1_700_000_000 * NANOSECONDS


def matcher_over(correlations: tuple[CorrelationIR, ...]) -> Matcher:
    """A matcher that tells of correlations only."""
    return matcher_of(LoweredPack(RULES, correlations, frozenset(range(len(RULES)))))


_MORE: dict[str, Any] = {"lt": "gt", "lte": "gte", "neq": "eq"}


def slower(
    correlations: Iterable[CorrelationIR], factor: int, *, more: bool = False
) -> tuple[CorrelationIR, ...]:
    """The same correlations for events that come as many times slower.

    With ``more`` no threshold is met by fewer events: those have prospects that can be told.
    """
    made: dict[int, CorrelationIR] = {}
    for each in correlations:
        references = tuple(
            replace(reference, rule=made.get(id(reference.rule), reference.rule))
            for reference in each.references
        )
        condition = each.condition
        if more and isinstance(condition, Threshold):
            condition = replace(condition, op=_MORE.get(condition.op, condition.op))
        made[id(each)] = replace(
            each, references=references, timespan=each.timespan * factor, condition=condition
        )
    return tuple(made.values())


def spread(events: Iterable[Event], factor: int) -> list[Event]:
    """The same events as many times slower."""
    found = []
    for event in events:
        time = time_of(event)
        later = written(START + ((time or START) - START) * factor)
        found.append(event if time is None else {**event, "timestamp": later})
    return found


def lines_of(events: Iterable[Event]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def parsing(matcher: Matcher, lines: list[bytes]) -> tuple[list[Any], Any]:
    """What a scan finds that parses every event, and whom it leaves out."""
    with matcher.correlator() as correlator:
        for line, raw in enumerate(lines, 1):
            add(matcher, correlator, raw, line, None)
        return told(correlator.findings()), correlator.left_out


def add(matcher: Matcher, correlator: Correlator, raw: bytes, line: int, path: str | None) -> None:
    read = Read(json.loads(raw), path, line, raw)
    assert matcher.match_read(read, correlator.add, correlator.left_out) == []


def told(findings: Iterable[Finding]) -> list[Any]:
    return [finding.to_dict() for finding in findings]


def taking(
    matcher: Matcher,
    lines: list[bytes],
    size: int = 4,
    limit: int = 1_000_000,
    *,
    among: Callable[[], Iterable[int]] = tuple,
    defer: bool = False,
) -> tuple[list[Any], Any, int]:
    """What a scan finds that parses what is not taken, whom it leaves out, how many it took.

    Lines come in batches, each with the rules that one of them satisfies, and some more. Whom a
    scan leaves out is not known of events that may ``defer``.
    """
    taken = 0
    with matcher.correlator(limit) as correlator:
        correlator.classes.begin(None)
        for start in range(0, len(lines), size):
            batch = lines[start : start + size]
            held = (matcher._program.holding(json.loads(raw)).numbers for raw in batch)
            rules = set(among()).union(*held)
            numbers: Sequence[int] = range(start + 1, start + 1 + len(batch))
            take = correlator.classes.taker(tuple(sorted(rules)), batch[0], defer=defer)
            left = numbers if take is None else take_lines(take, batch, start + 1)
            taken += len(batch) - len(left)
            for line in left:
                add(matcher, correlator, lines[line - 1], line, None)
        return told(correlator.findings()), correlator.left_out, taken


@settings(max_examples=200)
@given(packs(), streams(), st.sampled_from((1, 900, 20_000)), st.sampled_from((1, 3)))
def test_what_is_taken_is_found_as_if_it_was_parsed(
    correlations: tuple[CorrelationIR, ...], events: list[Event], factor: int, size: int
) -> None:
    matcher = matcher_over(slower(correlations, factor))
    lines = lines_of(spread(events, factor))
    expected = parsing(matcher, lines)
    assert taking(matcher, lines, size)[:2] == expected
    assert taking(matcher, lines, size, limit=3)[:2] == expected
    for limit in (3, 1_000_000):
        assert taking(matcher, lines, size, limit, defer=True)[0] == expected[0]


def plainer(rng: Random, events: Iterable[Event]) -> list[Event]:
    """Events most of which have texts for values."""
    found = []
    for event in events:
        plain = {
            name: str(value[0] if isinstance(value, list) else value)
            for name, value in event.items()
        }
        found.append(plain if rng.random() < 0.9 else event)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", [1, 900, 15_000])
def test_dense_streams_too(kind: str, factor: int) -> None:
    fired = taken = 0
    for seed in range(120):
        rng = Random(f"{kind} {seed}")
        matcher = matcher_over(slower(pack(rng, kind), factor, more=seed % 4 > 0))
        lines = lines_of(plainer(rng, spread(stream(rng), factor)))
        expected = parsing(matcher, lines)
        found = taking(matcher, lines, 2, among=partial(rng.sample, range(3), rng.randint(0, 1)))
        assert found[:2] == expected, seed
        fired += bool(expected[0])
        taken += found[2]
    assert fired > 50
    # What sums and averages measure is left to who parses.
    assert taken > 100 or kind in {"value_sum", "value_avg", "value_median", "value_percentile"}
