"""The interpreter agrees with the SQLite backend of pySigma 2 on every event made."""

from __future__ import annotations

import os
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases import Case
from oracle import NotComparableError, comparable, verdicts
from reading import Row
from witness import as_event

from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import Network, Test
from jumpsigma.lower.pysigma1 import is_pysigma1

pytestmark = pytest.mark.corpus

FACTS = yaml.safe_load(
    (Path(__file__).parent / "oracle_differences.yaml").read_text(encoding="utf-8")
)
EXPLAINED = {
    rule: difference for difference in FACTS["differences"] for rule in difference["rules"]
}


def _backend_is_there() -> bool:
    """The 2.x backend; the one for pySigma 1 reads some rules differently."""
    there = not is_pysigma1() and find_spec("sigma.backends.sqlite") is not None
    if os.environ.get("JUMPSIGMA_EXPECT_PYSIGMA") == "2":
        assert there, "the environment of pySigma 2 lacks pysigma-backend-sqlite"
    return there


def test_agrees_with_sqlite(shard: list[Case]) -> None:
    if not _backend_is_there():
        pytest.skip("pysigma-backend-sqlite 2.x is not installed")
    differing: dict[str, list[Row]] = {}
    unexplained: dict[str, list[Row]] = {}
    not_comparable, compared, matching = set(), 0, 0
    for case in shard:
        rows = [row for row in case.rows if comparable(row)]
        try:
            theirs = verdicts(case.outcome.rule, list(case.truths), rows)
        except NotComparableError:
            not_comparable.add(case.key)
            continue
        compared += len(rows)
        matching += sum(theirs)
        ours = [holds(case.expr, as_event(row), case.lists) for row in rows]
        found = [row for row, a, b in zip(rows, ours, theirs, strict=True) if a is not b]
        if found:
            differing[case.key] = found
            difference = EXPLAINED.get(case.key)
            unexplained[case.key] = [
                row
                for row in found
                if difference is None or not _explains(difference["semantics"], case, row)
            ]
    here = {case.key for case in shard}
    assert not {key: rows[:3] for key, rows in unexplained.items() if rows}
    assert differing.keys() == EXPLAINED.keys() & here, "a listed difference no longer occurs"
    assert not_comparable == FACTS["not_comparable"].keys() & here
    assert compared >= 13_000
    assert matching >= 5_000


def _explains(semantics: str, case: Case, row: Row) -> bool:
    """Whether the decision that a difference is put down to is at work in the row at all."""
    match semantics:
        case "S301":
            return not str(row).isascii()
        case "S354":
            fields = {
                leaf.field
                for leaf in case.truths
                if isinstance(leaf, Test) and isinstance(leaf.value, Network)
            }
            return any(not _is_address(row.get(field)) for field in fields)
        case _:
            raise AssertionError(f"nothing is known of {semantics}")


def _is_address(value: Any) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
