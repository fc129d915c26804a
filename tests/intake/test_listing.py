"""The rows that ``jumpsigma list`` prints."""

from __future__ import annotations

import json

import pytest

from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.intake.listing import event_rows, field_rows, service_rows
from jumpsigma.intake.schema import Schema, load_schema


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema()


def test_service_rows(schema: Schema) -> None:
    rows = service_rows(schema)
    assert len(rows) == len(schema.services) == 19
    assert [row for row in rows if row["service"] == "alerts"] == [
        {
            "service": "alerts",
            "aliases": ["alert"],
            "meaning": "alerts and the rules that raise them",
            "provenance": "documented",
            "fields_known": True,
        }
    ]


def test_event_rows(schema: Schema) -> None:
    rows = event_rows(schema)
    names = [str(row["event_type"]) for row in rows]
    assert len(names) == 385
    assert names == sorted(names)
    assert rows[names.index("ldap_search")] == {
        "event_type": "ldap_search",
        "services": ["ldap"],
        "theme": "authentication",
        "meaning": "an LDAP search, under the name that the specification gives it",
        "provenance": "documented",
        "service_provenance": "documented",
        "catalogue": "documented",
        "aliases": ["ldap_srch"],
    }


@pytest.mark.parametrize(
    ("service", "text", "names"),
    [
        ("radius", None, ["radius_auth", "radius_auth_attempt"]),
        ("alert", "BULK", ["bulk_delete_alerts", "bulk_update_alerts"]),
        (None, "lockout", ["admin_lockout", "user_lockout"]),
        (None, "authnpolicy_update", ["authpolicy_update"]),
        (None, "aigw", ["aigw_session_activity", "aigw_session_closed", "aigw_session_opened"]),
        ("sso", "nothing says this", []),
        ("di_events", None, []),
    ],
)
def test_which_event_rows(
    schema: Schema, service: str | None, text: str | None, names: list[str]
) -> None:
    assert [row["event_type"] for row in event_rows(schema, service=service, text=text)] == names


def test_field_rows_of_one_service(schema: Schema) -> None:
    rows = {str(row["field"]): row for row in field_rows(schema, service="systems")}
    assert rows["windows_meta.logon_type"] == {
        "field": "windows_meta.logon_type",
        "type": "string",
        "services": ["systems"],
        "values": "only 2, 3, 4, 5, 7, 8, 9, 10, 11",
        "values_provenance": "documented",
        "nullable": False,
        "example": "10",
        "meaning": "Windows logon type, as a string",
        "provenance": "documented",
        "virtual": False,
    }
    assert rows["changes"]["type"] == "list of object"
    assert rows["process_name"]["values"] == "sshd, …"
    assert rows["client_ip"]["values"] == "ip_address"
    assert rows["client_ip"]["services"] == ["systems"]
    assert rows["message"]["values"] == "any"
    assert rows["message"]["values_provenance"] is None
    assert rows["changes[NAME].to"]["virtual"] is True
    assert "dn" not in rows


@pytest.mark.parametrize(
    ("service", "text", "names"),
    [
        ("sso", "sso_token", ["sso_token_success"]),
        ("radius", "EAP_TYPE", ["eap_type", "outer.eap_type"]),
        ("systems", "logon type", ["windows_meta.logon_type"]),
        ("ldap", "changes", []),
        ("systems", "changes[*]", ["changes[*].field", "changes[*].from", "changes[*].to"]),
    ],
)
def test_which_field_rows(schema: Schema, service: str, text: str, names: list[str]) -> None:
    assert [row["field"] for row in field_rows(schema, service=service, text=text)] == names


def test_a_path_has_a_row_for_each_degree_of_certainty(schema: Schema) -> None:
    rows = [row for row in field_rows(schema) if row["field"] == "mfa_meta.type"]
    assert [(row["provenance"], row["services"]) for row in rows] == [
        ("documented", ["directory", "radius"]),
        ("assumed", ["sso"]),
    ]


def test_a_virtual_field_is_listed_once_with_all_its_services(schema: Schema) -> None:
    rows = [row for row in field_rows(schema) if row["field"] == "changes[NAME].to"]
    services = [s for s in schema.services if schema.field("changes", s) is not None]
    assert [row["services"] for row in rows] == [services]


@pytest.mark.parametrize("rows", [event_rows, field_rows])
@pytest.mark.parametrize(
    ("service", "hint"),
    [("directroy", "did you mean directory?"), ("windows", "the services are: access_management,")],
)
def test_no_such_service(schema: Schema, rows: object, service: str, hint: str) -> None:
    assert callable(rows)
    with pytest.raises(DiagnosticError) as caught:
        rows(schema, service=service)
    assert caught.value.diagnostic.code == "JS090"
    assert (caught.value.diagnostic.hint or "").startswith(hint)


def test_rows_are_plain_data_with_the_same_keys(schema: Schema) -> None:
    for rows in (service_rows(schema), event_rows(schema), field_rows(schema)):
        assert json.loads(json.dumps(rows)) == rows
        assert len({tuple(row) for row in rows}) == 1
