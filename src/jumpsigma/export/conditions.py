"""Conditions of correlations: what query languages ask of a window.

Of a condition that more events never undo, a window is asked twice, with the events of its last
moment and without them: that tells the beginning of a finding (S809). Of the others every moment
has to be judged at which events come in or leave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, assert_never

from jumpsigma.export.refusals import NotWrittenError
from jumpsigma.ir.correlations import (
    CorrelationIR,
    Every,
    RuleExpr,
    Seen,
    Some,
    Threshold,
    Unseen,
    sequences,
)

#: The comparisons of a measured number with a threshold, which these languages spell alike.
SIGNS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_GROWING: Final = ("gt", "gte")
#: Types that measure numbers of events.
NUMERIC: Final = ("value_sum", "value_avg", "value_median", "value_percentile")
#: Types of which the measured number never falls when events come in.
_COUNTS: Final = ("event_count", "value_count", "temporal", "temporal_ordered")


def only_grows(correlation: CorrelationIR) -> bool:
    """Whether its condition, once it holds, still holds when more events come in."""
    condition = correlation.condition
    if isinstance(condition, Threshold):
        return correlation.type in _COUNTS and condition.op in _GROWING
    return not _negates(condition)


def _negates(node: RuleExpr) -> bool:
    match node:
        case Seen():
            return False
        case Every(items) | Some(items):
            return any(map(_negates, items))
        case Unseen():
            return True
        case _:
            assert_never(node)


def over_rules(node: RuleExpr, seen: Callable[[int], str], words: tuple[str, str, str]) -> str:
    """A condition over rules (S817), of what says that the rule of a position has a match.

    ``words``: what stands between all and between alternatives, with spaces, and ``not`` before
    parentheses.
    """
    match node:
        case Seen(reference):
            return seen(reference)
        case Every(items) | Some(items):
            word = words[0] if isinstance(node, Every) else words[1]
            return f"({word.join(over_rules(item, seen, words) for item in items)})"
        case Unseen(item):
            return f"{words[2]}({over_rules(item, seen, words)})"
        case _:
            assert_never(node)


def order_of(correlation: CorrelationIR) -> tuple[int, ...]:
    """The references that have to come one after another (S818).

    Raises :class:`NotWrittenError`.
    """
    condition = correlation.condition
    if isinstance(condition, Threshold):
        count = len(correlation.references)
        least = condition.number + (condition.op == "gt")
        if condition.op not in _GROWING or not count - 1 < least <= count:
            raise NotWrittenError("a threshold for rules in order that is not all of them")
        return tuple(range(count))
    ways = sequences(condition)
    if len(ways) != 1 or ways[0].unseen:
        raise NotWrittenError("a condition over rules in order that has alternatives or `not`")
    return ways[0].seen
