"""What the shipped schema says about JumpCloud's events."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from jumpsigma.intake.schema import (
    CATALOGUES,
    PROVENANCES,
    Provenance,
    Schema,
    load_schema,
)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema()


def test_the_shipped_schema_is_read_once() -> None:
    assert load_schema() is load_schema()


# --- services and event types


def test_how_many_event_types_come_from_where(schema: Schema) -> None:
    counts = Counter(event_type.catalogue for event_type in schema.event_types.values())
    assert counts == {"documented": 279, "observed": 19, "newer": 87}


def test_how_many_event_types_each_service_sends(schema: Schema) -> None:
    counts = Counter(
        service
        for event_type in schema.event_types.values()
        if event_type.catalogue == "documented"
        for service in event_type.services
    )
    assert counts == {
        "directory": 135,
        "password_manager": 65,
        "systems": 17,
        "saas_app_management": 17,
        "asset_management": 9,
        "access_management": 7,
        "alerts": 6,
        "software": 6,
        "reports": 5,
        "object_storage": 4,
        "mdm": 3,
        "notifications": 3,
        "ldap": 2,
        "radius": 1,
        "sso": 1,
    }


@pytest.mark.corpus
def test_every_catalogued_name_is_in_its_group(schema: Schema, shared: Path) -> None:
    text = (shared / "data/jumpcloud/openapi/event_types.json").read_text(encoding="utf-8")
    listed = json.loads(text)
    names = {
        "documented": {each["event_type"] for each in listed["documented"]},
        "observed": {e["event_type"] for e in listed["observed_but_undocumented"]["events"]},
        "newer": {each["event_type"] for each in listed["in_newer_reference_only"]["events"]},
    }
    for catalogue in CATALOGUES:
        ours = {e.name for e in schema.event_types.values() if e.catalogue == catalogue}
        assert ours == names[catalogue]
    for row in listed["documented"]:
        assert row["service"] in schema.event_types[row["event_type"]].services


@pytest.mark.corpus
def test_no_meaning_is_the_vendors_sentence(schema: Schema, shared: Path) -> None:
    text = (shared / "data/jumpcloud/openapi/event_types.json").read_text(encoding="utf-8")

    def plain(sentence: str) -> str:
        words = sentence.lower().replace("'s", "").strip(". ").split()
        return " ".join(word for word in words if word not in {"a", "an", "the", "is", "was"})

    same = [
        row["event_type"]
        for row in json.loads(text)["documented"]
        if plain(row["description"]) == plain(schema.event_types[row["event_type"]].meaning)
    ]
    assert same == []


@pytest.mark.parametrize(
    ("catalogue", "allowed"),
    [
        ("documented", {"documented", "seen"}),
        ("observed", {"seen"}),
        ("newer", {"read-in-code"}),
    ],
)
def test_provenance_follows_the_catalogue(
    schema: Schema, catalogue: str, allowed: set[Provenance]
) -> None:
    event_types = schema.event_types.values()
    assert {e.provenance for e in event_types if e.catalogue == catalogue} == allowed


@pytest.mark.parametrize(
    ("name", "services"),
    [
        ("user_lockout", ("directory", "systems")),
        ("user_password_change", ("directory", "systems")),
        ("admin_lockout", ("directory",)),
        ("passwordmanager_user_re-enable", ("password_manager",)),
        ("workflow_run", ("workflows",)),
        ("ca_created", ()),
    ],
)
def test_who_sends_it(schema: Schema, name: str, services: tuple[str, ...]) -> None:
    assert schema.event_types[name].services == services


def test_a_service_that_we_inferred_says_so(schema: Schema) -> None:
    assert schema.event_types["software_status_update"].service_provenance == "assumed"
    assert schema.event_types["policy_result"].service_provenance == "seen"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("alerts", "alerts"),
        ("alert", "alerts"),
        ("saas_management", "saas_app_management"),
        ("workflows", "workflows"),
        ("all", None),
        ("Directory", None),
    ],
)
def test_services_by_name(schema: Schema, spelling: str, name: str | None) -> None:
    found = schema.service(spelling)
    assert (found.name if found else None) == name


# --- aliases

ALIASES = [
    ("ldap_search", "ldap_srch"),
    ("radius_auth", "radius_auth_attempt"),
    ("authpolicy_update", "authnpolicy_update"),
    ("admin_unsuspend", "admin_unsuspended"),
    ("login_attempt", "user_login"),
    ("user_update", "systemuser_update"),
    ("saas_management_event_application_review", "saas_management_application_review"),
]


def test_these_are_all_the_aliases(schema: Schema) -> None:
    assert {frozenset(group.names) for group in schema.alias_groups} == {
        frozenset(pair) for pair in ALIASES
    }


@pytest.mark.parametrize(("one", "other"), ALIASES)
def test_aliases_go_both_ways(schema: Schema, one: str, other: str) -> None:
    assert schema.aliases[one] == (other,)
    assert schema.aliases[other] == (one,)
    found = schema.event_type(other)
    assert found is not None
    assert {found.name, *found.aliases} == {one, other}


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("ldap_search", "ldap_srch"),
        ("radius_auth", "radius_auth_attempt"),
        ("authpolicy_update", None),
        ("admin_create", None),
    ],
)
def test_the_spelling_that_is_really_sent(schema: Schema, name: str, sent: str | None) -> None:
    assert schema.event_types[name].sent == sent


@pytest.mark.parametrize("name", ["system_admin_grant", "sso_auth_failed", "api_key_create"])
def test_names_of_other_peoples_rules_are_no_event_types(schema: Schema, name: str) -> None:
    assert schema.event_type(name) is None


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [
        ("user_lockut", "user_lockout"),
        ("admin_login_attemp", "admin_login_attempt"),
        ("USER_UPDATE", "user_update"),
        ("authnpolicy_updat", "authnpolicy_update"),
        ("zzzzzz", None),
    ],
)
def test_nearest_event_type(schema: Schema, misspelt: str, nearest: str | None) -> None:
    assert schema.nearest_event_type(misspelt) == nearest


@pytest.mark.parametrize(
    ("misspelt", "nearest"),
    [("directroy", "directory"), ("sytems", "systems"), ("Alerts", "alerts"), ("windows", None)],
)
def test_nearest_service(schema: Schema, misspelt: str, nearest: str | None) -> None:
    assert schema.nearest_service(misspelt) == nearest


# --- fields

LOGON_TYPES = ("2", "3", "4", "5", "7", "8", "9", "10", "11")


@pytest.mark.parametrize(
    ("service", "path", "type_name"),
    [
        ("directory", "@version", "string"),
        ("directory", "_version", "string"),
        ("directory", "changes", "list of object"),
        ("directory", "changes.field", "string"),
        ("directory", "changes.to", "any"),
        ("directory", "success", "boolean"),
        ("sso", "success", None),
        ("sso", "sso_token_success", "boolean"),
        ("directory", "sso_token_success", None),
        ("sso", "auth_context.policies_applied", "list of object"),
        ("systems", "windows_meta.logon_type", "string"),
        ("systems", "windows_meta.elevated", "boolean"),
        ("systems", "src_ip", "string"),
        ("directory", "src_ip", None),
        ("ldap", "attr", "string"),
        ("ldap", "error_code", "integer"),
        ("mdm", "mdm_device_id", "string"),
        ("mdm", "mdm_device_manager_id", "string"),
        ("mdm", "error_chain", "list of object"),
        ("mdm", "profile_list.payload_content", "list of object"),
        ("mdm", "profile_list.signer_certificates", "list of string"),
        ("mdm", "available_os_updates", "list of object"),
        ("notifications", "config", "list of object"),
        ("reports", "resource.resources", "list of string"),
        ("directory", "useragent.name", "string"),
        ("directory", "user_agent.name", None),
        ("password_manager", "user_agent.name", "string"),
        ("password_manager", "useragent.name", None),
        ("alert", "severity", "string"),
        ("systems", "process_name", "string"),
        ("sso", "process_name", None),
        ("directory", "CommandLine", None),
        ("directory", "changes[settings.passwordPolicy].to", "any"),
        ("directory", "changes[totp_enabled]", "list of object"),
        ("sso", "changes[totp_enabled].to", None),
    ],
)
def test_what_a_field_is(schema: Schema, service: str, path: str, type_name: str | None) -> None:
    field = schema.field(path, service)
    assert (field.type_name if field else None) == type_name
    if field is not None and "[" not in path:
        assert field in schema.fields_of(service)


@pytest.mark.parametrize(
    ("service", "path", "kind", "values"),
    [
        ("systems", "windows_meta.logon_type", "closed", list(LOGON_TYPES)),
        ("directory", "auth_method", "observed", ["session", "api key", "other", "api-key"]),
        ("ldap", "auth_method", "closed", ["simple", "sasl", "anonymous"]),
        ("radius", "nas_mfa_state", "closed", ["DISABLED", "ENABLED", "REQUIRED", "ALWAYS", ""]),
        ("systems", "process_name", "observed", ["sshd"]),
        ("directory", "event_type", "open", []),
        ("directory", "service", "open", []),
        ("directory", "client_ip", "pattern", []),
    ],
)
def test_which_values_a_field_has(
    schema: Schema, service: str, path: str, kind: str, values: list[str]
) -> None:
    field = schema.field(path, service)
    assert field is not None
    assert field.domain.kind == kind
    assert list(field.domain.values) == values


@pytest.mark.parametrize(
    ("service", "path", "provenance"),
    [
        ("directory", "client_ip", "seen"),
        ("systems", "client_ip", "documented"),
        ("ldap", "client_ip", "assumed"),
        ("directory", "geoip.city", "read-in-code"),
        ("mdm", "mdm_device_id", "seen"),
        ("mdm", "device_object_id", "documented"),
    ],
)
def test_how_sure_a_field_is(
    schema: Schema, service: str, path: str, provenance: Provenance
) -> None:
    field = schema.field(path, service)
    assert field is not None
    assert field.provenance == provenance


def test_changes_are_told_apart_by_their_field(schema: Schema) -> None:
    changes = schema.field("changes", "directory")
    assert changes is not None
    assert changes.key == "field"


def test_every_service_but_those_without_a_source_has_fields_of_its_own(schema: Schema) -> None:
    envelope = {"@version", "id", "timestamp", "service", "event_type", "organization"}
    bare = {
        name
        for name in schema.services
        if {field.path.partition(".")[0] for field in schema.fields_of(name)} == envelope
    }
    assert bare == {"aigw", "genai", "di_events"}
    unknown = {service.name for service in schema.services.values() if not service.fields_known}
    assert unknown == bare | {"workflows"}


def test_examples_are_invented(schema: Schema) -> None:
    examples = [str(field.example) for field in schema.fields if field.example is not None]
    mail = [example for example in examples if "@" in example]
    assert mail
    assert all(example.endswith("@example.com") for example in mail)
    addresses = [
        str(field.example) for field in schema.fields if field.domain.pattern_name == "ip_address"
    ]
    assert addresses
    assert all(each.startswith(("192.0.2.", "198.51.100.")) for each in addresses)


def test_strongest_evidence_comes_first() -> None:
    assert PROVENANCES == ("seen", "documented", "read-in-code", "assumed")
