"""Correlations in SQL: what the windows of :mod:`jumpsigma.matcher.correlate` find, by joins.

Three steps, each a common table expression: ``base`` has the matches of every rule with their time
and group; ``kept`` those that have both, copies of one event once (S802); the last part joins each
moment of a group with what is in the window that ends there.

A moment is a finding where the condition holds with the events of that moment and does not hold
without them (S809). That is the whole truth only of conditions that more events never undo; see
:mod:`jumpsigma.export.languages.sql_windows` for the others.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jumpsigma.export.conditions import NUMERIC, only_grows, order_of
from jumpsigma.export.languages.sql_windows import NANOSECONDS, condition_on, judged
from jumpsigma.export.refusals import NotWrittenError
from jumpsigma.export.simplify import simplified
from jumpsigma.ir.correlations import (
    CorrelationIR,
    Reference,
)
from jumpsigma.ir.nodes import RuleIR

if TYPE_CHECKING:
    from jumpsigma.export.languages.sql import SqlLanguage


def correlation_query(sql: SqlLanguage, correlation: CorrelationIR) -> str:
    """The query: a row for each finding, with the id of the event that completes it.

    Raises :class:`CannotSayError` for what is not written, or cannot be.
    """
    parts, last = _parts(sql, correlation, "")
    return f"WITH {', '.join(parts)} {last}"


def _parts(sql: SqlLanguage, correlation: CorrelationIR, prefix: str) -> tuple[list[str], str]:
    """The common table expressions, whose names begin with a prefix, and the query over them."""
    groups = [f"g{number}" for number in range(len(correlation.group_by))]
    parts: list[str] = []
    matches: list[str] = []
    for slot, reference in enumerate(correlation.references):
        if isinstance(reference.rule, CorrelationIR):
            below = f"{prefix}r{slot}_"
            inner, found = _parts(sql, reference.rule, below)
            parts += [*inner, f"{below}found AS ({found})"]
            matches.append(_findings(correlation, reference, reference.rule, slot, below))
        else:
            matches.append(_matches(sql, correlation, reference, reference.rule, slot))
    base, kept = f"{prefix}base", f"{prefix}kept"
    parts += [
        f"{base} AS ({' UNION ALL '.join(matches)})",
        f"{kept} AS ({_kept(correlation, groups, base)})",
    ]
    if correlation.type != "temporal_ordered":
        if only_grows(correlation):
            return parts, _counted(correlation, groups, kept)
        more, last = judged(correlation, groups, prefix)
        return [*parts, *more], last
    found_chains, last = _ordered(correlation, groups, prefix)
    return [*parts, *found_chains], last


def _findings(
    correlation: CorrelationIR, reference: Reference, inner: CorrelationIR, slot: int, below: str
) -> str:
    """The findings of a correlation as matches: of its last event, in its group (S821)."""
    if correlation.type not in ("temporal", "temporal_ordered"):
        raise NotWrittenError("a correlation that counts the findings of another one")
    columns = ["id", "t", f"{slot} AS slot"]
    for number, field in enumerate(reference.group_by):
        places = [
            place
            for place in range(len(inner.group_by))
            if all(each.group_by[place] == field for each in inner.references)
        ]
        if not places:
            raise NotWrittenError("groups of a correlation over correlations that these lack")
        columns.append(f"g{places[0]} AS g{number}")
    return f"SELECT {', '.join(columns)} FROM {below}found"


def _matches(
    sql: SqlLanguage,
    correlation: CorrelationIR,
    reference: Reference,
    rule: RuleIR,
    slot: int,
) -> str:
    fields = [(f"g{number}", field) for number, field in enumerate(reference.group_by)]
    if correlation.type == "value_count":
        if len(reference.fields) != 1:
            raise NotWrittenError("distinct combinations of several fields")
        fields.append(("measured", reference.fields[0]))
    source, conditions = sql.source([(f"{name}_value", field) for name, field in fields])
    condition = sql.clause(simplified(rule.condition)).text
    where = sql.AND.join([f"({condition})", *conditions])
    keys = [f"{sql.key(f'{name}_value')} AS {name}" for name, _ in fields]
    if correlation.type in NUMERIC:
        return _numbers(sql, reference.fields[0], keys, f"{source} WHERE {where}")
    columns = [f"{sql.scalar('id')} AS id", f"{sql.moment()} AS t", f"{slot} AS slot", *keys]
    return f"SELECT {', '.join(columns)} FROM {source} WHERE {where}"


def _numbers(sql: SqlLanguage, field: str, keys: Sequence[str], matches: str) -> str:
    """The numbers of each match and how often it has them: lists may have one twice (S814).

    An event with a group's value in several fields or spellings is in the group once (S804), so
    that numbers are looked for when events are told apart.
    """
    event = copy.copy(sql)
    groups = [key.rpartition(" ")[2] for key in keys]
    event.table = f"(SELECT DISTINCT {', '.join([sql.column, *keys])} FROM {matches}) AS e"
    source, conditions = event.source([("measured_value", field)])
    columns = [f"{sql.scalar('id')} AS id", f"{sql.moment()} AS t", *groups]
    number = sql.double("measured_value")
    where = f" WHERE {sql.AND.join(conditions)}" if conditions else ""
    found = f"SELECT {', '.join([*columns, sql.column, f'{number} AS measured'])} FROM {source}"
    listed = ", ".join(["id", "t", *groups, "measured"])
    return (
        f"SELECT {listed}, count(*) AS times FROM ({found}{where}) AS n"
        f" WHERE {sql.finite('measured')} GROUP BY {listed}, {sql.column}"
    )


def _kept(correlation: CorrelationIR, groups: Sequence[str], base: str) -> str:
    """Matches with a time and group; of copies one, with each number as often as any has it."""
    measured = ["measured"] if correlation.type == "value_count" else []
    present = " AND ".join(f"{name} IS NOT NULL" for name in ("id", "t", *groups, *measured))
    if correlation.type not in NUMERIC:
        return f"SELECT DISTINCT * FROM {base} WHERE {present}"
    listed = ", ".join(["id", "t", *groups, "measured"])
    return f"SELECT {listed}, max(times) AS times FROM {base} WHERE {present} GROUP BY {listed}"


def _same(left: str, right: str, groups: Sequence[str]) -> str:
    return "".join(f"{left}.{name} = {right}.{name} AND " for name in groups)


def _columns(table: str, groups: Sequence[str]) -> str:
    return "".join(f", {table}.{name}" for name in groups)


def _named(table: str, groups: Sequence[str]) -> str:
    return "".join(f", {table}.{name} AS {name}" for name in groups)


def _counted(correlation: CorrelationIR, groups: Sequence[str], kept: str) -> str:
    """Every type but ``temporal_ordered``: with the last event of the moment (S809)."""
    span = correlation.timespan * NANOSECONDS
    moments = f"SELECT DISTINCT t{''.join(f', {name}' for name in groups)} FROM {kept}"
    held = condition_on(correlation, "b.")
    before = condition_on(correlation, "b.", " AND b.t < m.t")
    return (
        f"SELECT max(CASE WHEN b.t = m.t THEN b.id END) AS id, m.t AS t{_named('m', groups)}"
        f" FROM ({moments}) AS m JOIN {kept} AS b"
        f" ON {_same('b', 'm', groups)}b.t >= m.t - {span} AND b.t <= m.t"
        f" GROUP BY m.t{_columns('m', groups)}"
        f" HAVING ({held}) AND NOT ({before})"
    )


def _ordered(
    correlation: CorrelationIR, groups: Sequence[str], prefix: str
) -> tuple[list[str], str]:
    """Rules one after another, strictly later each (S818): chains, by their first and last time."""
    span, order = correlation.timespan * NANOSECONDS, order_of(correlation)
    kept = f"{prefix}kept"
    names = [f"c{number}" for number in range(len(order))]
    joins = [f"{kept} AS {names[0]}"]
    for before, name, slot in zip(names, names[1:], order[1:], strict=False):
        on = f"{_same(name, names[0], groups)}{name}.t > {before}.t AND {name}.slot = {slot}"
        joins.append(f"{name} ON {on}")
    from_ = f"{joins[0]}{''.join(f' JOIN {kept} AS {join}' for join in joins[1:])}"
    first, last = names[0], names[-1]
    chains = (
        f"{prefix}chains AS (SELECT DISTINCT {first}.t AS started, {last}.t AS ended"
        f"{_named(first, groups)} FROM {from_}"
        f" WHERE {first}.slot = {order[0]} AND {first}.t >= {last}.t - {span})"
    )
    listed = "".join(f", {name}" for name in groups)
    ends = f"{prefix}ends AS (SELECT DISTINCT ended{listed} FROM {prefix}chains)"
    query = (
        f"SELECT min(b.id) AS id, m.ended AS t{_named('m', groups)}"
        f" FROM {prefix}ends AS m JOIN {kept} AS b"
        f" ON {_same('b', 'm', groups)}b.t = m.ended AND b.slot = {order[-1]}"
        f" LEFT JOIN {prefix}chains AS c ON {_same('c', 'm', groups)}c.ended < m.ended"
        f" AND c.started >= m.ended - {span}"
        f" GROUP BY m.ended{_columns('m', groups)} HAVING count(c.started) = 0"
    )
    return [chains, ends], query
