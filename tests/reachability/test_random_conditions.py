"""Conditions that nobody wrote, against events of the schema: no event contradicts an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumpsigma.intake.schema import Field, load_schema
from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Not,
    Null,
    Number,
    Or,
    Selection,
    Test,
    Text,
    Wildcard,
)
from jumpsigma.reachability import Intake, elastic, raw_intake, reach, sekoia

SERVICES = ("directory", "sso", "ldap", "systems", "radius", "genai")
PATHS = (
    "success",
    "sso_token_success",
    "client_ip",
    "username",
    "mfa",
    "error_code",
    "start_tls",
    "windows_meta.logon_type",
    "process_name",
    "auth_method",
    "geoip.country_code",
    "initiated_by.username",
    "resource.username",
    "changes.field",
    "changes",
    "geoip",
    "nowhere",
)
TYPES = ("user_update", "user_create", "sso_auth", "ldap_bind", "login_attempt", "invented")
TEXTS = ("true", "sshd", "session", "US", "192.0.2.10", "jane.doe", "10", "nonsense", "suspended")


def _texts(source: str) -> st.SearchStrategy[Text]:
    many = Wildcard.MANY
    return st.sampled_from(
        [
            Text((source,)),
            Text((many, source[1:])),
            Text((source[:2], many)),
            Text((many, source[1:-1] or source, many)),
            Text((source.upper(),), cased=True),
        ]
    )


VALUES = st.one_of(
    st.sampled_from(TEXTS).flatmap(_texts),
    st.sampled_from(
        [
            Boolean(value=True),
            Boolean(value=False),
            Null(),
            Exists(expected=True),
            Exists(expected=False),
            Number(49),
            Compare("gt", 40),
            Compare("lt", 40),
            Network("192.0.2.0/24"),
            FieldRef("resource.username"),
            FieldRef("username"),
        ]
    ),
)
LEAVES = st.one_of(
    st.builds(Test, st.sampled_from(PATHS), VALUES),
    st.builds(Test, st.just("service"), st.sampled_from(SERVICES).map(lambda s: Text((s,)))),
    st.builds(Test, st.just("event_type"), st.sampled_from(TYPES).map(lambda s: Text((s,)))),
    st.builds(Keyword, st.sampled_from(TEXTS).map(lambda s: Text((s,)))),
    st.builds(
        Element,
        st.just("changes"),
        st.sampled_from((None, "suspended", "fairy_dust")),
        st.builds(Test, st.sampled_from(("to", "from", "field")), VALUES),
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda items: And(tuple(items)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda items: Or(tuple(items)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(Not, inner),
        st.builds(Selection, st.sampled_from(("a", "b")), inner),
    ),
    max_leaves=6,
)


def _values(field: Field) -> st.SearchStrategy[Any]:
    known = [field.example, *field.domain.values]
    match field.type:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.sampled_from([0, 41, 49])
        case "string":
            return st.sampled_from([*map(str, known), *TEXTS])
        case _:
            return st.sampled_from([True, False, None, "jane.doe", 49])


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event of a service, with some of its fields and any values of their types."""
    schema = load_schema()
    service = draw(st.sampled_from(SERVICES))
    event: dict[str, Any] = {"service": service, "event_type": draw(st.sampled_from(TYPES))}
    fields = [each for each in schema.fields_of(service) if each.path in PATHS]
    for field in fields:
        if field.type == "object" or not draw(st.booleans()):
            continue
        value = draw(_values(field))
        *above, last = field.path.split(".")
        node = event
        for part in above:
            below = node.setdefault(part, [{}] if part == "changes" else {})
            node = below[0] if isinstance(below, list) else below
        node[last] = value
    if "changes" in event and draw(st.booleans()):
        event["changes"][0]["to"] = draw(st.sampled_from([True, "true", None, 49]))
    return event


@settings(max_examples=300)
@given(CONDITIONS, st.lists(events(), min_size=12, max_size=12))
def test_no_event_satisfies_what_is_unreachable(
    condition: Expr, some: list[dict[str, Any]]
) -> None:
    answer = reach(condition, raw_intake())
    if any(holds(condition, event) for event in some):
        assert answer.reachability != "unreachable", answer.reasons


@settings(max_examples=150)
@given(CONDITIONS, st.lists(events(), min_size=12, max_size=12))
def test_what_an_event_of_the_schema_satisfies_is_reachable(
    condition: Expr, some: list[dict[str, Any]]
) -> None:
    """The search misses nothing that an event picked at random shows."""
    schema = load_schema()
    shown = [e for e in some if holds(condition, e) and not schema.conforms(e) and _is_usual(e)]
    if shown:
        assert reach(condition, raw_intake()).reachability in ("reachable", "partial"), shown


def _is_usual(event: dict[str, Any]) -> bool:
    """Whether the values are among those that were seen or documented, where there is a list."""
    schema = load_schema()
    for path in PATHS:
        field = schema.field(path, event["service"])
        found: Any = event
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
            found = found[0] if isinstance(found, list) and found else found
        if field is None or found is None or field.domain.kind != "observed":
            continue
        if str(found).lower() not in {str(value).lower() for value in field.domain.values}:
            return False
    return True


@pytest.mark.parametrize(
    "intake", [raw_intake(), elastic().raw, sekoia().raw], ids=lambda intake: intake.name
)
@settings(max_examples=60)
@given(condition=CONDITIONS)
def test_a_witness_satisfies_what_it_is_for(intake: Intake, condition: Expr) -> None:
    answer = reach(condition, intake)
    if answer.witness is not None:
        assert all(holds(condition, event) for event in answer.witness.events)
    if answer.reachability == "unreachable":
        assert answer.reasons
