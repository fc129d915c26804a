"""Reading targets: what a backend.yaml may say, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from jumpsigma import api, load_pack
from jumpsigma.api.schemas import schemas
from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.export import Feature, available_targets, load_target
from jumpsigma.export.render import render_template
from jumpsigma.pack import read_file

OTHERS = [each for each in Feature if each not in (Feature.KEYWORD, Feature.ELEMENT)]
FEATURES = "\n".join(f"      '{name}': 'yes'" for name in OTHERS)
PLAIN = f"""title: Plain
description: A product of this test.
mappings:
- use: sigma
options:
  index: {{default: main, description: Where to look, pattern: '[a-z]+'}}
languages:
  plain:
    base: text
    features:
{FEATURES}
      keyword: {{cannot: the whole event is not searched}}
      element: {{option: {{name: nested, reason: elements need a nested field}}}}
    tables:
      query: 'index={{index}} {{condition}}'
      text: {{quoted: '"{{text}}"', escapes: {{'"': '\\"'}}, many: '*'}}
      tests:
        equals: '{{field}}={{text}}'
        contains: '{{field}} HAS {{text}}'
        matches: '{{field}}={{pattern}}'
        in: '{{field}} IN ({{values}})'
        boolean: '{{field}}={{boolean}}'
formats:
  query: {{language: plain, description: Queries, files: [{{path: '{{slug}}.txt'}}]}}
  rules: {{language: plain, files: [{{path: all.txt, scope: pack, template: all.j2}}]}}
"""


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home" / "backends" / "plain"
    folder.mkdir(parents=True)
    (folder / "backend.yaml").write_text(PLAIN, encoding="utf-8")
    (folder / "all.j2").write_text(
        "{% for each in rules %}\n{{ each.rule.title | json }}: {{ each.query }}\n{% endfor %}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("JUMPSIGMA_PATH", str(tmp_path / "home"))
    return folder


def rule(path: Path, detection: str, title: str = "A rule") -> Path:
    path.write_text(
        f"title: '{title}'\nid: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11\nstatus: test\n"
        f"logsource: {{product: jumpcloud}}\ndetection:\n  {detection}\n  condition: selection\n",
        encoding="utf-8",
    )
    return path


def test_a_folder_is_a_target(plain: Path, tmp_path: Path) -> None:
    pack = load_pack(rule(tmp_path / "r.yml", "selection: {a: [x, 'y\"'], b|contains: z, c: true}"))
    made = api.export_queries(pack, "plain", options={"index": "other"})
    assert [each.text for each in made.queries] == [
        'index=other a IN ("x", "y\\"") AND b HAS "z" AND c=true'
    ]
    assert made.refused == ()
    assert load_target(plain).title == load_target(plain / "backend.yaml").title == "Plain"
    assert "plain" in [
        each.name for each in available_targets() if not isinstance(each, Diagnostic)
    ]


REFUSED = {
    "selection: {'changes[x].to': true}": ("JS067", "-O nested"),
    "selection: [word]": ("JS066", ""),
    "selection: {a: 1}": ("JS065", ""),
    "selection: {a: 'x?y'}": ("JS066", ""),
    'selection: {a: "x\\ny"}': ("JS066", ""),
}


@pytest.mark.parametrize("detection", REFUSED)
@pytest.mark.usefixtures("plain")
def test_what_cannot_be_said_is_refused_with_its_place(tmp_path: Path, detection: str) -> None:
    pack = load_pack(rule(tmp_path / "r.yml", detection))
    made = api.export_queries(pack, "plain")
    code, hint = REFUSED[detection]
    assert [each.code for each in made.refused] == [code]
    (refusal,) = made.refused
    assert refusal.span is not None
    assert refusal.span.line == 6
    assert hint in (refusal.hint or "")
    assert made.queries == ()


@pytest.mark.usefixtures("plain")
def test_one_refused_rule_stops_no_other_and_the_tree_says_so(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    rule(rules / "good.yml", "selection: {a: x}", "Good: rule")
    bad = rule(rules / "bad.yml", "selection: {a: 1}", "Bad rule")
    bad.write_text(bad.read_text(encoding="utf-8").replace("0e-4f", "0e-4e"), encoding="utf-8")
    pack = load_pack(rules)
    made = api.export_queries(pack, "plain", "rules")
    api.export_tree(made, pack, tmp_path / "out")
    assert (tmp_path / "out" / "all.txt").read_text(encoding="utf-8") == (
        '"Good: rule": index=main a="x"\n'
    )
    assert '"code": "JS065"' in (tmp_path / "out" / "index.json").read_text(encoding="utf-8")
    assert api.compiled_text(made, pack) == '"Good: rule": index=main a="x"\n'


USES = {
    ("format_name", "nope"): "has no format 'nope'",
    ("options", "wrong=1"): "has no option 'wrong'",
    ("options", "index=A B"): "cannot be 'A B'",
}


@pytest.mark.parametrize(("key", "value"), USES)
@pytest.mark.usefixtures("plain")
def test_wrong_use_is_told(tmp_path: Path, key: str, value: str) -> None:
    pack = load_pack(rule(tmp_path / "r.yml", "selection: {a: x}"))
    name, _, setting = value.partition("=")
    given = {name: setting} if key == "options" else None
    with pytest.raises(DiagnosticError, match=USES[key, value]):
        api.export_queries(pack, "plain", value if key == "format_name" else None, options=given)


WRONG = {
    "title: Plain": ("titel: Plain", 1, "no key 'titel'"),
    "- use: sigma": ("- {use: sigma, refuse: x}", 4, "either `use`"),
    "base: text": ("base: txt", 9, "no base 'txt'"),
    "      'text': 'yes'\n": ("", 9, "says nothing of text"),
    "      'text': 'yes'": ("      text: maybe", 11, "not a verdict"),
    "path: all.txt": ("path: ../all.txt", 51, "stays below"),
    "path: '{slug}.txt'": ("path: x.txt", 50, "has {slug}"),
    "template: all.j2": ("template: ../all.j2", 51, "beside backend.yaml"),
    "files: [{path: '{slug}.txt'}]": ("files: [{path: '{slug}.txt', comment: x}]", 50, "has {}"),
    "scope: pack": ("scope: all", 51, "scope is rule, pack or list"),
    "default: main": ("default: 'A'", 6, "the default must be"),
    "pattern: '[a-z]+'": ("pattern: '['", 6, "no regular expression"),
    "description: Where": ("example: A, description: Where", 6, "the example must be"),
    "description: Where to look": ("choices: [main]", 6, "needs a description"),
    "description: A product of this test.": ("tier: 3\ndescription: x", 2, "tier is 1"),
    "title: Plain\n": ("title: Plain\ninherits: nothing\n", 2, "no target 'nothing'"),
    "mappings:\n- use: sigma\n": ("", 1, "needs mappings"),
    "title: Plain\ndesc": ("title: Plain\ndefault: x\ndesc", 2, "no format 'x'"),
    "title: Plain\nd": ("title: Plain\nnames: sure\nd", 2, "names cannot be 'sure'"),
}


@pytest.mark.parametrize("old", WRONG)
def test_a_mistake_is_found_on_its_line(plain: Path, old: str) -> None:
    new, line, message = WRONG[old]
    assert old in PLAIN
    (plain / "backend.yaml").write_text(PLAIN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DiagnosticError) as raised:
        load_target("plain")
    diagnostic = raised.value.diagnostic
    assert diagnostic.code == "JS062"
    assert message in diagnostic.message
    assert diagnostic.span is not None
    assert diagnostic.span.line == line
    assert [each for each in available_targets() if isinstance(each, Diagnostic)] == [diagnostic]


def test_an_heir_changes_what_it_names(plain: Path) -> None:
    heir = plain.parent / "heir"
    heir.mkdir()
    (heir / "backend.yaml").write_text(
        "title: Heir\ninherits: plain\n"
        "languages: {plain: {tables: {tests: {equals: '{field} IS {text}'}}}}\n",
        encoding="utf-8",
    )
    target = load_target("heir")
    assert target.languages["plain"].tables["tests"]["equals"] == "{field} IS {text}"
    assert target.languages["plain"].tables["tests"]["in"] == "{field} IN ({values})"
    assert target.formats == load_target("plain").formats
    assert target.folders == (heir, plain)


def test_targets_that_inherit_in_a_circle(plain: Path) -> None:
    text = PLAIN.replace("title: Plain", "title: Plain\ninherits: plain")
    (plain / "backend.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DiagnosticError, match="circle"):
        load_target("plain")


MEANT = {
    "nothing": "see: jumpsigma list targets",
    "splnk": "did you mean splunk?",
    "Splunk": "did you mean splunk?",
    "elasticsearch:eql": "give the format by itself: -t elasticsearch -f eql",
    "kql": "did you mean -t sentinel -f kql?",
    "logscale": "did you mean -t crowdstrike -f logscale?",
    "falcon": "did you mean crowdstrike?",
    "python": "jumpsigma compile -t python writes a program",
}


@pytest.mark.parametrize("name", MEANT)
def test_a_target_that_is_not_there(name: str) -> None:
    with pytest.raises(DiagnosticError, match=f"no target '{name}'") as raised:
        load_target(name)
    assert raised.value.diagnostic.hint == MEANT[name]


def test_a_target_that_inherits_what_is_not_there_is_no_circle_of_guesses(plain: Path) -> None:
    text = PLAIN.replace("title: Plain", "title: Plain\ninherits: nowhere")
    (plain / "backend.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DiagnosticError, match="no target 'nowhere'"):
        load_target("plain")


WITH_PATTERN = [
    (each.name, option.name)
    for each in available_targets()
    if not isinstance(each, Diagnostic)
    for option in each.options.values()
    if option.pattern is not None
]


@pytest.mark.parametrize(("target", "name"), WITH_PATTERN)
def test_a_value_that_an_option_does_not_take(target: str, name: str) -> None:
    option = load_target(target).options[name]
    problem = option.problem("\n\n")
    assert problem is not None
    words, _, example = problem.rpartition(", such as ")
    assert words == option.expects
    assert option.problem(example) is None


TEMPLATES = {
    "{{ missing }}": "missing",
    "{{ ''.__class__.__mro__ }}": "may not|access to attribute",
    "\n{% if %}": "Expected",
    "{% include '../../secret' %}": "no template|secret",
    "{{ 1 // 0 }}": "fails",
    "{{ rules.append(1) }}": "may not|not safely|append",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_held_in_a_sandbox(plain: Path, template: str) -> None:
    (plain.parent.parent / "secret").write_text("secret", encoding="utf-8")
    (plain / "all.j2").write_text(template, encoding="utf-8")
    with pytest.raises(DiagnosticError, match=TEMPLATES[template]) as raised:
        render_template(load_target("plain"), "all.j2", {"rules": []})
    assert raised.value.diagnostic.code == "JS062"


def test_the_schema_for_editors_says_what_the_reader_says(plain: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(schemas()["backend"])
    (document,) = read_file(plain / "backend.yaml").documents
    assert [error.message for error in validator.iter_errors(document.value)] == []
    for old, (new, _, message) in WRONG.items():
        if "no base" in message or "no key" in message or "not a verdict" in message:
            (plain / "backend.yaml").write_text(PLAIN.replace(old, new, 1), encoding="utf-8")
            (document,) = read_file(plain / "backend.yaml").documents
            assert not validator.is_valid(document.value), message
