"""Sumo Logic: exact searches and expressions, refusals with their reasons, rules that are JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engines.engine import QueryError
from engines.sumo_model import SumoModel
from snippets import exported

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import Diagnostic

SEARCHES = {
    "{event_type: sso_auth, sso_token_success: false}": (
        '"event_type", "sso_token_success" as jc_event_type, jc_sso_token_success',
        'toLowerCase(jc_event_type) = "sso_auth" and toLowerCase(jc_sso_token_success) = "false"',
    ),
    "{initiated_by.email|endswith: '@example.com'}": (
        '"initiated_by.email" as jc_initiated_by_email',
        r"jc_initiated_by_email matches /(?is)\A.*@example\.com\z/",
    ),
    "{'@version': 1}": ("\"['@version']\" as jc__version", 'jc__version = "1"'),
    "{resource.name|contains: 'a/b'}": (
        '"resource.name" as jc_resource_name',
        r"jc_resource_name matches /(?is)\A.*a\x{2f}b.*\z/",
    ),
    "{resource.name|cased: PayRoll}": (
        '"resource.name" as jc_resource_name',
        'jc_resource_name = "PayRoll"',
    ),
    "{resource.name: 'say \"x\"'}": (
        '"resource.name" as jc_resource_name',
        r"""jc_resource_name matches /(?is)\Asay "x"\z/""",
    ),
    "{resource.name|re: '^/a.'}": (
        '"resource.name" as jc_resource_name',
        r"jc_resource_name matches /(?s)\A.*(?-s:^\x{2f}a.).*\z/",
    ),
    "a: {event_type: sso_auth}\nb: {success: true}\ncondition: a and not b": (
        '"event_type", "success" as jc_event_type, jc_success',
        (
            'toLowerCase(jc_event_type) = "sso_auth"'
            ' and !(!isNull(jc_success) and toLowerCase(jc_success) = "true")'
        ),
    ),
    "a: {mfa: true, success: true}\nb: {service: sso}\ncondition: a or b": (
        '"mfa", "success", "service" as jc_mfa, jc_success, jc_service',
        (
            '(toLowerCase(jc_mfa) = "true" and toLowerCase(jc_success) = "true")'
            ' or toLowerCase(jc_service) = "sso"'
        ),
    ),
}


@pytest.mark.parametrize("detection", SEARCHES)
def test_the_search_is_exactly_this(tmp_path: Path, detection: str) -> None:
    keys, where = SEARCHES[detection]
    assert exported(tmp_path, "sumologic", detection) == (
        f"_sourceCategory=*JumpCloud*\n| json {keys} nodrop\n| where {where}"
    )


EXPRESSIONS = {
    "{event_type: sso_auth, initiated_by.email: x}": (
        "(toLowerCase(fields['event_type']) = \"sso_auth\""
        " and toLowerCase(fields['initiated_by.email']) = \"x\")"
    ),
    "{success: true}": "toLowerCase(fields['success']) = \"true\"",
    "b: {success: true}\ncondition: not b": (
        "!(!isNull(fields['success']) and toLowerCase(fields['success']) = \"true\")"
    ),
}


@pytest.mark.parametrize("detection", EXPRESSIONS)
def test_the_expression_is_exactly_this(tmp_path: Path, detection: str) -> None:
    found = exported(tmp_path, "sumologic", detection, "cse_rule")
    assert found == f'metadata_vendor = "JumpCloud" and {EXPRESSIONS[detection]}'


REFUSED = {
    "{'changes[suspended].to': true}": ("JS067", "one element of a list by its number"),
    "{changes.field: suspended}": ("JS067", "changes.field lies in a list"),
    "{resource.name: ''}": ("JS066", "may be an empty text too"),
    "{resource.name: '*'}": ("JS066", "a missing field may be such a text too"),
    "{resource.name|contains: 'ul'}": ("JS066", "whether a null of JSON becomes this text"),
    "{resource.name: null}": ("JS066", "whether a null of JSON"),
    "{resource.name|exists: false}": ("JS066", "a key with a null"),
    "{resource.name: Zürich}": ("JS066", "a letter beyond ASCII in any case"),
    "{error_code|lt: 5}": ("JS066", "a text that is no number"),
    "{error_code: 1.0e+30}": ("JS066", "the number 1"),
    "{resource.name|fieldref: username}": ("JS066", "two nulls of JSON"),
    "{'resource.\"name': x}": ("JS066", "the field name"),
    "{'a.b': x, 'a_b': x}": ("JS065", "differ in their dots only"),
    "[word]": ("JS066", "names of fields"),
    "{timestamp|hour: 5}": ("JS065", "parts of the time"),
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_the_documentation_leaves_open_is_refused(tmp_path: Path, detection: str) -> None:
    code, reason = REFUSED[detection]
    found = exported(tmp_path, "sumologic", detection)
    assert isinstance(found, Diagnostic), found
    assert (found.code, reason in found.message) == (code, True), found.message


def test_options(tmp_path: Path) -> None:
    found = exported(
        tmp_path,
        "sumologic",
        "{'changes[suspended].to': true}",
        source_category="prod/jumpcloud",
        elements="2",
    )
    assert found == (
        "_sourceCategory=prod/jumpcloud\n"
        '| json "changes[0].field", "changes[0].to", "changes[1].field", "changes[1].to"'
        " as jc_changes_0_field, jc_changes_0_to, jc_changes_1_field, jc_changes_1_to nodrop\n"
        '| where (toLowerCase(jc_changes_0_field) = "suspended"'
        ' and toLowerCase(jc_changes_0_to) = "true")'
        ' or (toLowerCase(jc_changes_1_field) = "suspended"'
        ' and toLowerCase(jc_changes_1_to) = "true")'
    )
    refused = exported(
        tmp_path, "sumologic", "{'changes[suspended].to': true}", "cse_rule", elements="2"
    )
    assert isinstance(refused, Diagnostic)
    assert "how a record names the elements" in refused.message


def test_a_search_is_a_file(tmp_path: Path) -> None:
    pack = load_pack()
    api.export_tree(api.export_queries(pack, "sumologic"), pack, tmp_path)
    files = list(tmp_path.glob("*.sumo"))
    assert len(files) > 50
    for path in files:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        assert lines[0].startswith("// ")
        SumoModel().readings("".join(line for line in lines if not line.startswith("// ")))


def test_a_rule_is_what_terraform_reads(tmp_path: Path) -> None:
    pack = load_pack()
    made = api.export_queries(pack, "sumologic", "cse_rule")
    api.export_tree(made, pack, tmp_path)
    files = sorted(tmp_path.glob("*.tf.json"))
    assert len(files) == len(made.queries) > 50
    for path in files:
        document = json.loads(path.read_text(encoding="utf-8"))
        ((name, rule),) = document["resource"]["sumologic_cse_match_rule"].items()
        assert path.name == f"{name.removeprefix('jumpcloud_')}.tf.json"
        assert rule["severity_mapping"][0]["default"] in range(1, 11)
        assert all(tag.startswith("_mitreAttackTechnique:T") for tag in rule["tags"])
        expression = rule["expression"].replace("$${", "${").replace("%%{", "%{")
        SumoModel().readings(expression)


def test_nothing_of_a_rule_is_read_as_a_template(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(
        "title: 'A ${rule} of %{if} {{user_username}}'\n"
        "id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11\nstatus: stable\n"
        "logsource: {product: jumpcloud}\n"
        "detection:\n  selection: {resource.name: '${x}'}\n  condition: selection\n",
        encoding="utf-8",
    )
    pack = load_pack(tmp_path / "rule.yml")
    api.export_tree(api.export_queries(pack, "sumologic", "cse_rule"), pack, tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*.tf.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    ((_, rule),) = document["resource"]["sumologic_cse_match_rule"].items()
    assert rule["name_expression"] == "A $${rule} of %%{if} { {user_username}}"
    assert rule["expression"].endswith('= "$${x}"')
    assert rule["is_prototype"] is False


SEARCH = '_sourceCategory=*JumpCloud* | json "a", "b", "d", "e" as a, b, d, e nodrop | where {}'
WRONG = {
    'a = "x" and a = "y" or a = "z"': "a parenthesis",
    '! a = "x"': "a parenthesis behind !",
    'c = "x"': "no field that the search has made",
    'a = "it\\"s"': "no word",
    "a = 'x'": "no word",
    "a matches /(/": "missing",
    # What each reading answers otherwise:
    '!(a = "x")': "leaves open",
    'b = "null"': "leaves open",
    '!isNull(a) and !(a = "x")': "leaves open",
    "d matches /b/": "leaves open",
    'toLowerCase(e) = "é"': "leaves open",
}


@pytest.mark.parametrize("where", WRONG)
def test_the_model_takes_nothing_that_is_not_documented(where: str) -> None:
    model = SumoModel()
    model.load({"one": {"b": None, "d": "abc", "e": "É"}})
    with pytest.raises(QueryError) as found:
        model.run(SEARCH.format(where))
    assert WRONG[where] in str(found.value)
