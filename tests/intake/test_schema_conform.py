"""How events differ from the schema, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jumpsigma.intake.schema import Schema, load_schema
from jumpsigma.intake.schema_conform import deviations

ENVELOPE: dict[str, Any] = {
    "@version": "1",
    "id": "5f0000000000000000000001",
    "timestamp": "2024-05-01T12:00:00.123Z",
    "service": "directory",
    "event_type": "user_update",
    "organization": "5f0000000000000000000002",
    "client_ip": "192.0.2.1",
}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema()


def event(**parts: Any) -> dict[str, Any]:
    return ENVELOPE | parts


# The case's name, and what the event has beside or instead of the envelope.
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("the envelope alone", {}),
    ("GCS spelling of @version", {"_version": "1"}),
    ("an upper-case UUID", {"id": "E5223E70-0000-4000-8000-96FC2259B9EE"}),
    ("no fraction", {"timestamp": "2024-05-01T12:00:00Z"}),
    ("nine digits", {"timestamp": "2024-05-01T12:00:00.123456789Z"}),
    ("IPv6", {"client_ip": "2001:db8::1"}),
    ("IPv4 in IPv6", {"client_ip": "::ffff:192.0.2.1"}),
    ("alert", {"service": "alert", "event_type": "alert_created"}),
    ("alerts", {"service": "alerts", "event_type": "alert_created"}),
    ("an alias of an event type", {"event_type": "authnpolicy_update"}),
    ("sent by two services", {"service": "systems", "event_type": "user_lockout"}),
    ("sender not known", {"service": "directory", "event_type": "ca_created"}),
    ("sender only inferred", {"service": "systems", "event_type": "software_status_update"}),
    ("null provider", {"provider": None}),
    ("empty provider", {"provider": ""}),
    ("api key with a space", {"auth_method": "api key"}),
    ("empty objects", {"correlation": {}, "message_chain": {}}),
    ("a creation", {"changes": [{"field": "active", "to": True}]}),
    (
        "changes of every type",
        {
            "changes": [
                {"field": "a", "from": None, "to": "text"},
                {"field": "b", "from": 1, "to": 2.5},
                {"field": "c", "from": {"x": 1}, "to": [{"value": "y"}, "z"]},
            ]
        },
    ),
    ("no changes", {"changes": []}),
    ("whole degrees", {"geoip": {"latitude": 48, "longitude": 2.4}}),
    ("radius in capitals", {"service": "radius", "event_type": "radius_auth", "auth_type": "EAP"}),
    (
        "empty MFA state",
        {"service": "radius", "event_type": "radius_auth_attempt", "nas_mfa_state": ""},
    ),
    ("null reason", {"service": "sso", "event_type": "sso_auth", "error_message": None}),
    (
        "a Windows sign-in",
        {
            "service": "systems",
            "event_type": "login_attempt",
            "windows_meta": {"logon_type": "5", "elevated": True},
        },
    ),
    ("attr is one string", {"service": "ldap", "event_type": "ldap_srch", "attr": "uid mail"}),
    (
        "real ids of mdm",
        {
            "service": "mdm",
            "event_type": "mdm_command_result",
            "mdm_device_id": "5f0000000000000000000005",
            "error_chain": None,
            "profile_list": [
                {"payload_verion": 1, "payload_content": [{"payload_version": 1}]},
                {"signer_certificates": ["MIIB", "MIIC"]},
            ],
        },
    ),
    ("a free object", {"service": "reports", "event_type": "report_run", "resource":
                       {"search_request": {"anything": [1, {"goes": None}]}}}),
    ("a service nobody describes", {"service": "aigw", "event_type": "aigw_session_opened",
                                    "session": {"id": 7}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parts"), GOOD)
def test_good_events(schema: Schema, name: str, parts: dict[str, Any]) -> None:
    assert schema.conforms(event(**parts)) == [], name


# What the event has beside or instead of the envelope, and what is said about it.
BAD: list[tuple[dict[str, Any], str]] = [
    ({"service": "directroy"}, "directroy is no known service; did you mean directory?"),
    ({"service": "printers"}, "printers is no known service"),
    ({"event_type": "user_lockut"},
     "user_lockut is no known event type; did you mean user_lockout?"),
    ({"event_type": "zzz"}, "zzz is no known event type"),
    ({"event_type": "sso_auth"}, "sso_auth is an event of sso, here it comes from directory"),
    ({"service": "sso"}, "user_update is an event of directory, here it comes from sso"),
    ({"service": "ldap", "event_type": "user_lockout"},
     "user_lockout is an event of directory or systems, here it comes from ldap"),
    ({"colour": "red"}, "colour is no known field of directory events"),
    ({"geoip": {"planet": "earth"}}, "geoip.planet is no known field of directory events"),
    ({"user_agent": {"name": "curl"}}, "user_agent is no known field of directory events"),
    ({"service": "sso", "event_type": "sso_auth", "success": False},
     "success is no known field of sso events"),
    ({"changes": [{"field": "a"}, {"feild": "b"}]},
     "changes[1].feild is no known field of directory events"),
    ({"@version": 1}, "@version is an integer, not a string"),
    ({"success": "true"}, "success is a string, not a boolean"),
    ({"success": 1}, "success is an integer, not a boolean"),
    ({"service": 7}, "service is an integer, not a string"),
    ({"event_type": ["user_update"]}, "event_type is a list, not a single string"),
    ({"geoip": {"latitude": "48.8"}}, "geoip.latitude is a string, not a number"),
    ({"geoip": {"latitude": True}}, "geoip.latitude is a boolean, not a number"),
    ({"geoip": "FR"}, "geoip is a string, not an object"),
    ({"geoip": [{"country_code": "FR"}]}, "geoip is a list, not a single object"),
    ({"changes": {"field": "a"}}, "changes is an object, not a list"),
    ({"changes": [None]}, "changes[0] is null, not an object"),
    ({"changes": ["a"]}, "changes[0] is a string, not an object"),
    ({"changes": [{"field": ["a"]}]}, "changes[0].field is a list, not a single string"),
    ({"auth_context": {"policies_applied": [{"metadata": "ALLOW"}]}},
     "auth_context.policies_applied[0].metadata is a string, not an object"),
    ({"auth_context": {"auth_methods": {"totp": True}}},
     "auth_context.auth_methods.totp is a boolean, not an object"),
    ({"message_chain": {"response_code": 200}},
     "message_chain.response_code is an integer, not a string"),
    ({"message_chain": {"response_code": 0.5}},
     "message_chain.response_code is a number, not a string"),
    ({"client_ip": None}, "client_ip is null, not of type string"),
    ({"client_ip": "unknown"}, "client_ip is 'unknown', which is no ip_address"),
    ({"timestamp": "2024-05-01 12:00:00"},
     "timestamp is '2024-05-01 12:00:00', which is no rfc3339_utc"),
    ({"organization": "acme"}, "organization is 'acme', which is no object_id"),
    ({"service": "systems", "event_type": "login_attempt", "windows_meta": {"logon_type": 5}},
     "windows_meta.logon_type is an integer, not a string"),
    ({"service": "ldap", "event_type": "ldap_srch", "attr": ["uid", "mail"]},
     "attr is a list, not a single string"),
    ({"service": "ldap", "event_type": "ldap_bind", "auth_method": "session"},
     "auth_method is 'session', not one of 'simple', 'sasl', 'anonymous'"),
    ({"service": "ldap", "event_type": "ldap_srch", "error_code": 0.5},
     "error_code is a number, not an integer"),
    ({"service": "reports", "event_type": "report_run", "resource": {"resources": "users"}},
     "resource.resources is a string, not a list"),
    ({"service": "systems", "event_type": "login_attempt", "windows_meta": {"logon_type": "6"}},
     "windows_meta.logon_type is '6', not one of '2', '3', '4', '5', '7', '8', '9', '10', '11'"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "sentence"), BAD)
def test_bad_events(schema: Schema, parts: dict[str, Any], sentence: str) -> None:
    assert schema.conforms(event(**parts)) == [sentence]


def test_every_deviation_is_said(schema: Schema) -> None:
    found = schema.conforms(event(event_type="zzz", colour="red", success="no"))
    assert len(found) == 3


# Deviations that real events have, with their reasons.
KNOWN: list[tuple[dict[str, Any], str]] = [
    ({"geoip": {"country_code2": "US"}}, "geoip.country_code2 is no known field"),
    ({"changes": None}, "changes is null, not a list"),
    ({"geoip": None}, "geoip is null, not an object"),
    ({"auth_context": {"auth_methods": {"totp": None}}},
     "auth_context.auth_methods.totp is null, not an object"),
    ({"service": None}, "the event names no service"),
    ({"event_type": None}, "the event names no event type"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "start"), KNOWN)
def test_known_deviations_name_their_reason(
    schema: Schema, parts: dict[str, Any], start: str
) -> None:
    (found,) = deviations(schema, event(**parts))
    assert found.sentence.startswith(start)
    assert found.known is not None
    assert found.sentence.endswith(f"(known: {found.known.reason})")


def test_an_event_without_service_may_have_what_its_type_may_have(schema: Schema) -> None:
    parts = {"event_type": "login_attempt", "src_ip": "192.0.2.7", "process_name": "sshd"}
    found = deviations(schema, {k: v for k, v in event(**parts).items() if k != "service"})
    assert [each.kind for each in found] == ["missing-service"]


def test_an_event_without_names_may_have_what_any_event_may_have(schema: Schema) -> None:
    # auth_method has one meaning in directory events and another in ldap events
    for auth_method in ("session", "simple"):
        found = deviations(schema, {"auth_method": auth_method, "tls_established": True})
        assert [each.kind for each in found] == ["missing-service", "missing-event-type"]


# --- real events


def real_events(shared: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    folder = shared / "data/jumpcloud/sekoia"
    lines = (folder / "raw_events.ndjson").read_text(encoding="utf-8").splitlines()
    yield from ((f"raw_events.ndjson:{n}", json.loads(line)) for n, line in enumerate(lines, 1))
    for path in sorted((folder / "tests").glob("*.json")):
        yield (
            path.name,
            json.loads(json.loads(path.read_text(encoding="utf-8"))["input"]["message"]),
        )
    yield from specification_events(shared)


def specification_events(shared: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events among the JSON examples in the prose of the vendor's specification."""
    path = shared / "data/jumpcloud/openapi/JumpCloud.SDK.DirectoryInsights.json"
    prose = json.loads(path.read_text(encoding="utf-8"))["info"]["description"]
    decoder = json.JSONDecoder()
    at = prose.find("```json")
    while at >= 0:
        example, _ = decoder.raw_decode(prose, prose.index("{", at))
        if "organization" in example:
            yield f"specification, character {at}", example
        at = prose.find("```json", prose.index("```", at + 3) + 3)


@pytest.mark.corpus
def test_real_events_conform_or_the_schema_says_why_not(schema: Schema, shared: Path) -> None:
    events = list(real_events(shared))
    assert len(events) == 22
    found = {name: deviations(schema, each) for name, each in events}
    assert {n: [d.sentence for d in ds if d.known is None] for n, ds in found.items()} == {
        name: [] for name, _ in events
    }
    # The ten events of 2023 are as described; the two of 2019 and 2020 are the known ones.
    kinds = sorted(deviation.kind for deviations_ in found.values() for deviation in deviations_)
    assert kinds == ["missing-event-type", "missing-service", "missing-service", "unknown-field"]


@pytest.mark.corpus
def test_fields_of_real_events_are_marked_as_seen(schema: Schema, shared: Path) -> None:
    folder = shared / "data/jumpcloud/sekoia"
    lines = (folder / "raw_events.ndjson").read_text(encoding="utf-8").splitlines()
    for each in map(json.loads, lines):
        for path in leaves(each):
            if path.startswith(("changes.from.", "changes.to.")):
                continue
            field = schema.field(path, each["service"])
            assert field is not None, path
            assert field.provenance == "seen", (each["service"], path)
        assert schema.event_types[each["event_type"]].provenance == "seen"


@pytest.mark.corpus
def test_documented_fields_are_all_in_the_schema(schema: Schema, shared: Path) -> None:
    path = shared / "data/jumpcloud/openapi/attributes_by_service.json"
    tables = json.loads(path.read_text(encoding="utf-8"))["attributes"]
    services = {
        "Alert": "alerts", "Directory": "directory", "Password Manager": "password_manager",
        "MTP/MSP": "directory", "SSO": "sso", "RADIUS": "radius", "Systems": "systems",
        "Software": "software", "LDAP": "ldap", "MDM": "mdm", "Notification": "notifications",
        "Object Storage": "object_storage", "SaaS App Management": "saas_app_management",
        "Access Management": "access_management", "Reports": "reports",
        "Asset Management": "asset_management",
    }  # fmt: skip
    missing = []
    for title, rows in tables.items():
        service = services[title.removesuffix(" Attributes").removesuffix(" Events")]
        for row in rows:
            # the radius table writes outer:eap_type for a part, and Geoip once
            name = row["field"].replace(":", ".").replace("Geoip", "geoip")
            if schema.field(name, service) is None:
                missing.append((service, name))
    assert missing == []


def leaves(value: Any, path: str = "") -> Iterator[str]:
    match value:
        case dict() if value:
            for key, part in value.items():
                yield from leaves(part, f"{path}.{key}" if path else key)
        case list() if value:
            for element in value:
                yield from leaves(element, path)
        case _:
            yield path
