"""Splunk: exact searches, what is refused, the app, and the grammar of what is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from engines.engine import QueryError
from engines.spl_model import SplModel

from jumpsigma import api, load_pack
from jumpsigma.api.export_files import export_files

QueryOf = Callable[..., tuple[str, str]]
ALL = {"empties": "dropped", "elements": "json", "numbers": "plain", "characters": "utf8"}


def one(values: str) -> str:
    return f"selection: {{{values}}}\n  condition: selection"


EXACT = {
    # Words stand in the first command.
    "event_type: sso_auth": 'index=jumpcloud event_type="sso_auth"',
    "event_type: [a, B]": 'index=jumpcloud event_type IN ("a", "B")',
    "success: false": 'index=jumpcloud success="false"',
    "changes.field: email": r"""match('changes{}.field', "(?i)^email\z")""",
    "initiated_by.email: x, mfa: true": 'index=jumpcloud initiated_by.email="x" mfa="true"',
    # What the first command would widen, or compare otherwise, does not.
    "a: 'x*'": r"""| where isnotnull(mvfilter(match('a', "(?i)^x")))""",
    "a|endswith: '.exe'": r"""match('a', "(?i)\.exe\z")""",
    "a|contains: '50%'": r"""match('a', "50%")""",
    "a: 'x\\*y'": r"""match('a', "(?i)^x\*y\z")""",
    "a: 'x*y'": r"""match('a', "(?is)^x.*y\z")""",
    "a: 'null'": "JS067",
    "a: '42'": r"""match('a', "^42\z")""",
    "a: 42": r"""match('a', "^42\z")""",
    "a: -1.5": r"""match('a', "^-1\.5\z")""",
    "a|cased: Admin": r"""match('a', "^Admin\z")""",
    "a|cased|contains: Admin": r"""match('a', "Admin")""",
    "a: [x y, 5, true]": r"""match('a', "(?i)^(?:x y|5|true)\z")""",
    "a: 'C:\\\\Temp'": r"""match('a', "(?i)^C:\x5cTemp\z")""",
    "a: 'say \"x\"'": r"""match('a', "(?i)^say \x22x\x22\z")""",
    "a: '`b` $c$'": r"""match('a', "(?i)^\x60b\x60 \x24c\x24\z")""",
    'a: "x\\ny"': r"""match('a', "(?i)^x\x0ay\z")""",
    "a: Zürich": r"""match('a', "(?i)^Z(?:ü|Ü)rich\z")""",
    "a|re: '^ab+.c$'": "JS067",
    "a|re: '^ab+.*c$'": r"""match('a', "^ab+[^\x0a]*c\z")""",
    "a|re|i: '^\\d\\w[\\s\\\\]'": (
        r"""match('a', "(?i)^[0-9][0-9A-Z_a-z][\x09-\x0a\x0c-\x0d \x5c]")"""
    ),
    "profile_list.payload_content.payload_type: a.b": (
        r"""match('profile_list{}.payload_content{}.payload_type', "(?i)^a\.b\z")"""
    ),
    "changes.to: a.b": (
        r"""isnotnull(mvfilter(match('changes{}.to', "(?i)^a\.b\z")))"""
        r""" OR isnotnull(mvfilter(match('changes{}.to{}', "(?i)^a\.b\z")))"""
    ),
}


@pytest.mark.parametrize("values", EXACT)
def test_a_query_says_exactly_this(query_of: QueryOf, values: str) -> None:
    text, refusal = query_of("splunk", one(values))
    expected = EXACT[values]
    if expected.startswith("index"):
        assert text == expected
    elif expected.startswith("JS"):
        assert (text, refusal[:5]) == ("", expected)
    else:
        inside = expected.removeprefix("| where ")
        bare = f"isnotnull(mvfilter({expected}))" if expected.startswith("match(") else inside
        assert text == f"index=jumpcloud\n| where {bare}"
        SplModel().run(text)


NEGATED = {
    "success: true": r"""isnull(mvfilter(match('success', "(?i)^true\z")))""",
    "a: x, b: y": (
        r"""NOT (isnotnull(mvfilter(match('a', "(?i)^x\z")))"""
        r""" AND isnotnull(mvfilter(match('b', "(?i)^y\z"))))"""
    ),
}


@pytest.mark.parametrize("values", NEGATED)
def test_not_holds_of_a_missing_field(query_of: QueryOf, values: str) -> None:
    detection = f"selection: {{{values}}}\n  e: {{event_type: z}}\n  condition: e and not selection"
    text, _ = query_of("splunk", detection)
    assert text == f'index=jumpcloud event_type="z"\n| where {NEGATED[values]}'
    model = SplModel()
    model.load({"one": {"event_type": "z"}})
    assert model.run(text) == ["one"]


WITH_OPTIONS = {
    "a: null": "isnull('a')",
    "a|exists: true": "isnotnull('a')",
    "a: '*'": r"""isnotnull(mvfilter(match('a', "")))""",
    "a: 'x?'": r"""isnotnull(mvfilter(match('a', "(?is)^x.\z")))""",
    "a|gte: 5": (
        r"""isnotnull(mvfilter(if(match('a', "^-?[0-9]+(?:[.][0-9]+)?\z"), tonumber('a'), 4)>=5))"""
    ),
    "'changes[totp_enabled].to': false": (
        r"""isnotnull(mvfilter(match(coalesce(json_extract(elements_changes, "field"), ""),"""
        r""" "(?i)^totp_enabled\z") AND (match(coalesce(json_extract(elements_changes, "to"),"""
        r""" ""), "(?i)^false\z") OR isnotnull(mvfind(json_array_to_mv(json_extract("""
        r"""elements_changes, "to")), "(?i)^false\z")))))"""
    ),
}


@pytest.mark.parametrize("values", WITH_OPTIONS)
def test_an_option_says_what_the_documentation_does_not(query_of: QueryOf, values: str) -> None:
    assert query_of("splunk", one(values))[1].startswith("JS067")
    text, refusal = query_of("splunk", one(values), **ALL)
    assert refusal == ""
    assert text.split("\n")[-1] == f"| where {WITH_OPTIONS[values]}"
    SplModel().run(text)


REFUSED = {
    "selection: [word]\n  condition: selection": "JS066 .*names of fields",
    one("a: ''"): "JS066 .*empty value",
    one("a|fieldref: b"): "JS065 .*another field",
    one("timestamp|hour: 9"): "JS065 .*parts of a time",
    one("a|re|m: ^b$"): "JS066 .*flag m",
    one("a|re: '\\Bx'"): r"JS066 .*\\B",
    one("a|re: 'a(?i:b)'"): r"JS065 .*flags inside",
    one("a|re: '[Ā-Ȁ]'"): r"JS065 .*beyond ASCII",
    one("a: İstanbul"): "JS066 .*İ",
    one("a: 'ΣΑΣ'"): "JS066 .*Σ",
    one("source: x"): "JS066 .*something else",
    one("timestamp: x"): "JS066 .*something else",
    one("a|gt: 9007199254740992"): "JS066 .*gaps",
    one("resource: x"): "JS066 .*resource, an object",
    one("\"a'b\": 'x*'"): "JS066 .*field name",
    one("'changes[*].to|contains': x"): "JS066 .*text of its JSON",
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_cannot_be_said_is_refused(query_of: QueryOf, detection: str) -> None:
    text, refusal = query_of("splunk", detection, **ALL)
    assert text == ""
    assert re.match(REFUSED[detection], refusal), refusal


def test_other_log_sources_are_refused() -> None:
    made = api.export_queries(load_pack(cases=False), "splunk", options=ALL)
    assert len(made.queries) > 70
    assert {each.code for each in made.refused} == {"JS050", "JS065", "JS066", "JS068"}


def test_what_is_written_is_in_the_grammar_of_the_model() -> None:
    for options in ({}, ALL):
        pack = load_pack(cases=False)
        made = api.export_queries(pack, "splunk", options=options, bases=True)
        for query in made.queries:
            assert SplModel().run(query.text) == []


@pytest.mark.parametrize(
    "query",
    [
        "a",
        'index=x a="b c"',
        "index=x\n| stats count",
        "index=x\n| where match('a', \"x\"",
        "index=x\n| where isnull(mvfilter(match('a', \"x\") OR match('b', \"x\")))",
        "index=x\n| where lower('a')",
        'index=x\n| where match("\\"", "x")',
    ],
)
def test_the_model_takes_nothing_else(query: str) -> None:
    model = SplModel()
    model.load({"one": {"a": "x", "b": "x"}})
    with pytest.raises(QueryError):
        model.run(query)


def test_the_model_lets_no_null_pass() -> None:
    model = SplModel()
    model.load({"one": {"b": "x"}})
    with pytest.raises(QueryError, match="no boolean"):
        model.run("index=x\n| where NOT match('a', \"x\")")


# ------------------------------------------------------------------------------------------ the app
def stanzas(text: str) -> dict[str, dict[str, str]]:
    """A .conf file as Splunk reads it: a backslash at the end of a line joins the next one."""
    found: dict[str, dict[str, str]] = {}
    for line in text.replace("\\\n", "\n\x01").replace("\n\x01", "\x01").split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            assert line.endswith("]")
            current = found.setdefault(line[1:-1], {})
            continue
        key, sign, value = line.partition(" = ")
        assert sign, line
        current[key] = value.replace("\x01", "\n")
    return found


def test_an_app_with_a_saved_search_for_each_rule() -> None:
    pack = load_pack(cases=False)
    made = api.export_queries(pack, "splunk", "savedsearches")
    files = export_files(made, pack)
    assert set(files) == {"default/savedsearches.conf", "default/app.conf"}
    saved = stanzas(files["default/savedsearches.conf"])
    assert len(saved) == len(made.queries)
    for (name, keys), query in zip(saved.items(), made.queries, strict=True):
        assert name.endswith(str(query.rule.id))
        assert re.sub(r" *\n", "\n", keys["search"]) == query.text
        assert str(query.rule.author) in keys["description"]
        assert keys["cron_schedule"] == "*/5 * * * *"
        assert keys["alert.severity"] in set("23456")
        assert keys["enableSched"] == "1"
    assert stanzas(files["default/app.conf"])["launcher"]["version"]


def test_a_title_cannot_leave_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(
        'title: "x]\\n[y"\nid: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11\n'
        'description: "a\\nsearch = b \\\\"\n'
        "status: test\nlogsource: {product: jumpcloud}\n"
        "detection: {selection: {a: [p q, r s]}, condition: selection}\n",
        encoding="utf-8",
    )
    pack = load_pack(path, cases=False)
    made = api.export_queries(pack, "splunk", "savedsearches")
    ((name, keys),) = stanzas(export_files(made, pack)["default/savedsearches.conf"]).items()
    assert name == "x) (y - 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11"
    assert keys["description"].startswith("a search = b / Author:")
    assert keys["search"].startswith("index=jumpcloud")


@pytest.mark.parametrize("value", ["index=x | delete", "index=x\n| delete", "`m`", "[search x]"])
def test_the_option_search_holds_no_command(value: str) -> None:
    with pytest.raises(Exception, match="cannot be"):
        api.export_queries(load_pack(cases=False), "splunk", options={"search": value})
