"""SQLite, from 3.38 on, with events as JSON text (https://www.sqlite.org/json1.html)."""

from __future__ import annotations

import re

from jumpsigma.export.languages.sql import DECIMAL
from jumpsigma.export.languages.sql_tree import SqlTree
from jumpsigma.export.refusals import NeedsOptionError
from jumpsigma.ir.nodes import Text, TextPart, Wildcard


class Sqlite(SqlTree):
    """Its ``lower`` knows ASCII; its ``LIKE`` has no case and its ``GLOB`` has."""

    array, object, null = "array", "object", "null"
    folds_unicode = False

    def text(self, value: str) -> str:
        """Of booleans the type, of objects and lists nothing."""
        return (
            f"CASE WHEN {value}.type IN ('true', 'false') THEN {value}.type"
            f" ELSE CAST({value}.atom AS TEXT) END"
        )

    def string(self, value: str) -> str:
        """By the type."""
        return f"CASE {value}.type WHEN 'text' THEN {value}.atom END"

    def number(self, value: str) -> str:
        """By the two types that numbers have."""
        return f"CASE WHEN {value}.type IN ('integer', 'real') THEN {value}.atom END"

    def decimal(self, text: str) -> str:
        """By an expression, for CAST takes what begins as a number."""
        return f"CASE WHEN {self.regexp(text, DECIMAL)} THEN CAST({text} AS NUMERIC) END"

    def double(self, value: str) -> str:
        """Of whole numbers too."""
        return f"CAST({super().double(value)} AS REAL)"

    def is_boolean(self, value: str, *, expected: bool) -> str:
        """By the type."""
        return f"{value}.type = '{str(expected).lower()}'"

    def fits(self, found: str, text: Text) -> str:
        """LIKE knows no case; GLOB does."""
        if not text.cased:
            return super().fits(found, text)
        return f"{found} GLOB {self.literal(''.join(map(_glob_part, text.parts)))}"

    def ends_with(self, text: str, end: str) -> str:
        """By the place where it would begin: SQLite has no ``right``."""
        start = f"length({text}) - length({end})"
        return f"{start} >= 0 AND substr({text}, {start} + 1) = {end}"

    def moment(self) -> str:
        """By text functions that every version has."""
        time = self.time()
        fraction = f"substr(rtrim(substr({time}, 21), 'Z') || '000000000', 1, 9)"
        seconds = f"CAST(strftime('%s', substr({time}, 1, 19)) AS INTEGER)"
        return f"{seconds} * 1000000000 + {self.integer(fraction)}"

    def regexp(self, text: str, source: str) -> str:
        """The operator, for which the program around SQLite gives a function (option)."""
        # Tables know it of features, but not of numbers that are measured and addresses in lists.
        if self.options.get("functions") is None:
            raise NeedsOptionError(
                "that a text is a number or an address, which only an expression can tell",
                "functions",
            )
        return f"{text} REGEXP {self.literal(source)}"


def _glob_part(part: TextPart) -> str:
    match part:
        case str():
            return re.sub(r"([*?[])", r"[\1]", part)
        case Wildcard():
            return part.value
        case _:  # bound before
            raise AssertionError(part)
