"""Planted attacks: labels are what the shipped rules find, and nothing else is suspicious."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pytest

import jumpsigma
from jumpsigma.cli.synth import EXAMPLES
from jumpsigma.synth import SCENARIOS, Planted, event_lines, rate_table
from jumpsigma.synth.rates import ATTACK_ONLY

#: The activities of a quiet company on which a shipped rule fires.
FIRES_ON = {
    "Jumpcloud Account Locked": ("user_lockout",),
    "Jumpcloud Account Locked - Administrator": ("admin_lockout",),
    "Jumpcloud Account Locked - Device": ("user_lockout_device",),
    "Jumpcloud Api Key Updated": ("admin_update_api_key",),
    "Jumpcloud Policy Modified": ("policy_update",),
    "Jumpcloud Policy Modified - Conditional Access Policy Changed": ("authpolicy_update",),
    "Jumpcloud Policy Modified - IP List Changed": ("iplist_update",),
    "Jumpcloud Policy Modified - Policy Deleted": ("policy_delete",),
}


def found_in(lines: Iterable[bytes]) -> list[tuple[str | None, str]]:
    matcher = jumpsigma.compile(jumpsigma.load_pack(), mapping="jumpcloud")
    return [(finding.event_id, finding.rule_title) for finding in matcher.scan(lines)]


@pytest.mark.parametrize("seed", [0, 7, 11])
def test_the_rules_find_what_the_labels_say_and_nothing_else_of_the_attacks(seed: int) -> None:
    labels: list[Planted] = []
    lines = list(event_lines(1500, seed=seed, attack=["all"], on_planted=labels.append))
    planted = {label.event_id for label in labels}
    expected = {(label.event_id, title) for label in labels for title in label.rule_titles}
    found = found_in(lines)
    assert {pair for pair in found if pair[0] in planted} == expected
    usual = {pair for pair in found if pair[0] not in planted}
    assert usual == set(found_in(event_lines(1500, seed=seed)))


def test_rules_fire_on_these_activities_only(
    of_activity: dict[str, list[dict[str, Any]]],
) -> None:
    matcher = jumpsigma.compile(jumpsigma.load_pack(), mapping="jumpcloud")
    fired = {
        (finding.rule_title, name)
        for name, events in of_activity.items()
        for event in events
        for finding in matcher.match(event)
    }
    assert {(title, name) for title, name in fired if name not in ATTACK_ONLY} == {
        (title, name) for title, names in FIRES_ON.items() for name in names
    }


def test_a_quiet_company_fires_at_the_stated_rates() -> None:
    count = 150_000
    rates = {name: rate for name, (rate, _) in rate_table().items()}
    wanted = (b"_lockout", b"policy_", b"iplist_", b"admin_update", b"api_")  # most lines are not
    lines = [
        line
        for line in event_lines(count, seed=5, people=300)
        if any(word in line for word in wanted)
    ]
    assert len(lines) < count
    fired = Counter(title for _, title in found_in(lines))
    for title, activities in FIRES_ON.items():
        rate = sum(rates[name] for name in activities)
        usual = rate / sum(rates.values()) * count
        assert abs(fired[title] - usual) <= 5 * math.sqrt(usual) + 1, title
    assert set(fired) <= set(FIRES_ON)


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_alone(name: str) -> None:
    labels: list[Planted] = []
    lines = list(event_lines(200, attack=[name], on_planted=labels.append))
    events = {event["id"]: event for event in map(orjson.loads, lines)}
    assert len(lines) == 200 + len(labels) == len(events)
    assert {label.scenario for label in labels} == {name}
    assert all(events[label.event_id]["timestamp"] == label.timestamp for label in labels)
    planted = {label.event_id for label in labels}
    rest = [line for line in lines if orjson.loads(line)["id"] not in planted]
    assert rest == list(event_lines(200)), "the attack changed what happens anyway"


def test_scenarios_fit_into_a_moment_and_a_company_of_one() -> None:
    labels: list[Planted] = []
    made = list(
        jumpsigma.synthesize(
            0,
            people=1,
            attack=["all"],
            start="2026-05-01T10:00:00Z",
            end="2026-05-01T10:00:02Z",
            on_planted=labels.append,
        )
    )
    assert len(made) == len(labels) > 40
    assert {event["timestamp"][:18] for event in made} == {"2026-05-01T10:00:0"}
    assert all(event["timestamp"][18] in "01" for event in made)


STORIES: dict[str, Callable[[list[dict[str, Any]]], bool]] = {
    "brute-force": lambda e: [x["success"] for x in e] == [False] * 12 + [True],
    "impossible-travel": lambda e: len({x["geoip"]["continent_code"] for x in e}) == 2,
    "command-abuse": lambda e: (
        [x["event_type"] for x in e]
        == ["command_create", "command_run", "commandresult_delete", "command_delete"]
        and len({x["resource"]["id"] for x in e}) == 1
        and len({x["initiated_by"]["email"] for x in e}) == 1
    ),
    "tor-sign-in": lambda e: [x["client_ip"] for x in e] == ["203.0.113.99"],
    "sign-in-without-mfa": lambda e: all(x["success"] and not x["mfa"] for x in e),
    "mfa-disabled": lambda e: "totp_enabled" in [c["field"] for c in e[0]["changes"]],
    "password-export": lambda e: e[-1]["event_type"] == "passwordvault_credential_export",
    "password-spraying": lambda e: (
        len({x["client_ip"] for x in e}) == 1
        and len({x["initiated_by"]["username"] for x in e}) == 5
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_scenarios_tell_their_story(name: str) -> None:
    made = list(jumpsigma.synthesize(0, seed=2, attack=[name]))
    assert STORIES[name](made)


def test_help_names_every_scenario() -> None:
    assert [name for name in SCENARIOS if name not in EXAMPLES] == []


def test_rules_named_in_labels_exist() -> None:
    labels: list[Planted] = []
    list(event_lines(0, attack=["all"], on_planted=labels.append))
    titles = {rule.title for rule in jumpsigma.load_pack().rules}
    assert {title for label in labels for title in label.rule_titles} <= titles
