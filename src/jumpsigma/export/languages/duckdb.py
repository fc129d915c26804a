"""DuckDB with events as JSON (https://duckdb.org/docs/stable/data/json/overview)."""

from __future__ import annotations

from jumpsigma.export.languages.sql import DECIMAL
from jumpsigma.export.languages.sql_tree import SqlTree


class DuckDb(SqlTree):
    """Its regular expressions are RE2's; its ``lower`` knows Unicode, letter by letter."""

    array, object, null = "ARRAY", "OBJECT", "NULL"

    def text(self, value: str) -> str:
        """Of objects and lists nothing; ``atom`` is JSON."""
        return f"({value}.atom ->> '$')"

    def string(self, value: str) -> str:
        """By the type."""
        return f"CASE {value}.type WHEN 'VARCHAR' THEN {value}.atom ->> '$' END"

    def number(self, value: str) -> str:
        """By the types that are no others: numbers have several."""
        others = "'VARCHAR', 'BOOLEAN', 'NULL', 'OBJECT', 'ARRAY'"
        return f"CASE WHEN {value}.type NOT IN ({others}) THEN CAST({value}.atom AS DOUBLE) END"

    def decimal(self, text: str) -> str:
        """By an expression, for other texts are numbers to DuckDB too."""
        return f"CASE WHEN {self.regexp(text, DECIMAL)} THEN TRY_CAST({text} AS DOUBLE) END"

    def is_boolean(self, value: str, *, expected: bool) -> str:
        """By the type and the word."""
        return f"{value}.type = 'BOOLEAN' AND ({value}.atom ->> '$') = '{str(expected).lower()}'"

    def seconds(self, text: str) -> str:
        """NULL for what is no time."""
        return f"CAST(epoch(TRY_CAST({text} AS TIMESTAMP)) AS BIGINT)"

    def integer(self, digits: str) -> str:
        """NULL for what is no number."""
        return f"TRY_CAST({digits} AS BIGINT)"

    def regexp(self, text: str, source: str) -> str:
        """RE2 with its own defaults."""
        return f"regexp_matches({text}, {self.literal(source)})"
