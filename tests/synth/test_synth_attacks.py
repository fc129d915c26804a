"""Planted attacks: labels are what the shipped rules find, and nothing else is suspicious."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pytest
from fires_on import FIRES_ON

import jumpsigma
from jumpsigma.cli.synth import EXAMPLES
from jumpsigma.synth import SCENARIOS, Planted, event_lines, rate_table
from jumpsigma.synth.attacks import TOR_EXIT
from jumpsigma.synth.rates import ATTACK_ONLY

#: Fire on planted events too, but only when the draw gives an API key, a script or a far country.
BY_CHANCE = {
    "Jumpcloud Command Run With API Key",
    "Jumpcloud Command Written With API Key",
    "Jumpcloud Sensitive Change By Script With API Key",
    "Jumpcloud User Logged In From Several Countries",
    "Jumpcloud User Logged In From Several Countries - Administrator",
    "Jumpcloud MFA Disabled For User - Login Without MFA",
    "Jumpcloud Admin MFA Disabled - Login Without MFA",
}
PACK = jumpsigma.load_pack()
CORRELATIONS = {rule.title for rule in PACK.rules if rule.kind == "correlation"}


def found_in(lines: Iterable[bytes]) -> list[tuple[str | None, str]]:
    lists = {"tor_exit_nodes": [TOR_EXIT]}
    matcher = jumpsigma.compile(PACK, mapping="jumpcloud", lists=lists)
    return [(finding.event_id, finding.rule_title) for finding in matcher.scan(lines)]


@pytest.mark.parametrize("seed", [0, 7, 11])
def test_the_rules_find_what_the_labels_say_and_nothing_else_of_the_attacks(seed: int) -> None:
    labels: list[Planted] = []
    lines = list(event_lines(1500, seed=seed, attack=["all"], on_planted=labels.append))
    planted = {label.event_id for label in labels}
    expected = {(label.event_id, title) for label in labels for title in label.rule_titles}
    found = set(found_in(lines))
    assert expected <= found
    assert {title for id_, title in found - expected if id_ in planted} <= BY_CHANCE
    assert {label.scenario for label in labels if label.rule_titles} == set(SCENARIOS)
    # What happened anyway is found as ever; an attack may only give a correlation its last event.
    usual = {pair for pair in found if pair[0] not in planted}
    without = set(found_in(event_lines(1500, seed=seed)))
    assert without <= usual
    assert {title for _, title in usual - without} <= CORRELATIONS


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


def test_a_quiet_company_fires_at_the_stated_rates(
    of_activity: dict[str, list[dict[str, Any]]],
) -> None:
    count = 60_000
    rates = {name: rate for name, (rate, _) in rate_table().items()}
    fired = Counter(title for _, title in found_in(event_lines(count, seed=5, people=300)))
    assert set(fired) <= set(FIRES_ON)
    levels = {rule.title: rule.level for rule in PACK.rules}
    loud = {title: number for title, number in fired.items() if number > count / 10_000}
    assert {title for title in loud if levels[title] in {"high", "critical"}} == set()
    matcher = jumpsigma.compile(PACK, mapping="jumpcloud")
    for title, activities in FIRES_ON.items():
        events = [event for name in activities for event in of_activity[name]]
        if all(title in {each.rule_title for each in matcher.match(event)} for event in events):
            rate = sum(rates[name] for name in activities)
            usual = rate / sum(rates.values()) * count
            assert abs(fired[title] - usual) <= 5 * math.sqrt(usual) + 1, title


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
