"""Cases of correlations: a case's events are one batch, as a scan would read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import run_command

import jumpsigma

BASE = """
title: Failed
name: failed
logsource: {category: test}
detection: {s: {k: f}, condition: s}
"""
MANY = """
title: Many
correlation: {type: event_count, rules: [failed], group-by: [u], timespan: 1m, condition: {gte: 2}}
"""


def case(name: str, expect: str, *events: str, fires: int | None = None) -> str:
    lines = [f"  - name: {name}", f"    expect: {expect}", "    events:"]
    lines += [f"      - {{{event}}}" for event in events]
    return "\n".join(lines if fires is None else [*lines, f"    fires: {fires}"]) + "\n"


FIRST, SECOND = "k: f, u: x, timestamp: 1700000000", "k: f, u: X, timestamp: 1700000030"
UNTIMED = "k: f, u: x"


def outcome(folder: Path) -> list[tuple[str, int, str | None]]:
    report = jumpsigma.run_cases(jumpsigma.load_pack(folder))
    return [(each.case.name, each.findings, each.reason) for each in report.results]


def test_findings_are_those_of_a_scan(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(f"{BASE}---{MANY}")
    (tmp_path / "r.cases.yaml").write_text(
        "cases:\n"
        + case("two", "match", FIRST, SECOND, fires=1)
        + case("one alone", "no_match", FIRST)
        + case("wrong", "match", FIRST)
        + case("untimed", "match", UNTIMED, UNTIMED)
    )
    told = outcome(tmp_path)
    assert told[:3] == [
        ("two", 1, None),
        ("one alone", 0, None),
        ("wrong", 0, "expected a match, the rule stayed silent"),
    ]
    assert told[3][2] == (
        "expected a match, the rule stayed silent "
        "(2 events have no time that can be read, and took no part in correlations)"
    )
    done = run_command("test", tmp_path)
    assert done.returncode == 1
    assert "2 passed, 2 failed" in done.stdout


def test_rules_of_other_files_are_compiled_and_say_nothing_themselves(tmp_path: Path) -> None:
    """And a rule that another file's correlation speaks for can still be tested on its own."""
    (tmp_path / "base.yml").write_text(BASE)
    (tmp_path / "base.cases.yaml").write_text("cases:\n" + case("base", "match", FIRST, fires=1))
    (tmp_path / "many.yml").write_text(MANY)
    (tmp_path / "many.cases.yaml").write_text(
        "cases:\n" + case("many", "match", FIRST, SECOND, fires=1)
    )
    assert outcome(tmp_path) == [("base", 1, None), ("many", 1, None)]


@pytest.mark.parametrize("product", ["jumpcloud", "windows"])
def test_the_mapping_is_that_of_the_rules_below(product: str, tmp_path: Path) -> None:
    base = BASE.replace("category: test", f"product: {product}")
    (tmp_path / "base.yml").write_text(base)
    (tmp_path / "many.yml").write_text(MANY)
    (tmp_path / "many.cases.yaml").write_text("cases:\n" + case("many", "match", FIRST, SECOND))
    (result,) = jumpsigma.run_cases(jumpsigma.load_pack(tmp_path)).results
    assert result.mapping == ("jumpcloud" if product == "jumpcloud" else "sigma")


def test_a_rule_below_that_cannot_run_fails_the_case(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_text(BASE.replace("k: f", "k: []"))
    (tmp_path / "many.yml").write_text(MANY)
    (tmp_path / "many.cases.yaml").write_text("cases:\n" + case("many", "no_match", FIRST))
    ((_, findings, reason),) = outcome(tmp_path)
    assert findings == 0
    assert reason is not None
    assert reason.startswith("the rule cannot run: ")
