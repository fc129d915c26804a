"""Correlations: what is wrong with one, and which rules it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any, Final

from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
    SigmaExtendedCorrelationCondition,
)

from jumpsigma.pack.detections import Problem
from jumpsigma.pack.diagnose import attempt, attribute_problems, nearest
from jumpsigma.pack.sigma_objects import correlation_input

_KEYS: Final = ("type", "rules", "group-by", "timespan", "aliases", "condition", "generate")
_TYPES: Final = [kind.name.lower() for kind in SigmaCorrelationType]
_TEMPORAL: Final = ("temporal", "temporal_ordered")


def correlation_problems(data: dict[Any, Any]) -> Iterator[Problem]:
    """What is wrong with a correlation document, each problem at its key."""
    section = data["correlation"]
    if not isinstance(section, Mapping):
        yield Problem("JS010", "the correlation must be a mapping", ("correlation",))
        return
    early = [*_references_problems(section), *_threshold_problems(section)]
    refusals = attempt(
        lambda: SigmaCorrelationRule.from_dict(correlation_input(data), collect_errors=True)
    )
    if not refusals:
        yield from early
        return
    late = [*attribute_problems(data), *_missing(section), *_key_problems(section), *early]
    if late:
        yield from late
    else:  # keys that are right on their own and contradict each other
        for _, message in refusals:
            yield Problem("JS010", message, ("correlation", "condition"))


def _missing(section: Mapping[Any, Any]) -> Iterator[Problem]:
    needed = ["type", "timespan"]
    if section.get("type") not in _TEMPORAL:
        needed += ["rules", "condition"]
    for key in needed:
        if section.get(key) is None:
            yield Problem("JS010", f"the correlation has no {key}", ("correlation", key))


def _key_problems(section: Mapping[Any, Any]) -> Iterator[Problem]:
    """Each key put into a correlation that is otherwise right, and shown to pySigma."""
    kind = str(section.get("type", "")).lower()
    frame: dict[str, Any] = {"type": "temporal", "rules": ["-"], "timespan": "1m"}
    if kind in _TYPES and kind not in _TEMPORAL:
        frame |= {"type": kind, "condition": {"gte": 1, "field": "-"}}
    for key in _KEYS:
        if section.get(key) is None:
            continue
        probe: dict[Any, Any] = {**frame, key: section[key]}
        if key == "type":
            probe["condition"] = {"gte": 1, "field": "-"}
        elif key == "condition" and isinstance(section[key], str):
            del probe["rules"]  # an extended condition must name every rule that is listed
        hint = nearest(str(section[key]), _TYPES) if key == "type" else None
        refusals = attempt(
            partial(
                SigmaCorrelationRule.from_dict,
                {"title": "-", "correlation": probe},
                collect_errors=True,
            )
        )
        if refusals:  # the first is the cause of the others
            _, message = refusals[0]
            yield Problem("JS010", message, ("correlation", key), at_key=False, hint=hint)


def _references_problems(section: Mapping[Any, Any]) -> Iterator[Problem]:
    rules = section.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, str):
            message = "a rule is named by its id or name, a string"
            yield Problem("JS010", message, ("correlation", "rules", index), at_key=False)


def _threshold_problems(section: Mapping[Any, Any]) -> Iterator[Problem]:
    condition = section.get("condition")
    if not isinstance(condition, Mapping) or not _truncates():
        return
    for operator in sorted(SigmaCorrelationConditionOperator.operators()):
        value = condition.get(operator)
        if isinstance(value, float) and not value.is_integer():
            yield Problem(
                "JS034",
                f"the installed pySigma drops the fraction of the threshold {value}",
                ("correlation", "condition", operator),
                at_key=False,
                hint="write a whole number, or install pySigma 2",
            )


@cache
def _truncates() -> bool:
    """Whether the installed pySigma cuts the fraction off a threshold, as 1.5.1 does."""
    return SigmaCorrelationCondition.from_dict({"gt": 0.5}).count == 0


def references(section: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids or names that an accepted correlation refers to, each once, in file order."""
    rules = section.get("rules")
    if isinstance(rules, str):
        return (rules,)
    if rules:
        return tuple(dict.fromkeys(rules))
    condition = section.get("condition")
    if not isinstance(condition, str):
        return ()
    return tuple(SigmaExtendedCorrelationCondition(condition).get_referenced_rules())
