"""Microsoft Sentinel: exact queries in both schemas, refusals, and files that are what they say."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.export import load_target
from jumpsigma.export.languages import kql_text
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.ir.nodes import Regex

ID = "7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11"
TEXT = (
    'let text_of = (value: dynamic) { iff(gettype(value) in ("null", "array", "dictionary"), "", '
    "tostring(value)) };"
)
VALUES = (
    "let values_of = (value: dynamic) { case(array_length(value) > 0, value, "
    "array_length(value) == 0, dynamic([null]), pack_array(value)) };"
)
CHANGES = '| extend changes_s = todynamic(column_ifexists("changes_s", dynamic(null)))'
RESOURCE = '| extend resource = todynamic(column_ifexists("resource", dynamic(null)))'
RESOURCE_NAME = '| extend resource_name_s = column_ifexists("resource_name_s", "")'
PART = "payload_content_item"
ERROR_CODE = '| extend error_code = column_ifexists("error_code", long(null))'


def written(
    folder: Path, detection: Any, format_name: str | None = None, **options: str
) -> str | Diagnostic:
    """The query of one rule, or why it has none."""
    detections = detection if "condition" in detection else {"s": detection, "condition": "s"}
    document = {
        "title": "A rule",
        "id": ID,
        "status": "test",
        "logsource": {"product": "jumpcloud"},
        "detection": detections,
    }
    path = folder / "rule.yml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    made = api.export_queries(load_pack(path), "sentinel", format_name, options=options)
    return made.queries[0].text if made.queries else made.refused[0]


# Name: schema, detection, the lines of the query.
QUERIES: dict[str, tuple[str, Any, list[str]]] = {
    "nested mail address": (
        "collector",
        {"initiated_by.email|endswith": "@example.com"},
        [
            "JumpCloud_CL",
            '| extend initiated_by_email_s = column_ifexists("initiated_by_email_s", "")',
            '| where initiated_by_email_s endswith "@example.com"',
        ],
    ),
    "nested mail address, in JSON": (
        "dcr",
        {"initiated_by.email|endswith": "@example.com"},
        [
            TEXT,
            "JumpCloud_CL",
            '| extend initiated_by = todynamic(column_ifexists("initiated_by", dynamic(null)))',
            '| where text_of(initiated_by["email"]) endswith "@example.com"',
        ],
    ),
    "failed sign-in at an application": (
        "collector",
        {"event_type": "sso_auth", "sso_token_success": False},
        [
            "JumpCloud_CL",
            '| extend event_type_s = column_ifexists("event_type_s", ""),',
            '    sso_token_success_b = column_ifexists("sso_token_success_b", bool(null))',
            '| where event_type_s =~ "sso_auth" and sso_token_success_b == false',
        ],
    ),
    "an element of a list": (
        "collector",
        {"event_type": "x", "changes[totp_enabled].to": False},
        [
            VALUES,
            TEXT,
            "JumpCloud_CL",
            '| extend event_type_s = column_ifexists("event_type_s", ""),',
            '    changes_s = todynamic(column_ifexists("changes_s", dynamic(null)))',
            '| where event_type_s =~ "x"',
            "| mv-apply changes_s_item = values_of(changes_s) on (",
            '    mv-expand changes_s_item_to = values_of(changes_s_item["to"])',
            (
                '    | summarize match_1 = countif(text_of(changes_s_item["field"]) =~ '
                '"totp_enabled" and text_of(changes_s_item_to) =~ "false")'
            ),
            ")",
            "| where match_1 > 0",
            "| project-away match_1",
        ],
    ),
    "a missing element counts (S254)": (
        "collector",
        {"changes[email].from": None},
        [
            VALUES,
            TEXT,
            "JumpCloud_CL",
            CHANGES,
            "| mv-apply changes_s_item = values_of(changes_s) on (",
            '    mv-expand changes_s_item_from = values_of(changes_s_item["from"])',
            (
                '    | summarize match_1 = countif(text_of(changes_s_item["field"]) =~ "email"'
                ' and gettype(changes_s_item_from) == "null"),'
            ),
            '    match_2 = countif(text_of(changes_s_item["field"]) =~ "email")',
            ")",
            "| where match_1 > 0 or match_2 == 0",
            "| project-away match_1, match_2",
        ],
    ),
    "a list in the elements of a list": (
        "collector",
        {"profile_list.payload_content.payload_type": "a"},
        [
            VALUES,
            TEXT,
            "JumpCloud_CL",
            '| extend profile_list_s = todynamic(column_ifexists("profile_list_s", dynamic(null)))',
            "| mv-apply profile_list_s_item = values_of(profile_list_s) on (",
            f'    mv-expand {PART} = values_of(profile_list_s_item["payload_content"])',
            f'    | summarize match_1 = countif(text_of({PART}["payload_type"]) =~ "a")',
            ")",
            "| where match_1 > 0",
            "| project-away match_1",
        ],
    ),
    "not": (
        "dcr",
        {"a": {"success": True}, "condition": "not a"},
        [
            "JumpCloud_CL",
            '| extend success = column_ifexists("success", bool(null))',
            "| where not(success == true)",
        ],
    ),
    "texts of a column, in any case and not": (
        "collector",
        {
            "a": {"resource.name": ["x", 'y"\\']},
            "b": {"resource.name|cased": "Z"},
            "condition": "a or b",
        },
        [
            "JumpCloud_CL",
            RESOURCE_NAME,
            '| where resource_name_s in~ ("x", "y\\"\\\\") or resource_name_s == "Z"',
        ],
    ),
    "wildcards": (
        "collector",
        {"resource.name|all": ["a*", "*b", "*c*", "d?<.e*"]},
        [
            "JumpCloud_CL",
            RESOURCE_NAME,
            (
                '| where resource_name_s startswith "a" and resource_name_s endswith "b" and '
                'resource_name_s contains "c" and resource_name_s matches regex @"(?is)^d.<\\.e.*$"'
            ),
        ],
    ),
    "letters outside ASCII": (
        "collector",
        {"resource.name": ["ÉA", "b"], "resource.type": "*Ü?x*"},
        [
            "JumpCloud_CL",
            RESOURCE_NAME + ",",
            '    resource_type_s = column_ifexists("resource_type_s", "")',
            (
                '| where tolower(resource_name_s) in ("éa", "b") and '
                'tolower(resource_type_s) matches regex @"(?s)^.*ü.x.*$"'
            ),
        ],
    ),
    "empty or null": (
        "collector",
        {"resource.name": ["", None]},
        ["JumpCloud_CL", RESOURCE_NAME, "| where isempty(resource_name_s)"],
    ),
    "empty, in JSON": (
        "dcr",
        {"resource.name": ""},
        [
            "JumpCloud_CL",
            RESOURCE,
            '| where (gettype(resource["name"]) == "string" and tostring(resource["name"]) == "")',
        ],
    ),
    "empty or null, in JSON": (
        "dcr",
        {"resource.name": ["", None]},
        [
            "JumpCloud_CL",
            RESOURCE,
            (
                '| where (gettype(resource["name"]) == "string" and '
                'tostring(resource["name"]) == "") or gettype(resource["name"]) == "null"'
            ),
        ],
    ),
    "null, in JSON": (
        "dcr",
        {"resource.name": None},
        ["JumpCloud_CL", RESOURCE, '| where gettype(resource["name"]) == "null"'],
    ),
    "a key, in JSON": (
        "dcr",
        {"resource.name|exists": True},
        ["JumpCloud_CL", RESOURCE, '| where coalesce(bag_has_key(resource, "name"), false)'],
    ),
    "null of a boolean": (
        "collector",
        {"mfa": None},
        [
            "JumpCloud_CL",
            '| extend mfa_b = column_ifexists("mfa_b", bool(null))',
            "| where isnull(mfa_b)",
        ],
    ),
    "the text of a boolean": (
        "dcr",
        {"success|startswith": "TR"},
        [
            "JumpCloud_CL",
            '| extend success = column_ifexists("success", bool(null))',
            "| where success == true",
        ],
    ),
    "a number, and its text": (
        "dcr",
        {"error_code": [49, "49", "4*"]},
        [
            "JumpCloud_CL",
            ERROR_CODE,
            (
                "| where error_code == 49 or error_code == 49 or "
                '(isnotnull(error_code) and tostring(error_code) startswith "4")'
            ),
        ],
    ),
    "compared": (
        "dcr",
        {"error_code|lt": 5},
        ["JumpCloud_CL", ERROR_CODE, "| where coalesce(error_code < 5, false)"],
    ),
    "a part of a time": (
        "collector",
        {"system_timestamp|week": 45},
        [
            "JumpCloud_CL",
            '| extend system_timestamp_t = column_ifexists("system_timestamp_t", datetime(null))',
            '| where coalesce(datetime_part("week_of_year", system_timestamp_t) == 45, false)',
        ],
    ),
    "an expression": (
        "collector",
        {"resource.name|re|i": r'^svc-\w+ "[\d.]+"$'},
        [
            "JumpCloud_CL",
            RESOURCE_NAME,
            '| where resource_name_s matches regex @"(?i)^svc-[0-9A-Za-z_]+ ""[0-9.]+""$"',
        ],
    ),
    "what is always so": (
        "collector",
        {"s": {"resource.name|expand": "%nobody%"}, "condition": "not s"},
        ["JumpCloud_CL"],
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_query(name: str, tmp_path: Path) -> None:
    schema, detection, lines = QUERIES[name]
    found = written(tmp_path, detection, schema=schema)
    assert isinstance(found, str), found.message
    assert found.split("\n") == lines


# Name: schema, detection, code, part of the message.
REFUSED: dict[str, tuple[str, Any, str, str]] = {
    "null of a text": ("collector", {"resource.name": None}, "JS066", "missing or empty"),
    "an empty text": ("collector", {"resource.name": ""}, "JS066", "an empty text"),
    "what fits an empty text": ("collector", {"resource.name": "*"}, "JS066", "an empty text"),
    "an expression that fits it": ("collector", {"resource.name|re": "a*"}, "JS066", "an empty"),
    "a key of a column": ("dcr", {"success|exists": True}, "JS066", "exists"),
    "an object as a whole": ("dcr", {"resource": "x"}, "JS066", "resource as a whole"),
    "no pair of letters": ("collector", {"resource.name": "Straße"}, "JS066", "of two letters"),
    "a word's end": ("collector", {"resource.name|re": r"\bx"}, "JS066", "letters of all scripts"),
    "a control character": ("collector", {"resource.name": "a\x01"}, "JS066", "control character"),
    "a line's end to YAML": (
        "collector",
        {"resource.name": "\u2028"},
        "JS066",
        "control character",
    ),
    "the text of a real": ("collector", {"error_code": "4*"}, "JS066", "of the type real"),
    "a text of a time": ("collector", {"system_timestamp": "x"}, "JS066", "compared with a text"),
    "a part of a text": ("collector", {"resource.name|hour": 3}, "JS065", "the hour of a text"),
    "a keyword": ("collector", ["x"], "JS066", "names of fields"),
    "two tests of one value": (
        "collector",
        {"changes[x].to|contains|all": ["a", "b"]},
        "JS065",
        "several tests, or a negation, of to in changes_s",
    ),
    "null of all elements": ("dcr", {"changes.from": None}, "JS065", "which is in a list"),
    "mapped addresses": ("dcr", {"client_ip|cidr": "::/0"}, "JS065", "IPv4-mapped"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    schema, detection, code, message = REFUSED[name]
    found = written(tmp_path, detection, schema=schema)
    assert isinstance(found, Diagnostic), found
    assert found.code == code
    assert message in found.message
    assert found.span is not None
    assert found.span.line > 1


def test_a_rule_that_never_holds_is_no_rule(tmp_path: Path) -> None:
    found = written(tmp_path, {"resource.name|expand": "%nobody%"})
    assert isinstance(found, Diagnostic)
    assert (found.code, "never holds" in found.message) == ("JS065", True)


FAILED = """title: Failed
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b13
name: failed
logsource: {product: jumpcloud}
detection: {s: {event_type: a}, condition: s}
---
title: Succeeded
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b14
name: succeeded
logsource: {product: jumpcloud}
detection: {s: {event_type: b}, condition: s}
---
title: Many
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b15
name: many
correlation:
  {type: event_count, rules: [failed], group-by: [username], timespan: 10m, condition: {gte: 3}}
---
title: A correlation
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b16
correlation: """


def correlated(folder: Path, text: str, format_name: str = "kql", **options: str) -> Any:
    """The query of a correlation, or why it has none."""
    path = folder / "rules.yml"
    path.write_text(FAILED + text, encoding="utf-8")
    made = api.export_queries(load_pack(path), "sentinel", format_name, options=options)
    found = {each.rule.title: each.text for each in made.queries}
    refused = [each for each in made.refused if str(each.rule_id).endswith("16")]
    return found["A correlation"] if "A correlation" in found else refused[0]


COUNT = "{type: event_count, rules: [failed], timespan: 10m, condition: {gte: 3}}"
MATCHES = [
    "let matches_0 = JumpCloud_CL",
    '| extend id_s = column_ifexists("id_s", ""),',
    '    id_g = tostring(column_ifexists("id_g", "")),',
    '    event_type_s = column_ifexists("event_type_s", "")',
    '| where event_type_s =~ "a"',
    '| project id = strcat(id_s, id_g), t = TimeGenerated, slot = 0, all_events = ""',
    "| where isnotempty(id) and isnotnull(t);",
]


def test_a_count_is_of_each_moment_with_and_without_its_events(tmp_path: Path) -> None:
    base = "matches_0 | extend counted = id | distinct id, t, slot, counted, all_events"
    assert correlated(tmp_path, COUNT).split("\n") == [
        *MATCHES,
        f"let base = materialize({base});",
        "base",
        "| distinct t, all_events",
        "| join kind=inner (base | project other = t, id, slot, counted, all_events) on all_events",
        "| where other between ((t - 600s) .. t)",
        (
            '| summarize earlier = countif(other < t), id = max(iff(other == t, id, "")) '
            "by t, counted, all_events"
        ),
        "| summarize held = count(), before = countif(earlier > 0), id = max(id) by t, all_events",
        "| where held >= 3 and not(before >= 3)",
        "| project id, TimeGenerated = t",
    ]


# Name: the correlation, what its query holds.
PARTS = {
    "groups and values are keys": (
        (
            "{type: value_count, rules: [failed], group-by: [client_ip], timespan: 1m,"
            " condition: {gt: 2, field: username}}"
        ),
        [
            "| where isnotempty(client_ip_s) and isnotempty(username_s)",
            "by_client_ip = tolower(client_ip_s), counted = tolower(username_s), slot = 0",
            "| where held > 2 and not(before > 2)",
        ],
    ),
    "rules that come together": (
        "{type: temporal, rules: [failed, succeeded], timespan: 1m}",
        ["materialize(union matches_0, matches_1 |", "| where held >= 2 and not(before >= 2)"],
    ),
    "a condition over rules": (
        (
            "{type: temporal, rules: [failed, succeeded], timespan: 1m,"
            " condition: failed and succeeded}"
        ),
        ["| where (held_0 > 0 and held_1 > 0) and not((before_0 > 0 and before_1 > 0))"],
    ),
    "a count that more events can undo": (
        (
            "{type: event_count, rules: [failed], group-by: [client_ip], timespan: 1m,"
            " condition: {lt: 3}}"
        ),
        [
            "| extend inside = gone == 0 or other > instant - 60s",
            "| summarize held = countif(inside), id = ",
            " by instant, gone, counted, by_client_ip",
            "| extend holds = events > 0 and number < 3",
            "| where isnull(arrived) or fallen >= arrived",
        ],
    ),
    "a rule without another": (
        (
            "{type: temporal, rules: [failed, succeeded], timespan: 1m,"
            " condition: failed and not succeeded}"
        ),
        ["| extend holds = events > 0 and (held_0 > 0 and not(held_1 > 0))"],
    ),
    "a median": (
        (
            "{type: value_median, rules: [failed], timespan: 1m,"
            " condition: {gt: 3, field: error_code}}"
        ),
        [
            "counted = todouble(error_code_d)",
            "| where isnotempty(id) and isnotnull(t) and isfinite(counted);",
            "| sort by counted asc",
            "| extend low = place / 2, rest = place % 2",
        ],
    ),
    "a finding of another correlation, by its group": (
        "{type: temporal_ordered, rules: [many, succeeded], group-by: [username], timespan: 1h}",
        [
            "let matches_0_base = materialize(matches_0_matches_0 | extend counted = id |",
            '| project id, t, by_username = by_username, slot = 0, counted = "0";',
            "| where later > t and later <= started + 3600s",
            "| summarize before = countif(ended < t and started >= t - 3600s) by t, by_username",
        ],
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_correlation(name: str, tmp_path: Path) -> None:
    text, parts = PARTS[name]
    found = correlated(tmp_path, text)
    assert isinstance(found, str), found.message
    assert [part for part in parts if part not in found] == []


NO_CORRELATION = {
    "{type: temporal_ordered, rules: [failed, succeeded], timespan: 1m,"
    " condition: failed and not succeeded}": "rules in order that has",
    "{type: event_count, rules: [failed], group-by: [error_code], timespan: 1m,"
    " condition: {gt: 3}}": "of the type real",
    "{type: event_count, rules: [failed], group-by: [changes.field], timespan: 1m,"
    " condition: {gt: 3}}": "which is in a list",
    "{type: event_count, rules: [many], group-by: [username], timespan: 1h,"
    " condition: {gt: 3}}": "counts findings of another",
    "{type: temporal_ordered, rules: [many, succeeded], group-by: [client_ip],"
    " timespan: 1h}": "do not group by client_ip_s",
    "{type: value_sum, rules: [failed], timespan: 1m,"
    " condition: {gt: 3, field: error_code}}": "fractions that are added",
}


@pytest.mark.parametrize("text", NO_CORRELATION)
def test_a_correlation_that_is_refused(text: str, tmp_path: Path) -> None:
    found = correlated(tmp_path, text)
    assert isinstance(found, Diagnostic), found
    assert NO_CORRELATION[text] in found.message


def test_a_rule_of_a_correlation_tells_windows_with_something_new(tmp_path: Path) -> None:
    text = COUNT.replace("timespan: 10m", "timespan: 1d, group-by: [client_ip]")
    found = correlated(tmp_path, text, "analytics_rule", frequency="2h")
    lines = found.split("\n")
    assert "| extend fresh = ingestion_time() > ago(2h)" in lines
    assert lines[-2] == "| where fresh"
    assert lines[-1].endswith('AccountMail = "", AccountName = "", ClientAddress = by_client_ip')
    refused = correlated(tmp_path, text, "analytics_rule", period="1d")
    assert isinstance(refused, Diagnostic)
    assert (refused.code, refused.hint) == ("JS067", "give -O period=…")


def test_a_rule_is_no_longer_than_sentinel_takes(tmp_path: Path) -> None:
    detection = {"resource.name": [f"value {number}" for number in range(900)]}
    assert isinstance(written(tmp_path, detection), str)
    found = written(tmp_path, detection, "analytics_rule")
    assert isinstance(found, Diagnostic)
    assert "10,000 characters" in found.message


SOURCES = {
    r"[\d\]x]": r'@"[0-9\]x]"',
    "[]a]": r'@"[\]a]"',
    "[^]a[]": r'@"[^\]a\[]"',
    "a{2}b{": r'@"a{2}b\{"',
    "[[:alpha:]_]": '@"[[:alpha:]_]"',
    "a\nb": r'@"a\nb"',
    r"\.\\\pL": r'@"\.\\\pL"',
    r"\p{Greek}[\PN\x{e9}]\x41": r'@"\p{Greek}[\PN\x{e9}]\x41"',
    r"\<\_\-[\-\/]": r'@"<_\-[\-/]"',
}


@pytest.mark.parametrize("source", SOURCES)
def test_an_expression_means_the_same_in_both_dialects(source: str) -> None:
    assert kql_text.regex(Regex((source,))) == SOURCES[source]


@pytest.mark.parametrize(
    "source", ["[a&&b]", "[a--b]", "[~~]", r"[\D]", r"\B", r"\C", r"\Qa\E", r"\p{^Greek}"]
)
def test_an_expression_that_does_not_is_refused(source: str) -> None:
    with pytest.raises(CannotSayError):
        kql_text.regex(Regex((source,)))


NETWORKS = {
    "192.0.2.0/24": 'a startswith "0000:0000:0000:0000:0000:ffff:c000:02"',
    "0.0.0.0/0": 'a startswith "0000:0000:0000:0000:0000:ffff"',
    "198.51.100.64/27": 'a matches regex @"^0000:0000:0000:0000:0000:ffff:c633:64[45]"',
    "203.0.113.7/32": 'a startswith "0000:0000:0000:0000:0000:ffff:cb00:7107"',
    "2001:db8::/32": 'a startswith "2001:0db8"',
    "2001:db8:40::/44": 'a startswith "2001:0db8:004"',
    "2001:db8:8000::/33": 'a matches regex @"^2001:0db8:[89abcdef]"',
}


@pytest.mark.parametrize("cidr", NETWORKS)
def test_a_network_is_the_beginning_of_an_address(cidr: str) -> None:
    assert kql_text.in_network("a", cidr) == NETWORKS[cidr]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    common = "status: test\nlogsource: {product: jumpcloud}\nauthor: Ann\nlicense: DRL-1.1\n"
    (folder / "a.yml").write_text(
        "title: '[resourceGroup().id]'\n"
        f"id: {ID}\n{common}level: critical\ndescription: 'It''s: a \"rule\" {{{{ 7*7 }}}}'\n"
        "tags: [attack.stealth, attack.defense-impairment, attack.t1110.003, attack.t1110]\n"
        "detection:\n  s: {event_type: x, 'changes[y].to': true}\n  condition: s\n",
        encoding="utf-8",
    )
    (folder / "b.yml").write_text(
        f"title: 'Tōkyō: b'\nid: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b12\n{common}"
        "detection:\n  s: {resource.name: 東京}\n  condition: s\n",
        encoding="utf-8",
    )
    return folder


def exported(folder: Path, out: Path, format_name: str, **options: str) -> list[str]:
    """Write a tree; the queries in it."""
    pack = load_pack(folder)
    made = api.export_queries(pack, "sentinel", format_name, options=options)
    api.export_tree(made, pack, out)
    assert made.refused == ()
    return [each.text for each in made.queries]


@pytest.mark.parametrize("schema", ["collector", "dcr"])
def test_an_analytics_rule_is_yaml_of_the_repository(
    schema: str, folder: Path, tmp_path: Path
) -> None:
    queries = exported(folder, tmp_path, "analytics_rule", schema=schema, frequency="5m")
    files = sorted((tmp_path / "Analytic Rules").iterdir())
    rules = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    first = next(each for each in rules if each["id"] == ID)
    assert {each["query"].rstrip("\n") for each in rules} == {*queries}
    assert first["name"] == "[resourceGroup().id]"
    assert first["description"] == ('It\'s: a "rule" {{ 7*7 }}\n\nSigma rule by Ann, DRL-1.1')
    assert (first["severity"], first["kind"], first["version"]) == ("High", "Scheduled", "1.0.0")
    assert (first["queryFrequency"], first["queryPeriod"]) == ("5m", "2d")
    assert first["tactics"] == ["DefenseEvasion"]
    assert first["relevantTechniques"] == ["T1110"]
    assert "| where ingestion_time() > ago(5m)" in first["query"].split("\n")
    columns = [m["columnName"] for e in first["entityMappings"] for m in e["fieldMappings"]]
    last = first["query"].rstrip("\n").rpartition("\n")[2]
    assert all(f"{column} = " in last for column in columns)


def test_a_template_makes_a_rule_of_each_rule(folder: Path, tmp_path: Path) -> None:
    queries = exported(folder, tmp_path, "arm", frequency="2h", period="14d")
    template = json.loads((tmp_path / "azuredeploy.json").read_text(encoding="utf-8"))
    found = [each["properties"] for each in template["resources"]]
    assert {each["query"] for each in found} == {*queries}
    first = next(each for each in found if each["severity"] == "High")
    assert first["displayName"] == "[[resourceGroup().id]"  # else Azure evaluates it
    assert (first["queryFrequency"], first["queryPeriod"]) == ("PT2H", "P14D")
    assert (first["tactics"], first["techniques"]) == (["DefenseEvasion"], ["T1110"])
    names = [each["name"].split("/")[-1].removesuffix("')]") for each in template["resources"]]
    assert len({uuid.UUID(name) for name in names}) == 2
    assert {each["type"] for each in template["resources"]} == {
        "Microsoft.OperationalInsights/workspaces/providers/alertRules"
    }


def test_a_template_of_no_rules_is_a_template(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(
        f"title: a\nid: {ID}\nlogsource: {{product: jumpcloud}}\n"
        "detection: {s: {resource.name: null}, condition: s}\n",
        encoding="utf-8",
    )
    pack = load_pack(tmp_path / "rules")
    made = api.export_queries(pack, "sentinel", "arm")
    api.export_tree(made, pack, tmp_path / "out")
    template = json.loads((tmp_path / "out" / "azuredeploy.json").read_text(encoding="utf-8"))
    assert template["resources"] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schema": "asim"}, "the option schema cannot be 'asim'"),
        ({"table": "a | take 1"}, "the option table cannot be"),
        ({"frequency": "PT1H"}, "the option frequency cannot be"),
    ],
)
def test_options_are_checked(options: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as raised:
        written(tmp_path, {"event_type": "x"}, **options)
    assert raised.value.diagnostic.code == "JS090"
    assert message in raised.value.diagnostic.message


def test_a_mapping_is_chosen_by_an_option_of_the_target(tmp_path: Path) -> None:
    chosen = [(each.options["schema"], each.use) for each in load_target("sentinel").mappings]
    assert chosen == [("collector", "sentinel"), ("dcr", "sentinel_dcr")]
    source = load_target("sentinel").path.read_text(encoding="utf-8")
    (tmp_path / "backend.yaml").write_text(source.replace("{schema: dcr}", "{shema: dcr}"))
    with pytest.raises(DiagnosticError) as raised:
        load_target(tmp_path)
    assert raised.value.diagnostic.code == "JS062"
    assert raised.value.diagnostic.hint == "did you mean 'schema'?"


def test_who_has_every_column_takes_the_raw_mapping(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(
        f"title: a\nid: {ID}\nlogsource: {{product: jumpcloud}}\n"
        "detection: {s: {sso_token_success: false}, condition: s}\n",
        encoding="utf-8",
    )
    options = {"schema": "dcr"}
    pack = load_pack(path)
    refused = api.export_queries(pack, "sentinel", options=options).refused
    assert [each.code for each in refused] == ["JS051"]
    made = api.export_queries(pack, "sentinel", options=options, mapping="jumpcloud")
    assert made.queries[0].text.endswith("| where sso_token_success == false")
