"""The interpreter agrees with the SQLite backend of pySigma 2 on every event made."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases import Case
from oracle import agreement, backend_is_there
from reading import Row

from jumpsigma.ir.nodes import Network, Test

pytestmark = pytest.mark.corpus

FACTS = yaml.safe_load(
    (Path(__file__).parent / "oracle_differences.yaml").read_text(encoding="utf-8")
)
#: The semantics number that explains the differences of a rule.
EXPLAINED: dict[str, str] = {
    rule: difference["semantics"]
    for difference in FACTS["differences"]
    for rule in difference["rules"]
}


def test_agrees_with_sqlite(shard: list[Case]) -> None:
    if os.environ.get("JUMPSIGMA_EXPECT_PYSIGMA") == "2":
        assert backend_is_there(), "the environment of pySigma 2 lacks pysigma-backend-sqlite"
    if not backend_is_there():
        pytest.skip("pysigma-backend-sqlite 2.x is not installed")
    by_key = {case.key: case for case in shard}
    found = agreement(shard)
    unexplained = {
        key: row
        for key, rows in found.differing.items()
        for row in rows
        if not _explains(EXPLAINED.get(key), by_key[key], row)
    }
    assert not unexplained
    gone = (EXPLAINED.keys() & by_key.keys()) - found.differing.keys()
    assert not gone, "listed differences that no longer occur"
    assert found.not_comparable.keys() == FACTS["not_comparable"].keys() & by_key.keys()
    assert found.compared >= 13_000
    # Both verdicts, or agreeing proves nothing.
    assert 5_000 <= found.matching <= found.compared - 5_000


def _explains(semantics: str | None, case: Case, row: Row) -> bool:
    """Whether the decision that a difference is put down to is at work in the row at all."""
    match semantics:
        case None:
            return False
        case "S301":
            return not str(row).isascii()
        case "S354":
            tests = [leaf for leaf in case.truths if isinstance(leaf, Test)]
            networks = {leaf.field for leaf in tests if isinstance(leaf.value, Network)}
            return any(not _is_address(row.get(field)) for field in networks)
        case _:
            raise AssertionError(f"nothing is known of {semantics}")


def _is_address(value: Any) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
