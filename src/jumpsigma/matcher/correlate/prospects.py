"""Groups in which a correlation can never fire: what is not judged costs nothing.

Most logins are of people who never failed to log in. A condition that only more events can make
true is false in every window of a group when it is false of all events of the group together.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

from jumpsigma.ir.correlations import (
    CorrelationIR,
    Every,
    RuleExpr,
    Seen,
    Some,
    Threshold,
    Unseen,
)
from jumpsigma.matcher.correlate.rows import Row


def hopeful(correlation: CorrelationIR, rows: list[Row]) -> list[Row]:
    """The rows of groups in which the condition may hold, in their order."""
    condition = correlation.condition
    if isinstance(condition, Threshold):
        count = _MOST.get(correlation.type)
        enough = _least(condition)
        if count is None or enough is None:
            return rows
        most = count(rows)
        return [row for row in rows if enough(most[row.group])]
    seen = _slots(rows)
    if _can_hold(condition, 0):  # also of groups in which nothing is seen, as "not" does
        return rows
    kept = {slots for slots in set(seen.values()) if _can_hold(condition, slots)}
    return [row for row in rows if seen[row.group] in kept]


def _least(condition: Threshold) -> Callable[[int], bool] | None:
    """Whether a number as high as a window can have is high enough, None where lower ones do."""
    number = condition.number
    match condition.op:
        case "gte" | "eq":
            return lambda most: most >= number
        case "gt":
            return lambda most: most > number
        case "lt" | "lte" | "neq":
            return None
        case _:
            assert_never(condition.op)


def _can_hold(node: RuleExpr, slots: int) -> bool:
    """Whether the condition can hold of some of the events that satisfy these references."""
    match node:
        case Seen(reference):
            return bool(slots >> reference & 1)
        case Unseen():
            return True
        case Every(items):
            return all(_can_hold(item, slots) for item in items)
        case Some(items):
            return any(_can_hold(item, slots) for item in items)
        case _:
            assert_never(node)


def _slots(rows: Iterable[Row]) -> Mapping[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        found[row.group] |= row.slots
    return found


def _events(rows: Iterable[Row]) -> Mapping[str, int]:
    return Counter(row.group for row in rows)


def _references(rows: Iterable[Row]) -> Mapping[str, int]:
    return {group: slots.bit_count() for group, slots in _slots(rows).items()}


def _values(rows: Iterable[Row]) -> Mapping[str, int]:
    texts: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        texts[row.group].add(row.values)
    return {
        group: len({value for text in found for value in json.loads(text)})
        for group, found in texts.items()
    }


#: The most that a window of each group can measure; sums and averages have no such bound.
_MOST: dict[str, Callable[[Iterable[Row]], Mapping[str, int]]] = {
    "event_count": _events,
    "value_count": _values,
    "temporal": _references,
    "temporal_ordered": _references,
}
