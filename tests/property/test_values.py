"""Comparisons of single values against independent references."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal, get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import text_parts

from jumpsigma.interpret.values import glob, refers, satisfies
from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    CompareOp,
    FieldRef,
    Network,
    Number,
    Regex,
    Text,
    TextPart,
    Wildcard,
)

_ALPHABET = "xXy1*?.\\\n"


# Two letters, so that pieces occur often, and overlap.
@settings(max_examples=500)
@given(
    st.lists(st.sampled_from(Wildcard) | st.text("xy", min_size=1, max_size=2), max_size=6),
    st.text("xy\n", max_size=7),
)
def test_wildcards_are_those_of_a_regular_expression(
    parts: list[str | Wildcard], text: str
) -> None:
    assert glob(tuple(parts), text) is bool(_reference(parts).fullmatch(text))


@given(text_parts(), st.data())
def test_wildcards_stand_for_what_is_put_in_their_place(
    parts: tuple[str | Wildcard, ...], data: st.DataObject
) -> None:
    written = "".join(
        part
        if isinstance(part, str)
        else data.draw(
            st.text(
                _ALPHABET, max_size=4 if part is Wildcard.MANY else 1, min_size=part is Wildcard.ONE
            )
        )
        for part in parts
    )
    assert glob(parts, written)


def _reference(parts: list[str | Wildcard]) -> re.Pattern[str]:
    sources = {Wildcard.MANY: ".*", Wildcard.ONE: "."}
    source = "".join(sources[p] if isinstance(p, Wildcard) else re.escape(p) for p in parts)
    return re.compile(source, re.DOTALL)


def _literal(text: str, *, cased: bool = False) -> Text:
    parts: tuple[TextPart, ...] = (text,) if text else ()
    return Text(parts, cased)


@given(st.text(max_size=6), st.text(max_size=6))
def test_folding_is_symmetrical(one: str, other: str) -> None:
    for left, right in (
        (one, other),
        (one, one.swapcase()),
        (one.upper(), one),
        (one, one.lower()),
    ):
        there, back = satisfies(_literal(left), right), satisfies(_literal(right), left)
        assert there is back
        assert refers(FieldRef("other"), left, right) is there


@given(st.text(max_size=6))
def test_text_equals_itself_and_its_small_letters(text: str) -> None:
    assert satisfies(_literal(text), text)
    assert satisfies(_literal(text, cased=True), text)
    assert satisfies(_literal(text), text.lower())


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_cased_contains_is_pythons_in(before: str, text: str, after: str) -> None:
    value = Text((Wildcard.MANY, *_literal(text).parts, Wildcard.MANY), cased=True)
    assert satisfies(value, before + text + after)
    assert satisfies(value, before) is (text in before)


@given(st.integers(-(2**63), 2**64 - 1))
def test_a_number_and_its_text_are_equal_both_ways(number: int) -> None:
    assert satisfies(Number(number), str(number))
    assert satisfies(_literal(str(number)), number)
    assert satisfies(Number(number), number)
    assert refers(FieldRef("other"), number, str(number))
    assert not satisfies(Number(number), number + 1)


@pytest.mark.parametrize("boolean", [True, False])
@given(text=st.text(max_size=6) | st.sampled_from(("true", "TRUE", "False", "1", "0")))
def test_a_boolean_and_text_are_equal_both_ways(boolean: bool, text: str) -> None:
    assert satisfies(Boolean(boolean), text) is satisfies(_literal(text), boolean)


@given(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers() | st.floats(allow_nan=False),
)
def test_comparisons_order_numbers(limit: float, number: float) -> None:
    lt, lte, gt, gte = (satisfies(Compare(op, limit), number) for op in get_args(CompareOp))
    assert (lt, gt) == (number < limit, number > limit)
    assert (lte, gte) == (not gt, not lt)


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30))
def test_comparisons_read_decimal_text(limit: int, number: int) -> None:
    for op in get_args(CompareOp):
        assert satisfies(Compare(op, limit), str(number)) is satisfies(Compare(op, limit), number)


@st.composite
def _network_and_address(draw: st.DrawFn, bits: Literal[32, 128]) -> tuple[str, str, bool]:
    """A network, an address that is often near it, and whether it is inside: by shifting bits."""
    length = draw(st.integers(0, bits))
    first = draw(st.integers(0, 2**bits - 1)) >> (bits - length) << (bits - length)
    address = draw(
        st.integers(0, 2**bits - 1)
        | st.integers(0, bits - 1).map(lambda bit: first ^ (1 << bit))
        | st.integers(0, 2 ** (bits - length) - 1).map(lambda host: first + host)
    )
    kind = IPv4Address if bits == 32 else IPv6Address
    inside = address >> (bits - length) == first >> (bits - length)
    return f"{kind(first)}/{length}", str(kind(address)), inside


@given(_network_and_address(32))
def test_ipv4_networks(drawn: tuple[str, str, bool]) -> None:
    cidr, address, inside = drawn
    assert satisfies(Network(cidr), address) is inside
    assert satisfies(Network(cidr), f"::ffff:{address}") is inside


@given(_network_and_address(128))
def test_ipv6_networks(drawn: tuple[str, str, bool]) -> None:
    cidr, address, inside = drawn
    assume(IPv6Address(address).ipv4_mapped is None)
    assert satisfies(Network(cidr), address) is inside
    assert satisfies(Network(cidr), IPv6Address(address).exploded.upper()) is inside
    assert satisfies(Network(cidr), f"{address}%eth0") is inside


@given(st.text(max_size=12))
def test_what_is_no_address_is_in_no_network(text: str) -> None:
    assume(not re.fullmatch(r"[0-9a-fA-F:.]+(%.*)?", text, re.DOTALL))
    assert not satisfies(Network("0.0.0.0/0"), text)
    assert not satisfies(Network("::/0"), text)


@given(st.text("xXy1\n", max_size=6), st.text("xXy1\n", max_size=3))
def test_a_literal_expression_is_cased_contains(text: str, literal: str) -> None:
    assert satisfies(Regex((literal,)), text) is (literal in text)
    assert satisfies(Regex((literal,), anchor_start=True), text) is text.startswith(literal)
    assert satisfies(Regex((literal,), anchor_end=True), text) is text.endswith(literal)


@given(st.lists(st.text("xy", min_size=1, max_size=2), min_size=2, max_size=3), st.text("xy\n"))
def test_an_anchor_holds_for_every_alternative(words: list[str], text: str) -> None:
    source = "|".join(words)
    starts = any(text.startswith(word) for word in words)
    assert satisfies(Regex((source,), anchor_start=True), text) is starts
    ends = any(text.endswith(word) for word in words)
    assert satisfies(Regex((source,), anchor_end=True), text) is ends


def _any_values() -> st.SearchStrategy[Any]:
    return st.none() | st.lists(st.text(max_size=2), max_size=2) | st.just({"x": "x"})


@given(_any_values())
def test_what_has_no_text_satisfies_no_value(item: Any) -> None:
    for value in (
        Text((Wildcard.MANY,)),
        Regex(("",)),
        Network("::/0"),
        Compare("gt", -1),
        Number(0),
    ):
        assert not satisfies(value, item)
