"""Correlations whose numbers or references amount to something else than they seem to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jumpsigma.checks.model import Hit, rule_check
from jumpsigma.checks.view import RuleView
from jumpsigma.diagnostics import Severity


def _section(rule: RuleView) -> Mapping[str, Any]:
    section = rule.document.get("correlation")
    return section if rule.kind == "correlation" and isinstance(section, Mapping) else {}


@rule_check("JS172", "idle-threshold", Severity.WARNING)
def idle_threshold(rule: RuleView) -> Iterator[Hit]:
    """A threshold that the first event reaches.

    Then the correlation counts nothing, and is the rule that it refers to under another name.

    Bad::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 1

    Good::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 10
    """
    section = _section(rule)
    condition = section.get("condition")
    if section.get("type") not in ("event_count", "value_count"):
        return
    if not isinstance(condition, Mapping):
        return
    for operator, least in (("gte", 1), ("gt", 0)):
        number = condition.get(operator)
        if isinstance(number, (int, float)) and number <= least:
            path = ("correlation", "condition", operator)
            yield Hit("the first event reaches this threshold", path)


@rule_check("JS173", "no-group-by", Severity.INFO, default=False)
def no_group_by(rule: RuleView) -> Iterator[Hit]:
    """A correlation without `group-by`.

    Off by default. All events are then counted together, whoever caused them; ten users with a
    mistyped password each look like one with ten.

    Bad::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
            timespan: 5m
            condition:
                gte: 10

    Good::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 10
    """
    section = _section(rule)
    if section and not section.get("group-by") and "groupby" not in str(list(section)).lower():
        yield Hit("events are counted together, whoever caused them", ("correlation",), key=True)


@rule_check("JS174", "repeated-reference", Severity.WARNING)
def repeated_reference(rule: RuleView) -> Iterator[Hit]:
    """A correlation names one rule twice, by name or by id.

    Bad::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 10

    Good::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 10
    """
    rules = _section(rule).get("rules")
    seen: set[int] = set()
    for index, reference in enumerate(rules if isinstance(rules, list) else ()):
        found = rule.pack.names.find(str(reference))
        if found is not None:
            if id(found) in seen:
                path = ("correlation", "rules", index)
                yield Hit(f"{reference!r} is named already", path)
            seen.add(id(found))


@rule_check("JS179", "lone-temporal", Severity.WARNING)
def lone_temporal(rule: RuleView) -> Iterator[Hit]:
    """A `temporal` correlation of a single rule.

    It waits for several rules to meet; of one, the first match is enough.

    Bad::

        # rule: correlation
        correlation:
            type: temporal
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m

    Good::

        # rule: correlation
        correlation:
            type: event_count
            rules:
                - base_rule
            group-by:
                - User
            timespan: 5m
            condition:
                gte: 10
    """
    section = _section(rule)
    if section.get("type") not in ("temporal", "temporal_ordered"):
        return
    if len(rule.references) == 1:
        hint = "name another rule, or count with event_count"
        yield Hit("a single rule cannot meet others", ("correlation", "type"), hint=hint)
