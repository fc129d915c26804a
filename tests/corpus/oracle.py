"""The oracle: rules as SQL by pysigma-backend-sqlite, run by the standard library's SQLite.

Neither shares a line with the interpreter. A row of a case becomes a row of a table whose
columns are the fields of the rule, as Zircolite flattens events: text that ignores case,
``true`` and ``false`` as text, null and missing as NULL. Keywords search a column that holds all
values of the event, a line each.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cases import Case
from reading import Leaf, Row
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from witness import as_event

from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import Compare, Element, FieldRef, Keyword, Test
from jumpsigma.lower.pysigma1 import is_pysigma1
from jumpsigma.pack import LoadedRule

_ALL_VALUES = "all_values"
_NUMBER = "row_number"


class NotComparableError(Exception):
    """SQLite cannot be asked about this rule, or about this row; says why."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many verdicts were compared, and how many of them SQLite says true.

    ``differing``: the rows that are judged differently, by rule; ``not_comparable``: the rules
    that SQLite cannot be asked about, with the reason.
    """

    compared: int
    matching: int
    differing: dict[str, list[Row]]
    not_comparable: dict[str, str]


def backend_is_there() -> bool:
    """Whether the backend for pySigma 2 is; that for pySigma 1 reads some rules differently."""
    return not is_pysigma1() and find_spec("sigma.backends.sqlite") is not None


def agreement(cases: Sequence[Case]) -> Agreement:
    """Compare the interpreter with SQLite on every row that fits a table."""
    compared = matching = 0
    differing: dict[str, list[Row]] = {}
    not_comparable: dict[str, str] = {}
    for case in cases:
        rows = [row for row in case.rows if comparable(row)]
        try:
            theirs = verdicts(case.outcome.rule, list(case.truths), rows)
        except NotComparableError as reason:
            not_comparable[case.key] = str(reason)
            continue
        compared += len(rows)
        matching += sum(theirs)
        ours = [holds(case.expr, as_event(row), case.lists) for row in rows]
        found = [row for row, a, b in zip(rows, ours, theirs, strict=True) if a is not b]
        if found:
            differing[case.key] = found
    return Agreement(compared, matching, differing, not_comparable)


def queries(rule: LoadedRule) -> list[str]:
    """The rule as SQL, one query for each of its conditions."""
    sigma = rule.to_sigma()
    assert isinstance(sigma, SigmaRule)
    # By name: only one environment has it, and it has no types.
    backend: Any = import_module("sigma.backends.sqlite").sqliteBackend(
        collate_nocase=True, fulltext_field=_ALL_VALUES
    )
    try:
        return [str(query) for query in backend.convert_rule(sigma)]
    except (SigmaError, NotImplementedError) as error:
        raise NotComparableError(f"{type(error).__name__}: {error}") from error


def verdicts(rule: LoadedRule, leaves: Sequence[Leaf], rows: Sequence[Row]) -> list[bool]:
    """What SQLite says of each row."""
    columns = _columns(leaves)
    connection = sqlite3.connect(":memory:")
    try:
        connection.create_function("REGEXP", 2, _regexp, deterministic=True)
        head = [f"{_quoted(_NUMBER)} INTEGER", f"{_quoted(_ALL_VALUES)} TEXT COLLATE NOCASE"]
        declared = [f"{_quoted(name)} {kind}" for name, kind in columns.items()]
        connection.execute(f"CREATE TABLE logs ({', '.join([*head, *declared])})")
        marks = ", ".join("?" * (len(columns) + 2))
        connection.executemany(
            f"INSERT INTO logs VALUES ({marks})",
            ([number, *_flat(row, columns)] for number, row in enumerate(rows)),
        )
        found = {hit[0] for query in queries(rule) for hit in connection.execute(query)}
    except sqlite3.Error as error:
        raise NotComparableError(f"SQLite: {error}") from error
    finally:
        connection.close()
    return [number in found for number in range(len(rows))]


def comparable(row: Row) -> bool:
    """Whether the row fits one row of a table: SQLite knows no lists."""
    return not any(isinstance(value, tuple | list) for value in row.values())


def _columns(leaves: Sequence[Leaf]) -> dict[str, str]:
    """The fields of a rule with their types: what is compared as a number is stored as one."""
    numeric: dict[str, bool] = {}
    for leaf in leaves:
        match leaf:
            case Element():
                raise NotComparableError("a virtual field")
            case Test(field, value):
                numeric[field] = numeric.get(field, False) or isinstance(value, Compare)
                if isinstance(value, FieldRef):
                    numeric.setdefault(value.field, False)
            case Keyword():
                pass
    if len({name.casefold() for name in numeric}) < len(numeric):
        raise NotComparableError("fields that differ in case only")
    return {
        name: "NUMERIC" if is_number else "TEXT COLLATE NOCASE"
        for name, is_number in numeric.items()
    }


def _flat(row: Row, columns: dict[str, str]) -> list[Any]:
    everything = "\n".join(str(_stored(value)) for value in row.values() if value is not None)
    return [everything, *(_stored(row.get(name)) for name in columns)]


def _stored(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _regexp(pattern: str, text: Any) -> bool | None:
    """``text REGEXP pattern``, which SQLite leaves to its user: Python's engine, ASCII classes."""
    return None if text is None else bool(_pattern(pattern).search(str(text)))


@lru_cache(maxsize=1024)
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source, re.ASCII)
