"""Tables of detections and events with the verdict that docs/reference/semantics.md demands.

A row is a rule: written to a file, loaded by the pack layer, lowered with the mapping that changes
nothing, evaluated on the row's events. tables.py describes the columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sigma.modifiers import modifier_mapping
from tables import Row, Table, lowered, read_tables

from jumpsigma.api.rules import matcher_for
from jumpsigma.interpret import Dated, holds, trace
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.lower.pysigma1 import is_pysigma1
from jumpsigma.matcher.indicators import GivenLists
from jumpsigma.matcher.lookups import IndicatorLists

Lists = dict[str, list[Dated]]
Evaluator = Callable[[RuleIR, Any, Lists], bool]

#: Every way to evaluate a rule; each has to give the verdicts of every row.
EVALUATORS: dict[str, Evaluator] = {
    "holds": lambda rule, event, lists: holds(rule.condition, event, lists),
    "trace": lambda rule, event, lists: trace(rule.condition, event, lists).holds,
    "generated": lambda rule, event, lists: bool(
        matcher_for([rule], lists=_loaded(lists)).match(event)
    ),
}


def _loaded(lists: Lists) -> IndicatorLists:
    groups = [
        (name, [each.value], {"valid_from": each.valid_from, "valid_until": each.valid_until})
        for name, values in lists.items()
        for each in values
    ]
    return IndicatorLists(GivenLists(groups))


TABLES = read_tables()
ROWS = [(table, row) for table in TABLES for row in table.rows]
EVALUATED = [(table, row) for table, row in ROWS if row.code(pysigma1=is_pysigma1()) is None]
REFUSED = [(table, row) for table, row in ROWS if row.code(pysigma1=is_pysigma1()) is not None]


def _ids(rows: list[tuple[Table, Row]]) -> list[str]:
    return [f"{table.name}-{row.name}" for table, row in rows]


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RuleIR | str]:
    """The IR of every row by its id, or the code of its refusal."""
    folder = tmp_path_factory.mktemp("conformance")
    found: dict[str, RuleIR | str] = {}
    for table in TABLES:
        found |= lowered(table, folder)
    return found


@pytest.mark.parametrize("evaluator", EVALUATORS.values(), ids=EVALUATORS)
@pytest.mark.parametrize(("table", "row"), EVALUATED, ids=_ids(EVALUATED))
def test_verdicts(
    table: Table, row: Row, evaluator: Evaluator, rules: dict[str, RuleIR | str]
) -> None:
    rule = rules[row.id(table)]
    assert isinstance(rule, RuleIR), f"refused with {rule}"
    verdicts = [(event, evaluator(rule, event, row.lists)) for event in row.match + row.no_match]
    expected = [(event, True) for event in row.match] + [(event, False) for event in row.no_match]
    assert verdicts == expected, row.cites


@pytest.mark.parametrize(("table", "row"), REFUSED, ids=_ids(REFUSED))
def test_refusals(table: Table, row: Row, rules: dict[str, RuleIR | str]) -> None:
    assert rules[row.id(table)] == row.code(pysigma1=is_pysigma1()), row.cites


# What the tables have to cover


def _decisions(checkout: Path) -> set[str]:
    text = (checkout / "docs" / "reference" / "semantics.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| (S\d{3}) \|", text, re.MULTILINE))


def test_every_decision_is_cited_and_every_citation_exists(checkout: Path) -> None:
    decisions = _decisions(checkout)
    cited = {number for _, row in ROWS for number in row.cites}
    assert cited <= decisions
    # From fields to filters; before them come events, after them mappings and findings.
    assert {number for number in decisions if "S200" < number < "S600"} <= cited


def test_every_row_cites() -> None:
    assert [row.name for _, row in ROWS if not row.cites] == []


def _modifiers(definition: Any) -> Iterator[str]:
    if isinstance(definition, dict):
        for key, value in definition.items():
            yield from str(key).split("|")[1:]
            yield from _modifiers(value)
    elif isinstance(definition, list):
        for item in definition:
            yield from _modifiers(item)


@pytest.mark.parametrize("modifier", sorted({*modifier_mapping, "utf16le"}))
def test_every_modifier_has_a_match_and_a_near_miss(modifier: str) -> None:
    rows = [row for _, row in ROWS if modifier in _modifiers(row.detection)]
    assert any(row.match for row in rows)
    assert any(row.no_match for row in rows)


def test_names_are_unique() -> None:
    counts = Counter(_ids(ROWS))
    assert [name for name, count in counts.items() if count > 1] == []
