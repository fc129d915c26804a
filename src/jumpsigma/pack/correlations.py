"""Correlations: what is wrong with one, and which rules it refers to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from jumpsigma.pack.detections import Problem
from jumpsigma.pack.positions import KeyPath

# pySigma checks a correlation's keys together, so the key is told by the error's class, else by
# the word that its message holds.
_KEY_OF_CLASS: Final = {
    "SigmaCorrelationTypeError": "type",
    "SigmaTimespanError": "timespan",
    "SigmaCorrelationConditionError": "condition",
}
_KEY_OF_WORD: Final = {
    "timespan": "timespan",
    "group-by": "group-by",
    "alias": "aliases",
    "generate": "generate",
    "condition": "condition",
    "field reference": "condition",
    "rule reference": "rules",
    "rules list": "rules",
}
_OPERATORS: Final = ("lt", "lte", "gt", "gte", "eq", "neq")


def correlation_problems(
    section: Any, refusals: Sequence[tuple[Exception, str]]
) -> Iterator[Problem]:
    """The refusals of pySigma at their keys, and what only pySigma 2 refuses or reads right."""
    if not isinstance(section, Mapping):
        yield Problem("JS010", "the correlation must be a mapping", ("correlation",))
        return
    for error, message in refusals:
        key = _key(error, message)
        path: KeyPath = ("correlation", key) if key else ("correlation",)
        yield Problem("JS010", message, path)
    rules = section.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, str):
            message = "a rule is named by its id or name, a string"
            yield Problem("JS010", message, ("correlation", "rules", index), at_key=False)
    condition = section.get("condition")
    if isinstance(condition, Mapping) and not refusals:
        for operator in _OPERATORS:
            if operator in condition:
                yield from _threshold(condition[operator], ("correlation", "condition", operator))


def _threshold(value: Any, path: KeyPath) -> Iterator[Problem]:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return
    if not math.isfinite(number):
        yield Problem("JS010", f"{value!r} is no threshold", path, at_key=False)
    elif not number.is_integer() and _truncates():
        yield Problem(
            "JS034",
            f"the installed pySigma takes the threshold {value} for {int(number)}",
            path,
            at_key=False,
            hint="write a whole number, or install pySigma 2",
        )


@cache
def _truncates() -> bool:
    """Whether the installed pySigma cuts the fraction off a threshold, as 1.5.1 does."""
    from sigma.correlations import SigmaCorrelationCondition

    return SigmaCorrelationCondition.from_dict({"gt": 0.5}).count == 0


def references(section: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids or names that an accepted correlation refers to, each once, in file order."""
    rules = section.get("rules")
    if isinstance(rules, str):
        return (rules,)
    if rules:
        return tuple(dict.fromkeys(rules))
    from sigma.correlations import SigmaExtendedCorrelationCondition

    condition = section.get("condition")
    if not isinstance(condition, str):
        return ()
    return tuple(SigmaExtendedCorrelationCondition(condition).get_referenced_rules())


def _key(error: Exception, message: str) -> str | None:
    if (key := _KEY_OF_CLASS.get(type(error).__name__)) is not None:
        return key
    return next((key for word, key in _KEY_OF_WORD.items() if word in message), None)
