"""Correlations and streams of events for differential tests, from one small vocabulary."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from jumpsigma.ir.correlations import (
    CorrelationIR,
    Every,
    Reference,
    RuleExpr,
    Seen,
    Some,
    Threshold,
    Unseen,
)
from jumpsigma.ir.nodes import LogSource, RuleIR, Text
from jumpsigma.ir.nodes import Test as FieldTest

Event = dict[str, Any]

OPS = ("lt", "lte", "gt", "gte", "eq", "neq")
MEASURED = ("value_count", "value_sum", "value_avg", "value_median", "value_percentile")
START = 1_700_000_000


def rule(letter: str) -> RuleIR:
    """A rule for events whose field ``k`` has a letter."""
    condition = FieldTest("k", Text((letter,)))
    return RuleIR(None, letter, f"{letter}.yml", LogSource(), "sigma", condition)


RULES = tuple(rule(letter) for letter in "abc")


@st.composite
def expressions(draw: st.DrawFn, count: int, depth: int = 2) -> RuleExpr:
    """A condition over references."""
    if depth == 0 or draw(st.booleans()):
        return Seen(draw(st.integers(0, count - 1)))
    below = expressions(count, depth - 1)
    match draw(st.sampled_from("ano")):
        case "n":
            return Unseen(draw(below))
        case "a":
            return Every(tuple(draw(st.lists(below, min_size=2, max_size=3))))
        case _:
            return Some(tuple(draw(st.lists(below, min_size=2, max_size=3))))


@st.composite
def correlations(
    draw: st.DrawFn, below: tuple[RuleIR | CorrelationIR, ...] = RULES
) -> CorrelationIR:
    """One correlation over some of the rules, of any type."""
    kinds = ("event_count", "temporal", "temporal_ordered", *MEASURED)
    kind: Any = draw(st.sampled_from(kinds))
    size = st.integers(2, 3) if kind.startswith("temporal") else st.integers(1, 2)
    count = draw(size)
    rules = [draw(st.sampled_from(below)) for _ in range(count)]
    group_by = draw(st.sampled_from(((), ("g",), ("g", "h"))))
    fields: tuple[str, ...] = ()
    if kind in MEASURED:
        fields = draw(st.sampled_from((("v",), ("v", "w")))) if kind == "value_count" else ("v",)
    condition: Threshold | RuleExpr
    if kind.startswith("temporal") and draw(st.booleans()):
        condition = draw(expressions(count))
    else:
        number = draw(st.integers(0, 5) | st.sampled_from((0.5, 1.5, 2.5)))
        condition = Threshold(draw(st.sampled_from(OPS)), number)
    references = tuple(
        Reference(
            f"r{place}",
            each,
            tuple(draw(st.sampled_from((name, name, f"{name}2"))) for name in group_by),
            tuple(draw(st.sampled_from((name, name, f"{name}2"))) for name in fields),
        )
        for place, each in enumerate(rules)
    )
    return CorrelationIR(
        id=None,
        title=kind,
        path="c.yml",
        mapping="sigma",
        type=kind,
        references=references,
        timespan=draw(st.integers(1, 6)),
        condition=condition,
        group_by=group_by,
        fields=fields,
        percentile=draw(st.sampled_from((0, 25, 50, 90, 99.5, 100)))
        if kind == "value_percentile"
        else None,
    )


@st.composite
def packs(draw: st.DrawFn) -> tuple[CorrelationIR, ...]:
    """A few correlations, of which later ones may be over earlier ones."""
    found: list[CorrelationIR] = []
    for _ in range(draw(st.integers(1, 3))):
        found.append(draw(correlations((*RULES, *found))))
    return tuple(found)


_GROUPS = st.sampled_from(("x", "X", "y", 1, "1", 1.0, True, "true", None, "", ["x", "y"], []))
_VALUES = st.sampled_from((1, 2, 3, "2", 2.5, "x", "X", None, -1, [1, 4], [2, 2], True, "1e1"))


@st.composite
def events(draw: st.DrawFn, number: int, times: st.SearchStrategy[float]) -> Event:
    """An event with, or without, what correlations look at."""
    event: Event = {"k": draw(st.sampled_from(("a", "b", "c", ["a", "b"], "none")))}
    time = draw(times)
    if draw(st.integers(0, 9)):
        event["timestamp"] = draw(st.sampled_from((_written(time), START + time)))
    if draw(st.integers(0, 5)):
        event["id"] = f"e{number}"
    for field in ("g", "h", "g2", "v", "w", "v2"):
        if draw(st.integers(0, 3)):
            event[field] = draw(_VALUES if field in "vwv2" else _GROUPS)
    return event


def _written(time: float) -> str:
    seconds = 1_700_000_000 % 60 + time  # a minute and twenty seconds past 22:13
    minutes, rest = divmod(seconds, 60)
    return f"2023-11-14T22:{13 + int(minutes):02}:{rest:06.3f}Z"


@st.composite
def streams(draw: st.DrawFn, size: int = 14) -> list[Event]:
    """Events in any order, with equal times, copies, and copies that say something else."""
    times = st.integers(0, 14).map(float) | st.sampled_from((0.5, 1.25, 3.999))
    found = [draw(events(number, times)) for number in range(draw(st.integers(0, size)))]
    for copy in draw(st.lists(st.sampled_from(found), max_size=3)) if found else []:
        changes = draw(st.dictionaries(st.sampled_from(("g", "v", "k")), _GROUPS, max_size=1))
        found.append({**copy, **changes})
    return draw(st.permutations(found))
