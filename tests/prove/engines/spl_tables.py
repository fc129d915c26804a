"""Splunk's commands that see several events: ``sort``, ``dedup``, ``stats`` and ``streamstats``.

From their reference, as far as backends/splunk writes them. A group is one value of each field; an
event without one of these is in no group. Functions leave out events without the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engines.engine import QueryError

#: A field: its values, none of them NULL; an empty list is NULL.
Values = list[Any]
Row = dict[str, Values]
#: Whether an event stays; it may get fields.
RowStep = Callable[[Row], bool]
Step = Callable[[list[Row]], list[Row]]

_AGGREGATE = re.compile(r"(count|(min|max|first|last)\((\w+)\)) AS (\w+) ?")
_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
}


def filtering(step: RowStep) -> Step:
    """A command that sees one event at a time."""
    return lambda rows: [row for row in rows if step(row)]


def command_on_tables(name: str, rest: str) -> Step | None:
    """One of these commands, or None for another."""
    match name:
        case "sort":
            return _sort(rest)
        case "dedup":
            fields = rest.split()
            return lambda rows: list({_group(row, fields): row for row in rows[::-1]}.values())
        case "stats":
            return _stats(rest)
        case "streamstats":
            return _streamstats(rest)
        case _:
            return None


def _one(row: Row, field: str) -> Any:
    found = row.get(field, [])
    if len(found) > 1:
        raise QueryError(f"{field} has several values")
    return found[0] if found else None


def _group(row: Row, fields: list[str]) -> tuple[Any, ...]:
    found = tuple(_one(row, field) for field in fields)
    if None in found:
        raise QueryError(f"an event without one of {fields}")
    return found


def _sort(text: str) -> Step:
    """``sort 0 str(a) num(b)``: all of them; texts in the order of UTF-8."""
    count, *keys = text.split()
    found = [re.fullmatch(r"(str|num)\((\w+)\)", key) for key in keys]
    if count != "0" or None in found:
        raise QueryError(f"not understood: sort {text}")

    def value(row: Row, kind: str, field: str) -> Any:
        one = _one(row, field)
        if one is None or (kind == "num" and not isinstance(one, float)):
            raise QueryError(f"sort by {field}, which is {one!r}")
        return one if kind == "num" else str(one).encode()

    wanted = [(each[1], each[2]) for each in found if each is not None]
    return lambda rows: sorted(rows, key=lambda row: [value(row, *key) for key in wanted])


def _aggregates(text: str) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Functions, what they are of and what they are called; and the fields behind ``by``."""
    at, found = 0, []
    while one := _AGGREGATE.match(text, at):
        found.append((one[2] or "count", one[3] or "", one[4]))
        at = one.end()
    if not found or not text.startswith("by ", at):
        raise QueryError(f"not understood: {text}")
    return found, text[at + 3 :].split()


def _aggregated(rows: list[Row], function: str, field: str) -> Values:
    if function == "count":
        return [float(len(rows))]
    values = [one for row in rows if (one := _one(row, field)) is not None]
    if not values:
        return []
    if function in _FUNCTIONS:
        return [_FUNCTIONS[function](values)]
    if not all(isinstance(value, float) for value in values):
        raise QueryError(f"{function} of what is no number")
    return [min(values) if function == "min" else max(values)]


def _stats(text: str) -> Step:
    """Rows in an order that nobody knows: here the other way round."""
    functions, fields = _aggregates(text)

    def made(rows: list[Row]) -> list[Row]:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(_group(row, fields), []).append(row)
        return [
            {
                **{field: [value] for field, value in zip(fields, key, strict=True)},
                **{name: _aggregated(some, one, field) for one, field, name in functions},
            }
            for key, some in [*groups.items()][::-1]
        ]

    return made


def _streamstats(text: str) -> Step:
    """Of the events so far; with ``window`` of so many in the group, which needs ``global=f``."""
    found = re.match(r"(current=f )?(?:window=(\d+) global=f )?", text)
    assert found is not None
    functions, fields = _aggregates(text[found.end() :])
    window = int(found[2]) if found[2] else 0

    def made(rows: list[Row]) -> list[Row]:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            seen = groups.setdefault(_group(row, fields), [])
            if not found[1]:
                seen.append(dict(row))
            some = seen[-window:] if window else seen
            for one, field, name in functions:
                row[name] = _aggregated(some, one, field)
            if found[1]:
                seen.append(dict(row))
        return rows

    return made
