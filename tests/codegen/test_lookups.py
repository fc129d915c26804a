"""Look-ups say what the interpreter says of the same lists written out: random lists with periods,
random values around placeholders, events that nearly fit.

``JUMPSIGMA_EXAMPLES`` multiplies the number of examples, for a nightly run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jumpsigma.api.list_views import ListsInView
from jumpsigma.codegen import generate
from jumpsigma.interpret import Dated, holds, matched, matched_entries, trace
from jumpsigma.interpret.lists import lists_at
from jumpsigma.ir.bind import TooManyValuesError, bind, placeholders
from jumpsigma.ir.nodes import (
    And,
    Element,
    Expr,
    Keyword,
    LogSource,
    Network,
    Not,
    Or,
    Placeholder,
    Regex,
    RuleIR,
    Test,
    Text,
    Wildcard,
)
from jumpsigma.matcher.indicators import GivenLists
from jumpsigma.matcher.lookups import IndicatorLists
from jumpsigma.matcher.program import Program

TIMES = int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))
DatedLists = dict[str, list[Dated]]

WORDS = (
    "",
    "a",
    "A",
    "ab",
    "abab",
    "Abc",
    "b.a",
    "1",
    "1.5",
    "true",
    "a*b",
    "example.com",
    "Example.com",
    "sub.example.com",
    "example.org",
    "\u0391\u03a3",
    "\u0130",
    "192.0.2.1",
    "192.0.2.0/24",
    "192.0.2.77/25",
    "0.0.0.0/0",
    "192.0.2.0/33",
    "192.0.02.1",
    "2001:db8::1",
    "2001:DB8:0::1",
    "2001:db8::/32",
    "::ffff:192.0.2.1",
    "::ffff:0:0/96",
)
#: What an event has besides the values of lists: other spellings, and what is nearly one.
SPELLINGS = (
    "EXAMPLE.COM.",
    "example.com.",
    "2001:0db8:0000::0001",
    "2001:db8:ffff::",
    "::FFFF:c000:201",
    "fe80::1%eth0",
    "192.0.2.1 ",
    "198.51.100.1",
    1,
    1.5,
    True,
    None,
)
LITERALS = (".", "a", "B", "ab", "example", "\n")
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def _days() -> st.SearchStrategy[datetime | None]:
    return st.none() | st.integers(0, 4).map(lambda days: DAY + timedelta(days=days))


@cache
def lists() -> st.SearchStrategy[DatedLists]:
    entry = st.builds(Dated, st.sampled_from(WORDS), _days(), _days())
    entries = st.lists(entry | st.sampled_from(WORDS).map(Dated), min_size=1, max_size=5)
    return st.fixed_dictionaries({"one": entries, "two": entries, "none": st.just([])})


def _placeholders() -> st.SearchStrategy[Placeholder]:
    names = st.sampled_from(("one", "one", "one", "two", "two", "none", "absent"))
    return st.builds(Placeholder, names, st.sampled_from((False, False, False, True)))


@cache
def _texts() -> st.SearchStrategy[Text]:
    many, one = Wildcard.MANY, Wildcard.ONE
    around = st.sampled_from(((), (".",), (many,), (many, "."), (many, "a"), ("a", many), (one,)))
    simple = st.tuples(around, _placeholders(), around).map(lambda t: (*t[0], t[1], *t[2][::-1]))
    piece = st.sampled_from((many, one, *LITERALS)) | _placeholders()
    mixed = st.tuples(st.lists(piece, max_size=3), _placeholders(), st.lists(piece, max_size=3))
    parts = simple | mixed.map(lambda t: (*t[0], t[1], *t[2]))
    return st.builds(Text, parts, st.booleans())


@cache
def _regexes() -> st.SearchStrategy[Regex]:
    ends = st.sampled_from(("", "^", "a", ".*", "x?", "(b|"))
    parts = st.tuples(ends, _placeholders()).map(
        lambda t: (t[0], t[1], ")" if t[0] == "(b|" else "")
    )
    flags = st.booleans()
    return st.builds(Regex, parts, flags, flags, flags, flags, flags)


@cache
def leaves() -> st.SearchStrategy[Expr]:
    value = st.one_of(_texts(), _texts(), _regexes(), st.builds(Network, _placeholders()))
    test = st.builds(Test, st.sampled_from(("a", "b.c")), value)
    inner = st.builds(Test, st.sampled_from(("to", "")), value)
    element = st.builds(
        Element, st.just("changes"), st.sampled_from((None, "x")), inner | _or(inner)
    )
    return st.one_of(test, test, st.builds(Keyword, value), element)


def _or(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    items = st.lists(inner, min_size=2, max_size=2).map(tuple)
    return st.builds(Or, items) | st.builds(And, items) | st.builds(Not, inner)


def _tests(expr: Expr) -> Iterator[Test | Keyword]:
    match expr:
        case Test() | Keyword():
            yield expr
        case And(items) | Or(items):
            for item in items:
                yield from _tests(item)
        case Not(item) | Element(item=item):
            yield from _tests(item)
        case _:
            return


def _fitting(value: object, dated: DatedLists) -> st.SearchStrategy[Any]:
    """Values that fit a value of the rule, or nearly."""
    fill = {Wildcard.MANY: ("", "ab"), Wildcard.ONE: ("x", "")}
    parts = (value.cidr,) if isinstance(value, Network) else getattr(value, "parts", ())
    pieces = []
    for part in parts:
        if isinstance(part, Placeholder):
            known = [entry.value for entry in dated.get(part.name, ())]
            pieces.append(st.sampled_from(known or ["a"]))
        elif isinstance(part, Wildcard):
            pieces.append(st.sampled_from(fill[part]))
        else:
            pieces.append(
                st.just(part.strip("^$.*?(|)")) if isinstance(value, Regex) else st.just(part)
            )
    return st.tuples(*pieces).map("".join)


def _spelled(text: str) -> st.SearchStrategy[Any]:
    """A text, other spellings of it, and what holds it."""
    others = [text, text, text.swapcase(), f"{text}.", f"x{text}", [text, "a"], [["b", text]]]
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        pass
    else:
        first, last = network[0], network[-1]
        others += [
            str(first),
            str(last),
            first.exploded.upper(),
            str(last + 1 if int(last) + 1 < 2**32 else first),
        ]
        others += [f"::ffff:{first}"] if network.version == 4 else []
    return st.sampled_from(others)


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Expr, DatedLists, list[dict[str, Any]]]:
    dated = draw(lists())
    expr = draw(leaves() | _or(leaves()))
    tests = list(_tests(expr))
    events = []
    for _ in range(draw(st.integers(1, 4))):
        planted = [draw(_fitting(each.value, dated).flatmap(_spelled)) for each in tests]
        values = st.sampled_from([*planted, *SPELLINGS, *WORDS[:4]]) if planted else st.none()
        event: dict[str, Any] = {"a": draw(values), "b": {"c": draw(values)}}
        if day := draw(st.integers(0, 5)):
            event["timestamp"] = f"2026-01-0{day}T00:00:00Z"
        event["changes"] = [{"field": name, "to": draw(values)} for name in ("X", "y")]
        for each, value in zip(tests, planted, strict=True):
            if isinstance(each, Test) and each.field == "a":
                event["a"] = value
        events.append(event)
    return expr, dated, events


def program_of(expr: Expr, given_lists: IndicatorLists) -> Program:
    module = generate([RuleIR("id", "rule", "rule.yml", LogSource(), "sigma", expr)])
    return Program(module.source, given_lists)


def loaded(dated: DatedLists) -> IndicatorLists:
    groups = [
        (name, [each.value], {"valid_from": each.valid_from, "valid_until": each.valid_until})
        for name, entries in dated.items()
        for each in entries
    ]
    return IndicatorLists(GivenLists(groups))


def program(expr: Expr, dated: DatedLists) -> Program:
    return program_of(expr, loaded(dated))


@settings(
    max_examples=1000 * TIMES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drawn())
def test_looked_up_as_interpreted(
    example: tuple[Expr, DatedLists, list[dict[str, Any]]],
) -> None:
    expr, dated, events = example
    looked_up = program(expr, dated)
    for event in events:
        judged = trace(expr, event, dated)
        expected = [(0, matched(judged))] if judged.holds else []
        assert repr(looked_up.hits(event)) == repr(expected)
        if judged.holds:
            named = {
                (each.list, each.value)
                for each in looked_up.indicators(0, looked_up.holding(event))
            }
            assert named == set(matched_entries(judged))


@settings(max_examples=300 * TIMES, suppress_health_check=[HealthCheck.too_slow])
@given(drawn())
def test_written_out_as_interpreted(
    example: tuple[Expr, DatedLists, list[dict[str, Any]]],
) -> None:
    expr, dated, events = example
    for event in events:
        written = bind(expr, lists_at(dated, event))
        assert placeholders(written) == ()
        assert holds(written, event) == holds(expr, event, dated)


@settings(max_examples=300 * TIMES, suppress_health_check=[HealthCheck.too_slow])
@given(drawn())
def test_values_out_of_view_change_nothing(
    example: tuple[Expr, DatedLists, list[dict[str, Any]]],
) -> None:
    expr, dated, events = example
    view = ListsInView(expr, loaded(dated))
    for event in events:
        whole, seen = trace(expr, event, dated), trace(expr, event, view.of(event))
        assert seen.holds == whole.holds
        assert repr(matched(seen)) == repr(matched(whole))
        assert set(matched_entries(seen)) == set(matched_entries(whole))


def test_too_many_values_are_not_written_out() -> None:
    lists = {"many": [f"v{number}" for number in range(101)], "few": ["x", "y"]}
    both = Test("a", Text((Placeholder("many"), Placeholder("few"))))
    with pytest.raises(TooManyValuesError, match="as 202 values, more than 200"):
        bind(both, lists, limit=200)
    assert isinstance(bind(both, lists, limit=202), Or)
    assert bind(both, lists, limit=200, kinds=Regex) == both


def test_a_module_holds_no_value_of_a_list() -> None:
    expr = Or((Test("a", Text((Placeholder("one"),))), Keyword(Text((Placeholder("two"),)))))
    first, second = (
        program(expr, {"one": [Dated(value)], "two": [Dated(value)]}) for value in ("x1", "y2")
    )
    assert first.source == second.source
    assert placeholders(expr) == ("one", "two")


LONG = [f"host{number}.example" for number in range(100_000)]


@pytest.mark.parametrize("size", [201, 100_000])
@pytest.mark.parametrize(
    ("parts", "template"),
    [
        ((Placeholder("long"),), "{}"),
        ((Wildcard.MANY, ".", Placeholder("long")), "www.{}"),
        ((Wildcard.MANY, Placeholder("long"), Wildcard.MANY), "at https://{}/x"),
        ((Placeholder("long"), ":", Wildcard.MANY), "{}:443"),
        ((Wildcard.ONE, Placeholder("long"), Wildcard.ONE), "<{}>"),
    ],
)
def test_long_lists(size: int, parts: tuple[Any, ...], template: str) -> None:
    values = LONG[:size]
    looked_up = program_of(
        Test("a", Text(parts)), IndicatorLists(GivenLists([("long", values, {})]))
    )
    for value in (values[0], values[size // 2], values[-1]):
        event = {"a": template.format(value).upper()}
        assert looked_up.hits(event) == [(0, {"a": [event["a"]]})]
        named = {each.value for each in looked_up.indicators(0, looked_up.holding(event))}
        assert value in named
        assert all(value.startswith(each) for each in named)
    for value in (f"host{size}.example", "host.example", "HOST0.EXAMPL", ""):
        assert looked_up.hits({"a": template.format(value)}) == []


def test_networks_of_every_length() -> None:
    networks = [
        str(ip_network((int(ip_address(address)), length), strict=False))
        for address, bits in (("192.0.2.0", 32), ("2001:db8::", 128))
        for length in range(bits + 1)
    ]
    for network in networks:
        lists = IndicatorLists(GivenLists([("nets", [network], {})]))
        looked_up = program_of(Test("a", Network(Placeholder("nets"))), lists)
        inside = ip_network(network)
        for address in {inside[0], inside[-1]}:
            assert looked_up.hits({"a": str(address)}), network
        for number in (int(inside[0]) - 1, int(inside[-1]) + 1):
            if 0 <= number < 2**inside.max_prefixlen:
                assert not looked_up.hits({"a": str(type(inside[0])(number))}), network
