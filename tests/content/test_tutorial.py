"""The events of the tutorial: invented, of real shape, and telling the story that it tells."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jumpsigma
from jumpsigma import content
from jumpsigma.intake.schema import load_schema
from jumpsigma.pack import load_pack

DOCUMENTATION = [
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
DOMAIN = re.compile(r"(.*\.)?example\.(com|net|org)|.*\.example")
IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
EMAIL_OR_URL_HOST = re.compile(r"(?:@|://)([A-Za-z0-9.-]+)")


@pytest.fixture(scope="module")
def events(checkout: Path) -> list[dict[str, Any]]:
    path = checkout / "docs" / "tutorial" / "directory_insights.ndjson"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_events_have_the_shape_of_real_ones(events: list[dict[str, Any]]) -> None:
    schema = load_schema()
    wrong = [
        (number, said) for number, event in enumerate(events, 1) for said in schema.conforms(event)
    ]
    assert wrong == []


def test_events_are_in_order_and_unlike_each_other(events: list[dict[str, Any]]) -> None:
    assert len(events) == len({event["id"] for event in events})
    # Fractions of different length: compare to the second, which is the same number of digits.
    seconds = [event["timestamp"][:19] for event in events]
    assert seconds == sorted(seconds)


def test_events_hold_the_traps_of_this_source(events: list[dict[str, Any]]) -> None:
    fractions = {len(event["timestamp"].partition(".")[2].rstrip("Z")) for event in events}
    assert {0, 3, 9} <= fractions
    assert any("provider" in event and event["provider"] is None for event in events)
    assert any(event.get("error_message") == "" for event in events)
    assert {event["sso_token_success"] for event in events if event["service"] == "sso"} == {
        True,
        False,
    }
    assert all("success" not in event for event in events if event["service"] == "sso")
    assert any("success" not in event for event in events if event["service"] == "directory")
    assert {"directory", "sso", "radius", "systems", "ldap", "mdm", "software", "alerts"} < {
        event["service"] for event in events
    }


def test_the_shipped_rules_tell_the_story(checkout: Path) -> None:
    matcher = jumpsigma.compile(jumpsigma.load_pack(), mapping="jumpcloud")
    found = [
        (finding.timestamp[:10] if finding.timestamp else None, finding.rule_title)
        for finding in matcher.scan(checkout / "docs" / "tutorial" / "directory_insights.ndjson")
    ]
    assert found == [
        ("2026-11-18", "Jumpcloud Account Locked - Device"),
        ("2026-11-18", "Jumpcloud Policy Modified"),
        ("2026-11-19", "Jumpcloud Account Locked"),
        ("2026-11-19", "Jumpcloud Account Locked"),
        ("2026-11-19", "Jumpcloud Api Key Updated"),
        ("2026-11-19", "Jumpcloud Policy Modified"),
        ("2026-11-19", "Jumpcloud Policy Modified - Conditional Access Policy Changed"),
        ("2026-11-19", "Jumpcloud Sensitive Change By Script With API Key"),
        ("2026-11-19", "Jumpcloud Policy Modified"),
        ("2026-11-19", "Jumpcloud Admin Role Changed"),
        ("2026-11-19", "Jumpcloud Failed Logins For Many Users From One Address"),
    ]


def test_nobody_real_is_in_tutorial_or_cases(events: list[dict[str, Any]]) -> None:
    pack = load_pack(content.shipped("sigma_rules"))
    # Endpoint and network rules are about names that are real: pools, providers, public tools.
    raw = {rule.path for rule in pack.rules if rule.logsource.product == "jumpcloud"}
    files = [file for file in pack.cases if file.rule_path in raw]
    cases = [event for file in files for case in file.cases for event in case.events]
    seen: Counter[str] = Counter()
    for text in (text for event in (*events, *cases) for text in texts(event)):
        for address in addresses(text):
            seen["address"] += 1
            assert any(address in network for network in DOCUMENTATION), text
        for host in EMAIL_OR_URL_HOST.findall(text):
            seen["host"] += 1
            assert DOMAIN.fullmatch(host.lower()), text
    assert min(seen["address"], seen["host"]) > 50


def texts(node: Any) -> Iterator[str]:
    """Every text of an event, but not version numbers (old and new), which look like addresses."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from texts(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if "version" not in key and key not in {"from", "to"}:
                yield from texts(value)


def addresses(text: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    for candidate in {text.partition("/")[0], *IPV4.findall(text)}:
        try:
            yield ipaddress.ip_address(candidate)
        except ValueError:
            continue
