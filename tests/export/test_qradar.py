"""AQL for QRadar: exact queries, refusals with their reasons, and a model that has teeth."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from engines.aql_model import AqlModel
from engines.engine import QueryError
from snippets import exported
from stores.qradar import store

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import Diagnostic

QUERIES = {
    "{event_type: User_Login_Attempt, success: false}": (
        "LOWER(\"JumpCloud event_type\") = 'user_login_attempt'"
        " AND LOWER(\"JumpCloud success\") = 'false'"
    ),
    "{initiated_by.email|endswith: '@example.com'}": (
        "\"JumpCloud initiated_by email\" ILIKE '%@example.com'"
    ),
    "{resource.name: [a_b, 'x%y']}": "LOWER(\"JumpCloud resource name\") IN ('a_b', 'x%y')",
    "{resource.name|contains: a_b}": (
        "\"JumpCloud resource name\" IMATCHES '\\A(?s:.*)a_b(?s:.*)\\z'"
    ),
    "{resource.name|cased: PayRoll}": "\"JumpCloud resource name\" = 'PayRoll'",
    "{resource.name|cased|startswith: Pay}": "\"JumpCloud resource name\" LIKE 'Pay%'",
    "{resource.name: it's}": "\"JumpCloud resource name\" IMATCHES '\\Ait\\x27s\\z'",
    '{resource.name: "C:\\\\\\\\Temp"}': "\"JumpCloud resource name\" IMATCHES '\\AC:\\x5cTemp\\z'",
    "{resource.name|re: 'a|''b'}": (
        "\"JumpCloud resource name\" MATCHES '\\A(?s:.*)(?:a|\\x27b)(?s:.*)\\z'"
    ),
    "{error_code: 49}": "\"JumpCloud error_code\" = '49'",
    "sso: {event_type: sso_auth}\nok: {success: true}\ncondition: sso and not ok": (
        'LOWER("JumpCloud event_type") = \'sso_auth\' AND NOT ("JumpCloud success" IS NOT NULL'
        " AND LOWER(\"JumpCloud success\") = 'true')"
    ),
    "a: {mfa: true, success: true}\nb: {service: sso}\ncondition: a or b": (
        "(LOWER(\"JumpCloud mfa\") = 'true' AND LOWER(\"JumpCloud success\") = 'true')"
        " OR LOWER(\"JumpCloud service\") = 'sso'"
    ),
}


@pytest.mark.parametrize("detection", QUERIES)
def test_the_query_is_exactly_this(tmp_path: Path, detection: str) -> None:
    assert exported(tmp_path, "qradar", detection) == (
        f"SELECT starttime, UTF8(payload) FROM events WHERE {QUERIES[detection]} LAST 24 HOURS"
    )


REFUSED = {
    "{'changes[suspended].to': true}": ("JS067", "one element of a list by its number"),
    "{changes.field: suspended}": ("JS067", "changes.field lies in a list"),
    "{resource.name: ''}": ("JS066", "whether an empty text is a property"),
    "{resource.name: '*'}": ("JS066", "a pattern that an empty text fits"),
    "{resource.name|endswith: ull}": ("JS066", "whether a null of JSON becomes this text"),
    "{resource.name: null}": ("JS066", "whether a null of JSON"),
    "{resource.name|exists: true}": ("JS066", "a key with a null"),
    "{resource.name: Zürich}": ("JS066", "a letter beyond ASCII in any case"),
    "{resource.name|re|i: zürich}": ("JS066", "letters beyond ASCII"),
    "{error_code|gt: 5}": ("JS066", "DOUBLE()"),
    "{error_code: 1.0e+30}": ("JS066", "the number 1"),
    "{'resource.\"name': x}": ("JS066", "the field name"),
    "[word]": ("JS066", "names of fields"),
    "ok: {success: true}\ncondition: not ok": ("JS067", "events without any of its properties"),
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_the_documentation_leaves_open_is_refused(tmp_path: Path, detection: str) -> None:
    code, reason = REFUSED[detection]
    found = exported(tmp_path, "qradar", detection)
    assert isinstance(found, Diagnostic), found
    assert (found.code, reason in found.message) == (code, True), found.message


def test_options_name_the_properties_the_source_and_the_time(tmp_path: Path) -> None:
    found = exported(
        tmp_path,
        "qradar",
        "ok: {auth_context.system.os: x}\ncondition: not ok",
        prefix="jc_",
        separator=".",
        log_source_type="JumpCloud",
        last="7 DAYS",
    )
    assert found == (
        "SELECT starttime, UTF8(payload) FROM events WHERE LOGSOURCETYPENAME(deviceType) ="
        " 'JumpCloud' AND (NOT (\"jc_auth_context.system.os\" IS NOT NULL AND"
        " LOWER(\"jc_auth_context.system.os\") = 'x')) LAST 7 DAYS"
    )


def test_elements_are_properties_by_their_number(tmp_path: Path) -> None:
    found = exported(tmp_path, "qradar", "{'changes[suspended].to': true}", elements="2")
    one, two = (
        f"(LOWER(\"JumpCloud changes {n} field\") = 'suspended'"
        f" AND LOWER(\"JumpCloud changes {n} to\") = 'true')"
        for n in range(2)
    )
    assert found == (
        f"SELECT starttime, UTF8(payload) FROM events WHERE {one} OR {two} LAST 24 HOURS"
    )
    model = AqlModel()
    model.load({"one": store({"changes": [{"field": "x"}, {"field": "suspended", "to": True}]})})
    assert model.run(str(found)) == ["one"]


def test_a_query_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(
        "title: A rule\nid: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11\nstatus: test\n"
        "logsource: {product: jumpcloud}\n"
        "detection:\n  selection: {success: true}\n  condition: selection\n",
        encoding="utf-8",
    )
    pack = load_pack(tmp_path / "rule.yml")
    api.export_tree(api.export_queries(pack, "qradar"), pack, tmp_path / "out")
    text = (tmp_path / "out" / "a_rule.aql").read_text(encoding="utf-8")
    # A comment before the first word, or behind the last one, would be an error of QRadar.
    assert text.startswith("SELECT\n/* A rule */\n/* id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11 */\n")
    assert "*/\nstarttime, " in text
    assert text.endswith("LAST 24 HOURS\n")


def test_the_properties_of_all_rules_are_one_file(tmp_path: Path) -> None:
    pack = load_pack()
    made = api.export_queries(pack, "qradar", "properties", options={"elements": "2"})
    api.export_tree(made, pack, tmp_path)
    text = (tmp_path / "custom_properties.json").read_text(encoding="utf-8")
    found = {each["name"]: each["json_expression"] for each in json.loads(text)}
    assert found["JumpCloud event_type"] == '/"event_type"'
    assert found["JumpCloud useragent name"] == '/"useragent"/"name"'
    assert found["JumpCloud changes 1 to"] == '/"changes"[1]/"to"'
    searches = api.export_queries(pack, "qradar", options={"elements": "2"}).queries
    used = {name for each in searches for name in re.findall(r'"(JumpCloud [^"]+)"', each.text)}
    assert used == set(found)


def test_the_store_keeps_texts_and_lists_where_they_are_lists() -> None:
    event = {
        "a": True,
        "b": 5,
        "c": [{"d": 1}],
        "e": {"f": None, "g": ["x"]},
        "h": 2.0,
        "i": 1.5,
        "changes": [{"to": False, "from": [1]}, "x"],
        "config": {"a": 1},
    }
    assert store(event) == {
        "a": "true",
        "b": "5",
        "e": {"f": None},
        "h": "2",
        "i": "1.5",
        "changes": [{"to": "false"}],
    }


WHERE = "SELECT starttime, UTF8(payload) FROM events WHERE {} LAST 1 DAYS"
WRONG = {
    "\"JumpCloud a\" = 'x' AND \"JumpCloud a\" = 'y' OR \"JumpCloud a\" = 'z'": "a parenthesis",
    "NOT \"JumpCloud a\" = 'x'": "a parenthesis behind NOT",
    "JumpCloud.a = 'x'": "no word",
    "\"JumpCloud a\" = 'it''s'": "LAST should stand here",
    "\"JumpCloud a\" = 'x\\'": "backslash",
    "\"JumpCloud a\" IMATCHES '('": "unterminated",
    "(\"JumpCloud a\" = 'x'": "should stand here",
    "\"JumpCloud a\" == 'x'": "should stand here",
    # What each reading answers otherwise:
    "NOT (\"JumpCloud a\" = 'x')": "leaves open",
    "\"JumpCloud b\" = 'null'": "leaves open",
    'NOT ("JumpCloud c" IS NOT NULL)': "leaves open",
    "\"JumpCloud d\" MATCHES 'b'": "leaves open",
    "\"JumpCloud e\" ILIKE 'É'": "leaves open",
}


@pytest.mark.parametrize("where", WRONG)
def test_the_model_takes_nothing_that_is_not_documented(where: str) -> None:
    model = AqlModel()
    model.load({"one": {"b": None, "c": "", "d": "abc", "e": "é"}})
    with pytest.raises(QueryError) as found:
        model.run(WHERE.format(where))
    assert WRONG[where] in str(found.value)
