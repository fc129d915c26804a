"""Windows in KQL of which a condition can be undone by more events.

Every moment is judged at which events of a group come in (``gone == 0``) and at which they have
left (``gone == 1``). An arrival at which the condition holds is a finding where no arrival is
before it, or where the condition did not hold at the last of these, or at a moment since (S809).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from jumpsigma.export.conditions import SIGNS, over_rules
from jumpsigma.ir.correlations import CorrelationIR, Threshold

_SIGNS: Final = {**SIGNS, "eq": "==", "neq": "!="}
_LAST: Final = 'id = max(iff(other == instant, id, ""))'


def judged(
    correlation: CorrelationIR, by: str, span: str, prefix: str
) -> tuple[list[str], list[str]]:
    """Statements over the table ``base``, and the steps that end in ``id``, ``t`` and groups."""
    base, table = f"{prefix}base", f"{prefix}judged"
    arrived = f"{base} | distinct instant = t, {by} | extend gone = 0"
    left = f"{base} | distinct instant = t + {span}, {by} | extend gone = 1"
    lines = [
        f"let {table} = materialize(union ({arrived}), ({left})",
        # Copies of one event may have come before the last run and since.
        f"| join kind=inner ({base} | distinct other = t, id, slot, counted, {by}) on {by}",
        f"| where other between ((instant - {span}) .. instant)",
        f"| extend inside = gone == 0 or other > instant - {span}",
        *_measured(correlation, by),
        f"| project instant, gone, holds, id, {by});",
    ]
    steps = [
        table,
        "| where gone == 0 and holds",
        f"| project instant, id, {by}",
        f"| join kind=inner ({table} | project other = instant, gone, holds, {by}) on {by}",
        "| summarize arrived = max(iff(gone == 0 and other < instant, other, datetime(null))),",
        "    fallen = max(iff(not(holds) and other < instant, other, datetime(null)))",
        f"    by t = instant, id, {by}",
        "| where isnull(arrived) or fallen >= arrived",
    ]
    return lines, steps


def _measured(correlation: CorrelationIR, by: str) -> list[str]:
    """The steps from the events of each window to ``holds``."""
    condition, moment = correlation.condition, f"by instant, gone, {by}"
    if not isinstance(condition, Threshold):
        slots: Sequence[int] = range(len(correlation.references))
        counts = [f"held_{slot} = countif(inside and slot == {slot})" for slot in slots]
        tests = over_rules(condition, lambda slot: f"held_{slot} > 0", (" and ", " or ", "not"))
        return [
            f"| summarize events = countif(inside), {', '.join(counts)}, {_LAST} {moment}",
            f"| extend holds = events > 0 and {tests}",
        ]
    test = f"number {_SIGNS[condition.op]} {condition.number!r}"
    match correlation.type:
        case "value_sum":
            steps = [_summed(moment), "| extend number = total"]
        case "value_avg":
            steps = [_summed(moment), "| extend number = total / todouble(events)"]
        case "value_median":
            steps = _between(1, 2, moment)
        case "value_percentile":
            share = Fraction(str(correlation.percentile)) / 100
            steps = _between(*share.as_integer_ratio(), moment)
        case _:
            steps = [
                f"| summarize held = countif(inside), {_LAST} by instant, gone, counted, {by}",
                f"| summarize events = countif(held > 0), id = max(id) {moment}",
                "| extend number = events",
            ]
    return [*steps, f"| extend holds = events > 0 and {test}"]


def _summed(moment: str) -> str:
    return f"| summarize events = countif(inside), total = sumif(counted, inside), {_LAST} {moment}"


def _between(share: int, of: int, moment: str) -> list[str]:
    """The value at a share of the sorted numbers, between two by their distance (S815)."""
    low, high = (f"todouble(sorted[{place}])" for place in ("low", "min_of(low + 1, events - 1)"))
    place = f"{share} * (events - 1)" if share != 1 else "events - 1"
    return [
        # A list is in the order of the rows before it, where these are sorted.
        "| sort by counted asc",
        (
            "| summarize events = countif(inside),"
            f" sorted = make_list(iff(inside, counted, real(null))), {_LAST} {moment}"
        ),
        f"| extend place = {place}",
        f"| extend low = place / {of}, rest = place % {of}",
        f"| extend number = (({of} - rest) * {low} + rest * {high}) / {of}.0",
    ]
