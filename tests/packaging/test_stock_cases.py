"""Stock pySigma with our mapping files: a query that finds what the rule finds, or an error.

Every case of every shipped rule is put to SQLite, with the query that pysigma-backend-sqlite makes
of the rule in an environment without jumpsigma.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jumpsigma import api
from jumpsigma.api.cases import default_mapping
from jumpsigma.interpret import holds
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping

if TYPE_CHECKING:
    from tests.packaging.conftest import Environment, Make

pytestmark = pytest.mark.packaging

#: The failure items of our mapping files, which say what stock tools cannot: an error that is due.
DUE = "SigmaTransformationError"

#: Stock pySigma has no empty list: a value that stands in no event takes its place.
NOWHERE = "the value of an empty list"


#: Text is all that stock tools make of a list: networks in it, and other spellings of an IPv6
#: address, are addresses to us alone (S474).
ADDRESSES = {
    (
        "sekoia_io_intelligence_feed.yml",
        "an address of a listed network, and IPv6 spelled in another way",
    ),
    ("sekoia_io_intelligence_feed_firewall.yml", "an address of a listed network"),
    ("tor_usage_generic_rule.yml", "networks in the lists, and IPv6 addresses in full"),
    (
        "tor_usage_generic_rule_network_connection.yml",
        "IPv6 addresses in full, as Sysmon writes them",
    ),
    ("tor_usage_generic_rule_network_connection.yml", "from exits"),
}


@pytest.fixture(scope="session")
def sqlite(make_environment: Make) -> Environment:
    """Stock pySigma with the SQLite backend, without us."""
    return make_environment("sqlite", "sigma2", ["pysigma-backend-sqlite"])


def flat(value: Any, prefix: str = "") -> dict[str, Any] | None:
    """An event as columns; None when it has a list that is no single value."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, dict | list):
        return {prefix: value}
    if isinstance(value, list):
        return None if value else {}
    columns: dict[str, Any] = {}
    for name, item in value.items():
        found = flat(item, f"{prefix}.{name}" if prefix else name)
        if found is None:
            return None
        columns |= found
    return columns


def jobs(checkout: Path) -> tuple[list[dict[str, Any]], list[list[bool]]]:
    """What to ask, and what we say of each event."""
    pack = api.load_pack(checkout / "sigma_rules")
    asked: list[dict[str, Any]] = []
    ours: list[list[bool]] = []
    for file in pack.cases:
        rules = [rule for rule in pack.rules if rule.path == file.rule_path]
        if any(rule.kind == "correlation" for rule in rules):
            continue  # tests/correlations compares those
        (rule,) = rules
        for case in file.cases:
            name = case.mapping or default_mapping(pack, rule)
            events = [event for event in case.events if flat(event) is not None]
            lowered = lower_rule(rule, load_mapping(name)).rule
            assert lowered is not None
            lists = pack.lists_with(case.lists)
            asked.append(
                {
                    "rule": rule.path,
                    "case": case.name,
                    "pipeline": str(checkout / "mappings" / f"{name}.yml"),
                    "lists": {key: list(values) or [NOWHERE] for key, values in lists.items()},
                    "events": [flat(event) for event in events],
                }
            )
            ours.append([holds(lowered.condition, event, lists) for event in events])
    return asked, ours


def test_every_case_in_sqlite(sqlite: Environment, checkout: Path) -> None:
    asked, ours = jobs(checkout)
    (sqlite.cwd / "jobs.json").write_text(json.dumps(asked), encoding="utf-8")
    script = Path(__file__).with_name("stock_verdicts.py")
    answers = json.loads(sqlite.output("python", script, "jobs.json"))
    compared, wrong = 0, []
    refused: dict[str, str] = {}
    for job, mine, theirs in zip(asked, ours, answers, strict=True):
        if "error" in theirs:
            refused[job["rule"]] = theirs["error"]
            continue
        compared += len(mine)
        if mine != theirs["found"]:
            wrong.append((Path(job["rule"]).name, job["case"], mine, theirs))
    assert [row for row in wrong if row[:2] not in ADDRESSES] == []
    assert {row[:2] for row in wrong} == ADDRESSES
    assert {rule: error for rule, error in refused.items() if not error.startswith(DUE)} == {}
    assert compared > 0
