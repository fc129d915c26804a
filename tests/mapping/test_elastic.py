"""mappings/elastic.yml: rules in the fields that Elastic's integration keeps of raw events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from events import company, numbered, of_cases
from stores.elastic import MOVED, store

from jumpsigma.api import load_pack
from jumpsigma.api.lowering import lower_pack
from jumpsigma.api.rules import matcher_for
from jumpsigma.export.languages import dropped
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.ir.nodes import RuleIR

if TYPE_CHECKING:
    from tests.mapping.conftest import Holds, Say

ANY = {"product": "jumpcloud"}
SSO = {"product": "jumpcloud", "service": "sso"}
PASSWORDS = {"product": "jumpcloud", "service": "password_manager"}
PROCESS = {"product": "windows", "category": "process_creation"}

# Name: log source, selection, the selection afterwards, the condition made of the log source.
MAPPED: dict[str, tuple[dict[str, str], Any, str, str | None]] = {
    "fields that are moved": (
        ANY,
        {"event_type": "a", "initiated_by.email": "b", "client_ip": "c", "src_ip": "d"},
        "event.action = a and source.user.email = b and client.ip = c and source.ip = d",
        None,
    ),
    "fields that stay": (
        ANY,
        {"success": True, "resource.id": "a", "initiated_by.type": "b"},
        (
            "jumpcloud.event.success = true and jumpcloud.event.resource.id = a"
            " and jumpcloud.event.initiated_by.type = b"
        ),
        None,
    ),
    "the outcome of a session": (
        SSO,
        {"sso_token_success": False},
        "jumpcloud.event.sso_token_success = false",
        "event.module = sso",
    ),
    "a service, in both spellings": (
        ANY,
        {"service": "alerts"},
        "event.module = alerts | alert",
        None,
    ),
    "an alias widens": (
        ANY,
        {"event_type": "ldap_search"},
        "event.action = ldap_srch | ldap_search",
        None,
    ),
    "a browser": (SSO, {"useragent.os_name": "a"}, "user_agent.os.name = a", "event.module = sso"),
    "a browser, where the service says user_agent": (
        PASSWORDS,
        {"useragent.name": "a"},
        "jumpcloud.event.user_agent.name = a",
        "event.module = password_manager",
    ),
    "changes": (
        ANY,
        {"changes[totp_enabled].to": False, "changes.field": "a"},
        "jumpcloud.event.changes[totp_enabled].to = false and jumpcloud.event.changes.field = a",
        None,
    ),
    "the process of a sign-in": (
        PROCESS,
        {"Image|endswith": "\\sshd.exe", "User": "ann", "Computer": "a"},
        "process.name = *\\sshd.exe and user.name = ann and host.hostname = a",
        "event.module = systems",
    ),
}

REFUSED: dict[str, tuple[dict[str, str], Any, str]] = {
    "the version": (
        ANY,
        {"@version": 1},
        "JS051 field '@version': Elastic's integration removes it",
    ),
    "the rest of a browser": (
        SSO,
        {"useragent.major": "x"},
        (
            "JS051 field 'useragent.major': Elastic's integration removes it, with the rest of"
            " the user agent"
        ),
    ),
    "an object of which parts are moved": (
        ANY,
        {"initiated_by": None},
        (
            "JS051 field 'initiated_by': Elastic's integration has some fields of this object"
            " elsewhere"
        ),
    ),
    "keywords": (
        ANY,
        ["x"],
        (
            "JS054 keywords (values without a field): Elastic keeps other values beside those of"
            " the event, in which a keyword would be found too"
        ),
    ),
    "a command line": (
        PROCESS,
        {"CommandLine": "x"},
        (
            "JS051 field 'CommandLine': JumpCloud reports only the process, the user and the host"
            " of a sign-in"
        ),
    ),
    "another product": (
        {"product": "okta"},
        {"a": "x"},
        (
            "JS050 JumpCloud events hold no such log source; a rule is for product jumpcloud or"
            " category process_creation"
        ),
    ),
}


@pytest.mark.parametrize("name", MAPPED)
def test_mapped(name: str, say: Say) -> None:
    logsource, selection, expected, condition = MAPPED[name]
    added = {} if condition is None else {"_logsource": condition}
    assert say("elastic", logsource, selection) == {"selection": expected, **added}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, say: Say) -> None:
    logsource, selection, expected = REFUSED[name]
    assert say("elastic", logsource, selection) == [expected]


def test_what_is_stored() -> None:
    event = {
        "id": "66a1b2c30000000000000001",
        "@version": "1",
        "service": "sso",
        "event_type": "sso_auth",
        "timestamp": "2026-11-02T09:14:27.318Z",
        "client_ip": "192.0.2.7",
        "initiated_by": {"username": "ann", "email": "", "id": None, "type": "user"},
        "application": {"name": "slack", "id": ""},
        "sso_token_success": False,
        "error_message": "",
        "useragent": {"os_name": "Linux", "major": "1"},
        "changes": [{"field": "state", "from": "", "to": True}, {"field": None}, {}],
        "mfa_meta": {"type": ""},
    }
    assert store(event) == {
        "@timestamp": "2026-11-02T09:14:27.318Z",
        "event": {
            "id": "66a1b2c30000000000000001", "action": "sso_auth", "module": "sso",
            "category": ["authentication"], "type": ["info"], "outcome": "failure",
        },
        "client": {"ip": "192.0.2.7"},
        "source": {"user": {"name": "ann"}},
        "user_agent": {"os": {"name": "Linux"}},
        "jumpcloud": {
            "event": {
                "initiated_by": {"type": "user"},
                "application": {"name": "slack"},
                "sso_token_success": False,
                "changes": [{"field": "state", "to": True}],
            }
        },
    }  # fmt: skip


def asks_for_what_is_gone(rule: RuleIR) -> bool:
    try:
        dropped.check(rule.condition)
    except CannotSayError:
        return True
    return False


def test_every_rule_finds_in_what_is_stored_what_it_finds_in_raw_events() -> None:
    """Mapping and store together; rules that an empty value satisfies are refused at the export."""
    pack = load_pack()
    raw, kept = lower_pack(pack, "jumpcloud"), lower_pack(pack, "elastic")
    lists = pack.lists_with({})
    rules = [rule for rule in kept.rules if not asks_for_what_is_gone(rule)]
    same = {rule.id for rule in rules}
    of_raw = matcher_for([rule for rule in raw.rules if rule.id in same], lists=lists)._program
    of_kept = matcher_for(rules, lists=lists)._program
    events = [*company(), *(e for some in of_cases(pack, "jumpcloud").values() for e in some)]
    found = 0
    for event in numbered(events).values():
        expected = of_raw.holding(event).numbers
        assert of_kept.holding(store(event)).numbers == expected, event
        found += len(expected)
    assert len(raw.rules) - len(same) <= 8
    assert found > 1000


# Selection: an event in which it holds, and one in which it does not.
VALUES: list[tuple[dict[str, str], Any, dict[str, Any], dict[str, Any]]] = [
    (SSO, {"id": "a"}, {"service": "sso", "id": "a"}, {"service": "ldap", "id": "a"}),
    (ANY, {"sso_token_success": False}, {"sso_token_success": False}, {"success": False}),
    (ANY, {"useragent.name": "a"}, {"useragent": {"name": "A"}}, {"useragent": {"version": "a"}}),
    (ANY, {"useragent.name": "a"}, {"user_agent": {"name": "A"}}, {"user_agent": "a"}),
    (ANY, {"auth_method": "API Key"}, {"auth_method": "api-key"}, {"auth_method": "api keys"}),
    (ANY, {"mfa|neq": False}, {"a": 1}, {"mfa": False}),
    (
        ANY,
        {"changes[suspended].to": True},
        {"changes": [{"field": "suspended", "to": True}]},
        {"changes": [{"field": "suspended", "to": None}, {"field": "state", "to": True}]},
    ),
]


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_values(number: int, matches: Holds) -> None:
    logsource, selection, event, other = VALUES[number]
    assert matches("elastic", logsource, selection, store(event))
    assert not matches("elastic", logsource, selection, store(other))


def test_the_fields_are_those_of_the_store(checkout: Path) -> None:
    text = (checkout / "mappings" / "elastic.yml").read_text(encoding="utf-8")
    renamed = {
        old.removeprefix("jumpcloud.event."): new
        for item in yaml.safe_load(text)["transformations"]
        if item["type"] == "field_name_mapping"
        for old, new in item["mapping"].items()
        if old.startswith("jumpcloud.event.")
    }
    assert renamed == MOVED
