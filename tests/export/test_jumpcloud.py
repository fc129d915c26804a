"""Requests to Directory Insights: what is asked for, what is left, and that nothing is lost."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from engines.engine import QueryError
from engines.jumpcloud_model import JumpCloudModel, is_documented, leaves_something, projected
from hypothesis import given, settings
from hypothesis import strategies as st
from proof import Space, compare
from spaces import features, lists_for, spaces
from targets import written

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.export import Converter, Query, Support, chosen_options, load_target
from jumpsigma.export.languages.jumpcloud_terms import (
    ANYTHING,
    NOTHING,
    Both,
    Either,
    Has,
    Lacks,
    both,
    either,
    lacks,
    search_term,
)
from jumpsigma.export.tree import unique_slugs
from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Exists,
    Expr,
    Keyword,
    LogSource,
    Not,
    Null,
    Or,
    RuleIR,
    Test,
    Text,
    Wildcard,
)
from jumpsigma.matcher.indicators import GivenLists

HEAD = {"service": ["all"], "start_time": "2000-01-01T00:00:00Z", "limit": 10_000}
ALL: dict[str, Any] = {}


def one(path: Path, detection: str, logsource: str = "product: jumpcloud") -> Path:
    path.write_text(
        f"title: A rule\nid: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11\nstatus: test\nlevel: low\n"
        f"logsource: {{{logsource}}}\ndetection:\n  {detection}\n",
        encoding="utf-8",
    )
    return path


def asked(rule: Path, **options: str) -> dict[str, Any]:
    made = api.export_queries(load_pack(rule), "jumpcloud", options=options)
    assert made.refused == ()
    (query,) = made.queries
    document: dict[str, Any] = json.loads(query.text)
    return document


A, B = {"username": "ann"}, {"client_ip": "192.0.2.1"}
S = "condition: s"
# The detection, the search term, how many tests are left, and the same where `not` is written.
TERMS: dict[str, tuple[str, dict[str, Any], int, dict[str, Any] | None, int]] = {
    "a text in lower case": (f"s: {{username: Ann}}\n  {S}", {"and": [A]}, 0, None, 0),
    "a boolean": (f"s: {{success: false}}\n  {S}", {"and": [{"success": "false"}]}, 0, None, 0),
    "several values": (
        f"s: {{username: [x, Ann]}}\n  {S}",
        {"and": [{"username": ["ann", "x"]}]},
        0,
        None,
        0,
    ),
    "two fields": (f"s: {{username: ann, client_ip: 192.0.2.1}}\n  {S}", {"and": [A, B]}, 0,
                   None, 0),
    "one of two fields": (
        f"s: [{{username: ann}}, {{client_ip: 192.0.2.1}}]\n  {S}",
        {"or": [A, B]},
        0,
        None,
        0,
    ),
    "a field twice": (
        "s: {username: [ann, bob]}\n  t: {username: [ann, eve]}\n  condition: s and t",
        {"and": [A]},
        0,
        None,
        0,
    ),
    "a list within a list": (
        (
            "s: [{username: ann}, {client_ip: 192.0.2.1}]\n  t: [{id: x}, {organization: y}]\n"
            "  condition: s and t"
        ),
        {"and": [{"or": [A, B]}, {"and": [{"or": [{"id": "x"}, {"organization": "y"}]}]}]},
        0,
        None,
        0,
    ),
    "a part of a text": (f"s: {{username|contains: ann}}\n  {S}", ALL, 1, None, 1),
    "beside a part": (
        f"s: {{username|contains: ann, client_ip: 192.0.2.1}}\n  {S}", {"and": [B]}, 1, None, 1
    ),
    "a part as another way": (
        f"s: [{{username|contains: ann}}, {{client_ip: 192.0.2.1}}]\n  {S}", ALL, 2, None, 2
    ),
    "in this case": (f"s: {{username|cased: Ann}}\n  {S}", {"and": [A]}, 1, None, 1),
    "not": (
        "s: {username: ann}\n  t: {client_ip: 192.0.2.1}\n  condition: s and not t",
        {"and": [A]},
        1,
        {"and": [A, {"not": [B]}]},
        0,
    ),
    "not one of two": (
        "s: {username: ann}\n  t: {client_ip: 192.0.2.1}\n  condition: not s and not t",
        ALL,
        2,
        {"not": [{"or": [A, B]}]},
        0,
    ),
    "not both, of which one is a part": (
        "s: {username: ann}\n  t: {client_ip|startswith: '192.'}\n  condition: not (s and t)",
        ALL,
        2,
        ALL,
        2,
    ),
    "neither, of which one is a part": (
        "s: {username: ann}\n  t: {client_ip|startswith: '192.'}\n  condition: not (s or t)",
        ALL,
        2,
        {"not": [A]},
        1,
    ),
    "not in this case": ("s: {username|cased: Ann}\n  condition: not s", ALL, 1, ALL, 1),
    "not an IPv6 address": ("s: {client_ip: '2001:db8::1'}\n  condition: not s", ALL, 1, ALL, 1),
    "an IPv6 address": (
        f"s: {{client_ip: '2001:DB8::1'}}\n  {S}", {"and": [{"client_ip": "2001:db8::1"}]}, 1,
        None, 1,
    ),
    "a number": (f"s: {{error_code: 49}}\n  {S}", ALL, 1, None, 1),
    "a field of numbers": (f"s: {{error_code: '49'}}\n  {S}", ALL, 1, None, 1),
    "changes": (f"s: {{changes.field: role}}\n  {S}", ALL, 1, None, 1),
    "an element": (f"s: {{'changes[role].to': x}}\n  {S}", ALL, 1, None, 1),
    "the user agent": (f"s: {{useragent.name: curl}}\n  {S}", ALL, 2, None, 2),
    "a list": (f"s: {{auth_context.policies_applied.name: x}}\n  {S}", ALL, 1, None, 1),
    "a field that nobody knows": (f"s: {{new.field: x}}\n  {S}", ALL, 1, None, 1),
    "a keyword": (f"s: [word]\n  {S}", ALL, 1, None, 1),
    "another alphabet": (f"s: {{username: Zoë}}\n  {S}", ALL, 1, None, 1),
    "an asterisk": (f"s: {{username: 'a\\*b'}}\n  {S}", ALL, 1, None, 1),
    "an empty text": (f"s: {{username: ''}}\n  {S}", ALL, 1, None, 1),
    "what is missing": (f"s: {{username: null}}\n  {S}", ALL, 1, None, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", TERMS)
def test_what_is_asked_for_and_what_is_left(tmp_path: Path, name: str) -> None:
    detection, term, left, negated, negated_left = TERMS[name]
    rule = one(tmp_path / "r.yml", detection)
    for options, expected, count in (
        ({}, term, left),
        ({"negation": "schema"}, term if negated is None else negated, negated_left),
    ):
        document = asked(rule, **options)
        assert document["request"] == HEAD | ({"search_term": expected} if expected else {})
        assert len(document["remainder"] or ()) == count
        assert (document["remainder"] is None) == (count == 0)


SERVICES = {
    "product: jumpcloud, service: sso": ("s: {username: a}", ["sso"], {"and": [{"username": "a"}]}),
    "product: jumpcloud, service: SSO": ("s: {success: null}", ["sso"], None),
    "product: jumpcloud, service: alerts": (  # two spellings, and which is taken?
        "s: {username: a}",
        ["all"],
        {"and": [{"username": "a"}, {"service": ["alert", "alerts"]}]},
    ),
    "product: jumpcloud, service: brand_new": (
        "s: {username: a}",
        ["all"],
        {"and": [{"username": "a"}, {"service": "brand_new"}]},
    ),
    "product: jumpcloud": (
        "s: [{service: sso, username: a}, {service: ldap, username: b}]",
        ["ldap", "sso"],
        {
            "or": [
                {"and": [{"service": "sso"}, {"username": "a"}]},
                {"or": [{"and": [{"service": "ldap"}, {"username": "b"}]}]},
            ]
        },
    ),
    "category: process_creation, product: linux": ("s: {Image|endswith: /x}", ["systems"], None),
}


@pytest.mark.parametrize("logsource", SERVICES)
def test_services_come_from_the_log_source(tmp_path: Path, logsource: str) -> None:
    detection, services, term = SERVICES[logsource]
    request = asked(one(tmp_path / "r.yml", f"{detection}\n  condition: s", logsource))["request"]
    assert request["service"] == services

    def sorted_terms(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: sorted_terms(v) for k, v in value.items()}
        return sorted(map(sorted_terms, value), key=str) if isinstance(value, list) else value

    assert sorted_terms(request.get("search_term")) == sorted_terms(term)


def test_what_is_left_is_named_with_the_reason(tmp_path: Path) -> None:
    detection = "s: {username|re: 'x+'}\n  t: {success: false}\n  condition: s and not t"
    assert asked(one(tmp_path / "r.yml", detection))["remainder"] == [
        "username: re 'x+' (the API knows no regular expressions)",
        "not success: false (the API does not explain its not)",
    ]


def test_a_list_that_is_too_long_is_left(tmp_path: Path) -> None:
    rule = one(tmp_path / "r.yml", "s: {client_ip|expand: '%bad%'}\n  condition: s")
    pack = load_pack(rule)
    for size, term in ((2, {"and": [{"client_ip": ["x0", "x1"]}]}), (300, None)):
        lists = {"bad": [f"x{number}" for number in range(size)]}
        (query,) = api.export_queries(pack, "jumpcloud", lists=lists).queries
        document = json.loads(query.text)
        assert document["request"].get("search_term") == term
        assert (document["remainder"] is None) == (term is not None)


def test_a_list_whose_values_hold_for_a_time_is_left(tmp_path: Path) -> None:
    """What is known of an address now may be false of it in an older event (S476)."""
    rule = one(tmp_path / "r.yml", "s: {client_ip|expand: '%bad%', username: a}\n  condition: s")
    until = {"valid_until": datetime(2026, 2, 1, tzinfo=UTC)}
    given_lists = GivenLists([("bad", ["192.0.2.1"], until)])
    (query,) = api.export_queries(load_pack(rule), "jumpcloud", indicators=given_lists).queries
    document = json.loads(query.text)
    assert document["request"]["search_term"] == {"and": [{"username": "a"}]}
    assert len(document["remainder"]) == 1
    assert "hold only for a time" in document["remainder"][0]


def test_what_never_holds_is_not_fetched(tmp_path: Path) -> None:
    rule = one(tmp_path / "r.yml", "s: {client_ip|expand: '%bad%'}\n  condition: s")
    made = api.export_queries(load_pack(rule), "jumpcloud", lists={"bad": []})
    assert [each.code for each in made.refused] == ["JS065"]


def test_times_and_fields_are_options(tmp_path: Path) -> None:
    rule = one(tmp_path / "r.yml", "s: {username: a, changes.field|fieldref: mfa_meta.type}\n"
                                   "  condition: s")  # fmt: skip
    request = asked(
        rule, start_time="2026-11-01T00:00:00Z", end_time="2026-11-02T00:00:00Z", fields="needed"
    )["request"]
    assert request["start_time"] == "2026-11-01T00:00:00Z"
    assert request["end_time"] == "2026-11-02T00:00:00Z"
    assert request["fields"] == [
        "id", "timestamp", "service", "event_type", "organization", "changes", "mfa_meta",
        "username",
    ]  # fmt: skip


WRONG = {
    "start_time=24h": "cannot be '24h'",
    "start_time=2026-13-01T00:00:00Z": "month must be",
    "end_time=1999-01-01T00:00:00Z": "not after start_time",
}


@pytest.mark.parametrize("option", WRONG)
def test_a_time_that_the_api_would_not_take(tmp_path: Path, option: str) -> None:
    name, _, value = option.partition("=")
    with pytest.raises(DiagnosticError, match=WRONG[option]):
        asked(one(tmp_path / "r.yml", "s: {username: a}\n  condition: s"), **{name: value})


# ------------------------------------------------------------------------------------ the claim
@pytest.fixture(scope="module")
def space() -> Space:
    (found,) = spaces(features(), "jumpcloud", "ascii", each=3)
    events = {key: event for key, event in found.events.items() if is_documented(event)}
    assert len(events) > len(found.events) // 2
    return replace(found, events=events)


@pytest.fixture(scope="module")
def exported() -> dict[str, api.Exported]:
    """Of the rules that need everything, by who decides negations."""
    pack = features()
    return {
        negation: api.export_queries(
            pack,
            "jumpcloud",
            options={"negation": negation, "fields": "needed"},
            lists={**lists_for(pack)},
        )
        for negation in ("matcher", "schema")
    }


@pytest.mark.parametrize("negation", ["matcher", "schema"])
def test_every_request_returns_at_least_the_events_of_its_rule(
    negation: str, space: Space, exported: dict[str, api.Exported]
) -> None:
    queries = written(exported[negation], leaves_something)
    assert len(queries) > 200
    assert exported[negation].refused == ()
    assert compare(JumpCloudModel(), queries, space).differences == ()


def test_the_proof_would_see_what_is_lost_and_what_is_too_much(
    space: Space, exported: dict[str, api.Exported]
) -> None:
    queries = written(exported["matcher"], leaves_something)
    exact = [replace(each, superset=False) for each in queries if each.superset]
    surplus = compare(JumpCloudModel(), exact, space).differences
    assert len(surplus) > 50
    assert not [each for each in surplus if each.missing]
    narrow = [
        replace(each, query=each.query and each.query.replace('"all"', '"mdm"')) for each in queries
    ]
    lost = compare(JumpCloudModel(), narrow, space).differences
    assert len(lost) > 100
    assert lost[0].event is not None


def test_the_fields_that_are_needed_are_enough(
    space: Space, exported: dict[str, api.Exported]
) -> None:
    """What the matcher finds in the fields that were returned is what it finds in the event."""
    events = [*space.events.values()][::40]
    queries = [q for q in exported["matcher"].queries if space.is_single(str(q.rule.id))]
    for query in queries[::10]:
        key = str(query.rule.id)
        for event in events:
            assert space.holds(key, event) == space.holds(key, projected(query.text, event))


def test_a_correlation_fetches_the_events_of_all_its_rules(
    space: Space, exported: dict[str, api.Exported]
) -> None:
    engine = JumpCloudModel()
    engine.load(space.stored)
    rules = {rule.name: rule for rule in features().rules}
    correlations = [q for q in exported["matcher"].queries if q.rule.kind == "correlation"]
    assert len(correlations) > 10
    for query in correlations:
        found = {*engine.run(query.text)}
        for below in (rules[name] for name in query.rule.refers_to):
            assert below.kind == "correlation" or {*space.expected[str(below.id)]} <= found


FIELDS = ("username", "client_ip", "service", "error_message", "success")
VALUES = ("ann", "ANN", "bob", "sso", "2001:db8::1", True, False, None)
LEAVES = st.one_of(
    st.builds(Test, st.sampled_from(FIELDS), st.sampled_from([
        Text(("ann",)), Text(("Ann",), cased=True), Text(("a", Wildcard.MANY)), Text(("sso",)),
        Text(("2001:db8::1",)), Boolean(True), Boolean(False), Null(), Exists(True),
    ])),
    st.builds(Keyword, st.just(Text(("ann",)))),
)  # fmt: skip
CONDITIONS: st.SearchStrategy[Expr] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)
SOME_EVENTS = st.lists(
    st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES)), min_size=8, max_size=8
)


@pytest.mark.parametrize("negation", ["matcher", "schema"])
@settings(max_examples=300)
@given(condition=CONDITIONS, events=SOME_EVENTS)
def test_any_condition_is_bounded_from_above(
    negation: str, condition: Expr, events: list[dict[str, Any]]
) -> None:
    target = load_target("jumpcloud")
    options = chosen_options(target, {"negation": negation})
    converter = Converter(target, target.formats["request"], options)
    made = converter.convert(RuleIR(None, "any", "any.yml", LogSource(), "jumpcloud", condition))
    found = [number for number, event in enumerate(events) if holds(condition, event)]
    if not isinstance(made, Query):
        assert made.code == "JS065"
        assert found == []
        return
    engine = JumpCloudModel()
    engine.load({str(number): event for number, event in enumerate(events)})
    returned = [int(key) for key in engine.run(made.text)]
    assert {*found} <= {*returned}
    if not leaves_something(made.text):
        assert found == returned


def test_the_file_of_the_pack_has_every_request(tmp_path: Path) -> None:
    pack = load_pack()
    made = api.export_queries(pack, "jumpcloud", "pack", min_level="medium")
    api.export_tree(made, pack, tmp_path)
    documents = json.loads((tmp_path / "requests.json").read_text(encoding="utf-8"))
    assert [each["rule"]["id"] for each in documents] == [each.rule.id for each in made.queries]
    assert all(each["rule"]["author"] and each["rule"]["license"] for each in documents)
    readme = (load_target("jumpcloud").folder / "README.md").read_text(encoding="utf-8")
    (name,) = re.findall(r"requests/(\w+)\.json", readme)
    assert name in unique_slugs(each.rule.title for each in made.queries)
    assert [JumpCloudModel().run(json.dumps(each)) for each in documents] == [[]] * len(documents)


def test_the_table_says_which_features_are_left() -> None:
    table = load_target("jumpcloud").languages["request"].features
    assert {verdict.support for verdict in table.values()} == {Support.YES, Support.LEFT}
    assert all(v.reason for v in table.values() if v.support is Support.LEFT)


# ----------------------------------------------------------------------------------- the pieces
X, Y = Has("x", frozenset({"1"})), Has("y", frozenset({"2"}))
FORMULAS = {
    "of none": (both([]), ANYTHING),
    "one of none": (either([]), NOTHING),
    "one": (both([X]), X),
    "what always holds": (both([X, ANYTHING]), X),
    "what never holds": (both([X, NOTHING]), NOTHING),
    "one of what always holds": (either([X, ANYTHING]), ANYTHING),
    "one of what never holds": (either([X, NOTHING]), X),
    "nested": (both([X, Both((Y, Lacks(X)))]), Both((X, Y, Lacks(X)))),
    "no common value": (both([X, Has("x", frozenset({"2"}))]), NOTHING),
    "twice not": (lacks(lacks(X)), X),
    "not always": (lacks(ANYTHING), NOTHING),
    "a list in a list": (either([Both((X, Y)), Both((X, Y))]), Both((X, Y))),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name: str) -> None:
    found, expected = FORMULAS[name]
    assert found == expected


def test_no_key_comes_twice_in_a_list() -> None:
    groups = tuple(Either((Has(f"a{n}", X.values), Has(f"b{n}", X.values))) for n in range(3))
    term = search_term(Both(groups))
    assert term is not None
    first, rest = term["and"]
    assert list(first) == ["or"]
    assert [list(each) for each in rest["and"]] == [["or"], ["and"]]
    engine = JumpCloudModel()
    engine.load({"yes": {"a0": "1", "b1": "1", "a2": "1"}, "no": {"a0": "1", "b1": "1"}})
    body = {"service": ["all"], "start_time": "2000-01-01T00:00:00Z", "search_term": term}
    assert engine.run(json.dumps({"request": body})) == ["yes"]


BODIES: dict[str, dict[str, Any]] = {
    "no time": {"service": ["all"]},
    "a service that is none": {**HEAD, "service": ["alert"]},
    "another key": {**HEAD, "search_term_filter": {}},
    "two operators": {**HEAD, "search_term": {"and": [A], "or": [B]}},
    "a field twice": {**HEAD, "search_term": {"or": [A, A]}},
    "what is not searched": {**HEAD, "search_term": {"and": [{"changes.field": "x"}]}},
    "capital letters": {**HEAD, "search_term": {"and": [{"username": "Ann"}]}},
    "not of two": {**HEAD, "search_term": {"not": [A, B]}},
    "no fields": {**HEAD, "fields": []},
    "too many rows": {**HEAD, "limit": 20_000},
    "an end before the start": {**HEAD, "end_time": "1999-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("name", BODIES)
def test_the_model_takes_only_what_is_documented(name: str) -> None:
    with pytest.raises(QueryError):
        JumpCloudModel().run(json.dumps({"request": BODIES[name]}))
