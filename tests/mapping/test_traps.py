"""What goes wrong when Directory Insights events are taken for tidy ones: one table a trap.

The numbers are those of the notes on this source that the project started from. A rule is stated
as people write it; each row says which events it finds with the mapping ``jumpcloud``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import jumpsigma

ADMIN = {"service": "directory", "event_type": "admin_login_attempt", "success": True}
FAILED_ADMIN = {**ADMIN, "success": False}
SSO = {"service": "sso", "event_type": "sso_auth", "sso_token_success": True, "error_message": ""}
FAILED_SSO = {**SSO, "sso_token_success": False, "error_message": "not authorized"}
UPDATE = {"service": "directory", "event_type": "user_update"}
MDM = {"service": "mdm", "event_type": "mdm_command_result", "status": "Error"}
RADIUS = {"service": "radius", "event_type": "radius_auth_attempt", "username": "ann"}
LOGIN = {
    "service": "systems",
    "event_type": "login_attempt",
    "username": "ann",
    "process_name": "sshd",
    "src_ip": "198.51.100.7",
    "client_ip": "203.0.113.9",
    "system": {"hostname": "web-1", "displayName": "Web One"},
    "windows_meta": {"logon_type": "5", "elevated": True},
    "@version": "1",
}
PORTAL = {**ADMIN, "initiated_by": {"type": "admin", "email": "Ann@Example.com", "id": "a1"}}
OLD_PORTAL = {**ADMIN, "resource": {"type": "admin", "email": "ann@example.com"}}
CHANGED = {
    **UPDATE,
    "changes": [
        {"field": "totp_enabled", "from": True, "to": False},
        {"field": "state", "from": "ACTIVATED", "to": "SUSPENDED"},
        {"field": "suspended", "to": True},
    ],
}
UNCHANGED = {**UPDATE, "changes": [{"field": "totp_enabled", "from": False, "to": True}]}
KEY = {**UPDATE, "auth_method": "api key", "useragent": {"name": "curl", "os": "Other"}}
VAULT = {
    "service": "password_manager",
    "event_type": "passwordmanager_item_reveal",
    "user_agent": {"name": "curl"},
}

# Trap: rows of a name, the log source's service, the detection, events found, events not found.
Row = tuple[str, str | None, dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]
TRAPS: dict[str, list[Row]] = {
    "1 outcome is several fields, or none": [
        (
            "success false is not about sign-ins to applications",
            None,
            {"s": {"success": False}, "condition": "s"},
            [FAILED_ADMIN],
            [ADMIN, FAILED_SSO, UPDATE, MDM],
        ),
        (
            "both fields",
            None,
            {"s": [{"success": False}, {"sso_token_success": False}], "condition": "s"},
            [FAILED_ADMIN, FAILED_SSO],
            [ADMIN, SSO, UPDATE, MDM],
        ),
        (
            "not true is also not there",
            None,
            {"s": {"success": True}, "condition": "not s"},
            [FAILED_ADMIN, SSO, FAILED_SSO, UPDATE, MDM],
            [ADMIN],
        ),
        (
            "not true, and there",
            None,
            {
                "s": {"success": True},
                "there": {"success|exists": True},
                "condition": "there and not s",
            },
            [FAILED_ADMIN],
            [ADMIN, SSO, FAILED_SSO, UPDATE, MDM],
        ),
        (
            "no outcome at all",
            None,
            {"s": {"success": None, "sso_token_success": None}, "condition": "s"},
            [UPDATE, MDM],
            [ADMIN, FAILED_ADMIN, SSO],
        ),
        (
            "device management has a status",
            "mdm",
            {"s": {"status": ["Error", "CommandFormatError"]}, "condition": "s"},
            [MDM],
            [{**MDM, "status": "Acknowledged"}, FAILED_ADMIN],
        ),
    ],
    "2 a user is in five places": [
        (
            "username is that of devices, RADIUS and LDAP",
            None,
            {"s": {"username": "ann"}, "condition": "s"},
            [LOGIN, RADIUS],
            [PORTAL, OLD_PORTAL],
        ),
        (
            "an administrator is an actor, in old events a resource",
            None,
            {
                "s": [
                    {"initiated_by.email": "ann@example.com"},
                    {"resource.email": "ann@example.com"},
                ],
                "condition": "s",
            },
            [PORTAL, OLD_PORTAL],
            [LOGIN, RADIUS],
        ),
        (
            "User of a process is username",
            "process_creation",
            {"s": {"User": "ann"}, "condition": "s"},
            [LOGIN],
            [{**LOGIN, "username": "bob", "resource": {"username": "ann"}}, PORTAL, RADIUS],
        ),
    ],
    "3 client_ip is not src_ip": [
        (
            "the public address of the agent",
            "systems",
            {"s": {"client_ip": "203.0.113.9"}, "condition": "s"},
            [LOGIN],
            [{**LOGIN, "client_ip": "192.0.2.1", "src_ip": "203.0.113.9"}],
        ),
        (
            "where a sign-in to a device came from",
            "systems",
            {"s": {"src_ip|cidr": "198.51.100.0/24"}, "condition": "s"},
            [LOGIN],
            [{**LOGIN, "src_ip": "203.0.113.9", "client_ip": "198.51.100.7"}],
        ),
    ],
    "4 a host is system.hostname": [
        (
            "Computer of a process",
            "process_creation",
            {"s": {"Computer": "WEB-1"}, "condition": "s"},
            [LOGIN],
            [{**LOGIN, "system": {"hostname": "web-2", "displayName": "web-1"}}],
        ),
        (
            "the service is a field of its own",
            "systems",
            {"s": {"system.hostname|startswith": "web"}, "condition": "s"},
            [LOGIN],
            [{**LOGIN, "service": "directory"}, {**LOGIN, "service": None}],
        ),
    ],
    "5 changes have types": [
        (
            "booleans are booleans",
            "directory",
            {"s": {"changes[totp_enabled].to": False}, "condition": "s"},
            [CHANGED],
            [UNCHANGED, UPDATE],
        ),
        (
            "a boolean as text",
            "directory",
            {"s": {"changes[totp_enabled].to": "false"}, "condition": "s"},
            [CHANGED],
            [UNCHANGED, UPDATE],
        ),
        (
            "from and to of one change",
            "directory",
            {
                "s": {"changes[state].from": "activated", "changes[state].to": "suspended"},
                "condition": "s",
            },
            [CHANGED],
            [UNCHANGED, {**UPDATE, "changes": [{"field": "state", "to": "SUSPENDED"}]}],
        ),
        (
            "any change, but one and the same",
            "directory",
            {"s": {"changes[*].field": "suspended", "changes[*].to": True}, "condition": "s"},
            [CHANGED],
            [
                {
                    **UPDATE,
                    "changes": [{"field": "suspended", "to": False}, {"field": "x", "to": True}],
                },
            ],
        ),
        (
            "without brackets, any element for each",
            "directory",
            {"s": {"changes.field": "suspended", "changes.to": False}, "condition": "s"},
            [CHANGED],
            [UNCHANGED],
        ),
    ],
    "6 one thing has two names": [
        (
            "the documented name of an authentication method",
            None,
            {"s": {"auth_method": "api-key"}, "condition": "s"},
            [KEY, {**KEY, "auth_method": "api-key"}],
            [{**KEY, "auth_method": "session"}],
        ),
        (
            "the name as it is sent",
            None,
            {"s": {"auth_method": "api key"}, "condition": "s"},
            [KEY, {**KEY, "auth_method": "api-key"}],
            [{**KEY, "auth_method": "session"}],
        ),
        (
            "user agents of any service",
            None,
            {"s": {"useragent.name": "curl"}, "condition": "s"},
            [KEY, VAULT],
            [{**VAULT, "user_agent": {"name": "Chrome"}}, ADMIN],
        ),
        (
            "user agents of a service that has the other name",
            "password_manager",
            {"s": {"useragent.name": "curl"}, "condition": "s"},
            [VAULT],
            [KEY, {**VAULT, "user_agent": {"name": "Chrome"}}],
        ),
        (
            "no user agent at all",
            None,
            {"s": {"useragent.name": None}, "condition": "s"},
            [ADMIN],
            [KEY, VAULT],
        ),
    ],
    "7 case": [
        (
            "values come in their own case, and do not count it",
            None,
            {
                "s": {"nas_mfa_state": "disabled", "initiated_by.email": "ANN@EXAMPLE.COM"},
                "condition": "s",
            },
            [{**PORTAL, "nas_mfa_state": "DISABLED"}],
            [{**PORTAL, "nas_mfa_state": "ENABLED"}],
        ),
        (
            "unless the rule says so",
            None,
            {"s": {"initiated_by.email|cased": "ann@example.com"}, "condition": "s"},
            [{**PORTAL, "initiated_by": {"email": "ann@example.com"}}],
            [PORTAL],
        ),
        (
            "an alias in another case",
            None,
            {"s": {"event_type": "LDAP_Search"}, "condition": "s"},
            [{"event_type": "ldap_srch"}, {"event_type": "ldap_search"}],
            [{"event_type": "ldap_bind"}],
        ),
    ],
    "8 what the API cannot query, events can": [
        (
            "wildcards, expressions, comparison, negation",
            None,
            {
                "s": {
                    "event_type": "ldap_*",
                    "filter|re": "\\(uid=[^)]*\\*",
                    "number_of_results|gte": 1000,
                },
                "n": {"dn|endswith": "ou=service"},
                "condition": "s and not n",
            },
            [{"event_type": "ldap_srch", "filter": "(uid=*)", "number_of_results": 5000}],
            [
                {"event_type": "ldap_srch", "filter": "(uid=*)", "number_of_results": 999},
                {"event_type": "ldap_srch", "filter": "(uid=ann)", "number_of_results": 5000},
                {
                    "event_type": "ldap_srch",
                    "filter": "(uid=*)",
                    "number_of_results": 5000,
                    "dn": "cn=a,ou=Service",
                },
            ],
        ),
    ],
    "9 event types are misdocumented": [
        (
            name,
            None,
            {"s": {"event_type": name}, "condition": "s"},
            [{"event_type": name}, {"event_type": other}],
            [{"event_type": f"{name}x"}, {"event_type": "sso_auth"}],
        )
        for pair in [
            ("ldap_search", "ldap_srch"),
            ("radius_auth", "radius_auth_attempt"),
            ("authpolicy_update", "authnpolicy_update"),
            ("admin_unsuspend", "admin_unsuspended"),
            ("login_attempt", "user_login"),
        ]
        for name, other in (pair, pair[::-1])
    ]
    + [
        (
            "negation widens as well",
            "ldap",
            {"s": {"event_type": "ldap_search"}, "condition": "not s"},
            [{"service": "ldap", "event_type": "ldap_bind"}],
            [{"service": "ldap", "event_type": "ldap_srch"}],
        ),
        (
            "a type that no catalogue has is compared",
            None,
            {"s": {"event_type": "brand_new"}, "condition": "s"},
            [{"event_type": "brand_new"}],
            [{"event_type": "brand_old"}],
        ),
        (
            "alert",
            "alert",
            {"s": {"severity": "high"}, "condition": "s"},
            [{"service": "alert", "severity": "high"}, {"service": "alerts", "severity": "high"}],
            [{"service": "sso", "severity": "high"}],
        ),
        (
            "alerts",
            "alerts",
            {"s": {"severity": "high"}, "condition": "s"},
            [{"service": "alert", "severity": "high"}, {"service": "alerts", "severity": "high"}],
            [{"service": "sso", "severity": "high"}],
        ),
    ],
    "10 numbers that are text": [
        (
            "a number",
            "systems",
            {"s": {"windows_meta.logon_type": 5, "@version": 1}, "condition": "s"},
            [LOGIN],
            [{**LOGIN, "windows_meta": {"logon_type": "10"}}, {**LOGIN, "@version": "2"}],
        ),
        (
            "text",
            "systems",
            {"s": {"windows_meta.logon_type": "5"}, "condition": "s"},
            [LOGIN, {**LOGIN, "windows_meta": {"logon_type": 5}}],
            [{**LOGIN, "windows_meta": {"logon_type": "55"}}],
        ),
        (
            "compared as a number",
            "systems",
            {"s": {"windows_meta.logon_type|gte": 5}, "condition": "s"},
            [LOGIN, {**LOGIN, "windows_meta": {"logon_type": "10"}}],
            [{**LOGIN, "windows_meta": {"logon_type": "3"}}],
        ),
        (
            "a boolean beside it",
            "systems",
            {"s": {"windows_meta.elevated": True}, "condition": "s"},
            [LOGIN],
            [{**LOGIN, "windows_meta": {"elevated": False}}, {**LOGIN, "windows_meta": {}}],
        ),
    ],
}


def found(
    service: str | None, detection: dict[str, Any], events: list[Any], path: Path
) -> list[bool]:
    if service == "process_creation":
        logsource = {"category": "process_creation", "product": "linux"}
    else:
        logsource = {"product": "jumpcloud"} | ({"service": service} if service else {})
    document = {"title": "A rule of the test", "logsource": logsource, "detection": detection}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    pack = jumpsigma.load_pack(path)
    assert pack.diagnostics == ()
    matcher = jumpsigma.compile(pack, mapping="jumpcloud")
    assert matcher.refused == ()
    return [bool(matcher.match(event)) for event in events]


@pytest.mark.parametrize(
    ("trap", "row"),
    [(trap, row) for trap, rows in TRAPS.items() for row in rows],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_trap(trap: str, row: Row, tmp_path: Path) -> None:  # noqa: ARG001 - the test's name
    _, service, detection, hits, misses = row
    verdicts = found(service, detection, hits + misses, tmp_path / "rule.yml")
    assert verdicts == [True] * len(hits) + [False] * len(misses)


def test_every_trap_is_here() -> None:
    assert [trap.split(" ")[0] for trap in TRAPS] == [str(number) for number in range(1, 11)]
