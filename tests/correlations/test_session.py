"""Correlations on a live stream (S832): the batch's findings, bounded memory, nothing silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from dense import KINDS, pack, stream
from streams import RULES, START, Event
from test_twin import matcher_over, numbered

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.ir.correlations import CorrelationIR, Reference, Threshold
from jumpsigma.matcher import Finding, Matcher
from jumpsigma.matcher.correlate.times import time_of
from jumpsigma.matcher.session import Dropped

LATENESS = timedelta(seconds=5)


def counting(op: Any, number: int, timespan: int = 10) -> CorrelationIR:
    references = (Reference("a", RULES[0], ("g",)),)
    return CorrelationIR(
        id=None,
        title="counting",
        path="c.yml",
        mapping="sigma",
        type="event_count",
        references=references,
        timespan=timespan,
        condition=Threshold(op, number),
        group_by=("g",),
    )


def event(time: float, name: str | None = None, **more: Any) -> Event:
    named = {} if name is None else {"id": name}
    return {"k": "a", "g": "x", "timestamp": START + time, **named, **more}


def without_place(findings: list[Finding]) -> list[dict[str, Any]]:
    return [replace(finding, source=None).to_dict() for finding in findings]


def fed(matcher: Matcher, events: list[Event], lateness: timedelta) -> list[Finding]:
    session = matcher.session(lateness)
    found = [finding for each in events for finding in session.feed(each)]
    found += session.close()
    assert replace(session.dropped, without_time=0) == Dropped()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_within_its_tolerance_gives_the_findings_of_a_batch(kind: str) -> None:
    total = 0
    for seed in range(100):
        rng = Random(f"session {kind} {seed}")
        correlations, events = pack(rng, kind), numbered(stream(rng))
        matcher = matcher_over(correlations)
        delays = {each["number"]: rng.uniform(0, 4.9) for each in events}
        events.sort(key=lambda each: (time_of(each) or 0) / 1e9 + delays[each["number"]])
        expected = without_place(matcher.match_all(events))
        assert without_place(fed(matcher, events, LATENESS)) == expected, seed
        total += len(expected)
    assert total > 100


@pytest.mark.parametrize("kind", KINDS)
def test_without_tolerance_a_stream_in_order_gives_them_at_once(kind: str) -> None:
    total = 0
    for seed in range(60):
        rng = Random(f"in order {kind} {seed}")
        correlations = pack(rng, kind)
        events = numbered(stream(rng))
        distinct = {time: each for each in events if (time := time_of(each)) is not None}
        events = [distinct[time] for time in sorted(distinct)]
        matcher = matcher_over(correlations)
        session = matcher.session()
        found = [(each["number"], f) for each in events for f in session.feed(each)]
        assert session.close() == []
        assert without_place([f for _, f in found]) == without_place(matcher.match_all(events))
        assert all(f.event["number"] == number for number, f in found)
        total += len(found)
    assert total > 60


def test_findings_of_single_events_come_at_once_and_of_correlations_when_they_are_certain() -> None:
    matcher = matcher_over((counting("gte", 2),))
    session = matcher.session(timedelta(seconds=3))
    assert session.feed(event(0, "one")) == []
    assert session.feed(event(1, "two")) == []
    assert session.feed(event(3.9, "b", k="b")) == []
    (found,) = session.feed(event(4, "c", k="b"))  # also other events tell the time
    assert found.event_id == "two"
    assert session.close() == []


def test_what_comes_too_late_is_counted_and_told_once() -> None:
    problems = list[Diagnostic]()
    session = matcher_over((counting("gte", 2),)).session(
        timedelta(seconds=1), on_problem=problems.append
    )
    session.feed(event(10))
    session.feed(event(8.9))
    session.feed(event(8.8))
    session.feed(event(9))  # as late as it may be
    session.feed({"k": "a", "g": "x"})
    assert session.dropped == Dropped(too_late=2, without_time=1)
    assert [problem.code for problem in problems] == ["JS077", "JS077"]
    assert len(session.close()) == 1


def test_copies_that_come_while_the_event_is_held_count_once() -> None:
    session = matcher_over((counting("gte", 2),)).session()
    assert session.feed(event(0, "one")) == []
    assert session.feed(event(0, "one")) == []
    (found,) = session.feed(event(0, "two"))
    assert found.correlation is not None
    assert found.correlation["event_ids"] == ["one", "two"]


def test_memory_is_bounded_and_the_oldest_go() -> None:
    problems = list[Diagnostic]()
    matcher = matcher_over((counting("gte", 60, timespan=10_000),))
    session = matcher.session(limit=50, on_problem=problems.append)
    for number in range(500):
        assert session.feed(event(number, str(number))) == []
        assert session.held <= 50
        assert len(session._payloads) <= 50
    assert session.dropped == Dropped(over_limit=450)
    assert len(problems) == 1
    assert "more than 50 base matches" in problems[0].message


def test_groups_that_nothing_can_meet_any_more_are_forgotten() -> None:
    session = matcher_over((counting("gte", 2),)).session()
    for number in range(1000):
        session.feed(event(number, str(number), g=str(number)))
        assert session.held <= 11
    assert session.dropped == Dropped()
    assert len(session._groups[0]) <= 11


@pytest.mark.parametrize("limit", [3, 5, 20])
def test_a_small_limit_never_breaks_a_session(limit: int) -> None:
    for seed in range(100):
        rng = Random(f"limit {seed}")
        matcher = matcher_over(pack(rng, rng.choice(KINDS)))
        session = matcher.session(timedelta(seconds=2), limit=limit)
        for each in stream(rng):
            session.feed(each)
            assert session.held <= limit
        session.close()


def test_wrong_use_is_refused() -> None:
    matcher = matcher_over((counting("gte", 2),))
    session = matcher.session()
    with pytest.raises(TypeError, match="an event is a dict, not str"):
        session.feed("{}")  # type: ignore[arg-type]
    session.close()
    with pytest.raises(ValueError, match="closed"):
        session.feed({})
    with pytest.raises(ValueError, match="lateness of 0 or more"):
        matcher.session(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="limit of 1 or more"):
        matcher.session(limit=0)
