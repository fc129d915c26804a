"""Cases that prove something: a rule with one part changed must fail one of its cases."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jumpsigma import content
from jumpsigma.api.cases import default_mapping
from jumpsigma.interpret import Lists, holds
from jumpsigma.ir.mutants import mutants
from jumpsigma.ir.nodes import (
    And,
    Expr,
    Not,
    Selection,
    Text,
    Wildcard,
)
from jumpsigma.ir.nodes import Test as FieldTest  # pytest would collect a class named Test
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import Case, LoadedRule, load_pack

PACK = load_pack(content.shipped("sigma_rules"))
# What stands in a file with a correlation is proven through it: test_correlation_mutants.py.
CORRELATED = {rule.path for rule in PACK.rules if rule.kind == "correlation"}
SINGLE = [
    pytest.param(rule, id=Path(rule.path).stem)
    for rule in PACK.rules
    if rule.path not in CORRELATED
]


def passes(condition: Expr, case: Case, lists: Lists) -> bool:
    findings = sum(holds(condition, event, lists) for event in case.events)
    if case.fires is not None:
        return findings == case.fires
    return (findings > 0) == (case.expect == "match")


@pytest.mark.parametrize("rule", SINGLE)
def test_no_mutant_survives(rule: LoadedRule) -> None:
    name = default_mapping(PACK, rule)
    lowered = lower_rule(rule, load_mapping(name)).rule
    assert lowered is not None
    cases = [
        case
        for file in PACK.cases
        if file.rule_path == rule.path
        for case in file.cases
        if case.mapping in {None, name}
    ]
    given = [(case, lists_that_matter(case)) for case in cases]
    assert all(passes(lowered.condition, case, lists) for case, lists in given)
    survivors = [
        f"{what}: {node}"
        for what, node, changed in mutants(lowered.condition)
        if all(passes(changed, case, lists) for case, lists in given)
    ]
    assert survivors == []


ADDRESS = re.compile(r"[0-9a-fA-F.:/]+")


def lists_that_matter(case: Case) -> Lists:
    """The lists without the names that stand nowhere in the events: the interpreter tries each."""
    text = json.dumps(case.events, ensure_ascii=False).lower()
    return {
        name: [each for each in values if each.lower() in text or ADDRESS.fullmatch(each)]
        for name, values in PACK.lists_with(case.lists).items()
    }


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        pytest.param(FieldTest("a", Text(("x",))), 3, id="a test"),
        pytest.param(FieldTest("a", Text((Wildcard.MANY, "x", Wildcard.MANY))), 5, id="contains"),
        pytest.param(Selection("s", FieldTest("a", Text(("x",)))), 6, id="a selection"),
        pytest.param(
            And((FieldTest("a", Text(("x",))), Not(FieldTest("b", Text(("y",)))))), 13, id="and not"
        ),
    ],
)
def test_mutants_change_every_part(condition: Expr, count: int) -> None:
    made = [each.changed for each in mutants(condition)]
    assert len(made) == count
    assert condition not in made
