"""What an index holds of a field, where it does not hold every value as a keyword.

The table ``kinds`` of a language: a kind to the fields that have it, by their names or with a ``*``
for the rest of a name; of a field that stands nowhere, ``kind`` (else ``keyword``) is its kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from fnmatch import translate
from typing import Any

from jumpsigma.export.refusals import CannotSayError
from jumpsigma.interpret.values import text_of
from jumpsigma.ir.nodes import Boolean, Number, Regex, Text, Value
from jumpsigma.ir.regex import compiled


class Kind(StrEnum):
    """A type of fields."""

    KEYWORD = "keyword"
    """The text of each value, exactly."""
    DYNAMIC = "dynamic"
    """What the first value was that came: a text, a number or a boolean, and no other later."""
    BOOLEAN = "boolean"
    NUMBER = "number"
    ADDRESS = "address"
    DATE = "date"
    WORDS = "words"
    """Text that is taken apart into words: what it was cannot be asked."""
    FLAT = "flat"
    """An object whose values are keywords, and cannot be looked at with expressions."""


class Kinds:
    """The kinds of a language's fields."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._default = Kind(tables.get("kind", Kind.KEYWORD))
        self.exact: dict[str, Kind] = {}
        self._patterns: list[tuple[re.Pattern[str], Kind]] = []
        for kind, names in tables.get("kinds", {}).items():
            for name in names:
                if "*" in name:
                    self._patterns.append((re.compile(translate(name)), Kind(kind)))
                else:
                    self.exact[name] = Kind(kind)

    def of(self, field: str) -> Kind:
        """The kind of a field."""
        if field in self.exact:
            return self.exact[field]
        found = (kind for pattern, kind in self._patterns if pattern.match(field))
        return next(found, self._default)


def booleans_of(value: Value) -> set[bool] | None:
    """Which booleans satisfy a test on text, a number or a boolean (S306, S352, S364).

    None where the test is of another kind.
    """
    words = {True: "true", False: "false"}
    match value:
        case Boolean(boolean):
            return {boolean}
        case Number():
            return set()
        case Text(parts, cased):
            if any(not isinstance(p, str) and not hasattr(p, "value") for p in parts):
                return None
            fits = _whole(value)
            return {b for b, word in words.items() if fits(word if cased else word.lower())}
        case Regex():
            found = compiled(value)
            return {b for b, word in words.items() if found.search(word)}
        case _:
            return None


def _whole(value: Text) -> Callable[[str], bool]:
    from jumpsigma.ir.nodes import Wildcard

    written = ""
    for part in value.parts:
        if isinstance(part, str):
            written += re.escape(part if value.cased else part.lower())
        else:
            written += ".*" if part is Wildcard.MANY else "."
    pattern = re.compile(written, re.DOTALL)
    return lambda text: pattern.fullmatch(text) is not None


def number_of(value: Text) -> int | float | None:
    """The number whose text is this whole text, None where no number has it (S306).

    Raises :class:`CannotSayError` for a text with wildcards that a number could have.
    """
    literal = value.literal
    if literal is None:
        raise CannotSayError("a part of the text of a number")
    for read in (int, float):
        try:
            number = read(literal)
        except (ValueError, OverflowError):
            continue
        if text_of(number) == (literal if value.cased else literal.lower()):
            return number
    return None
