"""mappings/jumpcloud.yml: rules in the words of raw Directory Insights events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from jumpsigma.intake.schema import load_schema

if TYPE_CHECKING:
    from tests.mapping.conftest import Say

ANY = {"product": "jumpcloud"}
SSO = {"product": "jumpcloud", "service": "sso"}
PROCESS = {"product": "windows", "category": "process_creation"}

# Name: log source, selection, the selection afterwards, the condition made of the log source.
MAPPED: dict[str, tuple[dict[str, str], Any, str, str | None]] = {
    "raw names as they are": (
        SSO,
        {"initiated_by.email": "ann@example.com", "sso_token_success": False},
        "initiated_by.email = ann@example.com and sso_token_success = false",
        "service = sso",
    ),
    "no service, no condition": (ANY, {"event_type": "sso_auth"}, "event_type = sso_auth", None),
    "keywords": (SSO, ["one", "two"], "None = one | two", "service = sso"),
    "a field that the schema lacks": (SSO, {"new.field": 1}, "new.field = 1", "service = sso"),
    "a service that the schema lacks": (
        {**ANY, "service": "brand_new"},
        {"event_type": "x"},
        "event_type = x",
        "service = brand_new",
    ),
    "alert or alerts, as the log source": (
        {**ANY, "service": "alert"},
        {"severity": "high"},
        "severity = high",
        "service = alerts | alert",
    ),
    "alerts or alert, as a field": (ANY, {"service": "alerts"}, "service = alerts | alert", None),
    "an alias widens": (
        ANY,
        {"event_type": "ldap_search"},
        "event_type = ldap_srch | ldap_search",
        None,
    ),
    "an alias widens the other way": (
        ANY,
        {"event_type": "ldap_srch"},
        "event_type = ldap_srch | ldap_search",
        None,
    ),
    "an alias in another case, among others": (
        ANY,
        {"event_type": ["sso_auth", "RADIUS_Auth", "radius_auth_attempt"]},
        "event_type = sso_auth | radius_auth_attempt | radius_auth",
        None,
    ),
    "an alias, negated": (
        ANY,
        {"event_type|neq": "ldap_search"},
        "not event_type = ldap_srch | ldap_search",
        None,
    ),
    "an alias with all": (
        ANY,
        {"event_type|all": ["user_login", "b*"]},
        "(event_type = login_attempt | user_login and event_type = b*)",
        None,
    ),
    "an alias with all, negated": (
        ANY,
        {"event_type|all|neq": ["user_login", "b*"]},
        "(not event_type = login_attempt | user_login or not event_type = b*)",
        None,
    ),
    "an alias, cased": (
        ANY,
        {"event_type|cased": ["ldap_search", "LDAP_SRCH"]},
        "event_type = cased(ldap_srch) | cased(ldap_search) | cased(LDAP_SRCH)",
        None,
    ),
    "a pattern is no name": (
        ANY,
        {"event_type|startswith": "ldap_search", "event_type|re": "ldap_search"},
        "event_type = ldap_search* and event_type = /ldap_search/",
        None,
    ),
    "auth_method as documented": (
        ANY,
        {"auth_method": "api-key"},
        "auth_method = api key | api-key",
        None,
    ),
    "auth_method as sent": (
        ANY,
        {"auth_method": "api key"},
        "auth_method = api key | api-key",
        None,
    ),
    "user agent of a service that says useragent": (
        SSO,
        {"useragent.name": "curl"},
        "useragent.name = curl",
        "service = sso",
    ),
    "user agent of a service that says user_agent": (
        {**ANY, "service": "password_manager"},
        {"useragent.name": ["curl", None]},
        "user_agent.name = curl | null",
        "service = password_manager",
    ),
    "user agent without a service": (
        ANY,
        {"useragent.name": "curl"},
        "(useragent.name = curl or user_agent.name = curl)",
        None,
    ),
    "user agent of a service that nobody knows": (
        {**ANY, "service": "brand_new"},
        {"user_agent.os": "x"},
        "(useragent.os = x or user_agent.os = x)",
        "service = brand_new",
    ),
    "virtual fields stay": (
        ANY,
        {"changes[totp_enabled].to": False, "changes[*].from": True},
        "changes[totp_enabled].to = false and changes[*].from = true",
        None,
    ),
    "placeholders stay": (ANY, {"client_ip|expand": "%tor%"}, "client_ip = %tor%", None),
    "the process of a sign-in": (
        PROCESS,
        {"Image|endswith": "\\sshd.exe", "User": "ann", "Computer": "a", "ComputerName": "b"},
        (
            "process_name = *\\sshd.exe and username = ann and system.hostname = a and"
            " system.hostname = b"
        ),
        "service = systems",
    ),
    "any product, and a service": (
        {"category": "process_creation", "service": "sysmon"},
        {"Image|fieldref": "User"},
        "process_name = <username>",
        "service = systems",
    ),
}

PLACE = "JumpCloud reports only the process, the user and the host of a sign-in"
LOG_SOURCE = (
    "JS050 JumpCloud events hold no such log source; a rule is for product jumpcloud or category"
    " process_creation"
)
REFUSED: dict[str, tuple[dict[str, str], Any, list[str]]] = {
    "a command line": (PROCESS, {"CommandLine": "x"}, [f"JS051 field 'CommandLine': {PLACE}"]),
    "all fields that are missing": (
        PROCESS,
        {"ParentImage": "x", "Image": "y", "Hashes": "z"},
        [f"JS051 field 'ParentImage': {PLACE}", f"JS051 field 'Hashes': {PLACE}"],
    ),
    "a field that a value refers to": (
        PROCESS,
        {"Image|fieldref": "ParentImage"},
        [f"JS051 field 'ParentImage': {PLACE}"],
    ),
    "keywords of a process": (
        PROCESS,
        ["x"],
        [f"JS051 keywords (values without a field): {PLACE}"],
    ),
    "a category of jumpcloud": (
        {**SSO, "category": "authentication"},
        {"a": "b"},
        ["JS055 JumpCloud events have services, no categories; write `service` in the log source"],
    ),
    "dns": ({"category": "dns"}, {"query": "x"}, [LOG_SOURCE]),
    "another product's service": (
        {"product": "windows", "service": "security"},
        {"EventID": 1},
        [LOG_SOURCE],
    ),
    "another product": ({"product": "okta"}, ["x"], [LOG_SOURCE]),
}


@pytest.mark.parametrize("name", MAPPED)
def test_mapped(name: str, say: Say) -> None:
    logsource, selection, expected, condition = MAPPED[name]
    texts = {"selection": expected}
    if condition is not None:
        texts["_logsource"] = condition
    assert say("jumpcloud", logsource, selection) == texts


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, say: Say) -> None:
    logsource, selection, expected = REFUSED[name]
    assert say("jumpcloud", logsource, selection) == expected


@pytest.fixture(scope="module")
def alias_tables(checkout: Path) -> dict[str, dict[str, set[str]]]:
    """By field: each name with all its spellings, as the file has them."""
    text = (checkout / "mappings" / "jumpcloud.yml").read_text(encoding="utf-8")
    return {
        item["field_name_conditions"][0]["fields"][0]: {
            name: set(names) for name, names in item["mapping"].items()
        }
        for item in yaml.safe_load(text)["transformations"]
        if item.get("id") == "aliases"
    }


def test_event_type_aliases_are_those_of_the_schema(
    alias_tables: dict[str, dict[str, set[str]]],
) -> None:
    schema = {name: {name, *others} for name, others in load_schema().aliases.items()}
    assert alias_tables["event_type"] == schema


def test_service_aliases_are_those_of_the_schema(
    alias_tables: dict[str, dict[str, set[str]]],
) -> None:
    schema = {
        name: {service.name, *service.aliases}
        for service in load_schema().services.values()
        if service.aliases
        for name in (service.name, *service.aliases)
    }
    assert alias_tables["service"] == schema


def test_every_service_with_known_fields_has_one_user_agent(checkout: Path) -> None:
    """The list of services in the file is what keeps `or` out of rules that state one."""
    text = (checkout / "mappings" / "jumpcloud.yml").read_text(encoding="utf-8")
    (item,) = (
        item
        for item in yaml.safe_load(text)["transformations"]
        if item.get("id") == "several_fields"
    )
    listed = {cond["service"] for cond in item["rule_conditions"].values() if "service" in cond}
    assert listed == {
        name
        for service in load_schema().services.values()
        if service.fields_known
        for name in (service.name, *service.aliases)
    }
