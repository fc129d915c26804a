"""The JSON schemas of our files say of them what the readers say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import jumpsigma
from jumpsigma.api.configuration import read_configuration
from jumpsigma.api.schemas import schemas
from jumpsigma.content import shipped
from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.pack import read_file
from jumpsigma.pack.cases import read_cases
from jumpsigma.pack.pack_file import check_pack_file

jsonschema = pytest.importorskip("jsonschema")

CASE = "{name: a, expect: match, event: {x: 1}}"
PACK = "id: x\ntitle: x\nversion: '1'\nlicense: MIT\n"


def accepts(name: str, value: Any) -> bool:
    return bool(jsonschema.Draft7Validator(schemas()[name]).is_valid(value))


def test_they_are_schemas() -> None:
    for schema in schemas().values():
        jsonschema.Draft7Validator.check_schema(schema)


def test_the_shipped_files_pass() -> None:
    pack = jumpsigma.load_pack()
    paths = {"cases": [file.path for file in pack.cases], "pack": [s.path for s in pack.settings]}
    for name, files in paths.items():
        validator = jsonschema.Draft7Validator(schemas()[name])
        for path in files:
            (document,) = read_file(path).documents
            assert [e.message for e in validator.iter_errors(document.value)] == [], path
    assert len(paths["cases"]) > 300
    assert paths["pack"] == [str(shipped("sigma_rules") / "pack.yaml")] or paths["pack"]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (f"cases: [{CASE}]", True),
        ("cases: []", False),
        ("case: []", False),
        ("[]", False),
        ("cases: [{name: a, expect: match, events: [{x: 1}], fires: 2}]", True),
        ("cases: [{name: a, expect: match, event: {}, events: [{}]}]", False),
        ("cases: [{name: a, expect: match}]", False),
        ("cases: [{name: a, expect: perhaps, event: {}}]", False),
        ("cases: [{name: ' ', expect: match, event: {}}]", False),
        ("cases: [{name: 1, expect: match, event: {}}]", False),
        ("cases: [{expect: match, event: {}}]", False),
        ("cases: [{name: a, expect: match, event: {}, fires: 0}]", False),
        ("cases: [{name: a, expect: no_match, event: {}, fires: 0}]", True),
        ("cases: [{name: a, expect: no_match, event: {}, fires: 1}]", False),
        ("cases: [{name: a, expect: match, event: {}, fires: x}]", False),
        ("cases: [{name: a, expect: match, event: [1]}]", False),
        ("cases: [{name: a, expect: match, event: {}, lists: {l: [x]}}]", True),
        ("cases: [{name: a, expect: match, event: {}, lists: {l: x}}]", True),
        ("cases: [{name: a, expect: match, event: {}, lists: {l: [1]}}]", False),
        ("cases: [{name: a, expect: match, event: {}, evnt: {}}]", False),
    ],
)
def test_cases(text: str, good: bool, tmp_path: Path) -> None:
    (tmp_path / "x.yml").touch()
    path = tmp_path / "x.cases.yaml"
    path.write_text(text, encoding="utf-8")
    assert (read_cases(str(path))[1] == []) == good
    assert accepts("cases", read_file(path).documents[0].value) == good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (PACK, True),
        (PACK + "authors: [x]\ndefault_mapping: ecs\n", True),
        (PACK + "authors: x\n", True),
        (PACK + "authors: [1]\n", False),
        (PACK + "autors: [x]\n", False),
        (PACK.replace("'1'", "1.0"), False),
        (PACK.replace("license: MIT\n", ""), False),
    ],
)
def test_packs(text: str, good: bool, tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(text, encoding="utf-8")
    settings_problems = check_pack_file(str(path), read_file(str(path)))[1]
    assert (settings_problems == []) == good
    assert accepts("pack", read_file(path).documents[0].value) == good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("", True),
        ("[validate]\nselect = ['all']\nattack = 'x.json'\n", True),
        ("[validate]\nselect = 'all'\n", False),
        ("[validate]\nslect = []\n", False),
        ("[validat]\n", False),
        ("[validate.ignore]\nJS109 = 'why'\n", True),
        ("[validate]\nignore = ['JS109']\n", False),
        ("[validate.severity]\nJS109 = 'error'\n", True),
        ("[validate.severity]\nJS109 = 'fatal'\n", False),
        ("[[validate.overrides]]\npaths = ['x']\nignore = {JS109 = 'why'}\n", True),
        ("[[validate.overrides]]\nignore = {JS109 = 'why'}\n", False),
        ("[diff]\ntargets = ['splunk', 'elasticsearch:eql']\n", True),
        ("[diff]\ntargets = 'splunk'\n", False),
        ("[diff]\ntarget = []\n", False),
        ("[diff.options.splunk]\nempties = 'dropped'\n", True),
        ("[diff.options.splunk]\nempties = true\n", False),
        ("[diff.options]\nsplunk = 'dropped'\n", False),
    ],
)
def test_settings(text: str, good: bool, tmp_path: Path) -> None:
    path = tmp_path / "jumpsigma.toml"
    path.write_text(text, encoding="utf-8")
    try:
        read_configuration(path)
    except DiagnosticError:
        read = False
    else:
        read = True
    assert read == good
    assert accepts("jumpsigma", tomllib.loads(text)) == good
