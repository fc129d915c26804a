"""One small stream for every sentence on correlations in docs/reference/semantics.md.

A row has the keys of a correlation (default: ``event_count``, ``gte: 2``, ten seconds, by ``g``),
the events as ``seconds kind key=value...``, and the findings as
A row has the keys of a correlation (default: ``event_count``, ``gte: 2``, 10 seconds, by ``g``),
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import jumpsigma
from jumpsigma.intake.events import Event as Read
from jumpsigma.interpret.correlations import Given, correlate
from jumpsigma.matcher import Matcher

START = 1_700_000_000
RULES = """
{title: a, name: a, logsource: {category: test}, detection: {s: {k: a}, condition: s}}
---
{title: b, name: b, logsource: {category: test}, detection: {s: {k: b}, condition: s}}
---
{title: c, name: c, logsource: {category: test}, detection: {s: {k: c}, condition: s}}
"""

ROWS: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("S801", {}, ["0 a", "1 b", "2 a"], ["e3: 2 x [e1 e3]"]),
    ("S801", {"rules": ["a", "b"]}, ["0 [a,b]", "1 z"], []),
    ("S801", {"rules": ["a", "b"], "type": "temporal"}, ["0 [a,b]"], ["e1: 2 x [e1]"]),
    ("S802", {}, ["0 a", "0 a id=e1", "1 z"], []),
    ("S802", {}, ["0 a", "0 a id=e9"], ["e9: 2 x [e1 e9]"]),
    ("S802", {}, ["0 a id=null", "0 a id=null"], ["None: 2 x []"]),
    ("S802", {"condition": {"gte": 4, "field": "v"}, "type": "value_sum"},
     ["0 a v=[1,2]", "0 a v=[2,2] id=e1"], ["e1: 5 x [e1]"]),
    ("S802", {"rules": ["a", "b"], "type": "temporal"}, ["0 a", "0 b id=e1"], ["e1: 2 x [e1]"]),
    ("S803", {}, ["0 a", "null a"], []),
    ("S803", {}, ["0 a", "10.00001 a"], []),
    ("S804", {}, ["0 a g=x", "1 a g=y", "2 a g=X"], ["e3: 2 x [e1 e3]"]),
    ("S804", {}, ["0 a g=1", "1 a g='1'"], ["e2: 2 1 [e1 e2]"]),
    ("S804", {}, ["0 a g=1.0", "1 a g=true", "2 a g=1"], ["e3: 2 1.0 [e1 e3]"]),
    ("S804", {}, ["0 a g=null", "1 a g=null", "1 a -g", "2 a -g"], []),
    ("S804", {}, ["0 a g=[x,y]", "1 a g=[y,z]"], ["e2: 2 y [e1 e2]"]),
    ("S804", {"group-by": []}, ["0 a -g", "1 a g=y"], ["e2: 2  [e1 e2]"]),
    ("S804", {"group-by": ["g", "h"]}, ["0 a h=1", "1 a h=2", "2 a h=1"], ["e3: 2 x,1 [e1 e3]"]),
    ("S806", {"group-by": []}, ["1 a id=z", "1 a id=q"], ["z: 2  [q z]"]),
    ("S807", {}, ["0 a", "10 a"], ["e2: 2 x [e1 e2]"]),
    ("S807", {}, ["0 a", "11 a"], []),
    ("S807", {"timespan": "1M"}, ["0 a", "2629746 a"], ["e2: 2 x [e1 e2]"]),
    ("S807", {"timespan": "1M"}, ["0 a", "2629747 a"], []),
    ("S808", {"condition": {"eq": 2}}, ["0 a", "0 a", "0 a"], []),
    ("S808", {"condition": {"lt": 2}}, ["0 a", "100 a"], ["e1: 1 x [e1]", "e2: 1 x [e2]"]),
    ("S809", {}, ["0 a", "1 a", "2 a", "3 a"], ["e2: 2 x [e1 e2]"]),
    ("S809", {}, ["0 a", "1 a", "9 a", "19 a"], ["e2: 2 x [e1 e2]", "e4: 2 x [e3 e4]"]),
    ("S809", {}, ["0 a", "1 a", "9 a", "11 a"], ["e2: 2 x [e1 e2]"]),
    ("S809", {}, ["0 a", "1 a", "20 a", "21 a"], ["e2: 2 x [e1 e2]", "e4: 2 x [e3 e4]"]),
    ("S809", {"condition": {"eq": 2}}, ["0 a", "1 a", "2 a", "12 a"],
     ["e2: 2 x [e1 e2]", "e4: 2 x [e3 e4]"]),
    ("S810", {}, ["1 a g=X", "0 a g=x"], ["e1: 2 x [e2 e1]"]),
    ("S811", {"condition": {"lt": 2}}, ["0 a", "1 a"], ["e1: 1 x [e1]"]),
    ("S811", {"condition": {"lte": 2}}, ["0 a", "1 a"], ["e1: 1 x [e1]"]),
    ("S811", {"condition": {"gt": 2}}, ["0 a", "1 a", "2 a"], ["e3: 3 x [e1 e2 e3]"]),
    ("S811", {"condition": {"eq": 2}}, ["0 a", "1 a", "2 a"], ["e2: 2 x [e1 e2]"]),
    ("S811", {"condition": {"neq": 1}}, ["0 a", "1 a", "2 a"], ["e2: 2 x [e1 e2]"]),
    ("S812", {"rules": ["a", "b"]}, ["0 a", "1 b"], ["e2: 2 x [e1 e2]"]),
    ("S813", {"type": "value_count", "condition": {"gte": 2, "field": "v"}},
     ["0 a v=q", "1 a v=Q", "2 a v=1", "3 a v='1'"], ["e3: 2 x [e1 e2 e3]"]),
    ("S813", {"type": "value_count", "condition": {"gte": 2, "field": ["v", "w"]}},
     ["0 a v=q w=1", "1 a v=q", "2 a v=q w=2"], ["e3: 2 x [e1 e3]"]),
    ("S814", {"type": "value_sum", "condition": {"gte": 6, "field": "v"}},
     ["0 a v=1", "1 a v='2'", "2 a v=[1,2]"], ["e3: 6 x [e1 e2 e3]"]),
    ("S814", {"type": "value_sum", "condition": {"eq": 1, "field": "v"}},
     ["0 a v=1.0e+16", "1 a v=1", "2 a v=-1.0e+16"], ["e3: 1 x [e1 e2 e3]"]),
    ("S814", {"type": "value_sum", "rules": ["a", "b"], "condition": {"gte": 2, "field": "v"}},
     ["0 [a,b] v=1"], []),
    ("S814", {"type": "value_avg", "condition": {"gte": 1.5, "field": "v"}},
     ["0 a v=1", "1 a v=2"], ["e2: 1.5 x [e1 e2]"]),
    ("S815", {"type": "value_median", "condition": {"gt": 2, "field": "v"}},
     ["0 a v=1", "1 a v=9", "2 a v=2", "3 a v=9"], ["e2: 5 x [e1 e2]", "e4: 5.5 x [e1 e2 e3 e4]"]),
    ("S815",
     {"type": "value_percentile", "condition": {"gte": 3, "field": "v", "percentile": 75}},
     ["0 a v=1", "1 a v=2", "2 a v=4"], ["e3: 3 x [e1 e2 e3]"]),
    ("S816", {"type": "value_sum", "condition": {"lt": 5, "field": "v"}},
     ["0 a", "1 a v=q", "2 a v=7", "14 a v=null"], []),
    ("S816", {"type": "value_count", "condition": {"lt": 1, "field": "v"}}, ["0 a"], []),
    ("S817", {"type": "temporal", "rules": ["a", "b"]}, ["0 b", "1 a", "2 b"], ["e2: 2 x [e1 e2]"]),
    ("S817", {"type": "temporal", "rules": ["a", "b", "c"], "condition": {"gte": 2}},
     ["0 b", "1 a"], ["e2: 2 x [e1 e2]"]),
    ("S817", {"type": "temporal", "condition": "a and not b"},
     ["0 b", "1 a", "11 a", "20 b"], ["e3: 1 x [e2 e3]"]),
    ("S818", {"type": "temporal_ordered", "rules": ["a", "b"]}, ["0 b", "1 a", "1 b"], []),
    ("S818", {"type": "temporal_ordered", "rules": ["a", "b"]},
     ["0 b", "1 a", "2 a", "3 b"], ["e4: 2 x [e2 e4]"]),
    ("S818", {"type": "temporal_ordered", "rules": ["a", "b", "a"]},
     ["0 a", "1 b", "2 a"], ["e3: 3 x [e1 e2 e3]"]),
    ("S818", {"type": "temporal_ordered", "rules": ["a", "b", "c"], "condition": {"gte": 2}},
     ["0 b", "1 a", "2 c"], ["e3: 2 x [e1 e3]"]),
    ("S818", {"type": "temporal_ordered", "rules": ["a", "b", "c"],
              "condition": "c and a and not b"}, ["0 a", "1 c"], ["e2: 2 x [e1 e2]"]),
    ("S818", {"type": "temporal_ordered", "condition": "c and a"}, ["0 a", "1 c", "2 a"],
     ["e3: 2 x [e2 e3]"]),
    ("S819", {"type": "temporal", "rules": ["a", "b"]},
     ["0 a", "1 a id=null", "2 b"], ["e3: 2 x [e1 e3]"]),
    ("S822", {"rules": ["a", "b"], "group-by": ["who"],
              "aliases": {"who": {"a": "g", "b": "h"}}}, ["0 a g=q", "1 b h=q"],
     ["e2: 2 q [e1 e2]"]),
    ("S822", {"rules": ["a", "b"], "group-by": ["g"], "aliases": {"g": {"b": "h"}}},
     ["0 a g=q", "1 b h=q"], ["e2: 2 q [e1 e2]"]),
]  # fmt: skip


def read_event(text: str, number: int) -> dict[str, Any]:
    time, kind, *rest = text.split(" ")
    event: dict[str, Any] = {"id": f"e{number}", "k": yaml.safe_load(kind), "g": "x"}
    if time != "null":
        event["timestamp"] = START + float(time)
    for pair in rest:
        if pair.startswith("-"):
            del event[pair[1:]]
            continue
        key, _, value = pair.partition("=")
        event[key] = yaml.safe_load(value)
    return event


def compiled(folder: Path, keys: dict[str, Any]) -> Matcher:
    section: dict[str, Any] = {"type": "event_count", "group-by": ["g"], "timespan": "10s"} | keys
    if not isinstance(section.get("condition"), str):
        section.setdefault("rules", ["a"])
    if not section["type"].startswith("temporal"):
        section.setdefault("condition", {"gte": 2})
    section = {key: value for key, value in section.items() if value != []}
    document = yaml.safe_dump({"title": "t", "correlation": section})
    (folder / "r.yml").write_text(f"{RULES}---\n{document}", encoding="utf-8")
    matcher = jumpsigma.compile(jumpsigma.load_pack(folder), mapping="sigma")
    assert len(matcher.correlations) == 1, matcher.refused
    return matcher


def correlated(matcher: Matcher, events: list[dict[str, Any]]) -> list[str]:
    found = [f for f in matcher.match_all(events) if f.correlation is not None]
    return [
        f"{f.event_id}: {c['count']} {','.join(map(str, c['group'].values()))} "
        f"[{' '.join(c['event_ids'])}]"
        for f in found
        if (c := f.correlation) is not None
    ]


@pytest.mark.parametrize(
    ("number", "keys", "events", "expected"),
    ROWS,
    ids=[f"{row[0]}-{place}" for place, row in enumerate(ROWS)],
)
def test_findings(
    number: str, keys: dict[str, Any], events: list[str], expected: list[str], tmp_path: Path
) -> None:
    try:
        matcher = compiled(tmp_path, keys)
    except AssertionError:
        condition = keys.get("condition")
        fraction = isinstance(condition, dict) and any(
            isinstance(v, float) for v in condition.values()
        )
        assert fraction, number  # pySigma 1 has no such thresholds (JS034)
        return
    stream = [read_event(text, place) for place, text in enumerate(events, 1)]
    assert correlated(matcher, stream) == expected, number
    given = [Given(event, None, line) for line, event in enumerate(stream, 1)]
    verdicts = [
        f"{v.completing.event.get('id')}: {v.count} {','.join(map(str, v.group.values()))} "
        f"[{' '.join(v.event_ids)}]"
        for v in correlate(matcher.correlations, given)
    ]
    assert verdicts == expected, number


def test_s803_s805_events_that_take_no_part_are_counted_and_told(tmp_path: Path) -> None:
    matcher = compiled(tmp_path, {"group-by": ["g", "h"]})
    crowd = {"g": list(range(40)), "h": list(range(40))}
    told: list[str] = []
    events = [
        {"k": "a", "g": 1, "h": 1, "timestamp": "soon"},
        {"k": "a", "g": 1, "h": 1, "timestamp": "9999-01-01T00:00:00Z"},
        {"k": "z", "g": 1, "h": 1},
        {"k": "a", "timestamp": START, **crowd},
        {"k": "a", "timestamp": START, "g": list(range(1000)), "h": 1},
    ]
    with matcher.correlator() as correlator:
        for line, event in enumerate(events, 1):
            read = Read(event, None, line, b"")
            matcher.match_read(read, correlator.add, correlator.left_out)
        assert (correlator.left_out.without_time, correlator.left_out.too_many_groups) == (2, 1)
        told += [f"{problem.code} {problem.message}" for problem in correlator.problems()]
    assert told == [
        "JS077 2 events have no time that can be read, and took no part in correlations",
        (
            "JS077 1 event has more than 1,000 groups or values of one correlation, "
            "and took no part in correlations"
        ),
    ]


def test_s820_the_finding_is_the_correlation_s_with_the_event_that_completed_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "r.yml").write_text(
        RULES + "---\n"
        "title: Both\nid: 5f0d8f5e-6f0c-4c5c-9d5e-0a2f3f3f8a11\nlevel: high\nauthor: A\n"
        "license: DRL-1.1\ntags: [attack.t1110]\n"
        "correlation: {type: temporal, rules: [a, b], timespan: 1m, group-by: [g]}\n",
        encoding="utf-8",
    )
    matcher = jumpsigma.compile(jumpsigma.load_pack(tmp_path), mapping="sigma")
    events: list[dict[str, Any]] = [
        {"k": "a", "g": "X", "id": "1", "timestamp": "2024-01-01T00:00:00Z"},
        {"k": ["b", "q"], "g": "x", "id": "2", "time": 1704067259.5},
    ]
    (found,) = matcher.match_all(events)
    assert found.to_dict() == {
        "rule_id": "5f0d8f5e-6f0c-4c5c-9d5e-0a2f3f3f8a11",
        "rule_title": "Both",
        "level": "high",
        "author": "A",
        "license": "DRL-1.1",
        "tags": ["attack.t1110"],
        "event_id": "2",
        "timestamp": None,
        "source": {"path": None, "line": 2},
        "matched": {"k": ["b"]},
        "event": events[1],
        "correlation": {
            "type": "temporal",
            "group": {"g": "X"},
            "count": 2,
            "first": "2024-01-01T00:00:00Z",
            "last": "2024-01-01T00:00:59.5Z",
            "event_ids": ["1", "2"],
        },
    }


def test_s821_correlations_over_correlations(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(
        RULES + "---\n"
        "{title: many, name: many, correlation: {type: event_count, rules: [a], group-by: [g],"
        " timespan: 10s, condition: {gte: 2}}}\n---\n"
        "{title: then, correlation: {type: temporal_ordered, rules: [many, b], group-by: [g],"
        " timespan: 20s}}\n---\n"
        "{title: how many, correlation: {type: value_count, rules: [many], timespan: 30s,"
        " condition: {gte: 2, field: g}}}\n",
        encoding="utf-8",
    )
    matcher = jumpsigma.compile(jumpsigma.load_pack(tmp_path), mapping="sigma")
    texts = ["0 a g=[x,y]", "1 a g=X", "3 b g=y", "4 b", "5 a g=Y"]
    events = [read_event(text, place) for place, text in enumerate(texts, 1)]
    found = matcher.match_all(events)
    assert [(f.rule_title, *correlated_part(f.correlation)) for f in found] == [
        ("then", {"g": "x"}, 2, ["e1", "e2", "e4"]),
        ("how many", {}, 2, ["e1", "e2", "e5"]),
    ]
    given = [Given(event, None, line) for line, event in enumerate(events, 1)]
    assert [
        (v.correlation.title, v.group, v.count, list(v.event_ids))
        for v in correlate(matcher.correlations, given)
        if v.correlation.title != "many"
    ] == [(f.rule_title, *correlated_part(f.correlation)) for f in found]


def correlated_part(told: dict[str, Any] | None) -> tuple[Any, Any, Any]:
    assert told is not None
    return told["group"], told["count"], told["event_ids"]


def test_every_sentence_is_cited_by_a_test(checkout: Path) -> None:
    text = (checkout / "docs" / "reference" / "semantics.md").read_text(encoding="utf-8")
    sentences = set(re.findall(r"^\| (S8\d\d) \|", text, re.MULTILINE))
    assert len(sentences) > 20
    tests = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")
    )
    assert {number.upper() for number in re.findall(r"[Ss]8\d\d", tests)} == sentences
