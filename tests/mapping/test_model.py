"""What applying a mapping does besides renaming: places, conditions, names, threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaRuleLocation
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule

from jumpsigma.diagnostics import Severity, Span
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import load_pack

ID = "00000000-0000-4000-8000-000000000001"


def loaded(tmp_path: Path, logsource: dict[str, str], detection: dict[str, Any]) -> SigmaRule:
    path = tmp_path / "rule.yml"
    document = {"title": "t", "id": ID, "logsource": logsource, "detection": detection}
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    (rule,) = load_pack(path).rules
    sigma = rule.to_sigma()
    assert isinstance(sigma, SigmaRule)
    return sigma


def items(detection: SigmaDetection) -> Iterator[SigmaDetectionItem]:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetectionItem):
            yield item
        else:
            yield from items(item)


@pytest.mark.parametrize(
    ("mapping", "logsource", "field", "value"),
    [
        ("sigma", {"category": "dns"}, "query", "x"),
        ("jumpcloud", {"product": "jumpcloud"}, "event_type", "ldap_search"),
        ("jumpcloud", {"product": "jumpcloud"}, "event_type|all", ["ldap_search", "x"]),
        ("jumpcloud", {"product": "jumpcloud"}, "useragent.name|neq", ["x", None]),
        ("jumpcloud", {"category": "process_creation"}, "Image", "x"),
        ("ecs", {"category": "process_creation"}, "Hashes|contains", "MD5=" + "0a" * 16),
        ("ecs", {"category": "process_creation"}, "User", ["A\\b", "*c*", "d"]),
        ("ecs", {"category": "registry_set"}, "Details|all", ["DWORD (0x00000001)", "x"]),
        ("ecs", {"category": "network_connection"}, "Initiated", True),
        ("ecs", {"product": "windows", "service": "system"}, "ServiceName", ["x", None]),
    ],
)
def test_every_item_keeps_its_place(
    mapping: str, logsource: dict[str, str], field: str, value: Any, tmp_path: Path
) -> None:
    rule = loaded(tmp_path, logsource, {"selection": {field: value}, "condition": "selection"})
    (before,) = items(rule.detection.detections["selection"])
    place = before.source
    assert place is not None
    assert place.line is not None
    mapped = load_mapping(mapping).apply(rule)
    assert mapped.sigma is not None, mapped.diagnostics
    places = [item.source for item in items(mapped.sigma.detection.detections["selection"])]
    assert places == [place] * len(places)


def test_a_refusal_says_where(tmp_path: Path) -> None:
    detection = {"selection": {"Image": "x", "CommandLine": "y"}, "condition": "selection"}
    rule = loaded(tmp_path, {"category": "process_creation"}, detection)
    mapped = load_mapping("jumpcloud").apply(rule)
    assert mapped.sigma is None
    assert mapped.diagnostic is not None
    assert mapped.diagnostic.span == Span(str(tmp_path / "rule.yml"), 8, 5, 0, 0)
    # Sign-ins are no process events: the rule is for other events, which is no fault of it.
    assert mapped.diagnostic.severity is Severity.INFO
    assert mapped.diagnostic.rule_id == ID


def test_what_does_not_apply_is_no_error(tmp_path: Path) -> None:
    detection = {"selection": {"query": "x"}, "condition": "selection"}
    mapped = load_mapping("jumpcloud").apply(loaded(tmp_path, {"category": "dns"}, detection))
    assert [(each.code, each.severity) for each in mapped.diagnostics] == [("JS050", Severity.INFO)]


def test_a_refused_native_rule_has_a_hint() -> None:
    document = {
        "title": "t",
        "logsource": {"product": "jumpcloud"},
        "detection": {"a": ["b"], "condition": "a"},
    }
    (refusal,) = load_mapping("ecs").apply(SigmaRule.from_dict(document)).diagnostics
    assert refusal.hint == "run them on raw events, with the mapping jumpcloud"


CONDITIONS: list[tuple[Any, list[str]]] = [
    ("selection", ["_logsource and (selection)"]),
    ("1 of them", ["_logsource and (1 of them)"]),
    (
        ["selection", "not all of sel*"],
        ["_logsource and (selection)", "_logsource and (not all of sel*)"],
    ),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_a_condition_is_added_to_each(condition: Any, expected: list[str]) -> None:
    document = {
        "title": "t",
        "logsource": {"product": "jumpcloud", "service": "sso"},
        "detection": {"selection": {"a": "b"}, "condition": condition},
    }
    mapped = load_mapping("jumpcloud").apply(SigmaRule.from_dict(document))
    assert mapped.sigma is not None
    conditions = mapped.sigma.detection.parsed_condition
    assert [each.condition for each in conditions] == expected
    # `them` and a pattern leave out names that start with `_`: one leaf for the log source, one
    # for the selection.
    for each in conditions:
        assert str(each.parsed).count("ConditionFieldEqualsValueExpression(") in (2, 3)
        assert str(each.parsed).count("field='service', value=") == 1


def test_conditions_left_with_nothing_are_taken_out() -> None:
    document = {
        "title": "t",
        "logsource": {"product": "jumpcloud"},
        "detection": {"a": {"b": "c"}, "condition": ["a", "not a"]},
    }
    mapped = load_mapping("jumpcloud").apply(SigmaRule.from_dict(document))
    assert mapped.sigma is not None
    assert list(mapped.sigma.detection.detections) == ["a"]
    assert [each.condition for each in mapped.sigma.detection.parsed_condition] == ["a", "not a"]


def test_an_added_condition_has_the_place_of_the_log_source() -> None:
    document = {
        "title": "t",
        "logsource": {"product": "jumpcloud", "service": "sso"},
        "detection": {"a": {"b": "c"}, "condition": "a"},
    }
    rule = SigmaRule.from_dict(document)
    place = SigmaRuleLocation(Path("rule.yml"), 3, 1)
    object.__setattr__(rule.logsource, "source", place)
    mapped = load_mapping("jumpcloud").apply(rule)
    assert mapped.sigma is not None
    added = mapped.sigma.detection.detections["_logsource"]
    assert [added.source, *(item.source for item in items(added))] == [place, place]


def test_a_name_that_the_mapping_needs_is_refused() -> None:
    document = {
        "title": "t",
        "logsource": {"product": "jumpcloud"},
        "detection": {"_logsource": {"b": "c"}, "condition": "_logsource"},
    }
    (refusal,) = load_mapping("jumpcloud").apply(SigmaRule.from_dict(document)).diagnostics
    assert refusal.code == "JS055"
    assert "'_logsource'" in refusal.message
    assert refusal.hint == "rename the detection"


def test_one_mapping_serves_many_threads() -> None:
    mapping = load_mapping("ecs")

    def apply(number: int) -> tuple[str, ...]:
        document = {
            "title": "t",
            "logsource": {"category": "process_creation"},
            "detection": {"a": {f"Field{number}": "x", "Image": "y"}, "condition": "a"},
        }
        return tuple(d.message for d in mapping.apply(SigmaRule.from_dict(document)).diagnostics)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(apply, range(200)))
    text = "field 'Field{}': this mapping knows no ECS field that holds it"
    assert results == [(text.format(number),) for number in range(200)]


def correlation(group_by: list[str], logsource: dict[str, str]) -> SigmaCorrelationRule:
    base = SigmaRule.from_dict(
        {
            "title": "base",
            "name": "base",
            "logsource": logsource,
            "detection": {"a": ["b"], "condition": "a"},
        }
    )
    rule = SigmaCorrelationRule.from_dict(
        {
            "title": "c",
            "correlation": {
                "type": "event_count",
                "rules": ["base"],
                "group-by": group_by,
                "timespan": "1m",
                "condition": {"gte": 3},
            },
        }
    )
    SigmaCollection([base, rule]).resolve_rule_references()
    return rule


GROUPS: list[tuple[str, dict[str, str], list[str], list[str] | str]] = [
    (
        "ecs",
        {"category": "process_creation"},
        ["Image", "User"],
        ["process.executable", "user.name"],
    ),
    ("jumpcloud", {"product": "jumpcloud"}, ["initiated_by.id"], ["initiated_by.id"]),
    ("jumpcloud", {"category": "process_creation"}, ["User"], ["username"]),
    ("jumpcloud", {"category": "process_creation"}, ["CommandLine"], "field 'CommandLine'"),
    (
        "ecs",
        {"product": "windows", "service": "system"},
        ["ServiceName"],
        "cannot group by 'ServiceName': it is in 'service.name' and 'winlog.event_data",
    ),
]


@pytest.mark.parametrize(("mapping", "logsource", "group_by", "expected"), GROUPS)
def test_fields_that_a_correlation_groups_by(
    mapping: str, logsource: dict[str, str], group_by: list[str], expected: list[str] | str
) -> None:
    mapped = load_mapping(mapping).apply(correlation(group_by, logsource))
    if isinstance(expected, str):
        assert mapped.diagnostic is not None
        assert mapped.diagnostic.code == "JS051"
        assert mapped.diagnostic.message.startswith(expected)
    else:
        assert mapped.sigma is not None, mapped.diagnostics
        assert mapped.sigma.group_by == expected
