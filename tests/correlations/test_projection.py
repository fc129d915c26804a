"""What is decoded of a line: equal only for events that rules and groups cannot tell apart."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spelling import PLAIN, Spelling, spelled, spellings
from strategies import FIELDS, Event, pairs

from jumpsigma.api.lowering import LoweredPack
from jumpsigma.api.rules import matcher_of
from jumpsigma.intake.jsontext import decode_object
from jumpsigma.ir.correlations import CorrelationIR, Reference, Threshold
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    LogSource,
    Network,
    Not,
    Number,
    Or,
    Placeholder,
    Regex,
    RuleIR,
    Selection,
    Test,
    Text,
)
from jumpsigma.matcher.correlate.matches import LeftOut, entries_of
from jumpsigma.matcher.correlate.projection import REFUSED, NoProjectionError, decoder_of
from jumpsigma.matcher.correlate.rows import NANOSECONDS
from jumpsigma.matcher.correlate.times import time_of

TIME = ("timestamp",)
NOON = "2024-02-29T12:00:00Z"
_DAY = 86_400 * NANOSECONDS
_EPOCH = 719_163  # the ordinal of 1970-01-01


def looks_at(*names: str) -> Expr:
    """A condition over fields."""
    return And(tuple(Test(name, Text(("x",))) for name in names))


def decoded(
    raw: bytes, condition: Expr, *fields: str, time: str = "timestamp", raw_events: bool = False
) -> Any:
    """What is decoded of a line without its time, None when it is refused."""
    paths = [tuple(name.split(".")) for name in fields]
    decoder = decoder_of([condition], paths, (time,), raw_events=raw_events)
    try:
        found = decoder.decode(raw)
    except REFUSED:
        return None
    return [getattr(found, name) for name in found.__struct_fields__ if name != "time"]


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("a", "x", True),
        ("a", "", True),
        ("a", "\u00e9\U0001f600\x00", True),
        ("a", None, True),
        ("a", 0, True),
        ("a", -(2**63), True),
        ("a", 2**64, True),
        ("a", [], True),
        ("a", ["x", None], True),
        ("a", {}, True),
        ("a", {"b": [{}]}, True),
        ("a.b", {"b": "x"}, True),
        ("a.b", {}, True),
        ("a.b", None, True),
        ("a", True, False),  # equals 1
        ("a", 1.0, False),
        ("a", 0.5, False),
        ("a", [1], False),
        ("a", [["x"]], False),
        ("a", [{}], False),
        ("a.b", [{"b": "x"}], False),
        ("a.b", {"b": 0.5}, False),
        ("a.b", "x", False),
        ("a", "\ud800", False),
    ],
)
def test_which_values_are_taken(name: str, value: Any, taken: bool) -> None:
    raw = json.dumps({"timestamp": NOON, "a": value}).encode()
    assert (decoded(raw, looks_at(name)) is not None) == taken


@pytest.mark.parametrize(
    ("raw", "taken"),
    [
        (b'{"timestamp":"%s","a":"x"}', True),
        (b' {"a" : "x" , "timestamp" : "%s" } \r', True),
        (b'{"timestamp":"soon","timestamp":"%s"}', False),
        (b'{"other":{"a":0.5},"timestamp":"%s"}', True),
        (b'{"a":"y","a":"x","timestamp":"%s"}', True),
        (b'{"\\u0061":"x","timestamp":"%s"}', True),
        (b'{"a":0.5,"a":"x","timestamp":"%s"}', False),
        (b'{"a.b":"x","timestamp":"%s"}', True),  # no field that is looked at
        (b'{"b.c":"x","timestamp":"%s"}', False),  # it would win over the path
        (b'{"b.c.d":"x","timestamp":"%s"}', False),
        (b'{"b":{"c.d":"x"},"timestamp":"%s"}', False),
        (b'{"b":{"c":{"d":"x"}},"timestamp":"%s"}', True),
        (b'{"b":{"c":{"d":"x","d":1}},"timestamp":"%s"}', True),
        (b'{"b":{"c":1},"b":{},"timestamp":"%s"}', False),
        (b'{"other":"\t","timestamp":"%s"}', False),
        (b'{"other":"\\ud800","timestamp":"%s"}', False),
        (b'{"other":NaN,"timestamp":"%s"}', False),
        (b'{"other":01,"timestamp":"%s"}', False),
        (b'{"other":[1,],"timestamp":"%s"}', False),
        (b'{"timestamp":"%s"} {}', False),
        (b'\xef\xbb\xbf{"timestamp":"%s"}', False),
        (b'[{"timestamp":"%s"}]', False),
        (b'{"timestamp":"%s"', False),
        (b'{"a":"x"}', False),
        (b'{"other":' + b"[" * 2000 + b"]" * 2000 + b',"timestamp":"%s"}', False),
    ],
)
def test_which_lines_are_taken(raw: bytes, taken: bool) -> None:
    condition = looks_at("a", "b.c.d")
    assert (decoded(raw.replace(b"%s", NOON.encode()), condition) is not None) == taken


@pytest.mark.parametrize(
    ("event", "time", "taken"),
    [
        ({"timestamp": NOON}, "timestamp", True),
        ({"@timestamp": NOON}, "timestamp", False),
        ({"@timestamp": NOON}, "@timestamp", True),
        ({"timestamp": NOON, "@timestamp": NOON}, "@timestamp", False),
        ({"timestamp": None, "@timestamp": NOON}, "@timestamp", False),
        ({"UtcTime": "2024-02-29 12:00:00.250"}, "UtcTime", True),
        ({"timestamp": "2024-02-29 12:00:00.250"}, "timestamp", False),
        ({"timestamp": "2024-02-29T12:00:00.123456789Z"}, "timestamp", True),
        ({"timestamp": "2023-02-29T12:00:00Z"}, "timestamp", False),
        ({"timestamp": 1709208000}, "timestamp", False),
        ({"timestamp": None}, "timestamp", False),
    ],
)
def test_which_times_are_taken(event: Event, time: str, taken: bool) -> None:
    raw = json.dumps(event).encode()
    assert (decoded(raw, looks_at("a"), time=time) is not None) == taken


@pytest.mark.parametrize(
    ("event", "taken"),
    [
        ({"event_type": "x"}, True),
        ({"event_type": None}, True),
        ({}, False),
        ({"message": "x"}, False),
        ({"event_type": "x", "_version": 1}, False),
        ({"event_type": {"x": 1}}, True),
        ({"event_type": 0.5}, False),
    ],
)
def test_wrapped_events_are_not_taken(event: Event, taken: bool) -> None:
    raw = json.dumps({"timestamp": NOON, **event}).encode()
    assert (decoded(raw, looks_at("a"), raw_events=True) is not None) == taken


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        (Keyword(Text(("x",))), ()),
        (Not(And((looks_at("a"), Keyword(Number(1))))), ()),
        (Test("a", Text((Placeholder("hosts"),))), ()),
        (Test("a", Regex((Placeholder("hosts"),))), ()),
        (Test("a", Network(Placeholder("nets"))), ()),
        (looks_at("timestamp"), ()),
        (looks_at("timestamp.a"), ()),
        (looks_at("a"), ("timestamp",)),
        (looks_at('a"b'), ()),
        (looks_at("a\ud800"), ()),
    ],
)
def test_where_there_is_no_projection(condition: Expr, fields: tuple[str, ...]) -> None:
    paths = [(name,) for name in fields]
    with pytest.raises(NoProjectionError):
        decoder_of([looks_at("b"), Selection("s", condition)], paths, TIME, raw_events=False)


@pytest.mark.parametrize(
    ("condition", "value", "taken"),
    [
        (Test("a", Boolean(value=True)), True, True),
        (Test("a", Boolean(value=True)), 1, False),
        (Test("a", Text(("FALSE",))), False, True),
        (Test("a", Exists(expected=True)), [{"b": 1}], False),
        (Test("c", FieldRef("a")), 0.5, False),
        (Element("a", "x", looks_at("b")), {}, False),
        (Element("a", "x", looks_at("b")), [{}], False),
        (Element("a", "x", looks_at("b")), ["x"], True),
        (Element("a", "x", looks_at("b")), None, True),
        (And((Element("a", None, looks_at("b")), looks_at("a.b"))), {"b": "x"}, False),
    ],
)
def test_what_is_taken_depends_on_what_rules_look_at(
    condition: Expr, value: Any, taken: bool
) -> None:
    raw = json.dumps({"timestamp": NOON, "a": value}).encode()
    assert (decoded(raw, condition) is not None) == taken


_CHANGE = {"field": "x", "from": 1, "to": True}
_TWINS: list[list[Any]] = [
    [0, "0", 0.0, -0.0, False, "false"],
    [1, "1", 1.0, True, "true", "TRUE"],
    [[1], ["1"], [True], [1.0], 1, [[1]]],
    ["x", "X", ["x"], ["x", "x"], {"x": 1}, {"a": "x"}, [{"a": "x"}]],
    [None, "", [], {}, [None], "null"],
    [_CHANGE, [_CHANGE], [{**_CHANGE, "to": 1}], {**_CHANGE, "to": 0.5}, {}, ["x"], [], None],
]


def fields_in(node: Expr) -> list[str]:
    """The fields of a condition."""
    match node:
        case Test(name, FieldRef(other)):
            return [name, other]
        case Test(name) | Element(name):
            return [name]
        case And(items) | Or(items):
            return [name for item in items for name in fields_in(item)]
        case Not(item) | Selection(_, item):
            return fields_in(item)
        case _:
            return []


def planted(event: Event, path: list[str], value: Any) -> Event:
    """The event with a value at a path."""
    first, *rest = path
    inner = event.get(first)
    below = inner if isinstance(inner, dict) else {}
    return {**event, first: planted(below, rest, value) if rest else value}


@st.composite
def alike(draw: st.DrawFn) -> tuple[Expr, list[Event]]:
    """A condition, and events that differ little where it looks, and in other fields."""
    condition, event = draw(pairs(keywords=False))
    found = [event]
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from([*fields_in(condition), *fields_in(condition), *FIELDS]))
        path = draw(st.sampled_from((name.split("."), [name])))
        twins = draw(st.sampled_from(_TWINS))
        base = draw(st.sampled_from(found))
        chosen = draw(st.lists(st.sampled_from(twins), min_size=2, max_size=4))
        found += [planted(base, path, twin) for twin in chosen]
    return condition, found


_times = st.sampled_from(
    (NOON, NOON, "2024-02-29T23:59:59.999999999Z", "2024-03-01T00:30:00+01:00")
)


@settings(max_examples=500)
@given(
    alike(),
    st.lists(st.sampled_from(FIELDS), max_size=2).map(tuple),
    st.lists(st.sampled_from(FIELDS), min_size=1, max_size=2).map(tuple),
    spellings() | st.just(PLAIN),
    _times,
)
def test_equal_projections_are_of_events_that_cannot_be_told_apart(
    alike: tuple[Expr, list[Event]],
    group_by: tuple[str, ...],
    measured: tuple[str, ...],
    spelling: Spelling,
    time: str,
) -> None:
    condition, events = alike
    rule = RuleIR(None, "r", "r.yml", LogSource(), "sigma", condition)
    reference = Reference("r", rule, group_by, measured)
    correlation = CorrelationIR(
        None,
        "c",
        "c.yml",
        "sigma",
        "value_count",
        (reference,),
        60,
        Threshold("gte", 2),
        group_by,
        measured,
    )
    matcher = matcher_of(LoweredPack((rule,), (correlation,), frozenset({0})))
    paths = [tuple(name.split(".")) for name in (*group_by, *measured)]
    try:
        decoder = decoder_of([condition], paths, TIME, raw_events=False)
    except NoProjectionError:
        return
    meanings: dict[Any, Any] = {}
    for event in events:
        raw = spelled({**event, "timestamp": time}, spelling)
        try:
            raw.decode()
            found = decoder.decode(raw)
        except REFUSED:
            continue
        read = decode_object(raw)
        moment = time_of(read)
        assert moment is not None
        if found.time.tzinfo is UTC:
            assert abs(found.time.toordinal() - _EPOCH - (moment + 500) // _DAY) == 0
        key = tuple(getattr(found, name) for name in found.__struct_fields__ if name != "time")
        holding = matcher._program.holding(read).numbers
        meaning = holding, entries_of(matcher._plan.used(holding), read, LeftOut())
        assert meanings.setdefault(key, meaning) == meaning


def test_the_vocabulary_has_projections_that_are_shared() -> None:
    """Otherwise the test above could not fail."""
    shared = refused = 0

    @settings(max_examples=300)
    @given(alike())
    def count(alike: tuple[Expr, list[Event]]) -> None:
        nonlocal shared, refused
        condition, events = alike
        try:
            decoder_of([condition], [], TIME, raw_events=False)
        except NoProjectionError:
            return
        found = []
        for event in events:
            raw = spelled({**event, "timestamp": NOON})
            found.append(decoded(raw, condition))
        refused += found.count(None)
        taken = [each for each in found if each is not None]
        shared += sum(one == other for one in taken for other in taken) - len(taken)

    count()
    assert shared > 300
    assert refused > 100
