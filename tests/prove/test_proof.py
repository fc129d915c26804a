"""A proof finds every kind of difference, and events near a rule are on both sides of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from engines.sqlite import Sqlite
from near import Event
from proof import Space, Written, compare, key_of
from spaces import features, lists_for, spaces, unchanged

from jumpsigma.api.lowering import lower_pack
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import RuleIR

_PACK = features()
_LOWERED = lower_pack(_PACK, "jumpcloud")
_NODES: tuple[RuleIR | CorrelationIR, ...] = (*_LOWERED.rules, *_LOWERED.correlations)
_KEYS = {node.title: key_of(node) for node in _NODES}
_EVENTS: dict[str, Event] = {
    "match": {"id": "match", "resource": {"name": "PAYROLL"}, "mfa": True, "event_type": "x"},
    "other": {"id": "other", "resource": {"name": "payrol"}, "event_type": "y"},
    "none": {"id": "none", "event_type": "z"},
}
_SPACE = Space(_EVENTS, unchanged, _LOWERED, lists_for(_PACK))
_SELECT = "SELECT id FROM events WHERE"


@pytest.fixture
def engine() -> Iterator[Sqlite]:
    engine = Sqlite()
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("query", "missing", "surplus", "event"),
    [
        (f"{_SELECT} lower(event ->> '$.resource.name') = 'payroll'", (), (), None),
        (
            f"{_SELECT} event ->> '$.resource.name' = 'payroll'",
            ("match",),
            (),
            {"resource": {"name": "PAYROLL"}},
        ),
        (
            f"{_SELECT} event ->> '$.resource.name' LIKE 'payrol%'",
            (),
            ("other",),
            {"resource": {"name": "payrol"}},
        ),
        (f"{_SELECT} 1 UNION ALL {_SELECT} 1", (), ("match", "none", "none", "other", "other"), {}),
    ],
)
def test_a_difference_is_found_and_its_event_is_small(
    engine: Sqlite,
    query: str,
    missing: tuple[str, ...],
    surplus: tuple[str, ...],
    event: object,
) -> None:
    written = [Written(_KEYS["text"], "text", query)]
    compared = compare(engine, written, _SPACE)
    assert (compared.events, compared.pairs) == (3, 3)
    found = [(one.missing, one.surplus) for one in compared.differences]
    assert found == ([(missing, surplus)] if missing or surplus else [])
    if event:
        assert [one.event for one in compared.differences] == [event]


def test_a_query_that_is_none_is_a_difference(engine: Sqlite) -> None:
    (difference,) = compare(
        engine, [Written(_KEYS["text"], "text", f"{_SELECT} (")], _SPACE
    ).differences
    assert difference.error


def test_a_refused_rule_is_not_compared(engine: Sqlite) -> None:
    assert compare(engine, [Written(_KEYS["text"], "text", None, "JS066")], _SPACE).pairs == 0


def test_a_crossing_is_named_by_the_event_that_completes_it(engine: Sqlite) -> None:
    events = {
        f"e{minute}": {
            "id": f"e{minute}",
            "event_type": "user_delete",
            "timestamp": f"2026-11-02T09:0{minute}:00Z",
        }
        for minute in range(5)
    }
    space = Space(events, unchanged, _LOWERED, {})
    key = _KEYS["event count without groups"]
    assert space.expected[key] == ["e2"]
    right = Written(key, "count", f"{_SELECT} id = 'e2'")
    every = Written(key, "count", f"{_SELECT} id >= 'e2'")
    assert not compare(engine, [right], space).differences
    assert [one.surplus for one in compare(engine, [every], space).differences] == [("e3", "e4")]


def test_events_near_a_rule_satisfy_it_and_miss_it() -> None:
    (space,) = spaces(_PACK, "jumpcloud", "unicode", each=6)
    assert all(event["id"] == key for key, event in space.events.items())
    silent = [
        rule.title
        for rule in _LOWERED.rules
        if not 0 < len(space.expected[key_of(rule)]) < len(space.events)
    ]
    assert len(silent) <= len(_LOWERED.rules) // 20, silent


def test_letters_that_an_engine_may_lower_otherwise_can_be_left_out() -> None:
    (space,) = spaces(_PACK, "jumpcloud", "ascii", each=2)
    texts = [json.dumps(event, ensure_ascii=False) for event in space.events.values()]
    assert not [text for text in texts if "é" in text or "ß" in text]
    assert [text for text in texts if "東京" in text or "東" in text]
