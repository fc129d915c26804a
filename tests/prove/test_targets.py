"""The proofs whose engine comes with the development environment; `make prove` runs all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines.catalogue import ENGINES
from spaces import asked
from targets import PACKS, PROVEN, Proven, prove, prove_conformance, prove_lists

from jumpsigma.api import export_queries
from jumpsigma.export import Target, available_targets, load_target

LIGHT = {each.name: each for each in PROVEN if ENGINES[each.engine].light}
#: Of each target the proof that says most: the last one has the most options.
ONE_EACH = {each.target: each.name for each in LIGHT.values()}
#: Of each target with look-up tables the first proof; of SQL one.
TABLED = {
    each.target: each.name
    for each in reversed(LIGHT.values())
    if "lists" in load_target(each.target).options and each.target != "duckdb"
}
#: Where the shipped pack is run too: one engine, for the events are many.
WHOLE = ("sqlite:functions=yes",)


def differences(proven: Proven, pack: str, each: int) -> list[str]:
    engine = ENGINES[proven.engine].start()
    try:
        outcome = prove(proven, engine, PACKS[pack](), each=each)
    finally:
        engine.close()
    assert bool(outcome.exported) == bool(outcome.pairs)
    return list(outcome.differences())


@pytest.mark.parametrize("name", ONE_EACH.values())
def test_a_query_returns_what_the_matcher_finds(name: str) -> None:
    assert not differences(LIGHT[name], "features", 2)


@pytest.mark.parametrize("name", LIGHT)
def test_three_questions_are_answered(name: str) -> None:
    assert not differences(LIGHT[name], "asked", 40)


@pytest.mark.parametrize("name", WHOLE)
def test_the_shipped_rules_return_what_the_matcher_finds(name: str) -> None:
    assert not differences(LIGHT[name], "shipped", 1)


@pytest.mark.parametrize("name", [each.name for each in LIGHT.values() if each.conformance])
def test_the_conformance_rows_return_what_the_matcher_finds(name: str, tmp_path: Path) -> None:
    engine = ENGINES[LIGHT[name].engine].start()
    try:
        outcome = prove_conformance(LIGHT[name], engine, tmp_path / "rules")
    finally:
        engine.close()
    assert outcome.exported > 400
    assert not list(outcome.differences())


@pytest.mark.parametrize("name", TABLED.values())
def test_long_lists_are_found_in_tables(name: str) -> None:
    engine = ENGINES[LIGHT[name].engine].start()
    try:
        outcome = prove_lists(LIGHT[name], engine, each=2)
    finally:
        engine.close()
    assert outcome.exported > 5
    assert not list(outcome.differences())


def test_most_targets_can_answer_the_three_questions() -> None:
    written = [export_queries(asked(), each.target, each.format, options=each.options).queries
               for each in PROVEN]  # fmt: skip
    assert sum(len(queries) == 3 for queries in written) > len(PROVEN) // 2


def test_every_target_of_tier_1_is_proven() -> None:
    tier_1 = {t.name for t in available_targets() if isinstance(t, Target) and t.tier == 1}
    assert tier_1 <= {each.target for each in PROVEN}
