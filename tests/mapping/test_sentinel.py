"""mappings/sentinel.yml and sentinel_dcr.yml: JumpCloud's names as columns of Log Analytics."""

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
NO_COLUMN = (
    "the collector writes no column of a known name for it: a name ends in the type of the values, "
    "and has at most 45 characters"
)
NOT_THERE = "the connector's table has no such column; if yours has, take the mapping jumpcloud"

# Name: mapping, log source, selection, the selection afterwards, that made of the log source.
MAPPED: dict[str, tuple[str, dict[str, str], Any, str, str | None]] = {
    "text, a boolean, a number, a time": (
        "sentinel",
        SSO,
        {
            "initiated_by.email": "a",
            "sso_token_success": False,
            "error_code": 49,
            "system_timestamp|hour": 9,
        },
        (
            "initiated_by_email_s = a and sso_token_success_b = false and error_code_d = 49 "
            "and system_timestamp_t = 9"
        ),
        "service_s = sso",
    ),
    "what may be a GUID": (
        "sentinel",
        ANY,
        {"id": "a"},
        "(id_s = a or id_g = a)",
        None,
    ),
    "neither of two columns": (
        "sentinel",
        ANY,
        {"id": None},
        "(id_s = null and id_g = null)",
        None,
    ),
    "an element of a list, and a field of all": (
        "sentinel",
        ANY,
        {"changes[totp_enabled].to": False, "changes.field": "email"},
        "changes_s[totp_enabled].to = false and changes_s.field = email",
        None,
    ),
    "aliases come before columns": (
        "sentinel",
        ANY,
        {"event_type": "ldap_search"},
        "event_type_s = ldap_srch | ldap_search",
        None,
    ),
    "the sign-in of a process": (
        "sentinel",
        PROCESS,
        {"Image": "a"},
        "process_name_s = a",
        "service_s = systems",
    ),
    "a field of two names": (
        "sentinel",
        ANY,
        {"useragent.name": "curl"},
        "(useragent_name_s = curl or user_agent_name_s = curl)",
        None,
    ),
    "keywords": ("sentinel", SSO, ["one"], "None = one", "service_s = sso"),
    "names stay with a data collection rule": (
        "sentinel_dcr",
        SSO,
        {"initiated_by.email": "a", "changes[mfa].to": True, "success": False},
        "initiated_by.email = a and changes[mfa].to = true and success = false",
        "service = sso",
    ),
    "but for the time": (
        "sentinel_dcr",
        ANY,
        {"timestamp|hour": 3},
        "TimeGenerated = 3",
        None,
    ),
}
REFUSED: dict[str, tuple[str, Any, str]] = {
    "an object": ("sentinel", {"resource|exists": True}, f"JS051 field 'resource': {NO_COLUMN}"),
    "nobody knows the type": ("sentinel", {"new.one": 1}, f"JS051 field 'new.one': {NO_COLUMN}"),
    "a name that is too long": (
        "sentinel",
        {"auth_context.auth_methods.jumpcloud_protect.success": True},
        f"JS051 field 'auth_context.auth_methods.jumpcloud_protect.success': {NO_COLUMN}",
    ),
    "a name that begins like a list": (
        "sentinel",
        {"changes_count": 1},
        f"JS051 field 'changes_count': {NO_COLUMN}",
    ),
    "no column": (
        "sentinel_dcr",
        {"sso_token_success": False},
        f"JS051 field 'sso_token_success': {NOT_THERE}",
    ),
    "a name that begins like a column": (
        "sentinel_dcr",
        {"success_rate": 1},
        f"JS051 field 'success_rate': {NOT_THERE}",
    ),
}


@pytest.mark.parametrize("name", MAPPED)
def test_mapped(name: str, say: Say) -> None:
    mapping, logsource, selection, expected, condition = MAPPED[name]
    texts = {"selection": expected}
    if condition is not None:
        texts["_logsource"] = condition
    assert say(mapping, logsource, selection) == texts


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, say: Say) -> None:
    mapping, selection, expected = REFUSED[name]
    assert say(mapping, ANY, selection) == [expected]


def test_each_column_ends_in_the_type_of_its_field(checkout: Path) -> None:
    """And no two fields have one column."""
    text = (checkout / "mappings" / "sentinel.yml").read_text(encoding="utf-8")
    columns: dict[str, Any] = {}
    for item in yaml.safe_load(text)["transformations"]:
        if item["type"] == "field_name_mapping" and "Image" not in item["mapping"]:
            columns |= item["mapping"]
    ends = {"string": ("_s", "_t"), "boolean": ("_b",), "integer": ("_d",), "number": ("_d",)}
    types = {field.path: field.type for field in load_schema().fields}
    assert columns.pop("timestamp") == "TimeGenerated"
    names = {f: each if isinstance(each, list) else [each] for f, each in columns.items()}
    for field, listed in names.items():
        assert listed[0].endswith(ends[types[field]]), field
        assert {name[:-2] for name in listed} == {field.replace(".", "_")}
        assert all(len(name) <= 45 for name in listed), field
    flat = [name for listed in names.values() for name in listed]
    assert len(flat) == len({*flat}) > 200


@pytest.mark.parametrize("section", ["log_source", "several_fields", "aliases"])
def test_what_stands_before_the_columns_is_that_of_raw_events(section: str, checkout: Path) -> None:
    """A step that is changed in one of the files has to be changed in all."""

    def steps(name: str) -> list[Any]:
        text = (checkout / "mappings" / f"{name}.yml").read_text(encoding="utf-8")
        return [s for s in yaml.safe_load(text)["transformations"] if s.get("id") == section]

    raw = steps("jumpcloud")
    assert raw
    assert steps("sentinel")[: len(raw)] == steps("sentinel_dcr")[: len(raw)] == raw
