"""VictoriaLogs: exact queries, what is refused, vmalert's file, and the grammar of the model."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import yaml
from engines.engine import QueryError
from engines.logsql_model import LogsQlModel

from jumpsigma import api, load_pack
from jumpsigma.api.export_files import export_files

QueryOf = Callable[..., tuple[str, str]]
START = '{job="jumpcloud"} AND '
ALL = {"empties": "dropped", "numbers": "plain"}


def one(values: str) -> str:
    return f"selection: {{{values}}}\n  condition: selection"


EXACT = {
    "event_type: sso_auth": "event_type:~`(?i)^sso_auth$`",
    "event_type: [a, B]": "event_type:~`(?i)^(?:a|B)$`",
    "initiated_by.email: x, mfa: true": "initiated_by.email:~`(?i)^x$` AND mfa:~`(?i)^true$`",
    "a: 'x*'": "a:~`(?i)^x`",
    "a|contains: x": "a:~`(?i)x`",
    "a|contains: [x, y]": "a:~`(?i)x|y`",
    "a: ['x*', 'y*']": "a:~`(?i)^(?:x|y)`",
    "a: ['x*', '*y', z]": "a:~`(?is)^(?:x.*|.*y|z)$`",
    "a: 'x\\*y'": r"a:~`(?i)^x\*y$`",
    "a: 'x?y'": "a:~`(?is)^x.y$`",
    "a: 42": "a:~`^42$`",
    "a|cased: Admin": "a:~`^Admin$`",
    "a: 'x`y'": 'a:~"(?i)^x`y$"',
    'a: "x\\ny"': r"a:~`(?i)^x\x0ay$`",
    "a|re: '^ab+.c$'": "a:~`^ab+.c$`",
    "a|re: 'x|y'": "a:~`x|y`",
    "a|neq: x": "NOT a:~`(?i)^x$`",
    "'@version': '1'": "`@version`:~`^1$`",
    "not: x": "`not`:~`(?i)^x$`",
}


@pytest.mark.parametrize("values", EXACT)
def test_a_query_says_exactly_this(query_of: QueryOf, values: str) -> None:
    text, refusal = query_of("victorialogs", one(values))
    assert (text, refusal) == (START + EXACT[values], "")
    LogsQlModel().run(text)


CONDITIONS = {
    "a or b": "(x:~`^1$` OR y:~`^1$`)",
    "a and (b or c)": "x:~`^1$` AND (y:~`^1$` OR z:~`^1$`)",
    "(a and b) or c": "(x:~`^1$` AND y:~`^1$` OR z:~`^1$`)",
    "a and not (b and c)": "x:~`^1$` AND NOT (y:~`^1$` AND z:~`^1$`)",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_parentheses(query_of: QueryOf, condition: str) -> None:
    detection = "a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: "
    text, _ = query_of("victorialogs", detection + condition)
    assert text == START + CONDITIONS[condition]
    LogsQlModel().run(text)


WITH_OPTIONS = {
    "a: null": 'a:""',
    "a|exists: true": "a:*",
    "a: '*'": "a:*",
    "a|re: '^x*$'": "a:* AND a:~`^x*$`",
    "a|gte: 5": "a:~`^-?[0-9]+(?:[.][0-9]+)?$` AND a:>=5",
}


@pytest.mark.parametrize("values", WITH_OPTIONS)
def test_an_option_says_what_is_open(query_of: QueryOf, values: str) -> None:
    assert query_of("victorialogs", one(values))[1].startswith("JS067")
    text, _ = query_of("victorialogs", one(values), **ALL)
    assert text == START + WITH_OPTIONS[values]
    LogsQlModel().run(text)


REFUSED = {
    "selection: [word]\n  condition: selection": "JS066 .*JSON text",
    one("a: ''"): "JS066 .*as good as none",
    one("a|fieldref: b"): "JS065 .*another field",
    one("changes.field: email"): r"JS066 .*JSON text \(changes\)",
    one("'changes[x].to': y"): "JS066 .*JSON text",
    one("resource: x"): "JS066 .*resource, an object",
    one("timestamp: x"): "JS066 .*something else",
    one("_msg: x"): "JS066 .*something else",
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_cannot_be_said_is_refused(query_of: QueryOf, detection: str) -> None:
    text, refusal = query_of("victorialogs", detection, **ALL)
    assert text == ""
    assert re.match(REFUSED[detection], refusal), refusal


def test_what_is_written_is_in_the_grammar_of_the_model() -> None:
    pack = load_pack(cases=False)
    made = api.export_queries(pack, "victorialogs", options=ALL, bases=True)
    assert len(made.queries) > 90
    for query in made.queries:
        assert LogsQlModel().run(query.text) == []


@pytest.mark.parametrize(
    "condition", ["a", "a:x", 'a:"x"', "a:~`(`", "a:~`x", "(a:*", "AND:*", "a:* b:*", "a:* | x"]
)
def test_the_model_takes_nothing_else(condition: str) -> None:
    with pytest.raises(QueryError):
        LogsQlModel().run(START + condition)


def test_a_file_of_alerting_rules() -> None:
    pack = load_pack(cases=False)
    made = api.export_queries(pack, "victorialogs", "vmalert", options={"interval": "10m"})
    (text,) = export_files(made, pack).values()
    (group,) = yaml.safe_load(text)["groups"]
    assert (group["type"], group["interval"]) == ("vlogs", "10m")
    for rule, query in zip(group["rules"], made.queries, strict=True):
        assert rule["expr"] == f"{query.text} | stats count() as matches | filter matches:>0"
        assert rule["annotations"]["author"] == query.rule.author
        assert "%{" not in rule["expr"]  # vmalert would put the environment in
