"""KQL of the stock backend: rows by duckdb-kql, types by the grammar of what is written.

Microsoft's language service, which the proof of our own target asks, is no Python package. It
says the same of what passes here: text has operators for text, a boolean is compared with a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engines.engine import QueryError
from engines.kusto import TABLE, Kusto

_TEXT = r'"(?:[^"\\]|\\.)*"'
_TEST = re.compile(
    rf"(?P<column>\w+) (?:(?P<text>=~|contains|startswith|endswith) {_TEXT}"
    rf"|(?P<list>in~) \({_TEXT}(?:, {_TEXT})*\)|(?P<flag>==) [01])"
)
_REST = re.compile(r"(?:[\s()]|\band\b|\bor\b|\bnot\b)*")


class KustoRows(Kusto):
    """The events in the table; a query is the condition of one."""

    def run(self, query: str) -> list[str]:
        """The ids of the rows of a condition whose types are right."""
        for test in _TEST.finditer(query):
            kind = self._type(test["column"], "")
            if kind != ("bool" if test["flag"] else "string"):
                raise QueryError(f"{test[0]}: the column is a {kind}")
            if test["column"] not in self._columns:  # no event here has had the field
                column = f'"{test["column"]}" {"BOOLEAN" if test["flag"] else "VARCHAR"}'
                self._connection.execute(f"ALTER TABLE {TABLE} ADD COLUMN {column}")
                self._columns[test["column"]] = kind
        if _REST.fullmatch(_TEST.sub("", query)) is None:
            raise QueryError(f"not known here: {_TEST.sub('', query)}")
        return super().run(f"{TABLE} | where {query}")

    def _asked(self, question: Mapping[str, Any]) -> list[tuple[str, str, int]]:  # noqa: ARG002
        return []
