"""The answers of coverage, tried from outside.

What is called reachable is proven by its witness; what is called unreachable must stay silent on
events that are made without looking at the answer: out of the schema, with the rules' own values
in them, and on events that were really sent.
"""

from __future__ import annotations

import json
import random
import tarfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import jumpsigma
from jumpsigma.api import Coverage, coverage, load_pack
from jumpsigma.api.lists import plain_lists
from jumpsigma.api.lowering import lower_chosen
from jumpsigma.api.rules import matcher_for, matcher_of
from jumpsigma.intake.schema import Field, load_schema
from jumpsigma.interpret import holds
from jumpsigma.ir.bind import placeholders
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Boolean, Expr, Number, RuleIR, Test, Text
from jumpsigma.mapping import load_mapping
from jumpsigma.reachability import REACHABILITIES

Event = dict[str, Any]
LISTED = ("listed.example.com", "192.0.2.66", "listed-value")


@cache
def of_shipped(mapping: str) -> list[Coverage]:
    return coverage(load_pack(cases=False), mapping)


@pytest.fixture(scope="module")
def sigmahq(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = shared / "data" / "sigmahq" / "rules.tar.gz"
    folder = tmp_path_factory.mktemp("sigmahq")
    with tarfile.open(archive) as packed:
        packed.extraction_filter = getattr(tarfile, "data_filter", None)
        packed.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def unreachable_of_sigmahq(sigmahq: Path) -> list[RuleIR]:
    """Of every fourth rule, with the names that rules have, on the raw events."""
    pack = load_pack(sigmahq, cases=False)
    rules = unreachable(coverage(pack, "sigma", rules=pack.rules[::4]))
    assert len(rules) > 700
    return rules


def proven(found: Sequence[Coverage]) -> dict[str, int]:
    """Try every witness in the interpreter and the matcher; how many there are of each answer."""
    lists = load_pack(cases=False).lists
    counts: dict[str, int] = dict.fromkeys(REACHABILITIES, 0)
    schema = load_schema()
    for each in found:
        answer = each.reach
        counts[answer.reachability] += 1
        if answer.reachability == "unreachable":
            assert answer.witness is None, each.rule.path
            assert answer.reasons, each.rule.path
            continue
        assert answer.witness is not None, each.rule.path
        assert each.node is not None
        events, given = list(answer.witness.events), {**lists, **answer.witness.lists}
        if isinstance(each.node, RuleIR):
            assert all(holds(each.node.condition, event, given) for event in events)
        assert fired(each, events, given), each.rule.path
        if answer.reachability in ("reachable", "partial") and answer.provenance != "assumed":
            for event in events:
                assert schema.conforms(event) == [], each.rule.path
                assert event["service"] in answer.services
    return counts


def fired(each: Coverage, events: list[Event], lists: Any) -> bool:
    """Whether the generated matcher finds the rule of an answer in events."""
    node = each.node
    if isinstance(node, CorrelationIR):
        # Alone: a correlation above it would speak for it.
        pack = load_pack(each.rule.path, cases=False)
        alone = lower_chosen(pack, load_mapping(each.mapping), pack.rules, [each.rule])
        findings = matcher_of(alone, plain_lists(lists)).match_all(events)
        return any(finding.rule_id == node.id for finding in findings)
    assert isinstance(node, RuleIR)
    matcher = matcher_for([node], lists=lists)
    return all(matcher.match(event) for event in events)


def test_every_answer_for_the_shipped_rules_is_proven() -> None:
    counts = proven(of_shipped("jumpcloud"))
    assert counts["reachable"] > 100
    assert counts["unreachable"] > 100
    assert counts["partial"]
    assert counts["unlikely"]


@pytest.mark.corpus
def test_every_answer_for_sigmahq_is_proven(sigmahq: Path) -> None:
    counts = proven(coverage(load_pack(sigmahq, cases=False)))
    assert counts["unlikely"] > 20  # a process that handled a sign-in, under another name
    assert counts["unreachable"] > 3000
    assert counts["reachable"] == 0  # no rule there is about JumpCloud


# --- what is unreachable stays silent


def unreachable(found: Sequence[Coverage]) -> list[RuleIR]:
    """The rules called unreachable that can be run all the same."""
    return [
        each.node
        for each in found
        if each.reach.reachability == "unreachable" and isinstance(each.node, RuleIR)
    ]


def leaves(expr: Expr) -> Iterator[Test]:
    if isinstance(expr, Test):
        yield expr
    for child in children(expr):
        yield from leaves(child)


def values_in(rules: Sequence[RuleIR]) -> dict[str, list[Any]]:
    """What the rules ask of each field, as values that an event could have."""
    found: dict[str, list[Any]] = {}
    for rule in rules:
        for leaf in leaves(rule.condition):
            match leaf.value:
                case Text(parts):
                    value: Any = "".join(part for part in parts if isinstance(part, str))
                case Number(value) | Boolean(value):
                    pass
                case _:
                    continue
            found.setdefault(leaf.field, []).append(value)
    return found


def generated(rules: Sequence[RuleIR], count: int) -> Iterator[Event]:
    """Events of every service, of its fields alone, with values of the schema and of the rules."""
    schema, rng = load_schema(), random.Random(7)
    asked = values_in(rules)
    everything = [value for values in asked.values() for value in values] + list(LISTED)
    types = [*schema.event_types, *map(str, asked.get("event_type", []))]
    for number in range(count):
        service = rng.choice([*schema.services])
        density = rng.choice((0.2, 0.6, 1.0))
        event: Event = {}
        for field in schema.fields_of(service):
            if field.type != "object" and rng.random() < density:
                put(event, field, value_for(field, asked, everything, rng), service)
        event["service"] = service
        event["event_type"] = rng.choice(types)
        if number % 3 == 0:
            event["timestamp"] = f"2024-05-0{1 + number % 7}T{number % 24:02}:00:00Z"
        yield event


def value_for(
    field: Field, asked: dict[str, list[Any]], everything: list[Any], rng: random.Random
) -> Any:
    known = [field.example, *field.domain.values]
    own = asked.get(field.path) or everything
    value = rng.choice(rng.choice((known, own, everything)))
    match field.type:
        case "boolean":
            return bool(rng.getrandbits(1))
        case "integer" | "number":
            return value if isinstance(value, int | float) else rng.randint(0, 5000)
        case "string":
            return str(value)
        case _:
            return value


def put(event: Event, field: Field, value: Any, service: str) -> None:
    """Write a value at its path; lists of objects have one element."""
    schema, node = load_schema(), event
    *above, last = field.path.split(".")
    for depth, part in enumerate(above, start=1):
        known = schema.field(".".join(above[:depth]), service)
        if known is not None and known.is_list:
            node = node.setdefault(part, [{}])[0]
        else:
            node = node.setdefault(part, {})
    node[last] = [value] if field.is_list else value


def test_the_generated_events_are_of_the_intake() -> None:
    """Else their silence would prove nothing: no field in them is unknown to the schema."""
    schema, rules = load_schema(), unreachable(of_shipped("sigma"))
    for event in generated(rules, 200):
        assert not [why for why in schema.conforms(event) if "no known field" in why]


def assert_silent(rules: list[RuleIR], events: Sequence[Event]) -> None:
    names = {name for rule in rules for name in placeholders(rule.condition)}
    matcher = matcher_for(rules, lists=dict.fromkeys(names, LISTED))
    for event in events:
        assert [finding.rule_title for finding in matcher.match(event)] == [], event


@pytest.mark.parametrize("mapping", ["jumpcloud", "sigma", "ecs"])
def test_no_generated_event_satisfies_an_unreachable_rule(mapping: str) -> None:
    rules = unreachable(of_shipped(mapping))
    assert_silent(rules, list(generated(rules, 3000)))


def test_generated_events_do_satisfy_rules_that_are_reachable() -> None:
    """The search is no blind one: it finds most of what can be found."""
    rules = [
        each.node
        for each in of_shipped("jumpcloud")
        if each.reach.reachability in ("reachable", "partial") and isinstance(each.node, RuleIR)
    ]
    names = {name for rule in rules for name in placeholders(rule.condition)}
    matcher = matcher_for(rules, lists=dict.fromkeys(names, LISTED))
    found = {f.rule_id for event in generated(rules, 6000) for f in matcher.match(event)}
    assert len(found) > 0.3 * len(rules)


def test_no_synthetic_event_satisfies_an_unreachable_rule() -> None:
    events = list(jumpsigma.synthesize(3000, attack="all"))
    for mapping in ("jumpcloud", "sigma"):
        assert_silent(unreachable(of_shipped(mapping)), events)


def test_what_fires_on_synthetic_attacks_is_called_reachable() -> None:
    titles = {
        finding.rule_title
        for finding in jumpsigma.compile(load_pack(cases=False)).match_all(
            jumpsigma.synthesize(2000, attack="all")
        )
    }
    answers = {each.rule.title: each.reach.reachability for each in of_shipped("jumpcloud")}
    assert len(titles) >= 20
    assert {title for title in titles if answers[title] == "unreachable"} == set()


@pytest.mark.corpus
def test_no_real_event_satisfies_an_unreachable_rule(
    shared: Path, unreachable_of_sigmahq: list[RuleIR]
) -> None:
    folder = shared / "data/jumpcloud/sekoia"
    lines = (folder / "raw_events.ndjson").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert events
    for mapping in ("jumpcloud", "sigma"):
        assert_silent(unreachable(of_shipped(mapping)), events)
    assert_silent(unreachable_of_sigmahq, events)


@pytest.mark.corpus
def test_no_generated_event_satisfies_an_unreachable_rule_of_sigmahq(
    unreachable_of_sigmahq: list[RuleIR],
) -> None:
    assert_silent(unreachable_of_sigmahq, list(generated(unreachable_of_sigmahq, 3000)))
