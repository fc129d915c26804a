"""Windows in SQL of which a condition can be undone by more events.

Every moment is judged at which events of a group come in (``gone = 0``) and at which they have left
(``gone = 1``): ``windows`` joins it with the events that count. Moments from one arrival to the
next are a *run*; an arrival is a finding where the condition holds and did not hold throughout the
run before (S808, S809).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from jumpsigma.export.conditions import SIGNS, over_rules
from jumpsigma.export.refusals import NotWrittenError
from jumpsigma.ir.correlations import CorrelationIR, Threshold

NANOSECONDS: Final = 1_000_000_000
_SIGNS: Final = {**SIGNS, "eq": "=", "neq": "<>"}
_COUNTED: Final = {"event_count": "id", "value_count": "measured", "temporal": "slot"}


def condition_on(correlation: CorrelationIR, row: str, extra: str = "") -> str:
    """The condition over the joined rows of a window, or of a part of it."""
    condition = correlation.condition
    if not isinstance(condition, Threshold):
        return over_rules(
            condition,
            lambda slot: f"max(CASE WHEN {row}slot = {slot}{extra} THEN 1 ELSE 0 END) = 1",
            (" AND ", " OR ", "NOT "),
        )
    return f"{_number(correlation, row, extra)} {_SIGNS[condition.op]} {condition.number!r}"


def _number(correlation: CorrelationIR, row: str, extra: str) -> str:
    """What is measured (S812-S817)."""
    match correlation.type:
        case "event_count" | "value_count" | "temporal":
            counted = f"{row}{_COUNTED[correlation.type]}"
            return f"count(DISTINCT CASE WHEN 1 = 1{extra} THEN {counted} END)"
        case "value_sum":
            return f"sum({row}measured * {row}times)"
        case "value_avg":
            return f"sum({row}measured * {row}times) / sum({row}times)"
        case "value_median" | "value_percentile":
            return _between(*_share(correlation))
        case _:
            raise NotWrittenError(f"a correlation of the type {correlation.type}")


def _share(correlation: CorrelationIR) -> tuple[int, int]:
    if correlation.type == "value_median":
        return 1, 2
    return (Fraction(str(correlation.percentile)) / 100).as_integer_ratio()


def _between(share: int, of: int) -> str:
    """The value at a share of the sorted numbers, between two by their distance (S815).

    A number stands at the places from ``upto - times`` to below ``upto``; the place looked for is
    ``share * (total - 1)``, both in parts of ``of``.
    """

    def at(place: str) -> str:
        inside = f"(upto - times) * {of} <= {place} AND {place} < upto * {of}"
        return f"max(CASE WHEN {inside} THEN measured END)"

    place = f"{share} * (total - 1)" if share != 1 else "(total - 1)"
    low = at(place)
    if of == 1:
        return low
    rest = f"max({place}) % {of}"
    high = f"coalesce({at(f'{place} + {of}')}, {low})"
    return f"(({of} - {rest}) * {low} + {rest} * {high}) / {of}"


def judged(correlation: CorrelationIR, groups: Sequence[str], prefix: str) -> tuple[list[str], str]:
    """The common table expressions over ``kept``, and the query of findings."""
    span = correlation.timespan * NANOSECONDS
    by = "".join(f", {name}" for name in groups)
    kept = f"{prefix}kept"
    moments = (
        f"SELECT DISTINCT t AS instant, 0 AS gone{by} FROM {kept}"
        f" UNION ALL SELECT DISTINCT t + {span} AS instant, 1 AS gone{by} FROM {kept}"
    )
    same = "".join(f"b.{name} = m.{name} AND " for name in groups)
    inside = f"CASE WHEN m.gone = 0 OR b.t > m.instant - {span} THEN b."
    columns = ["id", *_columns(correlation)]
    shown = [
        *("m.instant AS instant", "m.gone AS gone", "b.t AS t"),
        *(f"m.{name} AS {name}" for name in groups),
        *(f"{inside}{name} END AS {name}" for name in columns),
    ]
    joined = (
        f"SELECT {', '.join(shown)} FROM ({moments}) AS m JOIN {kept} AS b"
        f" ON {same}b.t >= m.instant - {span} AND b.t <= m.instant"
    )
    if correlation.type in ("value_median", "value_percentile"):
        window = f"PARTITION BY instant, gone{by}"
        joined = (
            f"SELECT w.*, sum(times) OVER ({window}) AS total, sum(times) OVER ({window}"
            " ORDER BY measured ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto"
            f" FROM ({joined}) AS w"
        )
    holds = f"CASE WHEN count(id) > 0 AND ({condition_on(correlation, '')}) THEN 1 ELSE 0 END"
    apart = f"PARTITION BY {', '.join(groups)} " if groups else ""
    tables = {
        "windows": joined,
        "judged": (
            f"SELECT instant, gone{by}, {holds} AS holds, max(CASE WHEN t = instant THEN id END)"
            f" AS last FROM {prefix}windows GROUP BY instant, gone{by}"
        ),
        "counted": (
            f"SELECT j.*, sum(1 - gone) OVER ({apart}ORDER BY instant, gone"
            f" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run FROM {prefix}judged AS j"
        ),
        "runs": (
            f"SELECT max(CASE WHEN gone = 0 THEN last END) AS id, min(instant) AS t{by},"
            " max(CASE WHEN gone = 0 THEN holds END) AS held, min(holds) AS steady"
            f" FROM {prefix}counted GROUP BY run{by}"
        ),
        "crossed": (
            f"SELECT r.*, max(steady) OVER ({apart}ORDER BY t"
            f" ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS before FROM {prefix}runs AS r"
        ),
    }
    last = f"SELECT id, t{by} FROM {prefix}crossed WHERE held = 1 AND coalesce(before, 0) = 0"
    return [f"{prefix}{name} AS ({query})" for name, query in tables.items()], last


def _columns(correlation: CorrelationIR) -> list[str]:
    match correlation.type:
        case "event_count":
            return []
        case "value_count":
            return ["measured"]
        case "temporal":
            return ["slot"]
        case _:
            return ["measured", "times"]
