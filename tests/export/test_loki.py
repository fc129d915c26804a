"""Loki: exact queries, what is refused, the ruler's file, and two grammars of what is written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from engines.engine import QueryError
from engines.logql_model import LogQlModel

from jumpsigma import api, load_pack
from jumpsigma.api.export_files import export_files
from jumpsigma.export.languages.patterns import as_it_stands
from jumpsigma.export.refusals import NotWrittenError
from jumpsigma.ir.nodes import Regex

QueryOf = Callable[..., tuple[str, str]]
START = '{job="jumpcloud"}\n| json | __error__=""'
NUMBER = "`[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?`"
DROP = "drop __error__, __error_details__"


def one(values: str) -> str:
    return f"selection: {{{values}}}\n  condition: selection"


EXACT = {
    "event_type: sso_auth": ["event_type=~`(?i)sso_auth`"],
    "event_type: [a, B]": ["event_type=~`(?i)a|B`"],
    "initiated_by.email: x, mfa: true": ["initiated_by_email=~`(?i)x`", "mfa=~`(?i)true`"],
    "a: 'x*'": ["a=~`(?is)x.*`"],
    "a|contains: [x, y]": ["a=~`(?is).*(?:x|y).*`"],
    "a: ['x*', 'y*']": ["a=~`(?is)(?:x|y).*`"],
    "a: ['x*', '*y', z]": ["a=~`(?is)x.*|.*y|z`"],
    "a|endswith: .exe": [r"a=~`(?is).*\.exe`"],
    "a: 'x\\*y'": [r"a=~`(?i)x\*y`"],
    "a: 'x?y'": ["a=~`(?is)x.y`"],
    "a: 42": ["a=~`42`"],
    "a|cased: Admin": ["a=~`Admin`"],
    "a: 'C:\\\\Temp'": [r"a=~`(?i)C:\\Temp`"],
    "a: 'x`y'": ['a=~"(?i)x`y"'],
    "a: '`\"\\\\'": [r'a=~"`\"\\\\"'],
    'a: "x\\ny"': [r"a=~`(?i)x\x0ay`"],
    "a: Zürich": ["a=~`(?i)Z(?:ü|Ü)rich`"],
    "a|re: '^ab+.c$'": ["a=~`(?s:.*)(?-s:^ab+.c$)(?s:.*)`"],
    "a|re|i: '\\bx'": [r"a=~`(?s:.*)(?-s:(?i)\bx)(?s:.*)`"],
    "a|gte: 5": [f"a=~{NUMBER} and a>=5", DROP],
    "a|neq: x": ["a!~`(?i)x`"],
    "a|neq: [x, y]": ["a!~`(?i)x|y`"],
    "'@version': '1'": ["_version=~`1`"],
}


@pytest.mark.parametrize("values", EXACT)
def test_a_query_says_exactly_this(query_of: QueryOf, values: str) -> None:
    text, refusal = query_of("loki", one(values))
    assert (text, refusal) == ("\n| ".join([START, *EXACT[values]]), "")
    LogQlModel().run(text)


CONDITIONS = {
    "a and (b or c)": ["x=~`1`", "y=~`1` or z=~`1`"],
    "(a and b) or c": ["(x=~`1` and y=~`1`) or z=~`1`"],
    "a or b or c": ["x=~`1` or (y=~`1` or z=~`1`)"],
    "a and not (b and c)": ["x=~`1`", "y!~`1` or z!~`1`"],
    "a and not (b or c)": ["x=~`1`", "y!~`1` and z!~`1`"],
    "a and not (b and not c)": ["x=~`1`", "y!~`1` or z=~`1`"],
    "not d": [f"n!~{NUMBER} or n<5", DROP],
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_not_is_turned_around(query_of: QueryOf, condition: str) -> None:
    detection = "a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  d: {n|gte: 5}\n  condition: "
    text, _ = query_of("loki", detection + condition)
    assert text == "\n| ".join([START, *CONDITIONS[condition]])
    LogQlModel().run(text)


WITH_OPTIONS = {
    "a: null": 'a=""',
    "a|exists: true": 'a!=""',
    "a|exists: false": 'a=""',
    "a: '*'": 'a!=""',
    "a: [x, '*y*', '*']": 'a!="" and a=~`(?is)x|.*y.*|.*`',
    "a|re: '^x*$'": 'a!="" and a=~`(?s:.*)(?-s:^x*$)(?s:.*)`',
}


@pytest.mark.parametrize("values", WITH_OPTIONS)
def test_what_may_be_empty_needs_an_option(query_of: QueryOf, values: str) -> None:
    assert query_of("loki", one(values))[1].startswith("JS067")
    text, _ = query_of("loki", one(values), empties="dropped")
    assert text == f"{START}\n| {WITH_OPTIONS[values]}"
    LogQlModel().run(text)


REFUSED = {
    "selection: [word]\n  condition: selection": "JS066 .*finds the names",
    one("a: ''"): "JS066 .*as good as none",
    one("a|fieldref: b"): "JS066 .*constant",
    one("timestamp|hour: 9"): "JS065 .*parts of a time",
    one("changes.field: email"): r"JS066 .*leaves out lists \(changes\)",
    one("'changes[x].to': y"): "JS066 .*leaves out lists",
    one("resource: x"): "JS066 .*resource, an object",
    one("größe: x"): "JS066 .*field name",
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_cannot_be_said_is_refused(query_of: QueryOf, detection: str) -> None:
    text, refusal = query_of("loki", detection, empties="dropped")
    assert text == ""
    assert re.match(REFUSED[detection], refusal), refusal


@pytest.mark.parametrize("source", [r"\C", r"a\\\C", r"\Qa.\E"])
def test_what_go_may_read_otherwise_is_refused(source: str) -> None:
    with pytest.raises(NotWrittenError):
        as_it_stands(Regex((source,)))
    assert as_it_stands(Regex((r"a\\C",))).source == r"a\\C"


@pytest.mark.parametrize(
    "stage",
    [
        "a=`x` or b=`x` and c=`x`",
        "a=~`(`",
        "not a=`x`",
        "a=`x",
        "a=~`x.y`",
        "a<5",
        "line_format `x`",
    ],
)
def test_the_model_takes_nothing_else(stage: str) -> None:
    model = LogQlModel()
    model.load({"one": {"a": "x\ny"}})
    with pytest.raises(QueryError):
        model.run(f"{START}\n| {stage}")


def shipped() -> list[str]:
    pack = load_pack(cases=False)
    made = api.export_queries(pack, "loki", options={"empties": "dropped"}, bases=True)
    return [query.text for query in made.queries]


def test_what_is_written_is_in_the_grammar_of_the_model() -> None:
    assert len(shipped()) > 90
    for query in shipped():
        assert LogQlModel().run(query) == []


def test_grafana_reads_what_is_written(checkout: Path) -> None:
    modules = checkout / ".prove/logql/node_modules"
    if shutil.which("node") is None or not (modules / "@grafana/lezer-logql").is_dir():
        pytest.skip("make prove-logql installs Grafana's grammar; it needs node with npm")
    script = checkout / "tests/prove/engines/logql/check.cjs"
    rules = [f"sum(count_over_time({query}\n[5m])) > 0" for query in shipped()]
    wrong = [f"{START}\n| not a=`x`", f"{START}\n| a=`x", f"{START}\n| a=~(`x`)"]
    asked = json.dumps([*shipped(), *rules, *wrong])
    command = ["node", str(script), str(modules)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    *right, first, second, third = json.loads(done.stdout)
    assert right == [[]] * len(right)
    assert [] not in (first, second, third)


def test_a_file_of_alerting_rules() -> None:
    pack = load_pack(cases=False)
    made = api.export_queries(pack, "loki", "ruler")
    (text,) = export_files(made, pack).values()
    (group,) = yaml.safe_load(text)["groups"]
    assert len(group["rules"]) == len(made.queries)
    for rule, query in zip(group["rules"], made.queries, strict=True):
        assert rule["expr"] == f"sum(count_over_time({query.text}\n[5m])) > 0"
        assert rule["labels"]["rule_id"] == query.rule.id
        assert rule["annotations"]["author"] == query.rule.author


def test_a_title_is_no_template(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(
        "title: 'a {{ .x }} b'\nid: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11\nstatus: test\n"
        "logsource: {product: jumpcloud}\ndetection: {selection: {a: b}, condition: selection}\n",
        encoding="utf-8",
    )
    pack = load_pack(path, cases=False)
    for target, form in (("loki", "ruler"), ("victorialogs", "vmalert")):
        (text,) = export_files(api.export_queries(pack, target, form), pack).values()
        ((rule,),) = [group["rules"] for group in yaml.safe_load(text)["groups"]]
        assert rule["annotations"]["summary"] == 'a {{ "{{" }} .x }} b'


@pytest.mark.parametrize("value", ['{a="x"} | x', "{}", '{a=~"x"}', '{a="`"}'])
def test_the_selector_is_one(value: str) -> None:
    with pytest.raises(Exception, match="cannot be"):
        api.export_queries(load_pack(cases=False), "loki", options={"selector": value})
