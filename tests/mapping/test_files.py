"""Mapping files: found by name, and every mistake in one named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from sigma.rule import SigmaRule

from jumpsigma.diagnostics import DiagnosticError, Span
from jumpsigma.mapping import Mapping, available_mappings, load_mapping

RULE = {
    "title": "t",
    "logsource": {"product": "p"},
    "detection": {"a": {"b": "c"}, "condition": "a"},
}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUMPSIGMA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("JUMPSIGMA_PATH", raising=False)


def load(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "own.yml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def test_shipped_mappings(checkout: Path) -> None:
    rows = {name: (path, description) for name, path, description in available_mappings()}
    assert {"jumpcloud", "sigma", "ecs"} <= rows.keys()
    assert rows["ecs"][0] == checkout / "mappings" / "ecs.yml"
    assert all(description for _, description in rows.values())


def test_a_shipped_mapping_by_name(checkout: Path) -> None:
    mapping = load_mapping("jumpcloud")
    assert (mapping.name, mapping.path) == ("jumpcloud", checkout / "mappings" / "jumpcloud.yml")


def test_the_users_mapping_wins(tmp_path: Path) -> None:
    own = tmp_path / "home" / "mappings" / "ecs.yml"
    own.parent.mkdir(parents=True)
    own.write_text("vars: {description: mine}\ntransformations: []\n", encoding="utf-8")
    assert load_mapping("ecs").path == own
    assert ("ecs", own, "mine") in available_mappings()


def test_a_broken_file_is_listed_with_its_problem(tmp_path: Path) -> None:
    own = tmp_path / "home" / "mappings" / "own.yml"
    own.parent.mkdir(parents=True)
    own.write_text("transformations: [\n", encoding="utf-8")
    (description,) = [text for name, _, text in available_mappings() if name == "own"]
    assert description


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("jumpclod", "did you mean 'jumpcloud'?"),
        ("ecs.yaml", "did you mean 'ecs'?"),
        ("nowhere/else.yml", "there are: {}"),
        ("", "there are: {}"),
    ],
)
def test_not_found(name: str, hint: str, checkout: Path) -> None:
    shipped = sorted(path.stem for path in (checkout / "mappings").glob("*.yml"))
    with pytest.raises(DiagnosticError) as raised:
        load_mapping(name)
    assert raised.value.diagnostic.code == "JS052"
    assert raised.value.diagnostic.hint == hint.format(", ".join(shipped))


# Name: the file, part of the message, line and column.
BROKEN: dict[str, tuple[str, str, int, int]] = {
    "no YAML": ("transformations: [\n", "", 2, 1),
    "empty": ("", "one YAML document", 0, 0),
    "a list": ("- a\n", "is a YAML mapping", 1, 1),
    "two documents": ("transformations: []\n---\na: 1\n", "one YAML document", 0, 0),
    "a key twice": ("name: a\nname: b\n", "name", 2, 1),
    "no transformations": ("name: a\n", "`transformations` must be a list", 1, 1),
    "a key of somebody else": ("transformations: []\nrules: []\n", "no 'rules'", 2, 1),
    "changed queries": (
        "transformations: []\nfinalizers:\n- {type: template, vars: code.py}\n",
        "no 'finalizers'",
        2,
        1,
    ),
    "templates over queries": (
        "transformations: []\npostprocessing:\n- {type: template, vars: code.py}\n",
        "no 'postprocessing'",
        2,
        1,
    ),
    "vars are no mapping": ("transformations: []\nvars: 1\n", "`vars`", 2, 7),
    "an item is no mapping": ("transformations:\n- case\n", "must be a mapping", 2, 3),
    "no type": ("transformations:\n- method: lower\n", "needs a `type`", 2, 3),
    "unknown type": ("transformations:\n- id: a\n  type: cass\n", "unknown transformation", 3, 9),
    "type of another kind": ("transformations:\n- type: [case]\n", "unknown transformation", 2, 9),
    "wrong parameters": ("transformations:\n- type: case\n  methd: lower\n", "methd", 2, 3),
    "unknown condition": (
        "transformations:\n- {type: case, rule_conditions: [{type: moon}]}\n",
        "moon",
        2,
        3,
    ),
    "conditions of another kind": (
        "transformations:\n- {type: case, rule_conditions: 3}\n",
        "",
        2,
        3,
    ),
    "a condition that is no mapping": (
        "transformations:\n- {type: case, rule_conditions: [moon]}\n",
        "",
        2,
        3,
    ),
    "a condition expression": (
        (
            "transformations:\n- type: case\n"
            "  rule_conditions: {a: {type: logsource, product: p}}\n"
            "  rule_cond_expr: '(('\n"
        ),
        "",
        2,
        3,
    ),
    "a table that is none": (
        "transformations:\n- {id: aliases, type: map_string, mapping: 3}\n",
        "",
        2,
        3,
    ),
    "a regular expression": (
        "transformations:\n- {type: replace_string, regex: '(', replacement: a}\n",
        "invalid",
        2,
        3,
    ),
    "a known id on another type": (
        "transformations:\n- {id: aliases, type: case}\n",
        "the id 'aliases'",
        2,
        3,
    ),
    "a command": (
        "transformations:\n- type: command_placeholders\n  command: [id]\n",
        "outside the file",
        2,
        9,
    ),
    "a file": (
        "transformations:\n- type: file_placeholders\n  path: /etc/passwd\n",
        "outside the file",
        2,
        9,
    ),
    "a download": (
        "transformations:\n- type: http_placeholders\n  url: http://192.0.2.1/\n",
        "outside the file",
        2,
        9,
    ),
    "a command within": (
        (
            "transformations:\n- type: nest\n  items:\n"
            "  - type: command_placeholders\n    command: [id]\n"
        ),
        "outside the file",
        4,
        11,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever pySigma was told to allow: a mapping file is somebody else's.
    monkeypatch.setenv("PYSIGMA_ALLOW_EXTERNAL_SOURCES", "1")
    monkeypatch.setenv("PYSIGMA_ALLOW_VARS_EXECUTION", "1")
    text, message, line, column = BROKEN[name]
    with pytest.raises(DiagnosticError) as raised:
        load(tmp_path, text)
    diagnostic = raised.value.diagnostic
    assert diagnostic.code == "JS053"
    assert message in diagnostic.message
    assert diagnostic.span is not None
    span: Span = diagnostic.span
    assert (span.path, span.line, span.column) == (str(tmp_path / "own.yml"), line, column)


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["vars:", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(DiagnosticError) as raised:
        load(tmp_path, "\n".join([*lines, "transformations: []", ""]))
    assert raised.value.diagnostic.code == "JS053"


def test_a_stock_file_of_a_user(tmp_path: Path) -> None:
    mapping = load(
        tmp_path,
        "name: Mine\npriority: 5\nallowed_backends: [splunk]\ntransformations:\n"
        "- {type: field_name_prefix, prefix: x.}\n"
        "- {type: add_condition, conditions: {index: main}}\n",
    )
    mapped = mapping.apply(SigmaRule.from_dict(RULE))
    assert mapped.sigma is not None
    assert mapping.name == "own"
    # A name of our own: pySigma would make up a random one, and it would be in what we print.
    assert sorted(mapped.sigma.detection.detections) == ["_condition_2", "a"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{type: rule_failure, message: not here}", "not here"),
        ("{type: detection_item_failure, message: not here}", "field 'b': not here"),
        ("{type: convert_type, target_type: num}", "mapping 'own' failed on this rule: "),
    ],
)
def test_a_failure_without_a_known_id(item: str, message: str, tmp_path: Path) -> None:
    mapping = load(tmp_path, f"transformations:\n- {item}\n")
    (refusal,) = mapping.apply(SigmaRule.from_dict(RULE)).diagnostics
    assert refusal.code == "JS055"
    assert refusal.message.startswith(message)
