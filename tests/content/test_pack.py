"""The shipped rules: complete, true to ATT&CK and the schema, and proven by their cases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import jumpsigma
from jumpsigma import content
from jumpsigma.intake.schema import load_schema
from jumpsigma.pack import LoadedRule, load_pack

ROOT = content.shipped("sigma_rules")
PACK = load_pack(ROOT)
RULES = [pytest.param(rule, id=Path(rule.path).stem) for rule in PACK.rules]
NATIVE = [
    pytest.param(rule, id=Path(rule.path).stem)
    for rule in PACK.rules
    if rule.logsource.product == "jumpcloud"
]
CASES = {file.rule_path: file.cases for file in PACK.cases}

# ATT&CK v19: the techniques in use, and the tactics that each belongs to.
TECHNIQUES = {
    "t1098.001": {"persistence", "privilege-escalation"},
    "t1110": {"credential-access"},
    "t1484": {"defense-impairment", "privilege-escalation"},
    "t1531": {"impact"},
    "t1556.009": {"credential-access", "defense-impairment", "persistence"},
}

# The order in which SigmaHQ writes the keys of a rule; `license` follows `author`.
KEYS = (
    "title",
    "id",
    "related",
    "status",
    "description",
    "references",
    "author",
    "license",
    "date",
    "modified",
    "tags",
    "logsource",
    "detection",
    "falsepositives",
    "level",
)


def test_the_pack_loads_without_a_word() -> None:
    assert PACK.diagnostics == ()
    assert PACK.rules
    assert [settings.license for settings in PACK.settings] == ["DRL-1.1"]


@pytest.mark.parametrize("rule", RULES)
def test_says_what_people_need_to_know(rule: LoadedRule) -> None:
    assert rule.author == "jumpsigma contributors"
    assert rule.license == "DRL-1.1"
    assert rule.status in {"stable", "test", "experimental"}
    assert rule.level in {"informational", "low", "medium", "high", "critical"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", rule.date or "")
    assert len(rule.description or "") > 100
    assert rule.references
    assert all(reference.startswith("https://") for reference in rule.references)
    assert rule.falsepositives
    assert not {"unknown", "none", "unlikely"} & {text.lower() for text in rule.falsepositives}
    assert UUID(rule.id).version == 4
    keys = list(rule.document)
    assert keys == sorted(keys, key=KEYS.index)


def test_identifiers_and_titles_are_unique() -> None:
    for values in ([rule.id for rule in PACK.rules], [rule.title for rule in PACK.rules]):
        assert [value for value, count in Counter(values).items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES)
def test_a_companion_names_its_main_rule_and_points_to_it(rule: LoadedRule) -> None:
    main, dash, _ = rule.title.partition(" - ")
    if dash:
        [parent] = [other for other in PACK.rules if other.title == main]
        assert parent.id in [entry["id"] for entry in rule.document["related"]]
    known = {other.id for other in PACK.rules}
    assert all(entry["id"] in known for entry in rule.document.get("related", ()))


@pytest.mark.parametrize("rule", RULES)
def test_tags_are_techniques_with_all_their_tactics_and_no_others(rule: LoadedRule) -> None:
    tags = {tag.removeprefix("attack.") for tag in rule.tags}
    techniques = {tag for tag in tags if re.fullmatch(r"t\d{4}(\.\d{3})?", tag)}
    assert all(tag.startswith("attack.") for tag in rule.tags)
    assert techniques
    assert techniques <= TECHNIQUES.keys()
    assert tags - techniques == set().union(*(TECHNIQUES[each] for each in techniques))


@pytest.mark.corpus
def test_our_table_of_techniques_is_that_of_attack(shared: Path) -> None:
    lines = (shared / "data" / "attack" / "v19.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    active = {row[0].lower(): set(row[4].split(",")) for row in rows if row[2] == "active"}
    assert {technique: active.get(technique) for technique in TECHNIQUES} == TECHNIQUES


@pytest.mark.parametrize("rule", NATIVE)
def test_event_types_are_known_or_admitted_to_be_unverified(rule: LoadedRule) -> None:
    schema = load_schema()
    names = set(values_of(rule.document["detection"], "event_type"))
    unknown = {name for name in names if schema.event_type(name) is None}
    assert names
    assert {name for name in unknown if name not in (rule.description or "")} == set()
    assert not unknown or "unverified" in (rule.description or "")
    assert rule.logsource.service in schema.services


@pytest.mark.parametrize("rule", RULES)
def test_has_cases_both_ways(rule: LoadedRule) -> None:
    expected = Counter(case.expect for case in CASES[rule.path])
    assert expected["match"] >= 1
    assert expected["no_match"] >= 2


def test_every_case_passes() -> None:
    report = jumpsigma.run_cases(PACK)
    assert [(str(failed.case.span), failed.reason) for failed in report.failed] == []
    assert report.untested == ()
    assert len(report.results) == sum(len(cases) for cases in CASES.values())


@pytest.mark.parametrize("rule", RULES)
def test_cases_have_the_shape_of_real_events(rule: LoadedRule) -> None:
    """Near misses may put an event type into a service that never sends it, on purpose."""
    schema = load_schema()
    on_purpose = re.compile(r" is no known event type| is an event of .*, here it comes from ")
    wrong = [
        (case.name, sentence)
        for case in CASES[rule.path]
        for event in case.events
        if case.mapping in {None, "jumpcloud"} and rule.logsource.product == "jumpcloud"
        for sentence in schema.conforms(event)
        if not on_purpose.search(sentence)
    ]
    assert wrong == []


def values_of(node: Any, field: str) -> Iterator[Any]:
    """Every value that a detection gives a field, whatever its modifiers."""
    if isinstance(node, list):
        for item in node:
            yield from values_of(item, field)
    elif isinstance(node, dict):
        for key, value in node.items():
            if str(key).split("|")[0] == field:
                yield from value if isinstance(value, list) else [value]
            else:
                yield from values_of(value, field)
