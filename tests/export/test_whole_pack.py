"""The shipped pack for every target: each rule written or refused, and few enough refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from jumpsigma import api
from jumpsigma.export import Target, available_targets
from jumpsigma.pack import Pack

#: How many rules for JumpCloud (of those that raw events can satisfy) a target of tier 1 may leave
#: out with its default options. A change that raises a number has to say why. Of Sentinel's, nine
#: are rules on lists that ship empty: a product has no use for a query that never holds. A rule
#: that is left out because it only serves correlations (JS068) does not count: a scan has no
#: finding of it either, and the correlation that is missing counts already.
CEILINGS = {
    "clickhouse": 0,
    "databricks": 0,
    "duckdb": 0,
    "elasticsearch": 52,
    "opensearch": 48,
    "panther": 32,
    "postgres": 0,
    "sekoia": 79,
    "sentinel": 16,
    "sqlite": 7,
}
TARGETS = {each.name: each for each in available_targets() if isinstance(each, Target)}
FORMATS = [(name, each) for name, target in TARGETS.items() for each in target.formats]


@cache
def pack() -> Pack:
    return api.load_pack()


@cache
def export(target: str, format_name: str) -> api.Exported:
    return api.export_queries(pack(), target, format_name)


def names(rules: Iterable[str | None]) -> set[str]:
    return {str(each) for each in rules}


@pytest.mark.parametrize(("target", "format_name"), FORMATS)
def test_every_rule_is_written_or_refused(tmp_path: Path, target: str, format_name: str) -> None:
    exported = export(target, format_name)
    written = names(query.rule.id for query in exported.queries)
    refused = names(each.rule_id for each in exported.refused)
    silent = names(
        rule.id for rule in pack().rules if rule.id not in written and rule.id not in refused
    )
    # What correlations speak for has no query of its own (S831).
    spoken_for: set[str] = set()
    for _ in range(3):
        spoken_for |= {
            str(below.id)
            for rule in pack().rules
            if rule.id in written | spoken_for
            for below in pack().rules
            if below.id in rule.refers_to or below.name in rule.refers_to
        }
    assert silent <= spoken_for
    assert not written & refused
    first = api.export_tree(exported, pack(), tmp_path)
    again = api.export_tree(exported, pack(), tmp_path)
    assert first.changed
    assert not again.changed
    index = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))
    assert names(each["id"] for each in index["rules"]) == written
    assert all(each["author"] and each["license"] for each in index["rules"])


def test_tier_1_is_what_has_a_ceiling() -> None:
    assert CEILINGS.keys() == {name for name, target in TARGETS.items() if target.tier == 1}


@pytest.fixture(scope="module")
def for_jumpcloud() -> set[str]:
    """The rules that raw events can satisfy."""
    from jumpsigma.api.lowering import lower_pack

    lowered = lower_pack(pack(), "jumpcloud")
    return names([*(r.id for r in lowered.rules), *(c.id for c in lowered.correlations)])


@pytest.mark.parametrize("target", CEILINGS)
def test_few_rules_are_left_out(target: str, for_jumpcloud: set[str]) -> None:
    exported = export(target, TARGETS[target].default)
    told = (each.rule_id for each in exported.refused if each.code != "JS068")
    refused = names(told) & for_jumpcloud
    assert len(refused) <= CEILINGS[target], sorted(refused)


def test_no_rule_is_refused_by_all() -> None:
    refused = [
        names(each.rule_id for each in export(name, target.default).refused)
        for name, target in TARGETS.items()
    ]
    assert not set.intersection(*refused)
