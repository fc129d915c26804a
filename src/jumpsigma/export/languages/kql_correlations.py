"""Correlations in KQL: what the windows of :mod:`jumpsigma.matcher.correlate` find, by joins.

``base`` has the matches of every rule with their id, time and group, copies of one event once
(S802). Each moment of a group is joined with what is in the window that ends there. It is a finding
where the condition holds with the events of that moment, and does not hold without them (S809): the
whole truth only of conditions that more events never undo. For the others see
:mod:`jumpsigma.export.languages.kql_windows`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from jumpsigma.export.conditions import NUMERIC, SIGNS, only_grows, order_of, over_rules
from jumpsigma.export.languages.kql_windows import judged
from jumpsigma.export.refusals import NeedsOptionError, NotWrittenError
from jumpsigma.ir.correlations import (
    CorrelationIR,
    Reference,
    RuleExpr,
    Threshold,
)
from jumpsigma.ir.nodes import RuleIR

if TYPE_CHECKING:
    from jumpsigma.export.languages.kql import Kql

#: The group of all, where there is no ``group-by``.
_ALL: Final = "all_events"
#: The event that completes: the last of its moment (S809).
_LAST: Final = 'id = max(iff(other == t, id, ""))'
_EMPTY: Final = '""'
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400}


def correlation_lines(kql: Kql, correlation: CorrelationIR) -> list[str]:
    """The lines of the query: a row for each finding, with the id of the event that completes it.

    Raises :class:`CannotSayError` for what is not written, or cannot be.
    """
    functions, statements, steps = _findings(kql, correlation, "")
    groups = _names(correlation)
    if kql.fresh is not None:
        _check_period(kql, correlation)
        steps.append("| where fresh")
    shown = ["id", "TimeGenerated = t", *(name for name in groups if name != _ALL)]
    for column, fields in kql.tables.get("entities", {}).items():
        named = zip(correlation.group_by, groups, strict=False)
        shown.append(f"{column} = {next((by for name, by in named if name in fields), _EMPTY)}")
    return [*functions.values(), *statements, *steps, f"| project {', '.join(shown)}"]


def _findings(
    kql: Kql, correlation: CorrelationIR, prefix: str
) -> tuple[dict[str, str], list[str], list[str]]:
    """Functions, statements, and the steps that end in ``id``, ``t`` and the groups.

    Where it matters, there is ``fresh`` too: an event of the window came since the last run.
    """
    groups = _names(correlation)
    functions: dict[str, str] = {}
    statements: list[str] = []
    tables = [f"{prefix}matches_{slot}" for slot in range(len(correlation.references))]
    for slot, (reference, table) in enumerate(zip(correlation.references, tables, strict=True)):
        columns, fields = _kept(correlation, reference, slot, groups)
        if isinstance(reference.rule, RuleIR):
            numeric = correlation.type in NUMERIC
            number = reference.fields[0] if numeric else None
            needed, lines = kql.matches(reference.rule.condition, columns, fields, number)
        else:
            kept = _of_findings(kql, reference.rule, columns, fields)
            needed, before, lines = _findings(kql, reference.rule, f"{table}_")
            statements += before
            lines.append(f"| project {kept}")
        functions |= needed
        statements += [f"let {table} = {lines[0]}", *lines[1:-1], f"{lines[-1]};"]
    source = f"union {', '.join(tables)}" if len(tables) > 1 else tables[0]
    source += " | extend counted = id" if correlation.type == "event_count" else ""
    by, span, base = ", ".join(groups), f"{correlation.timespan}s", f"{prefix}base"
    fresh = ", fresh" if kql.fresh is not None else ""
    kept = f"id, t, slot, counted, {by}{fresh}"
    statements.append(f"let {base} = materialize({source} | distinct {kept});")
    if correlation.type == "temporal_ordered":
        more, steps = _ordered(correlation, by, span, prefix)
        statements += more
    elif not only_grows(correlation):
        more, steps = judged(correlation, by, span, prefix)
        statements += more
    elif isinstance(correlation.condition, Threshold):
        steps = _counted(correlation.condition, by, span, base)
    else:
        steps = _seen(correlation, correlation.condition, by, span, base)
    if fresh:
        steps += [
            f"| join kind=inner ({base} | project other = t, fresh, {by}) on {by}",
            f"| where other between ((t - {span}) .. t)",
            f"| summarize fresh = countif(fresh) > 0 by id, t, {by}",
        ]
    return functions, statements, steps


def _of_findings(
    kql: Kql, inner: CorrelationIR, columns: Mapping[str, str], fields: Mapping[str, str]
) -> str:
    """What is kept of a finding: its groups stand in place of fields of the event (S821)."""
    if "counted" not in columns:
        raise NotWrittenError("a correlation that counts findings of another")
    kept = ["id", "t", *(["fresh"] if kql.fresh is not None else [])]
    groups = _names(inner)
    for name, field in fields.items():
        known = {
            group
            for reference in inner.references
            for group, other in zip(groups, reference.group_by, strict=False)
            if other == field
        }
        if len(known) != 1:
            raise NotWrittenError(f"a correlation over correlations that do not group by {field}")
        kept.append(f"{name} = {known.pop()}")
    return ", ".join([*kept, *(f"{name} = {value}" for name, value in columns.items())])


def _names(correlation: CorrelationIR) -> list[str]:
    """Names of columns for the groups: those of the rule's author, made fit."""
    names = [f"by_{re.sub('[^0-9A-Za-z]', '_', each)}" for each in correlation.group_by]
    if len({*names}) < len(names):
        names = [f"{name}_{number}" for number, name in enumerate(names)]
    return names or [_ALL]


def _kept(
    correlation: CorrelationIR, reference: Reference, slot: int, groups: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What is kept of a match: expressions, and fields of which the key is taken."""
    columns = {"slot": str(slot)}
    fields = dict(zip(groups, reference.group_by, strict=False))
    if not fields:
        columns[_ALL] = _EMPTY
    match correlation.type:
        case "event_count":
            pass  # its id
        case "temporal" | "temporal_ordered":
            columns["counted"] = f'"{slot}"'
        case "value_count":
            if len(reference.fields) != 1:
                raise NotWrittenError("distinct combinations of several fields")
            fields["counted"] = reference.fields[0]
        case _:  # a number, of which it does not matter which of the rules matched
            columns["slot"] = "0"
    return columns, fields


def _check_period(kql: Kql, correlation: CorrelationIR) -> None:
    def seconds(duration: str) -> int:
        return int(duration[:-1]) * _SECONDS[duration[-1]]

    if _longest(correlation) + seconds(kql.options["frequency"]) > seconds(kql.options["period"]):
        raise NeedsOptionError(
            "its windows and the frequency together are longer than the period that a run sees",
            "period",
        )


def _longest(correlation: CorrelationIR) -> int:
    below = [each.rule for each in correlation.references if isinstance(each.rule, CorrelationIR)]
    return correlation.timespan + max(map(_longest, below), default=0)


def _windows(by: str, span: str, base: str) -> list[str]:
    """Each moment of a group with each event in the window that ends there."""
    return [
        base,
        f"| distinct t, {by}",
        f"| join kind=inner ({base} | project other = t, id, slot, counted, {by}) on {by}",
        f"| where other between ((t - {span}) .. t)",
    ]


def _counted(threshold: Threshold, by: str, span: str, base: str) -> list[str]:
    test = f"{SIGNS[threshold.op]} {threshold.number!r}"
    return [
        *_windows(by, span, base),
        f"| summarize earlier = countif(other < t), {_LAST} by t, counted, {by}",
        f"| summarize held = count(), before = countif(earlier > 0), id = max(id) by t, {by}",
        f"| where held {test} and not(before {test})",
    ]


def _seen(
    correlation: CorrelationIR, condition: RuleExpr, by: str, span: str, base: str
) -> list[str]:
    counts = [
        f"held_{slot} = countif(slot == {slot}), "
        f"before_{slot} = countif(slot == {slot} and other < t)"
        for slot in range(len(correlation.references))
    ]

    def asked(name: str) -> str:
        return over_rules(condition, lambda slot: f"{name}_{slot} > 0", (" and ", " or ", "not"))

    return [
        *_windows(by, span, base),
        f"| summarize {', '.join(counts)}, {_LAST} by t, {by}",
        f"| where {asked('held')} and not({asked('before')})",
    ]


def _ordered(
    correlation: CorrelationIR, by: str, span: str, prefix: str
) -> tuple[list[str], list[str]]:
    """Rules one after another, strictly later each (S818): chains, by their first and last time."""
    first, *others = order_of(correlation)
    base, table = f"{prefix}base", f"{prefix}chains"
    chains = [f"let {table} = materialize({base}", f"| where slot == {first}"]
    chains.append(f"| distinct started = t, t, {by}")
    for slot in others:
        later = f"{base} | where slot == {slot} | distinct later = t, {by}"
        chains += [
            f"| join kind=inner ({later}) on {by}",
            f"| where later > t and later <= started + {span}",
            f"| distinct started, t = later, {by}",
        ]
    last = others[-1] if others else first
    steps = [
        table,
        f"| distinct t, {by}",
        f"| join kind=inner ({table} | project started, ended = t, {by}) on {by}",
        f"| summarize before = countif(ended < t and started >= t - {span}) by t, {by}",
        "| where before == 0",
        f"| join kind=inner ({base} | where slot == {last} | project id, t, {by}) on t, {by}",
        f"| summarize id = min(id) by t, {by}",
    ]
    return [*chains[:-1], f"{chains[-1]});"], steps
