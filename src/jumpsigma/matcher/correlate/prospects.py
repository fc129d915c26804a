"""Groups in which a correlation can never fire: what is not judged costs nothing.

Most logins are of people who never failed to log in. A condition that only more events can make
true is false in every window when it is false of all events of the group together, or of all of
some hours that the window is in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from operator import add, ior, or_
from typing import Any, assert_never

from jumpsigma.ir.correlations import (
    CorrelationIR,
    Every,
    RuleExpr,
    Seen,
    Some,
    Threshold,
    Unseen,
)
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.matcher.correlate.rows import Row

#: What events have together: a number of events, bits of references, or a set of values.
Total = Any


@dataclass(frozen=True, slots=True)
class Prospect:
    """The most that any window of some events can measure.

    ``of`` says what a number of equal events have, by their slots and values; ``add`` joins
    another total to one, which it may change; ``enough``: a window of events with this total may
    satisfy the condition.
    """

    of: Callable[[int, str, int], Total]
    add: Callable[[Total, Total], Total]
    enough: Callable[[Total], bool]

    def join(self, one: Total | None, other: Total) -> Total:
        """Two totals together, or one that is enough already."""
        return other if one is None else one if self.enough(one) else self.add(one, other)

    def spans(self, totals: Mapping[int, Total]) -> set[int]:
        """The spans of which a window that may satisfy the condition can hold events.

        :param totals: what the events of one group have in each span of :func:`width_of` hours.
        """
        found: set[int] = set()
        for last, total in totals.items():
            before = totals.get(last - 1)
            if self.enough(total):
                found.add(last)
            if before is not None and self.enough(self.join(copy(before), total)):
                found |= {last - 1, last}
        return found


def width_of(correlation: CorrelationIR) -> int:
    """So many hours that a window never holds events of more than two such spans in a row.

    With a second to spare: hours are those of times that were rounded.
    """
    return (correlation.timespan + 1) // 3600 + 1


def prospect_of(correlation: CorrelationIR) -> Prospect | None:
    """How to tell that no window of some events fires; None where nothing tells.

    Sums and averages have no bound, and conditions such as ``lte`` hold of fewer events too.
    """
    condition = correlation.condition
    if not isinstance(condition, Threshold):
        if _can_hold(condition, 0):  # also where nothing is seen, as "not" does
            return None
        return Prospect(_slots, or_, lambda slots: _can_hold(condition, slots))
    enough = _least(condition)
    if enough is None:
        return None
    match correlation.type:
        case "event_count":
            return Prospect(_count, add, enough)
        case "value_count":
            return Prospect(_values, ior, lambda values: enough(len(values)))
        case "temporal" | "temporal_ordered":
            return Prospect(_slots, or_, lambda slots: enough(slots.bit_count()))
        case "value_sum" | "value_avg" | "value_median" | "value_percentile":
            return None
        case _:
            assert_never(correlation.type)


def rests_on_others(correlation: CorrelationIR) -> bool:
    """Whether the condition needs findings of another correlation, whatever events there are."""
    prospect = prospect_of(correlation)
    if prospect is None or prospect.of is not _slots:
        return False
    references = enumerate(correlation.references)
    events = sum(1 << slot for slot, each in references if isinstance(each.rule, RuleIR))
    return not prospect.enough(events)


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


def _slots(slots: int, _values: str, _count: int) -> int:
    return slots


def _count(_slots: int, _values: str, count: int) -> int:
    return count


def _values(_slots: int, values: str, _count: int) -> set[str]:
    return set(json.loads(values))


def hopeful(correlation: CorrelationIR, rows: list[Row]) -> list[Row]:
    """The rows of groups in which the condition may hold, in their order."""
    prospect = prospect_of(correlation)
    if prospect is None:
        return rows
    totals = totals_of(prospect, ((row.group, row.slots, row.values, 1) for row in rows))
    kept = {group for group, total in totals.items() if prospect.enough(total)}
    return [row for row in rows if row.group in kept]


def totals_of(prospect: Prospect, events: Iterable[tuple[str, int, str, int]]) -> dict[str, Total]:
    """What the events of each group have together: of group, slots, values and how many."""
    totals: dict[str, Total] = {}
    for group, slots, values, count in events:
        totals[group] = prospect.join(totals.get(group), prospect.of(slots, values, count))
    return totals


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
