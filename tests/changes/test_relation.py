"""How two conditions relate, one row for each way; and that no event contradicts a proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumpsigma.changes import Relation, compare
from jumpsigma.changes.implication import implies
from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    Keyword,
    Network,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Selection,
    Test,
    Text,
    Wildcard,
)
from jumpsigma.ir.normal import normal
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import load_pack

RULE = """\
title: A rule
id: 0e7a5b3c-6c1d-4a53-9d8e-000000000001
logsource: {{category: process_creation, product: windows}}
detection:
{detection}
"""


def condition(detection: str, folder: Path) -> Expr:
    """The condition of a detection section; lines that begin with a name get an indent."""
    lines = "\n".join(f"    {line}" for line in detection.strip().split("\n"))
    (folder / "rule.yml").write_text(RULE.format(detection=lines))
    pack = load_pack(folder)
    assert not pack.diagnostics, pack.diagnostics
    lowered = lower_rule(pack.rules[0], load_mapping("sigma"))
    assert lowered.rule is not None
    return lowered.rule.condition


def one(items: str) -> str:
    return f"selection: {{{items}}}\ncondition: selection"


ROWS = [
    # base, head, relation
    (one("Image: a"), one("Image: a"), "same"),
    # one meaning
    (one("Image: a"), "other: {Image: a}\ncondition: other", "equal"),
    (one("Image: a"), one("Image: A"), "equal"),
    (one("Image: [a, b]"), one("Image: [b, a, a]"), "equal"),
    (one("Image: a, User: b"), one("User: b, Image: a"), "equal"),
    (one("Elevated: true"), one("Elevated: 'true'"), "equal"),
    (one("Image|contains: a"), one("Image: '*a*'"), "same"),
    (one("Image|startswith: a"), one("Image: 'a**'"), "equal"),
    (one("Image: ['*a*', 'xay']"), one("Image: '*a*'"), "equal"),
    (one("Image|cidr: [10.0.0.0/8, 10.1.0.0/16]"), one("Image|cidr: 10.0.0.0/8"), "equal"),
    (
        "a: {Image: x}\nb: {User: y}\ncondition: not (a or b)",
        "a: {Image: x}\nb: {User: y}\ncondition: not a and not b",
        "equal",
    ),
    (
        "a: {Image: x}\nb: {User: y}\ncondition: a or (a and b)",
        "a: {Image: x}\ncondition: a",
        "equal",
    ),
    ("a: {Image: x}\ncondition: not (not a)", "a: {Image: x}\ncondition: a", "equal"),
    # wider
    (one("Image: a"), one("Image: [a, b]"), "wider"),
    (one("Image|endswith: '\\a.exe'"), one("Image|endswith: a.exe"), "wider"),
    (one("Image: abc"), one("Image: 'a?c'"), "wider"),
    (one("Image: 'a?c'"), one("Image: 'a*c'"), "wider"),
    (one("Image|cased: a"), one("Image: a"), "wider"),
    (one("Image: a, User: b"), one("Image: a"), "wider"),
    (one("Image: a"), one("Image|exists: true"), "wider"),
    (one("Image: '11'"), one("Image|re: '^[0-9]+$'"), "wider"),
    (one("Image|cidr: 10.1.0.0/16"), one("Image|cidr: 10.0.0.0/8"), "wider"),
    (one("Image: 10.1.2.3"), one("Image|cidr: 10.0.0.0/8"), "wider"),
    (one("Port: 80"), one("Port|lte: 80"), "wider"),
    (one("Port|gt: 80"), one("Port|gte: 80"), "wider"),
    (one("Port|gt: 80"), one("Port|gt: 79"), "wider"),
    (
        "a: {Image: x}\nb: {User: y}\ncondition: a and b",
        "a: {Image: x}\nb: {User: y}\ncondition: a or b",
        "wider",
    ),
    (
        "a: {Image: x}\nf: {User: [y, z]}\ncondition: a and not f",
        "a: {Image: x}\nf: {User: y}\ncondition: a and not f",
        "wider",
    ),
    ("k: [fairy dust]\ncondition: k", "k: [fairy]\ncondition: k", "wider"),
    (one("changes[a].to: x, changes[a].from: y"), one("changes[a].to: x"), "wider"),
    # different
    (one("Image: a"), one("Image: b"), "different"),
    (one("Image: a"), one("User: a"), "different"),
    (one("Image|contains: ab"), one("Image|startswith: a"), "different"),
    (one("Image: a1"), one("Image|re: '^[a-z][0-9]$'"), "different"),
    (one("Image|re: a+"), one("Image|re: b+"), "different"),
    (one("Port|gt: 80"), one("Port|lt: 90"), "different"),
    ("a: {Image: x}\ncondition: a", "a: {Image: x}\ncondition: not a", "different"),
]


def _inverse(relation: str) -> str:
    return {"wider": "narrower"}.get(relation, relation)


@pytest.mark.parametrize(("base", "head", "relation"), ROWS)
def test_relation(base: str, head: str, relation: Relation, tmp_path: Path) -> None:
    base, head = (text.replace("changes[a]", '"changes[a]') for text in (base, head))
    base, head = (text.replace('"changes[a].to', '"changes[a].to"') for text in (base, head))
    base, head = (text.replace('"changes[a].from', '"changes[a].from"') for text in (base, head))
    old, new = condition(base, tmp_path), condition(head, tmp_path)
    for a, b, wanted in ((old, new, relation), (new, old, _inverse(relation))):
        found = compare(a, b)
        assert found.relation == wanted, found
        assert found.is_proven
        if found.gained is not None:
            assert holds(b, found.gained)
            assert not holds(a, found.gained)
        if found.lost is not None:
            assert holds(a, found.lost)
            assert not holds(b, found.lost)
        assert (found.gained is not None) is (wanted in ("wider", "different"))
        assert (found.lost is not None) is (wanted in ("narrower", "different"))


def test_what_no_rule_proves_is_searched_for_events(tmp_path: Path) -> None:
    """A regular expression within another: found wider by example, and said to be so."""
    base = condition(one("Image|re: ^abc$"), tmp_path)
    head = condition(one("Image|re: ^ab.$"), tmp_path)
    found = compare(base, head)
    assert (found.relation, found.is_proven) == ("wider", False)


def test_what_nothing_tells_apart_is_undecided(tmp_path: Path) -> None:
    base = condition(one("Image|re: ^a$"), tmp_path)
    head = condition(one("Image|re: '^[a]$'"), tmp_path)
    assert compare(base, head).relation == "undecided"


# --- the proofs against events

TEXTS = ("a", "A", "ab", "b*", "*b", "a?", "*", "?", "5", "10.0.0.1", "true", "a*b", "ß", "")


def _text(source: str, *, cased: bool) -> Text:
    parts: list[Any] = []
    for letter in source:
        if letter in "*?":
            parts.append(Wildcard(letter))
        elif parts and isinstance(parts[-1], str):
            parts[-1] += letter
        else:
            parts.append(letter)
    return Text(tuple(parts), cased)


VALUES = st.one_of(
    st.builds(_text, st.sampled_from(TEXTS), cased=st.booleans()),
    st.sampled_from(
        [
            Number(5),
            Number(6),
            Boolean(value=True),
            Null(),
            Exists(expected=True),
            Exists(expected=False),
            Compare("gt", 4),
            Compare("gte", 5),
            Compare("lt", 6),
            Network("10.0.0.0/8"),
            Network("10.0.0.0/30"),
            Regex(("^a",)),
            Regex(("^A$",), ignore_case=True),
            Regex(("[0-9]",)),
        ]
    ),
)
LEAVES = st.one_of(
    st.builds(Test, st.sampled_from(("f", "g")), VALUES),
    st.builds(Keyword, st.builds(_text, st.sampled_from(TEXTS), cased=st.booleans())),
)
ITEMS = st.builds(
    lambda values: And(tuple(Test(field, value) for field, value in values)),
    st.lists(st.tuples(st.sampled_from(("field", "to")), VALUES), max_size=2),
)
EXPRS = st.recursive(
    st.one_of(LEAVES, st.builds(Element, st.just("l"), st.sampled_from((None, "a", "A")), ITEMS)),
    lambda inner: st.one_of(
        st.builds(lambda items: And(tuple(items)), st.lists(inner, max_size=3)),
        st.builds(lambda items: Or(tuple(items)), st.lists(inner, max_size=3)),
        st.builds(Not, inner),
        st.builds(Selection, st.just("s"), inner),
    ),
    max_leaves=6,
)
SCALARS = st.sampled_from(
    [
        "a",
        "A",
        "ab",
        "aB",
        "b",
        "xb",
        "",
        "5",
        5,
        6,
        4.5,
        "10.0.0.1",
        "10.9.9.9",
        True,
        "true",
        None,
        "ß",
    ]
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "f": st.one_of(SCALARS, st.lists(SCALARS, max_size=2)),
        "g": SCALARS,
        "l": st.lists(
            st.fixed_dictionaries({}, optional={"field": SCALARS, "to": SCALARS}), max_size=2
        ),
    },
)


@given(EXPRS, st.lists(EVENTS, min_size=8, max_size=8))
def test_the_normal_form_means_the_same(expr: Expr, events: list[dict[str, Any]]) -> None:
    changed = normal(expr)
    assert [holds(changed, event) for event in events] == [holds(expr, event) for event in events]
    assert normal(changed) == changed


@given(EXPRS, EXPRS, st.lists(EVENTS, min_size=8, max_size=8))
def test_no_event_contradicts_an_implication(
    left: Expr, right: Expr, events: list[dict[str, Any]]
) -> None:
    if implies(normal(left), normal(right)):
        assert not [event for event in events if holds(left, event) and not holds(right, event)]
    wider = Or((left, right))
    assert implies(normal(left), normal(wider))


@given(VALUES, VALUES, SCALARS)
def test_no_value_contradicts_an_implication(left: Any, right: Any, value: Any) -> None:
    """Denser than whole conditions: most pairs of values are compared."""
    a, b = Test("f", left), Test("f", right)
    if implies(normal(a), normal(b)):
        for event in ({"f": value}, {}, {"f": [value, "zz"]}):
            assert not holds(a, event) or holds(b, event)
