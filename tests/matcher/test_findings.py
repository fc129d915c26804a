"""Findings of a scan are made when they are read, and then say what others say at once."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import orjson
import pytest

from jumpsigma.api.lists import plain_lists
from jumpsigma.codegen import generate
from jumpsigma.intake.records import Event
from jumpsigma.ir.nodes import Expr, LogSource, Or, Placeholder, RuleIR, Test, Text, Wildcard
from jumpsigma.matcher.findings import (
    Carried,
    Finding,
    Source,
    finding_of,
    findings_again,
    findings_of,
    packed,
)
from jumpsigma.matcher.program import Program

NAMES = [each.name for each in fields(Finding)]
EVENT: dict[str, Any] = {"id": "e1", "timestamp": "2026-01-01T00:00:00Z", "a": ["bad", "ox"]}
RAW = orjson.dumps(EVENT)


def rule(expr: Expr, **about: Any) -> RuleIR:
    return RuleIR("id", "title", "rule.yml", LogSource(), "sigma", expr, **about)


RULES = [
    rule(Test("a", Text((Wildcard.MANY, "x"))), level="high", author="A", tags=("t",)),
    rule(Test("id", Text(("E1",))), license="DRL"),
    rule(Or((Test("a", Text((Placeholder("listed"),))), Test("b", Text(("y",)))))),
    rule(Test("b", Text(("y",)))),
]


class Counting:
    """A program that notes what it is asked about rules that hold."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.asked: list[tuple[str, int]] = []

    def matched(self, number: int, *about: Any) -> Any:
        self.asked.append(("matched", number))
        return self.program.matched(number, *about)

    def indicators(self, number: int, *about: Any) -> Any:
        self.asked.append(("indicators", number))
        return self.program.indicators(number, *about)


@pytest.fixture
def program() -> Counting:
    module = generate(RULES)
    return Counting(Program(module.source, plain_lists({"listed": ["bad"]})))


def deferred(program: Counting, silent: tuple[int, ...] = (), line: int = 7) -> list[Finding]:
    holding = program.program.holding(EVENT)
    return findings_of(
        program,  # type: ignore[arg-type]  # it is asked as a program is
        RULES,
        silent,
        holding,
        Event(EVENT, "p.json", line, RAW),
    )


def eager(program: Counting) -> list[Finding]:
    whole, found = program.program, program.program.holding(EVENT)
    return [
        finding_of(
            RULES[number],
            EVENT,
            Source("p.json", 7),
            whole.matched(number, found),
            whole.indicators(number, found),
        )
        for number in found.numbers
    ]


SAME: dict[str, Callable[[Finding], Any]] = {
    "as it is": lambda finding: finding,
    "pickled": lambda finding: pickle.loads(pickle.dumps(finding)),
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "replaced": replace,
}


@pytest.mark.parametrize("way", SAME)
@pytest.mark.parametrize("first", ["repr", *NAMES])
def test_as_one_made_at_once(program: Counting, way: str, first: str) -> None:
    found, expected = deferred(program), eager(program)
    assert len(found) == 3
    for one, other in zip(found, expected, strict=True):
        if first == "repr":
            assert repr(one) == repr(other)
        else:
            assert getattr(one, first) == getattr(other, first)
        assert SAME[way](one) == other
        assert SAME[way](one).to_dict() == other.to_dict()
        assert type(one) is Finding


def test_the_event_is_not_copied(program: Counting) -> None:
    assert all(finding.event is EVENT for finding in deferred(program))


def test_nothing_is_evaluated_before_it_is_asked_for_and_then_once(program: Counting) -> None:
    findings = deferred(program)
    assert [(finding.level, finding.source) for finding in findings] == [
        ("high", Source("p.json", 7)),
        (None, Source("p.json", 7)),
        (None, Source("p.json", 7)),
    ]
    assert program.asked == []
    for _ in range(2):
        assert findings[2].matched == {"a": ["bad"]}
        assert [each.value for each in findings[2].indicators] == ["bad"]
    assert program.asked == [("matched", 2), ("indicators", 2)]


def test_what_was_pickled_needs_no_program(program: Counting) -> None:
    restored = pickle.loads(pickle.dumps(deferred(program)[0]))
    program.asked.clear()
    assert restored.matched == {"a": ["ox"]}
    assert program.asked == []


def test_what_was_carried_here_is_read_when_it_is_asked_for_and_then_once(
    program: Counting,
) -> None:
    found = deferred(program)
    asked: list[bytes] = []

    def read(raw: bytes) -> dict[str, Any]:
        asked.append(raw)
        return dict(EVENT)

    carried = pickle.loads(pickle.dumps(packed([*found, *deferred(program, silent=(0, 2))])))
    assert carried == [((0, 1, 2), RAW, 7), ((1,), RAW, 7)]
    again = [
        finding
        for numbers, raw, line in carried
        for finding in findings_again(
            program.program, RULES, Carried(read, program.program, numbers, raw, "p.json", line)
        )
    ]
    assert asked == []
    assert again == [*found, found[1]]
    assert asked == [RAW, RAW]


def test_silent_rules_say_nothing(program: Counting) -> None:
    assert [finding.level for finding in deferred(program, silent=(1, 2))] == ["high"]


def test_a_finding_is_frozen_and_has_no_other_names(program: Counting) -> None:
    for finding in (*deferred(program), *eager(program)):
        with pytest.raises(FrozenInstanceError):
            finding.level = "low"  # type: ignore[misc]
        with pytest.raises(AttributeError, match="'Finding' object has no attribute 'severity'"):
            finding.severity  # type: ignore[attr-defined]  # noqa: B018
        with pytest.raises(TypeError, match="unhashable"):
            hash(finding)
        assert replace(finding, level="none") != finding
