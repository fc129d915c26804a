"""mappings/sekoia.yml: rules in the fields that Sekoia.io's parser keeps of JumpCloud events."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import yaml
from events import company, numbered, of_cases
from stores.sekoia import PLACES, VALUES_KEPT, store

from jumpsigma.api import load_pack
from jumpsigma.api.lowering import lower_pack
from jumpsigma.api.rules import matcher_for
from jumpsigma.intake.schema import load_schema

if TYPE_CHECKING:
    from tests.mapping.conftest import Holds, Say

ANY = {"product": "jumpcloud"}
SSO = {"product": "jumpcloud", "service": "sso"}
DIRECTORY = {"product": "jumpcloud", "service": "directory"}
PROCESS = {"product": "windows", "category": "process_creation"}
VENDOR = "observer.vendor = Jumpcloud"
IN_DIRECTORY = f'{VENDOR} and message = *"service":"directory"*'

# Name: log source, selection, the selection afterwards, the condition made of the log source.
MAPPED: dict[str, tuple[dict[str, str], Any, str, str]] = {
    "fields that are kept": (
        ANY,
        {"event_type": "a", "initiated_by.email": "b", "resource.id": "c", "client_ip": "d"},
        "event.action = a and source.user.email = b and user.target.id = c and client.ip = d",
        VENDOR,
    ),
    "a service is in the text": (DIRECTORY, {"id": "a"}, "jumpcloud.id = a", IN_DIRECTORY),
    "a service, as a field, in both spellings": (
        ANY,
        {"service": "alerts"},
        'message = *"service":"alerts"* | *"service":"alert"*',
        VENDOR,
    ),
    "an outcome": (DIRECTORY, {"success": True}, "action.outcome = success", IN_DIRECTORY),
    "an outcome, as text": (
        DIRECTORY,
        {"success": "FALSE"},
        "action.outcome = failure",
        IN_DIRECTORY,
    ),
    "no failure": (DIRECTORY, {"success|neq": False}, "not action.outcome = failure", IN_DIRECTORY),
    "a boolean in the text": (
        ANY,
        {"mfa": False},
        'message = *"mfa":false* | *"mfa":"false"*',
        VENDOR,
    ),
    "not a boolean in the text": (
        ANY,
        {"mfa|neq": False},
        'not message = *"mfa":false* | *"mfa":"false"*',
        VENDOR,
    ),
    "the outcome of a session": (
        SSO,
        {"sso_token_success": True, "application.name": "slack"},
        (
            'message = *"sso_token_success":true* | *"sso_token_success":"true"* and'
            " service.name = slack"
        ),
        f'{VENDOR} and message = *"service":"sso"*',
    ),
    "a method, in both spellings": (
        ANY,
        {"auth_method": "api-key"},
        'message = *"auth_method":"api key"* | *"auth_method":"api-key"*',
        VENDOR,
    ),
    "an alias widens": (
        ANY,
        {"event_type": "ldap_search"},
        "event.action = ldap_srch | ldap_search",
        VENDOR,
    ),
    "a browser, where the service says useragent": (
        SSO,
        {"useragent.os_name": "a"},
        "user_agent.os.name = a",
        f'{VENDOR} and message = *"service":"sso"*',
    ),
    "associations": (
        ANY,
        {"association.connection.to.type": "user"},
        "jumpcloud.association.connection.to.type = user",
        VENDOR,
    ),
    "changes of which the values are kept": (
        ANY,
        {"changes[totp_enabled].to": False, "changes[mfa.exclusion].from": True},
        (
            "jumpcloud.changes[totp_enabled].to = false and"
            " jumpcloud.changes[mfa.exclusion].from = true"
        ),
        VENDOR,
    ),
    "changes of which the name is kept": (
        ANY,
        {"changes.field": "a", "changes[b].field": "b", "changes[b]|exists": True},
        (
            "jumpcloud.changes.field = a and jumpcloud.changes[b].field = b and"
            " jumpcloud.changes[b] = present"
        ),
        VENDOR,
    ),
    "the process of a sign-in": (
        PROCESS,
        {"Image|endswith": "\\sshd.exe", "User": "ann", "Computer": "a"},
        "process.name = *\\sshd.exe and user.name = ann and host.name = a",
        f'{VENDOR} and message = *"service":"systems"*',
    ),
}

KEPT = "Sekoia's parser keeps no such field of JumpCloud events"
IN_TEXT = (
    "Sekoia keeps it in the text of the event only, in which plain whole texts can be looked for"
)
REFUSED: dict[str, tuple[dict[str, str], Any, str]] = {
    "a field that is not kept": (
        ANY,
        {"resource.type": "user"},
        f"JS051 field 'resource.type': {KEPT}",
    ),
    "a change of which only the name is kept": (
        ANY,
        {"changes[name].to": "x"},
        f"JS051 field 'changes[name].to': {KEPT}",
    ),
    "a change within a change": (
        ANY,
        {"changes[state].to.x": "x"},
        f"JS051 field 'changes[state].to.x': {KEPT}",
    ),
    "values of any change": (ANY, {"changes[*].to": "x"}, f"JS051 field 'changes[*].to': {KEPT}"),
    "part of a text": (
        ANY,
        {"auth_method|contains": "key"},
        f"JS054 field 'auth_method': {IN_TEXT}",
    ),
    "a text that JSON writes differently": (
        ANY,
        {"src_ip": 'a"b'},
        f"JS054 field 'src_ip': {IN_TEXT}",
    ),
    "a list": (ANY, {"src_ip|expand": "%tor%"}, f"JS054 field 'src_ip': {IN_TEXT}"),
    "no text": (ANY, {"src_ip": None}, f"JS054 field 'src_ip': {IN_TEXT}"),
    "a boolean that is none": (
        ANY,
        {"mfa": "maybe"},
        (
            "JS054 field 'mfa': Sekoia keeps it as a text for true and one for false, and"
            " nothing else can"
            " be asked of it"
        ),
    ),
    "an outcome of any service": (
        ANY,
        {"success": True},
        (
            "JS051 field 'success': Sekoia's parser keeps the outcome of a session as that"
            " of its event, so"
            " it takes a rule for another service to ask for `success`"
        ),
    ),
    "an application of another service": (
        {**ANY, "service": "software"},
        {"application.name": "x"},
        (
            "JS051 field 'application.name': Sekoia's parser keeps the name of a session's"
            " application for"
            " single sign-on only"
        ),
    ),
    "a browser of any service": (
        ANY,
        {"useragent.name": "x"},
        (
            "JS051 field 'useragent.name': Sekoia's parser keeps `useragent` but not"
            " `user_agent`, so it"
            " takes a rule for a service that sends the former"
        ),
    ),
    "keywords": (
        ANY,
        ["x"],
        (
            "JS054 keywords (values without a field): Sekoia keeps the whole event as text"
            " only, in which a"
            " keyword would also find names of fields"
        ),
    ),
    "a command line": (
        PROCESS,
        {"CommandLine": "x"},
        (
            "JS051 field 'CommandLine': JumpCloud reports only the process, the user and the"
            " host of a"
            " sign-in"
        ),
    ),
    "another product": (
        {"product": "okta"},
        {"a": "x"},
        (
            "JS050 JumpCloud events hold no such log source; a rule is for product jumpcloud"
            " or category"
            " process_creation"
        ),
    ),
}


@pytest.mark.parametrize("name", MAPPED)
def test_mapped(name: str, say: Say) -> None:
    logsource, selection, expected, condition = MAPPED[name]
    assert say("sekoia", logsource, selection) == {"selection": expected, "_logsource": condition}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, say: Say) -> None:
    logsource, selection, expected = REFUSED[name]
    assert say("sekoia", logsource, selection) == [expected]


def test_what_is_stored() -> None:
    event = {
        "id": "66a1b2c30000000000000001",
        "service": "sso",
        "event_type": "sso_auth",
        "client_ip": "192.0.2.7",
        "initiated_by": {"username": "ann", "email": "", "id": None},
        "application": {"name": "slack"},
        "sso_token_success": False,
        "success": True,
        "error_message": "denied",
        "useragent": {"os_name": "Linux"},
        "changes": [
            {"field": "state", "from": "STAGED", "to": True},
            {"field": "name", "from": "a", "to": "b"},
        ],
        "association": {"op": "add", "attributes": None},
    }
    assert store(event) == {
        "message": orjson.dumps(event).decode(),
        "observer": {"vendor": "Jumpcloud"},
        "event": {
            "action": "sso_auth", "category": ["authentication"], "type": ["info"],
            "outcome": "failure",
        },
        "action": {"outcome": "failure", "outcome_reason": "denied"},
        "client": {"ip": "192.0.2.7"},
        "source": {"ip": "192.0.2.7", "user": {"name": "ann"}},
        "service": {"name": "slack"},
        "user_agent": {"os": {"name": "Linux"}},
        "jumpcloud": {
            "id": "66a1b2c30000000000000001",
            "event_type": "sso_auth",
            "association": {"op": "add"},
            "changes": [{"field": "state", "from": "staged", "to": "true"}, {"field": "name"}],
        },
    }  # fmt: skip


def test_every_rule_finds_in_what_is_stored_what_it_finds_in_raw_events() -> None:
    """Mapping and store together: the cases of all rules and an invented company."""
    pack = load_pack()
    raw, kept = lower_pack(pack, "jumpcloud"), lower_pack(pack, "sekoia")
    lists = pack.lists_with({})
    same = {rule.id for rule in kept.rules}
    of_raw = matcher_for([rule for rule in raw.rules if rule.id in same], lists=lists)._program
    of_kept = matcher_for(kept.rules, lists=lists)._program
    events = [*company(), *(e for some in of_cases(pack, "jumpcloud").values() for e in some)]
    found = 0
    for event in numbered(events).values():
        expected = of_raw.holding(event).numbers
        assert of_kept.holding(store(event)).numbers == expected, event
        found += len(expected)
    assert len(same) > 80
    assert found > 1000


# Selection: an event in which it holds, and one in which it does not.
VALUES: list[tuple[dict[str, str], Any, dict[str, Any], dict[str, Any]]] = [
    (DIRECTORY, {"id": "a"}, {"service": "directory", "id": "a"}, {"service": "sso", "id": "a"}),
    (ANY, {"mfa": False}, {"mfa": False}, {"mfa": True}),
    (ANY, {"mfa": False}, {"mfa": "FALSE"}, {"a": {"mfa": "no"}}),
    (ANY, {"mfa|neq": False}, {"a": 1}, {"mfa": False}),
    (ANY, {"auth_method": "API Key"}, {"auth_method": "api-key"}, {"auth_method": "api keys"}),
    (ANY, {"src_ip": "192.0.2.7"}, {"src_ip": "192.0.2.7"}, {"src_ip": "192.0.2.70"}),
    (ANY, {"service": "alert"}, {"service": "alerts"}, {"message": '"service":"alerts"'}),
    (
        ANY,
        {"changes[suspended].to": True},
        {"changes": [{"field": "suspended", "to": True}]},
        {"changes": [{"field": "suspended", "to": None}, {"field": "state", "to": True}]},
    ),
    (ANY, {"changes.field": "x"}, {"changes": [{"field": "X"}]}, {"changes": {"field": "x"}}),
]


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_values(number: int, matches: Holds) -> None:
    logsource, selection, event, other = VALUES[number]
    assert matches("sekoia", logsource, selection, store(event))
    assert not matches("sekoia", logsource, selection, store(other))


@pytest.fixture(scope="module")
def items(checkout: Path) -> list[dict[str, Any]]:
    text = (checkout / "mappings" / "sekoia.yml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)["transformations"]
    return found


def test_the_fields_are_those_of_the_store(items: list[dict[str, Any]]) -> None:
    renamed = {
        old: new
        for item in items
        if item["type"] == "field_name_mapping"
        for old, new in item["mapping"].items()
        if new != "message" and "." in new and old[0].islower()
    }
    elsewhere = {"success": "action.outcome", "application.name": "service.name"}
    assert {(old, new) for old, new in renamed.items() if old not in elsewhere} <= {
        (old, new) for new, old in PLACES.items()
    }
    assert elsewhere.items() <= renamed.items()


def test_the_changes_are_those_of_the_store(items: list[dict[str, Any]]) -> None:
    (listed,) = re.findall(r"changes\\\[\(([^)]*)\)\\\]", yaml.safe_dump(items, width=10_000))
    assert {name.replace("\\", "") for name in listed.split("|")} == VALUES_KEPT


def test_aliases_are_those_of_raw_events(items: list[dict[str, Any]], checkout: Path) -> None:
    text = (checkout / "mappings" / "jumpcloud.yml").read_text(encoding="utf-8")
    raw = [each for each in yaml.safe_load(text)["transformations"] if each.get("id") == "aliases"]
    own = [each["mapping"] for each in items if each.get("id") == "aliases"]
    assert [each["mapping"] for each in raw] == own[: len(raw)]


TOLD = [
    "auth_method",
    "mfa",
    "service",
    "src_ip",
    "sso_token_success",
    "start_tls",
    "tls_established",
]


@pytest.mark.parametrize("name", TOLD)
def test_a_field_that_the_text_tells_is_the_only_one_of_its_name(name: str) -> None:
    paths = [field.path for field in load_schema().fields]
    assert {path for path in paths if path.rpartition(".")[2] == name} == {name}
