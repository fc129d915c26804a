"""Loki: label filters behind ``| json``.

A nested field is one label (``initiated_by_email``), a list is none, and a label that is not
there is compared as an empty text. An expression is anchored at both ends. There is no ``not``:
what stands below one is turned around, ``=~`` to ``!~`` and ``and`` to ``or``. Predicates without
parentheses are read from the right, so all of them have some.

A number that cannot be read lets the line through and sets ``__error__``; an expression before
the comparison takes care of the first, and the label is dropped at the end.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from jumpsigma.export.language import Binds, Clause, LanguageSettings
from jumpsigma.export.languages.flat import FlatLanguage
from jumpsigma.export.languages.patterns import DECIMAL, Pattern, as_it_stands
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.export.simplify import simplified
from jumpsigma.ir.nodes import And, Element, Expr, Or, Regex, RuleIR

_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_OTHER_WAY = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class LogQl(FlatLanguage):
    """See the module."""

    AND: ClassVar[str] = " and "
    OR: ClassVar[str] = " or "

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        #: Whether what is written stands below an odd number of ``not``.
        self.negated = False

    def query(self, rule: RuleIR) -> str:
        """The stream, the parser, and a filter for each part that must hold."""
        stages = [self.options["selector"], 'json | __error__=""']
        match simplified(rule.condition):
            case And(items):
                filters = [self.clause(item).text for item in items]
            case Or(()):
                filters = ['__error__!=""']
            case condition:
                filters = [self.clause(condition).text]
        stages += filters
        if any(re.search(r"[<>]=?-?[0-9]", _without_texts(text)) for text in filters):
            stages.append("drop __error__, __error_details__")
        return "\n| ".join(stages)

    # ---------------------------------------------------------------------------------- tests
    def _label(self, field: str) -> str:
        """The name that the parser gives: what is no letter, digit or underscore becomes one."""
        parts = field.split(".")
        for number in range(len(parts)):
            if (path := ".".join(parts[: number + 1])) in self.lists | self.mixed:
                raise CannotSayError(f"the field {field}: the parser leaves out lists ({path})")
        if not field.isascii() or field != field.strip():
            raise CannotSayError(f"the field name {field!r}")
        label = re.sub(r"[^A-Za-z0-9_]", "_", field)
        return f"_{label}" if label[0].isdigit() else label

    def regex(self, value: Regex) -> Pattern:
        """As it stands, anywhere in the text."""
        found = as_it_stands(value)
        return replace(found, source=f"(?s:.*)(?-s:{found.source})(?s:.*)", start=True, end=True)

    def found(self, field: str, pattern: Pattern) -> Clause:
        """``=~`` or ``!~``; of what may be empty only where there is something."""
        label = self._label(field)
        if not (pattern.source or pattern.start or pattern.end):
            return self.has(field)
        start, end = "" if pattern.start else ".*", "" if pattern.end else ".*"
        inside = pattern.source if pattern.start and pattern.end else pattern.grouped
        source = f"{start}{inside}{end}"
        flags = ("i" if pattern.ignore_case else "") + (
            "s" if pattern.any_character or start or end else ""
        )
        written = quoted(f"(?{flags}){source}" if flags else source)
        test = Clause(f"{label}{'!~' if self.negated else '=~'}{written}")
        if not pattern.matches_empty:
            return test
        return self._joined(self.negated, (self.has(field), test))

    def has(self, field: str) -> Clause:
        """It is not empty."""
        return Clause(f'{self._label(field)}{"=" if self.negated else "!="}""')

    def lacks(self, field: str) -> Clause:
        """It is empty."""
        return Clause(f'{self._label(field)}{"!=" if self.negated else "="}""')

    def compares(self, field: str, op: str, number: float) -> Clause:
        """A number that can be read, and then a comparison."""
        label, sign = self._label(field), _SIGNS[op]
        sign = _OTHER_WAY[sign] if self.negated else sign
        readable = Clause(f"{label}{'!~' if self.negated else '=~'}{quoted(DECIMAL)}")
        return self._joined(self.negated, (readable, Clause(f"{label}{sign}{number!r}")))

    def element(self, element: Element) -> Clause:
        """The parser leaves lists out."""
        raise CannotSayError(f"an element of {element.field}: the parser leaves out lists")

    # --------------------------------------------------------------------------------- joining
    def conjunction(self, items: Sequence[Expr]) -> Clause:
        """All, or below ``not``, one of the turned around."""
        if not items:
            return self.constant(holds=True)
        return self._joined(self.negated, [self.clause(item) for item in items])

    def either(self, parts: Sequence[Clause]) -> Clause:
        """One, or below ``not``, all of the turned around."""
        return self._joined(not self.negated, parts)

    def _joined(self, alternatives: bool, parts: Sequence[Clause]) -> Clause:  # noqa: FBT001
        word, binds = (self.OR, Binds.OR) if alternatives else (self.AND, Binds.AND)
        texts = [f"({p.text})" if p.binds < Binds.ATOM else p.text for p in parts]
        # From the right, whatever the words: of three the last two are in parentheses.
        text = texts[-1]
        for number, each in enumerate(reversed(texts[:-1])):
            text = f"{each}{word}{f'({text})' if number else text}"
        return Clause(text, binds)

    def negation(self, item: Expr) -> Clause:
        """The same, turned around."""
        below = copy.copy(self)
        below.negated = not self.negated
        return below.clause(item)


def quoted(text: str) -> str:
    """A string, in backticks where it can be."""
    if "`" not in text and not any(ord(char) < 32 or ord(char) == 127 for char in text):
        return f"`{text}`"
    return f'"{"".join(_ESCAPES.get(char, char) for char in text)}"'


def _without_texts(text: str) -> str:
    return re.sub(r'`[^`]*`|"(?:[^"\\]|\\.)*"', "", text)
