"""What is left of a rule where a product keeps the events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jumpsigma.api import coverage, load_pack
from jumpsigma.reachability import Intake, elastic, raw_intake, sekoia

JUMPCLOUD = {"product": "jumpcloud", "service": "directory"}
LOGIN = {"event_type": "admin_login_attempt"}
RAW, ELASTIC, SEKOIA = raw_intake(), elastic().raw, sekoia().raw

ROWS = [
    # selection, log source, place, answer, part of the reasons
    ({**LOGIN, "mfa": False}, JUMPCLOUD, RAW, "reachable", ""),
    ({**LOGIN, "mfa": False}, JUMPCLOUD, ELASTIC, "reachable", ""),
    ({**LOGIN, "mfa": False}, JUMPCLOUD, SEKOIA, "unreachable", "no event of this intake has mfa"),
    # the service is not kept: it may be asked for where the event type says as much
    (LOGIN, JUMPCLOUD, SEKOIA, "reachable", ""),
    ({"client_ip|cidr": "192.0.2.0/24"}, {"product": "jumpcloud"}, SEKOIA, "reachable", ""),
    (
        {"client_ip|cidr": "192.0.2.0/24"},
        JUMPCLOUD,
        SEKOIA,
        "unreachable",
        "no event type that the rule asks for implies it",
    ),
    (
        {"event_type": "user_lockout"},
        JUMPCLOUD,
        SEKOIA,
        "unreachable",
        "no event type that the rule asks for implies it",
    ),
    # changes: Elastic loses which value is whose, Sekoia.io keeps values of eight names
    (
        {"event_type": "user_update", "changes[suspended].to": True},
        JUMPCLOUD,
        ELASTIC,
        "reachable",
        "what stands in one element of changes is not kept together",
    ),
    (
        {"event_type": "user_update", "changes[suspended].to": True},
        JUMPCLOUD,
        SEKOIA,
        "reachable",
        "",
    ),
    (
        {"event_type": "user_update", "changes[company].to": "x"},
        JUMPCLOUD,
        SEKOIA,
        "unreachable",
        "of changes[company] only the name is kept, no value",
    ),
    # an object of which nothing is kept is no object that may hold anything
    (
        {"event_type": "software_add", "application.name": "x"},
        {"product": "jumpcloud", "service": "software"},
        SEKOIA,
        "unreachable",
        "events of software have no application.name; it is in sso",
    ),
]


def answer(selection: Any, logsource: Any, folder: Path, mapping: str, intake: Intake) -> Any:
    document = {
        "title": "A rule",
        "logsource": logsource,
        "detection": {"selection": selection, "condition": "selection"},
    }
    (folder / "rule.yml").write_text(yaml.safe_dump(document))
    (found,) = coverage(load_pack(folder), mapping, intake=intake)
    return found.reach


@pytest.mark.parametrize(("selection", "logsource", "place", "wanted", "reason"), ROWS)
def test_jumpcloud_names(  # noqa: PLR0917 - one argument for each column
    selection: Any, logsource: Any, place: Intake, wanted: str, reason: str, tmp_path: Path
) -> None:
    found = answer(selection, logsource, tmp_path, "jumpcloud", place)
    assert found.reachability == wanted, found.reasons
    assert reason in "; ".join(found.reasons)
    assert bool(reason) == bool(found.reasons)


@pytest.mark.parametrize("place", [elastic(), sekoia()], ids=lambda place: place.name)
@pytest.mark.parametrize(
    ("selection", "wanted", "reason"),
    [
        # names of the Elastic Common Schema, as a rule without a log source may use them
        ({"event.action": "user_update"}, "reachable", ""),
        ({"source.user.email|endswith": "@example.com"}, "reachable", ""),
        ({"user_agent.os.name|startswith": "Mac"}, "reachable", ""),
        ({"event.outcome": "failure"}, "reachable", ""),
        ({"process.command_line|contains": "x"}, "unreachable", "has process.command_line"),
        # written by the place alone, so no other value is possible
        ({"event.category": "process"}, "unreachable", "event.category"),
    ],
)
def test_ecs_names(selection: Any, wanted: str, reason: str, place: Any, tmp_path: Path) -> None:
    found = answer(selection, {"product": "jumpcloud"}, tmp_path, "sigma", place.ecs)
    assert found.reachability == wanted, found.reasons
    assert reason in "; ".join(found.reasons)


def test_the_same_name_is_another_address_in_each_place(tmp_path: Path) -> None:
    """``source.ip`` is where a device was signed in to from for Elastic, the client for both."""
    selection = {"source.ip": "192.0.2.7"}
    services = {
        place.name: answer(
            selection, {"product": "jumpcloud"}, tmp_path, "sigma", place.ecs
        ).services
        for place in (elastic(), sekoia())
    }
    assert services["elastic"] == ("systems",)
    assert "directory" in services["sekoia"]
