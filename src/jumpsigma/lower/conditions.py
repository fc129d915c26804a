"""Condition strings to expressions (S501-S506). What a condition names was checked by the pack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyparsing import ParseResults
from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)

from jumpsigma.ir.nodes import Expr, Not
from jumpsigma.lower.detections import all_of, any_of
from jumpsigma.lower.values import LoweringError
from jumpsigma.pack.conditions import selected

#: Deeper trees are no rule that a person wrote; the bound keeps every walk over one shallow.
MAX_DEPTH = 100


def lower_condition(condition: SigmaCondition, lower_named: Callable[[str], Expr]) -> Expr:
    """The expression of one condition; ``lower_named`` gives that of a detection by its name.

    It must be one of ``parsed_condition``: a mapping changes those, not the rule's own text.

    Raises :class:`LoweringError` (JS012) for a condition nested deeper than :data:`MAX_DEPTH`.
    """

    def lower(node: Any, depth: int) -> Expr:
        if depth > MAX_DEPTH:
            raise LoweringError("JS012", f"the condition nests more than {MAX_DEPTH} levels")
        while isinstance(node, ParseResults) and len(node) == 1:
            node = node[0]
        match node:
            case ConditionIdentifier():
                return lower_named(node.identifier)
            case ConditionSelector():
                chosen = map(lower_named, selected(node.pattern, condition.detections.detections))
                return all_of(chosen) if node.cond_class is ConditionAND else any_of(chosen)
            case ConditionNOT(args):
                return Not(lower(args[0], depth + 1))
            case ConditionAND(args):
                return all_of([lower(arg, depth + 1) for arg in args])
            case ConditionOR(args):
                return any_of([lower(arg, depth + 1) for arg in args])
            case _:
                raise AssertionError(f"pySigma's condition tree holds a {type(node).__name__}")

    return lower(condition.parse(postprocess=False), 0)
