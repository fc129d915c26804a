r"""PostgreSQL, from 14 on, with events as JSONB.

Values are found by SQL/JSON paths (https://www.postgresql.org/docs/current/functions-json.html) in
their lax mode, in which a path runs through lists. A list in a list needs a step of its own, so
that a bounded number of them is looked through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from jumpsigma.codegen.regex import CannotTranslateError, translate
from jumpsigma.export.languages.sql import DECIMAL, Predicate, SqlLanguage
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.ir.nodes import Regex
from jumpsigma.ir.regex import source_of

#: So many lists may stand in one another.
_LISTS: Final = "[*]" * 4
_WORD: Final = "[0-9A-Za-z_]"
#: What the translation of RE2 writes, and how an advanced regular expression says it. `\x` takes
#: any number of digits there.
_TOKENS: Final = {
    "(?m:^)": r"(?:\A|(?<=\n))",
    "(?m:$)": r"(?:\Z|(?=\n))",
    r"(?a:\b)": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
    "(?!)": r"(?:(?=x)\Z)",
    r"\x": r"\u00",
}
_TOKEN: Final = re.compile(r"\(\?m:[\^$]\)|\(\?a:\\b\)|\(\?!\)|\\.", re.DOTALL)


class Postgres(SqlLanguage):
    """A value is a row of ``jsonb_path_query``; what ``lower`` knows depends on the locale."""

    def some(self, field: str, predicate: Predicate | None) -> str:
        """Rows that a path finds."""
        rows, value = self._rows(self._path(field) + _LISTS)
        where = f" WHERE {predicate(value)}" if predicate is not None else ""
        return f"EXISTS (SELECT 1 FROM {rows}{where})"

    def _rows(self, path: str) -> tuple[str, str]:
        value = self.value_name()
        return f"jsonb_path_query({self.document}, {self.literal(path)}) AS {value}", value

    def _path(self, field: str) -> str:
        keys = [json.dumps(part, ensure_ascii=False) for part in field.split(".")]
        return "$." + f"{_LISTS}.".join(keys)

    def has(self, field: str) -> str:
        """A path that ends in the key."""
        return f"jsonb_path_exists({self.document}, {self.literal(self._path(field))})"

    def anywhere(self, predicate: Predicate) -> str:
        """Every value at every depth."""
        rows, value = self._rows("$.**")
        return f"EXISTS (SELECT 1 FROM {rows} WHERE {predicate(value)})"

    def text(self, value: str) -> str:
        """Of objects and lists nothing."""
        return (
            f"CASE WHEN jsonb_typeof({value}) NOT IN ('object', 'array')"
            f" THEN {value} #>> '{{}}' END"
        )

    def string(self, value: str) -> str:
        """By the type."""
        return f"CASE jsonb_typeof({value}) WHEN 'string' THEN {value} #>> '{{}}' END"

    def number(self, value: str) -> str:
        """By the type; JSONB keeps every digit."""
        return f"CASE jsonb_typeof({value}) WHEN 'number' THEN CAST({value} AS numeric) END"

    def decimal(self, text: str) -> str:
        """By an expression, for a cast of other texts is an error."""
        return f"CASE WHEN {self.regexp(text, DECIMAL)} THEN CAST({text} AS numeric) END"

    def double(self, value: str) -> str:
        """Nothing of what no double holds: a cast of it is an error."""
        number = super().double(value)
        return f"CASE WHEN {self.finite(number)} THEN CAST({number} AS double precision) END"

    def is_null(self, value: str) -> str:
        """Equal to JSON's null."""
        return f"{value} = 'null'"

    def is_boolean(self, value: str, *, expected: bool) -> str:
        """Equal to JSON's boolean."""
        return f"{value} = '{str(expected).lower()}'"

    def is_object(self, value: str) -> str:
        """By the type."""
        return f"jsonb_typeof({value}) = 'object'"

    def contains(self, text: str, part: str) -> str:
        """By the place of the part."""
        return f"strpos({text}, {part}) > 0"

    def ends_with(self, text: str, end: str) -> str:
        """By what stands at the end: a negative length would mean something else."""
        return f"right({text}, length({end})) = {end}"

    def source(self, fields: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
        """A join of paths."""
        found = [self.table]
        for name, field in fields:
            path = self.literal(self._path(field) + _LISTS)
            found.append(f"jsonb_path_query({self.document}, {path}) AS {name}")
        return ", ".join(found), []

    def scalar(self, key: str) -> str:
        """As text."""
        return f"({self.document} ->> {self.literal(key)})"

    def seconds(self, text: str) -> str:
        """An error for what has the form of a time and is none."""
        return f"CAST(extract(epoch FROM CAST({text} AS timestamp)) AS bigint)"

    def key(self, value: str) -> str:
        """In the order and the equality of code points, whatever the locale."""
        return f'{super().key(value)} COLLATE "C"'

    def regexp(self, text: str, source: str) -> str:
        """The operator for a match in any place."""
        return f"{text} ~ {self.literal(source)}"

    def regex(self, text: str, value: Regex) -> str:
        """RE2 in the words of an advanced regular expression."""
        try:
            found = translate(source_of(value), linear=True)
        except CannotTranslateError as error:
            raise CannotSayError(f"a regular expression with {error}") from None
        return self.regexp(text, _TOKEN.sub(_as_advanced, found))


def _as_advanced(token: re.Match[str]) -> str:
    return _TOKENS.get(token[0], token[0])
