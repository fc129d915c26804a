"""Random correlations and streams in which much happens, from a seed."""

from __future__ import annotations

from random import Random
from typing import Any

from streams import MEASURED, OPS, RULES, Event, _written

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
from jumpsigma.ir.nodes import RuleIR

KINDS = ("event_count", "temporal", "temporal_ordered", *MEASURED)


def expression(rng: Random, count: int, depth: int = 2) -> RuleExpr:
    """A condition over references."""
    if depth == 0 or rng.random() < 0.3:
        seen = Seen(rng.randrange(count))
        return Unseen(seen) if rng.random() < 0.3 else seen
    kind: Any = rng.choice((Every, Some))
    return kind(tuple(expression(rng, count, depth - 1) for _ in range(rng.randint(2, 3))))  # type: ignore[no-any-return]


def correlation(
    rng: Random, kind: Any, below: tuple[RuleIR | CorrelationIR, ...] = RULES
) -> CorrelationIR:
    """A correlation of a type."""
    count = rng.randint(2, 4) if kind.startswith("temporal") else rng.randint(1, 2)
    group_by = rng.choice(((), ("g",), ("g", "h")))
    fields: tuple[str, ...] = ("v",) if kind in MEASURED else ()
    if kind == "value_count" and rng.random() < 0.3:
        fields = ("v", "w")
    condition: Threshold | RuleExpr
    if kind.startswith("temporal") and rng.random() < 0.5:
        condition = expression(rng, count)
    else:
        number = rng.choice((1, 2, 2, 3, 3, 4, 2.5))
        condition = Threshold(rng.choice(OPS), number)  # type: ignore[arg-type]
    references = tuple(
        Reference(
            f"r{place}",
            rng.choice(below),
            tuple(rng.choice((name, name, name, f"{name}2")) for name in group_by),
            tuple(rng.choice((name, name, name, f"{name}2")) for name in fields),
        )
        for place in range(count)
    )
    share = rng.choice((0, 25, 50, 90, 99.5, 100)) if kind == "value_percentile" else None
    return CorrelationIR(
        id=None,
        title=kind,
        path="c.yml",
        mapping="sigma",
        type=kind,
        references=references,
        timespan=rng.randint(2, 8),
        condition=condition,
        group_by=group_by,
        fields=fields,
        percentile=share,
    )


def pack(rng: Random, kind: str) -> tuple[CorrelationIR, ...]:
    """A correlation of a type, and perhaps one over it and one over both."""
    found = [correlation(rng, kind)]
    while len(found) < 3 and rng.random() < 0.4:
        found.append(correlation(rng, rng.choice(KINDS), (RULES[0], *found)))
    return tuple(found)


def stream(rng: Random, size: int = 30) -> list[Event]:
    """Events in random order, with equal times and copies."""
    found: list[Event] = []
    for number in range(rng.randint(5, size)):
        event: Event = {"k": rng.choice(("a", "a", "b", "c", ["a", "b"]))}
        time = rng.choice((rng.randint(0, 25), rng.randint(0, 25), rng.randint(0, 100) / 4))
        if rng.random() < 0.97:
            event["timestamp"] = _written(time)
        if rng.random() < 0.8:
            event["id"] = f"e{number}"
        for field in ("g", "h", "g2", "h2"):
            if rng.random() < 0.95:
                event[field] = rng.choice(("x", "X", "x", 1, "1", ["x", "1"]))
        for field in ("v", "w", "v2", "w2"):
            if rng.random() < 0.9:
                event[field] = rng.choice((1, 2, 3, "2", 2.5, "x", "X", -1, [1, 4], [2, 2]))
        found.append(event)
    for event in rng.sample(found, 3):
        changes = {"v": rng.choice((1, 7, "x"))} if rng.random() < 0.5 else {}
        found.append({**event, **changes})
    rng.shuffle(found)
    return found
