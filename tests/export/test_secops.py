"""YARA-L for Google SecOps: exact sections, refusals with their reasons, files that parse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from engines.engine import QueryError
from engines.yaral_model import YaraLModel
from snippets import exported

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import Diagnostic

ROOT = Path(__file__).parents[2]
LOG_TYPE = '$e.metadata.log_type = "JUMPCLOUD_DIRECTORY_INSIGHTS"'


def _(name: str) -> str:
    return f'$e.extracted.fields["{name}"]'


SECTIONS = {
    "{event_type: sso_auth, sso_token_success: false}": [
        f'{_("event_type")} = "sso_auth" nocase',
        f'{_("sso_token_success")} = "false" nocase',
    ],
    "{initiated_by.email|endswith: '@example.com'}": [
        rf"re.regex({_('initiated_by.email')}, `(?s)@example\.com\z`) nocase"
    ],
    "{resource.name|contains: 'a`b'}": [
        f"re.regex({_('resource.name')}, `(?s)a\\x{{60}}b`) nocase"
    ],
    "{resource.name|cased: 'Pay?oll*'}": [rf"re.regex({_('resource.name')}, `(?s)\APay.oll`)"],
    "{resource.name|cased: PayRoll}": [f'{_("resource.name")} = "PayRoll"'],
    "{resource.name: 'say \"x\"'}": [
        rf"""re.regex({_("resource.name")}, `(?s)\Asay "x"\z`) nocase"""
    ],
    "{resource.name|re: '^a.`$'}": [f"re.regex({_('resource.name')}, `(?s)(?-s:^a.\\x{{60}}$)`)"],
    "{resource.name|re|i: payroll}": [f"re.regex({_('resource.name')}, `(?s)(?-s:(?i)payroll)`)"],
    "a: {event_type: sso_auth}\nb: {success: true}\ncondition: a and not b": [
        f'{_("event_type")} = "sso_auth" nocase',
        f'not ({_("success")} = "true" nocase)',
    ],
    "a: {mfa: true, success: true}\nb: {service: sso}\ncondition: a or b": [
        (
            f'(({_("mfa")} = "true" nocase and {_("success")} = "true" nocase)'
            f' or {_("service")} = "sso" nocase)'
        )
    ],
    "b: {success: true}\ncondition: not b": [f'not ({_("success")} = "true" nocase)'],
}


@pytest.mark.parametrize("detection", SECTIONS)
def test_the_section_is_exactly_this(tmp_path: Path, detection: str) -> None:
    found = exported(tmp_path, "secops", detection)
    assert isinstance(found, str), found
    assert found.splitlines() == [LOG_TYPE, *SECTIONS[detection]]


REFUSED = {
    "{'changes[suspended].to': true}": ("JS067", "the elements of a list"),
    "{changes.field: suspended}": ("JS067", "changes.field lies in a list"),
    "{resource.name: ''}": ("JS066", "a missing field is an empty text"),
    "{resource.name: '*'}": ("JS066", "a missing field is such a text too"),
    "{resource.name|re: 'a?'}": ("JS066", "a missing field is such a text too"),
    "{resource.name: null}": ("JS066", "are the same"),
    "{resource.name|exists: false}": ("JS066", "are the same"),
    "{resource.name: Zürich}": ("JS066", "a letter beyond ASCII in any case"),
    "{error_code: 5}": ("JS066", "the number of a raw field"),
    "{error_code|lt: 5}": ("JS066", "numbers with numbers only"),
    "{resource.name|fieldref: username}": ("JS066", "two empty texts"),
    "{'resource.\"name': x}": ("JS066", "the field name"),
    "[word]": ("JS066", "cannot search a raw log"),
    "{timestamp|hour: 5}": ("JS065", "parts of the raw field's time"),
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_the_documentation_leaves_open_is_refused(tmp_path: Path, detection: str) -> None:
    code, reason = REFUSED[detection]
    found = exported(tmp_path, "secops", detection)
    assert isinstance(found, Diagnostic), found
    assert (found.code, reason in found.message) == (code, True), found.message


def test_options(tmp_path: Path) -> None:
    detection = "{initiated_by.email: x}"
    found = exported(tmp_path, "secops", detection, separator="_", log_type="JUMPCLOUD_DAAS")
    assert found == (
        '$e.metadata.log_type = "JUMPCLOUD_DAAS"\n'
        '$e.extracted.fields["initiated_by_email"] = "x" nocase'
    )
    assert exported(
        tmp_path, "secops", "{event_type: a, sso_token_success: true}", fields="udm"
    ) == (
        f'{LOG_TYPE}\n$e.metadata.product_event_type = "a" nocase\n'
        '$e.additional.fields["sso_token_success"] = "true" nocase'
    )
    for index, names in (("separator", "changes.{}.field"), ("brackets", "changes[{}].field")):
        found = exported(
            tmp_path, "secops", "{changes.field: x}", elements="2", index=index, prefix="data."
        )
        tests = [f'{_("data." + names.format(n))} = "x" nocase' for n in range(2)]
        assert found == f"{LOG_TYPE}\n({' or '.join(tests)})"
    refused = exported(tmp_path, "secops", detection, fields="udm")
    assert isinstance(refused, Diagnostic)
    assert "not documented to keep initiated_by.email" in refused.message


def test_the_fields_of_all_rules_are_one_file(tmp_path: Path) -> None:
    pack = load_pack()
    options = {"prefix": "data."}
    api.export_tree(api.export_queries(pack, "secops", "fields", options=options), pack, tmp_path)
    names = (tmp_path / "extracted_fields.txt").read_text(encoding="utf-8").splitlines()
    rules = api.export_queries(pack, "secops", options=options).queries
    used = {name for each in rules for name in re.findall(r'fields\["([^"]+)"\]', each.text)}
    assert names == sorted(used)
    assert "data.event_type" in names
    assert len(names) <= 100, "SecOps extracts no more"
    refused = exported(tmp_path, "secops", "{event_type: a}", "fields", fields="udm")
    assert isinstance(refused, Diagnostic)


# ------------------------------------------------------------------------------------ whole files
_FILE = re.compile(
    r"rule (?P<name>[A-Za-z_][A-Za-z0-9_]*) \{\n"
    r"  meta:\n(?P<meta>(?:    .+\n)+)\n"
    r"  events:\n(?P<events>(?:    .+\n)+)\n"
    r"  condition:\n    \$e\n\}\n"
)
_META = re.compile(r"    ([a-z_]+) = (\"(?:[^\"\\]|\\[\"\\])*\")")
LEVELS = {"Critical", "High", "Medium", "Low", "Info"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("secops")
    pack = load_pack()
    api.export_tree(api.export_queries(pack, "secops"), pack, folder)
    return sorted(folder.glob("*.yaral"))


def test_every_file_is_a_rule(files: list[Path]) -> None:
    names = set()
    for path in files:
        found = _FILE.fullmatch(path.read_text(encoding="utf-8"))
        assert found is not None, path
        names.add(found["name"])
        lines = [_META.fullmatch(line) for line in found["meta"].splitlines()]
        meta = {line[1]: json.loads(line[2]) for line in lines if line is not None}
        assert len(meta) == len(lines), path
        assert meta["author"]
        assert meta["severity"] in LEVELS
        YaraLModel().readings(found["events"])
    assert len(names) == len(files) > 50


def test_the_other_grammar_agrees(files: list[Path], tmp_path: Path) -> None:
    python = ROOT / ".prove" / "yaral" / "bin" / "python"
    if not python.is_file():
        if find_spec("tree_sitter_yaral") is None:
            pytest.skip("tree-sitter-yaral is not installed: make prove-yaral")
        python = Path(sys.executable)
    bad = tmp_path / "bad.yaral"
    bad.write_text(files[0].read_text(encoding="utf-8").replace("condition:", "conditions:"))
    script = ROOT / "tests" / "prove" / "parse_yaral.py"
    done = subprocess.run(
        [str(python), "-W", "ignore", str(script), *map(str, files), str(bad)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [str(bad)]


WRONG = {
    'not $e.extracted.fields["a"] = "x"': "a parenthesis behind not",
    '$e.extracted.fields["a"] = "x" AND $e.extracted.fields["b"] = "x"': "no word",
    '($e.extracted.fields["a"] = "x" and $e.extracted.fields["a"] = "y" or'
    ' $e.extracted.fields["a"] = "z")': "a parenthesis",
    '$e.extracted.fields["a"] = "it\\"s"': "no word",
    '$e.extracted.fields["a"] = /x/': "no word",
    're.regex($e.extracted.fields["a"], `(`)': "missing",
    # What each reading answers otherwise:
    '$e.extracted.fields["b"] = "null"': "leaves open",
    '$e.extracted.fields["none"] = ""': "leaves open",
    '$e.extracted.fields["e"] = "É" nocase': "leaves open",
}


@pytest.mark.parametrize("section", WRONG)
def test_the_model_takes_nothing_that_is_not_documented(section: str) -> None:
    model = YaraLModel()
    model.load({"one": {"a": "x", "b": None, "e": "é"}})
    with pytest.raises(QueryError) as found:
        model.run(section)
    assert WRONG[section] in str(found.value)


def test_without_its_flag_an_expression_sees_one_line() -> None:
    model = YaraLModel()
    model.load({"one": {"a": "x\nb"}})
    assert model.run('re.regex($e.extracted.fields["a"], `b`)') == []
    assert model.run('re.regex($e.extracted.fields["a"], `(?s)b`)') == ["one"]
