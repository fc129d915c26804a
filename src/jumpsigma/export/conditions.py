"""Conditions of correlations that more events never undo: what query languages ask of a window.

A window is asked twice, with the events of its last moment and without them (S809). That tells the
beginning of a finding only where a condition that holds still holds when events come in; the others
are refused here.
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

_SIGNS: Final = {"gt": ">", "gte": ">="}


def sign_of(threshold: Threshold) -> str:
    """The comparison of a measured number with a threshold, which all these languages spell alike.

    Raises :class:`NotWrittenError`.
    """
    if threshold.op not in _SIGNS:
        raise NotWrittenError(f"a threshold with {threshold.op}, which more events can undo")
    return _SIGNS[threshold.op]


def over_rules(node: RuleExpr, seen: Callable[[int], str], words: tuple[str, str]) -> str:
    """A condition over rules (S817), of what says that the rule of a position has a match.

    ``words``: what stands between all and between alternatives, with spaces. Raises
    :class:`NotWrittenError`.
    """
    match node:
        case Seen(reference):
            return seen(reference)
        case Every(items) | Some(items):
            word = words[0] if isinstance(node, Every) else words[1]
            return f"({word.join(over_rules(item, seen, words) for item in items)})"
        case Unseen():
            raise NotWrittenError("a condition with `not` over rules, which more events can undo")
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
        if condition.op not in _SIGNS or not count - 1 < least <= count:
            raise NotWrittenError("a threshold for rules in order that is not all of them")
        return tuple(range(count))
    ways = sequences(condition)
    if len(ways) != 1 or ways[0].unseen:
        raise NotWrittenError("a condition over rules in order that has alternatives or `not`")
    return ways[0].seen
