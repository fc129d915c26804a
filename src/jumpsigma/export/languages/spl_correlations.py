"""Correlations in SPL: what the windows of :mod:`jumpsigma.matcher.correlate` find, by streamstats.

``time_window`` is not used: it is not documented whether it holds the event at its very beginning.
A count of N is reached where the N-th event before is young enough, which a window of N events
tells; rules have come together where the last match of each is. A moment is a finding where that
holds with the events of that moment and not without them (S809): the whole truth only of conditions
that more events never undo. The others are refused.

Times are whole milliseconds, so that no difference is a fraction that is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from jumpsigma.export.conditions import only_grows, order_of, over_rules
from jumpsigma.export.refusals import NotWrittenError
from jumpsigma.ir.correlations import CorrelationIR, Threshold
from jumpsigma.ir.nodes import Expr, RuleIR

if TYPE_CHECKING:
    from jumpsigma.export.languages.spl import Spl

_MILLISECONDS: Final = 1000
#: The group of all, where there is no ``group-by``.
_ALL: Final = '| eval key_0="all"'
#: More events than these no window of streamstats has (``max_stream_window`` of limits.conf).
_MOST: Final = 10_000


def correlation_lines(spl: Spl, correlation: CorrelationIR) -> list[str]:
    """The commands: a row for each finding, with the id of the event that completes it.

    Raises :class:`CannotSayError` for what is not written, or cannot be.
    """
    if not only_grows(correlation):
        raise NotWrittenError("a condition that more events can undo")
    rules: list[Expr] = []
    for reference in correlation.references:
        if not isinstance(reference.rule, RuleIR):
            raise NotWrittenError("a correlation over correlations")
        if reference.group_by != correlation.references[0].group_by:
            raise NotWrittenError("groups that the rules have in different fields")
        rules.append(reference.rule.condition)
    fields = correlation.references[0].group_by
    keys = [f"key_{number}" for number in range(len(fields) or 1)]
    lines, tests = spl.matches(rules)
    lines += [f"| eval {key}={spl.key(field)}" for key, field in zip(keys, fields, strict=False)]
    lines += [] if fields else [_ALL]
    present = [f"isnotnull({name})" for name in ("id", "_time", *keys)]
    lines += [f"| where {' AND '.join(present)}", "| eval moment=round(_time*1000)"]
    by, span = " ".join(keys), correlation.timespan * _MILLISECONDS
    match correlation.type:
        case "event_count":
            return [*lines, *_counted(correlation, by, span)]
        case "temporal":
            return [*lines, *_together(correlation, tests, by, span)]
        case "temporal_ordered":
            return [*lines, *_ordered(correlation, tests, by, span)]
        case _:
            raise NotWrittenError(f"a correlation of the type {correlation.type}")


def _least(threshold: Threshold) -> int:
    """The smallest whole number that satisfies it."""
    number = threshold.number
    return max(1, floor(number) + 1 if threshold.op == "gt" else ceil(number))


def _sorted(by: str, *more: str) -> str:
    """Sorted by the groups, then time; ``sort 0`` keeps all."""
    keys = [f"str({key})" for key in by.split()]
    return f"| sort 0 {' '.join([*keys, 'num(moment)', *more])}"


def _counted(correlation: CorrelationIR, by: str, span: int) -> list[str]:
    assert isinstance(correlation.condition, Threshold)  # noqa: S101 - of no type that counts
    least = _least(correlation.condition)
    if least > _MOST:
        raise NotWrittenError(f"a count of more than {_MOST:,} events")
    window = f"window={least} global=f"
    return [
        f"| dedup id moment {by}",
        _sorted(by, "str(id)"),
        f"| streamstats {window} count AS held min(moment) AS since by {by}",
        (
            f"| streamstats current=f {window} count AS held_before"
            f" min(moment) AS since_before by {by}"
        ),
        (
            "| stats last(id) AS id max(held) AS held max(since) AS since"
            " min(held_before) AS held_before min(since_before) AS since_before"
            f" by {by} moment"
        ),
        (
            f"| where held>={least} AND since+{span}>=moment"
            f" AND NOT (coalesce(held_before, 0)>={least}"
            f" AND coalesce(since_before, 0)+{span}>=moment)"
        ),
    ]


def _hits(tests: Sequence[str]) -> list[str]:
    return [f"| eval hit_{slot}=if({test}, moment, null())" for slot, test in enumerate(tests)]


def _together(correlation: CorrelationIR, tests: Sequence[str], by: str, span: int) -> list[str]:
    """The last match of every rule, with the events of a moment and without."""
    slots = range(len(tests))
    latest = " ".join(f"max(hit_{slot}) AS hit_{slot}" for slot in slots)

    def streamed(name: str) -> str:
        return " ".join(f"max(hit_{slot}) AS {name}_{slot}" for slot in slots)

    def holds(name: str) -> str:
        def seen(slot: int) -> str:
            return f"coalesce({name}_{slot}, 0)+{span}>=moment"

        if isinstance(correlation.condition, Threshold):
            ones = "+".join(f"if({seen(slot)}, 1, 0)" for slot in slots)
            return f"{ones}>={_least(correlation.condition)}"
        return over_rules(correlation.condition, seen, (" AND ", " OR ", "NOT "))

    return [
        *_hits(tests),
        _sorted(by, "str(id)"),
        f"| stats last(id) AS id {latest} by {by} moment",
        _sorted(by),
        f"| streamstats {streamed('now')} by {by}",
        f"| streamstats current=f {streamed('before')} by {by}",
        f"| where {holds('now')} AND NOT ({holds('before')})",
    ]


def _ordered(correlation: CorrelationIR, tests: Sequence[str], by: str, span: int) -> list[str]:
    """For each rule the latest time at which a run begins that ends with it (S818)."""
    order = order_of(correlation)
    latest = " ".join(f"max(hit_{slot}) AS hit_{slot}" for slot in sorted({*order}))
    lines = [
        *_hits(tests),
        f"| eval last=if({tests[order[-1]]}, id, null())",
        _sorted(by, "str(id)"),
        f"| stats first(last) AS id {latest} by {by} moment",
        _sorted(by),
        f"| eval run_0=hit_{order[0]}",
    ]
    for place, slot in enumerate(order[1:], 1):
        lines += [
            f"| streamstats current=f max(run_{place - 1}) AS begun_{place} by {by}",
            f"| eval run_{place}=if(isnotnull(hit_{slot}), begun_{place}, null())",
        ]
    last = f"run_{len(order) - 1}"
    return [
        *lines,
        f"| streamstats max({last}) AS now by {by}",
        f"| streamstats current=f max({last}) AS before by {by}",
        f"| where coalesce(now, 0)+{span}>=moment AND NOT (coalesce(before, 0)+{span}>=moment)",
    ]
