"""Rules for which only correlations speak: none of them is exported as an alert of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from jumpsigma import Pack, api, load_pack
from jumpsigma import compile as compile_rules

BASE = """
title: {name}
id: 00000000-0000-4000-8000-0000000000{number}
name: {name}
status: test
logsource: {{product: jumpcloud}}
detection:
  selection: {{{detection}}}
  condition: selection
level: {level}
"""
CORRELATION = """
title: {name}
id: 00000000-0000-4000-8000-0000000000{number}
name: {name}
status: test
correlation:
  type: event_count
  rules: [{rules}]
  group-by: [initiated_by.id]
  timespan: 10m
  condition: {{gte: 5}}
{rest}
level: medium
"""
#: By name: what a correlation counts and says besides; a text is the detection of a rule.
Rules = dict[str, str | tuple[str, str]]
GENERATES = "  generate: true"
#: A target as `jumpsigma new backend` begins it, which writes no correlations.
NEW = "acme"
#: Rules, the target, and what comes: the names of the queries, then of each refusal.
CASES: dict[str, tuple[Rules, str, list[str], dict[str, str]]] = {
    "the target writes the correlation": (
        {"base": "a: x", "many": ("base", "")}, "sqlite", ["many"], {},
    ),
    "the target refuses the correlation": (
        {"base": "a: x", "other": "a: y", "many": ("base", "")},
        NEW, ["other"], {"base": "JS068", "many": "JS065"},
    ),
    "it generates": (
        {"base": "a: x", "many": ("base", GENERATES)}, NEW, ["base"], {"many": "JS065"},
    ),
    "one of two generates": (
        {"base": "a: x", "many": ("base", ""), "more": ("base", GENERATES)},
        "sqlite", ["base", "many", "more"], {},
    ),
    "correlations of correlations": (
        {"base": "a: x", "many": ("base", ""), "most": ("many", "")},
        NEW, [], {"base": "JS068", "many": "JS065", "most": "JS065"},
    ),
    "the inner one could be written": (
        {"base": "a: x", "many": ("base", ""), "most": ("many", "")},
        "sqlite", [], {"base": "JS068", "many": "JS068", "most": "JS065"},
    ),
    "the rule cannot be said itself": (
        {"base": "a: ''", "many": ("base", "")},
        NEW, [], {"base": "JS065", "many": "JS065"},
    ),
    "no correlation is there": ({"base": "a: x"}, NEW, ["base"], {}),
    "the mapping refuses another base": (
        {"base": "event_type: x", "bad": "no_such.field: x", "both": ("base, bad", "")},
        "sekoia", [], {"base": "JS068", "bad": "JS051", "both": "JS036"},
    ),
}  # fmt: skip


def pack_of(folder: Path, rules: Rules, level: str = "low") -> Pack:
    for number, (name, each) in enumerate(rules.items(), start=10):
        text = (
            BASE.format(name=name, number=number, detection=each, level=level)
            if isinstance(each, str)
            else CORRELATION.format(name=name, number=number, rules=each[0], rest=each[1])
        )
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return load_pack(folder, cases=False)


@pytest.fixture(autouse=True)
def new(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    api.new_target(NEW, home / "backends")
    monkeypatch.setenv("JUMPSIGMA_PATH", str(home))


@pytest.mark.parametrize("case", CASES)
def test_what_is_exported(tmp_path: Path, case: str) -> None:
    rules, target, written, refused = CASES[case]
    pack = pack_of(tmp_path, rules)
    made = api.export_queries(pack, target)
    assert sorted(each.rule.title for each in made.queries) == written
    titles = {rule.id: rule.title for rule in pack.rules}
    assert {titles[each.rule_id]: each.code for each in made.refused} == refused


def test_the_refusal_says_whom_the_rule_serves(tmp_path: Path) -> None:
    rules: Rules = {"base": "a: x", "many": ("base", ""), "more": ("base", "")}
    made = api.export_queries(pack_of(tmp_path, rules), NEW)
    (told,) = (each for each in made.refused if each.code == "JS068")
    assert told.message == (
        "the rule only serves the correlations 'many', 'more', none of which are written"
    )
    assert told.span is not None
    assert Path(told.span.path).name == "base.yml"
    assert told.span.line == 2


LINES: dict[str, tuple[Rules, str, str, str]] = {
    "a correlation": (
        {"base": "a: x", "many": ("base", "")},
        NEW,
        "many",
        "type: event_count",
    ),
    "what never holds": ({"base": "a|expand: '%x%'"}, "jumpcloud", "base", "condition: selection"),
    "a log source": ({"base": "a: x"}, "sentinel", "base", "logsource:"),
}


@pytest.mark.parametrize("case", LINES)
def test_a_refusal_has_a_line(tmp_path: Path, case: str) -> None:
    rules, target, name, line = LINES[case]
    pack = pack_of(tmp_path, rules)
    if case == "a log source":
        path = tmp_path / "base.yml"
        text = path.read_text(encoding="utf-8").replace("product: jumpcloud", "product: windows")
        path.write_text(text, encoding="utf-8")
        pack = load_pack(tmp_path, cases=False)
    (told,) = (each for each in api.export_queries(pack, target).refused if each.code != "JS068")
    assert told.span is not None
    lines = (tmp_path / f"{name}.yml").read_text(encoding="utf-8").splitlines()
    assert lines[told.span.line - 1].strip().startswith(line)
    assert told.span.path == str(tmp_path / f"{name}.yml")


def test_a_base_that_is_chosen_alone_is_no_alert_either(tmp_path: Path) -> None:
    pack = pack_of(tmp_path, {"base": "a: x", "many": ("base", "")}, level="high")
    made = api.export_queries(pack, "sqlite", min_level="high")
    assert made.queries == ()
    assert [each.message for each in made.refused] == [
        "the rule only serves the correlation 'many', which is not written"
    ]
    # As in a scan (S831, S833).
    matcher = compile_rules(pack, "jumpcloud", min_level="high")
    assert matcher.match({"a": "x"}) == []


def test_proofs_can_have_them(tmp_path: Path) -> None:
    rules: Rules = {"base": "a: x", "many": ("base", "")}
    pack = pack_of(tmp_path, rules)
    made = api.export_queries(pack, NEW, bases=True)
    assert [each.rule.title for each in made.queries] == ["base"]
    assert [each.code for each in made.refused] == ["JS065"]
    # What a written correlation speaks for stays without a query.
    assert [q.rule.title for q in api.export_queries(pack, "sqlite", bases=True).queries] == [
        "many"
    ]
