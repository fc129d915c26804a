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
    "t1014": {"stealth"},
    "t1016": {"discovery"},
    "t1018": {"discovery"},
    "t1021.002": {"lateral-movement"},
    "t1027.004": {"stealth"},
    "t1033": {"discovery"},
    "t1036": {"stealth"},
    "t1036.003": {"stealth"},
    "t1036.004": {"stealth"},
    "t1036.005": {"stealth"},
    "t1036.007": {"stealth"},
    "t1040": {"credential-access", "discovery"},
    "t1041": {"exfiltration"},
    "t1046": {"discovery"},
    "t1048": {"exfiltration"},
    "t1049": {"discovery"},
    "t1059": {"execution"},
    "t1059.001": {"execution"},
    "t1059.009": {"execution"},
    "t1069.002": {"discovery"},
    "t1070": {"stealth"},
    "t1071": {"command-and-control"},
    "t1071.001": {"command-and-control"},
    "t1072": {"execution", "lateral-movement"},
    "t1078": {"initial-access", "persistence", "privilege-escalation", "stealth"},
    "t1078.003": {"initial-access", "persistence", "privilege-escalation", "stealth"},
    "t1078.004": {"initial-access", "persistence", "privilege-escalation", "stealth"},
    "t1082": {"discovery"},
    "t1087.002": {"discovery"},
    "t1090": {"command-and-control"},
    "t1090.003": {"command-and-control"},
    "t1098": {"persistence", "privilege-escalation"},
    "t1098.001": {"persistence", "privilege-escalation"},
    "t1098.003": {"persistence", "privilege-escalation"},
    "t1098.007": {"persistence", "privilege-escalation"},
    "t1105": {"command-and-control"},
    "t1110": {"credential-access"},
    "t1110.003": {"credential-access"},
    "t1110.004": {"credential-access"},
    "t1127": {"execution", "stealth"},
    "t1136.003": {"persistence"},
    "t1190": {"initial-access"},
    "t1201": {"discovery"},
    "t1204.002": {"execution"},
    "t1219": {"command-and-control"},
    "t1219.002": {"command-and-control"},
    "t1482": {"discovery"},
    "t1484": {"defense-impairment", "privilege-escalation"},
    "t1484.002": {"defense-impairment", "privilege-escalation"},
    "t1485": {"impact"},
    "t1489": {"impact"},
    "t1490": {"impact"},
    "t1496.001": {"impact"},
    "t1497.001": {"discovery", "stealth"},
    "t1526": {"discovery"},
    "t1531": {"impact"},
    "t1543.003": {"persistence", "privilege-escalation"},
    "t1547.006": {"persistence", "privilege-escalation"},
    "t1552.001": {"credential-access"},
    "t1553.004": {"defense-impairment"},
    "t1555": {"credential-access"},
    "t1555.003": {"credential-access"},
    "t1555.005": {"credential-access"},
    "t1556": {"credential-access", "defense-impairment", "persistence"},
    "t1556.006": {"credential-access", "defense-impairment", "persistence"},
    "t1556.007": {"credential-access", "defense-impairment", "persistence"},
    "t1556.009": {"credential-access", "defense-impairment", "persistence"},
    "t1566": {"initial-access"},
    "t1566.001": {"initial-access"},
    "t1566.002": {"initial-access"},
    "t1567": {"exfiltration"},
    "t1567.002": {"exfiltration"},
    "t1568": {"command-and-control"},
    "t1569.002": {"execution"},
    "t1570": {"lateral-movement"},
    "t1572": {"command-and-control"},
    "t1590.005": {"reconnaissance"},
    "t1621": {"credential-access"},
    "t1651": {"execution"},
    "t1685": {"defense-impairment"},
}

# Detections whose name has the dash by which companions are told.
MAIN_WITH_A_DASH = {
    "Remote Monitoring and Management Software - AnyDesk",
    "Remote Monitoring and Management Software - Atera",
}

# The order in which SigmaHQ writes the keys of a rule; `license` follows `author`.
KEYS = (
    "title",
    "id",
    "name",
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
    "correlation",
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
    # A colon in an unquoted line makes a map of it.
    assert not [text for text in rule.falsepositives if text.startswith("{")]
    assert UUID(rule.id).version == 4
    keys = list(rule.document)
    assert keys == sorted(keys, key=KEYS.index)


def test_identifiers_and_titles_are_unique() -> None:
    for values in ([rule.id for rule in PACK.rules], [rule.title for rule in PACK.rules]):
        assert [value for value, count in Counter(values).items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES)
def test_a_companion_names_its_main_rule_and_points_to_it(rule: LoadedRule) -> None:
    parents = [other for other in PACK.rules if rule.title.startswith(f"{other.title} - ")]
    assert parents or " - " not in rule.title or rule.title in MAIN_WITH_A_DASH
    if parents:
        parent = max(parents, key=lambda other: len(other.title))
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
    assert {name for name in unknown if name not in (rule.description or "")} == set()
    assert not unknown or "unverified" in (rule.description or "")
    assert rule.logsource.service in {None, *schema.services}


@pytest.mark.parametrize("rule", RULES)
def test_has_cases_both_ways(rule: LoadedRule) -> None:
    expected = Counter(case.expect for case in CASES[rule.path] for _ in case.events)
    assert expected["match"] >= 1
    assert expected["no_match"] >= 2


def test_every_case_passes() -> None:
    report = jumpsigma.run_cases(PACK)
    assert [(str(failed.case.span), failed.reason) for failed in report.failed] == []
    assert report.untested == ()
    assert len(report.results) == sum(len(cases) for cases in CASES.values())


@pytest.mark.parametrize("rule", RULES)
def test_cases_have_the_shape_of_real_events(rule: LoadedRule) -> None:
    """Near misses may put an event, with its fields, into a service that never sends it."""
    schema = load_schema()
    wrong = [
        (case.name, sentence)
        for case in CASES[rule.path]
        for event in case.events
        if case.mapping in {None, "jumpcloud"} and rule.logsource.product == "jumpcloud"
        for sentence in strange(schema.conforms(event), near_miss=case.expect == "no_match")
    ]
    assert wrong == []


MISPLACED = re.compile(r" is no known event type| is an event of .*, here it comes from ")
NEAR_MISS = re.compile(r" is no known field of | which is no ")


def strange(sentences: list[str], *, near_miss: bool) -> list[str]:
    """What differs from real events by mistake: a near miss may have a right field out of place."""
    rest = [each for each in sentences if not MISPLACED.search(each)]
    return [each for each in rest if not (near_miss and NEAR_MISS.search(each))]


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
