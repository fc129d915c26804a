"""LogScale: exact queries, what is refused, the alerts, and the grammar of what is written."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import yaml
from engines.engine import QueryError
from engines.logscale_model import LogScaleModel

from jumpsigma import api, load_pack
from jumpsigma.api.export_files import export_files

QueryOf = Callable[..., tuple[str, str]]
ALL = {"empties": "dropped", "arrays": "negatable", "numbers": "plain", "characters": "utf8"}


def one(values: str) -> str:
    return f"selection: {{{values}}}\n  condition: selection"


EXACT = {
    "event_type: sso_auth": "event_type=/^sso_auth$/i",
    "event_type: [a, B]": "event_type=/^(?:a|B)$/i",
    "success: false": "success=/^false$/i",
    "a: 'x*'": "a=/^x/i",
    "a|endswith: .exe": r"a=/\.exe$/i",
    "a|contains: '50%'": "a=/50%/",
    "a: 'x\\*y'": r"a=/^x\*y$/i",
    "a: 'x*y'": "a=/^x.*y$/id",
    "a: /etc/passwd": r"a=/^\/etc\/passwd$/i",
    "a: 42": "a=/^42$/",
    "a|cased: Admin": "a=/^Admin$/",
    "a: [x y, 5, true]": "a=/^(?:x y|5|true)$/i",
    "a: 'C:\\\\Temp'": r"a=/^C:\\Temp$/i",
    'a: "x\\ny"': r"a=/^x\x0ay$/i",
    "a: Zürich": "a=/^Z(?:ü|Ü)rich$/i",
    "a|re: '^ab+.*c$'": r"a=/^ab+[^\x0a]*c$/",
    "initiated_by.email: x, mfa: true": "initiated_by.email=/^x$/i and mfa=/^true$/i",
    "changes.field: email": (
        'objectArray:exists(array="changes[]", condition={changes.field=/^email$/i})'
    ),
    "profile_list.payload_content.payload_type: a": (
        'objectArray:exists(array="profile_list[]", condition={objectArray:exists('
        'array="profile_list.payload_content[]",'
        " condition={profile_list.payload_content.payload_type=/^a$/i})})"
    ),
    "'changes[totp_enabled].to': false": (
        'objectArray:exists(array="changes[]", condition={changes.field=/^totp_enabled$/i and'
        ' (changes.to=/^false$/i or array:exists(array="changes.to[]",'
        " condition={changes.to=/^false$/i}))})"
    ),
}


@pytest.mark.parametrize("values", EXACT)
def test_a_query_says_exactly_this(query_of: QueryOf, values: str) -> None:
    text, refusal = query_of("crowdstrike", one(values))
    assert (text, refusal) == (f"#type=jumpcloud\n| {EXACT[values]}", "")
    LogScaleModel().run(text)


def test_and_beside_or_is_in_parentheses(query_of: QueryOf) -> None:
    detection = "a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: "
    first, _ = query_of("crowdstrike", f"{detection}a and (b or c)")
    second, _ = query_of("crowdstrike", f"{detection}(a and b) or c")
    third, _ = query_of("crowdstrike", f"{detection}a and not (b and c)")
    assert first.endswith("| x=/^1$/ and (y=/^1$/ or z=/^1$/)")
    assert second.endswith("| (x=/^1$/ and y=/^1$/) or z=/^1$/")
    assert third.endswith("| x=/^1$/ and not (y=/^1$/ and z=/^1$/)")


WITH_OPTIONS = {
    "a: null": "not (a=*)",
    "a|exists: true": "a=*",
    "a: '*'": "a=/.*/d",
    "a: 'x?'": "a=/^x.$/id",
    "a|gte: 5": "a=/^-?[0-9]+(?:[.][0-9]+)?$/ and a>=5",
    "a: 'null'": "a=/^null$/i",
    "changes.field|neq: email": (
        'not (objectArray:exists(array="changes[]", condition={changes.field=/^email$/i}))'
    ),
}


@pytest.mark.parametrize("values", WITH_OPTIONS)
def test_an_option_says_what_the_documentation_does_not(query_of: QueryOf, values: str) -> None:
    assert query_of("crowdstrike", one(values))[1].startswith("JS067")
    text, refusal = query_of("crowdstrike", one(values), **ALL)
    assert (text, refusal) == (f"#type=jumpcloud\n| {WITH_OPTIONS[values]}", "")
    LogScaleModel().run(text)


REFUSED = {
    "selection: [word]\n  condition: selection": "JS066 .*finds names",
    one("a: ''"): "JS066 .*without text",
    one("a|fieldref: b"): "JS065 .*another field",
    one("timestamp|hour: 9"): "JS065 .*parts of a time",
    one("a|re|m: ^b$"): "JS066 .*flag m",
    one("a|re: '\\bx'"): r"JS066 .*\\b",
    one("resource: x"): "JS066 .*resource, an object",
    one("'a-b': x"): "JS066 .*field name",
    one("'@version': x"): "JS066 .*field name",
    one("'changes[x].from': null"): "JS066 .*may be an object or a list",
    one("'other[x].from': y"): "JS066 .*no list is known",
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_cannot_be_said_is_refused(query_of: QueryOf, detection: str) -> None:
    text, refusal = query_of("crowdstrike", detection, **ALL)
    assert text == ""
    assert re.match(REFUSED[detection], refusal), refusal


def test_what_is_written_is_in_the_grammar_of_the_model() -> None:
    for options in ({}, ALL):
        pack = load_pack(cases=False)
        made = api.export_queries(pack, "crowdstrike", options=options, bases=True)
        assert len(made.queries) > 110
        for query in made.queries:
            assert LogScaleModel().run(query.text) == []


@pytest.mark.parametrize(
    "condition",
    ["a=/x/ and b=/x/ or c=/x/", "a=/x", "a=x", "not a=/x/", "a=/(?=x)/", "a=/x/m", "in(a)", "a<x"],
)
def test_the_model_takes_nothing_else(condition: str) -> None:
    with pytest.raises(QueryError):
        LogScaleModel().run(f"#type=x\n| {condition}")


MODEL = {
    "not (a=/^x$/)": ["none", "other"],
    "a=*": ["other", "some"],
    'objectArray:exists(array="l[]", condition={l.f=/^a$/ and l.t=/^2$/})': [],
    'objectArray:exists(array="l[]", condition={l.f=/^b$/ and l.t=/^2$/})': ["some"],
    'array:exists(array="s[]", condition={s=/^q$/})': ["other"],
    "n<10": ["other"],
}


@pytest.mark.parametrize("condition", MODEL)
def test_the_model_reads_the_documentation(condition: str) -> None:
    model = LogScaleModel()
    model.load(
        {
            "none": {"n": "x"},
            "some": {"a": "x", "l": [{"f": "a", "t": 1}, {"f": "b", "t": 2}]},
            "other": {"a": "y", "s": ["p", "q"], "n": 9},
        }
    )
    assert model.run(f"#type=x\n| {condition}") == MODEL[condition]


def test_an_alert_for_each_rule() -> None:
    pack = load_pack(cases=False)
    made = api.export_queries(pack, "crowdstrike", "alert", options={"view": "jc"})
    files = export_files(made, pack)
    assert len(files) == len(made.queries)
    for text, query in zip(files.values(), made.queries, strict=True):
        alert = yaml.safe_load(text)
        assert alert["kind"] == "HumioFilterAlert"
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", alert["metadata"]["name"])
        assert alert["spec"]["queryString"] == query.text
        assert alert["spec"]["viewName"] == "jc"
        assert str(query.rule.author) in alert["spec"]["description"]
