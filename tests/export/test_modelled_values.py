"""Values that nobody thought of: what a query finds on the model is what the matcher finds."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from engines.aql_model import AqlModel
from engines.model import Model
from engines.sumo_model import SumoModel
from engines.yaral_model import YaraLModel
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.export import Converter, load_target
from jumpsigma.export.convert import chosen_options
from jumpsigma.interpret.expressions import holds
from jumpsigma.ir.nodes import (
    And,
    Expr,
    LogSource,
    Not,
    Or,
    Regex,
    RuleIR,
    Selection,
    Test,
    Text,
    TextPart,
    Wildcard,
)
from jumpsigma.ir.regex import compiled

MODELS: dict[tuple[str, str], type[Model]] = {
    ("qradar", "aql"): AqlModel,
    ("secops", "yaral"): YaraLModel,
    ("sumologic", "search"): SumoModel,
    ("sumologic", "cse_rule"): SumoModel,
}
CHARACTERS = "aBxs_%*?\\'\"`/|&^$.()[]{}<>=!~#@+-, \n\t\x7fß\u2028\U0001f600"
PIECES = st.text(CHARACTERS, min_size=1, max_size=4)
FRAGMENTS = (
    "a", "B", ".", "^", "$", r"\A", r"\z", r"\b", r"\d", r"\s", r"\W", "[^a-x']", "[[:alpha:]/`]",
    "(?:x|%)", "(?i:ab)", "(?s:.)", "a*", "B+?", "s{2,3}", r"\\", r"\/", r"\x{1F600}", r"\Q`'\E",
    "'", '"', "`", "/", "|", "_", "\n",
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> Text:
    parts: list[TextPart] = []
    for _ in range(draw(st.integers(1, 3))):
        wild = draw(st.sampled_from([None, None, Wildcard.MANY, Wildcard.ONE]))
        if wild is not None:
            parts.append(wild)
        elif not parts or isinstance(parts[-1], Wildcard):
            parts.append(draw(PIECES))
    return Text(tuple(parts), cased=draw(st.booleans()))


@st.composite
def expressions(draw: st.DrawFn) -> Regex:
    """What RE2 takes; fragments that make no expression together are left out."""
    source = "".join(draw(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=4)))
    value = Regex((source,), ignore_case=draw(st.booleans()), multi_line=draw(st.booleans()))
    try:
        compiled(value)
    except ValueError:
        reject()
    return value


@st.composite
def conditions(draw: st.DrawFn) -> tuple[Expr, list[dict[str, Any]]]:
    """A condition on two fields, and events near it."""
    values = [draw(texts() | expressions()) for _ in range(2)]
    one, two = (Test(name, value) for name, value in zip("bc", values, strict=True))
    ways: tuple[Expr, ...] = (
        one,
        And((one, two)),
        Or((one, Not(two))),
        Not(Or((one, two))),
        And((one, Not(one))),
    )
    condition = draw(st.sampled_from(ways))
    near: list[Any] = [None, "", "null"]
    for value in values:
        literal = "".join(p if isinstance(p, str) else "x" for p in value.parts)
        near += [literal, literal.swapcase(), f"a{literal}\n", literal[1:]]
    events: list[dict[str, Any]] = [{"a": "k"}, {"b": draw(PIECES)}]
    for _ in range(6):
        pair = draw(st.lists(st.sampled_from(near), min_size=2, max_size=2))
        events.append({"a": draw(st.sampled_from(["k", "z"])), "b": pair[0], "c": pair[1]})
    positive = And((Test("a", Text(("k",))), Selection("selection", condition)))
    return positive, events


@cache
def converter(target: str, format_: str) -> Converter:
    found = load_target(target)
    return Converter(found, found.formats[format_], chosen_options(found, {}))


@pytest.mark.parametrize(("target", "format_"), MODELS)
@settings(max_examples=100, deadline=None)
@given(made=conditions())
def test_the_same_events(
    target: str, format_: str, made: tuple[Expr, list[dict[str, Any]]]
) -> None:
    condition, events = made
    rule = RuleIR(None, "A rule", "rule.yml", LogSource(), "jumpcloud", condition)
    query = converter(target, format_).convert(rule)
    if isinstance(query, Diagnostic):
        assert query.code in {"JS065", "JS066"}
        return
    model = MODELS[target, format_]()
    model.load({str(number): event for number, event in enumerate(events)})
    expected = [str(number) for number, event in enumerate(events) if holds(condition, event)]
    assert model.run(query.text) == sorted(expected)
