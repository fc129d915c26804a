r"""Splunk: a search for whole words that stand for themselves, and ``where`` for all the rest.

The command ``search`` compares without regard to case, but widens ``*`` that nothing can escape,
has no sign for one character, compares numbers as numbers, and looks words up in an index of the
raw text. So only words are written there. Everything else is a regular expression (PCRE) in
``where``.

A function of a missing field gives NULL, and the documentation does not say what ``NOT`` and ``OR``
make of NULL. Every test is therefore ``isnotnull(mvfilter(...))``: a field of several values, of
one and of none gives true or false.

A backslash stands before neither a quote nor a backslash (they are written as ``\x22`` and
``\x5c``), so that it does not matter how often a string is unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from jumpsigma.export.language import Binds, Clause
from jumpsigma.export.languages.flat import FlatLanguage
from jumpsigma.export.languages.patterns import PLAIN_DECIMAL, Dialect, Pattern
from jumpsigma.export.languages.spl_correlations import correlation_lines
from jumpsigma.export.lookup_tables import slug_of
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.export.simplify import simplified
from jumpsigma.interpret.values import number_of
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import And, Boolean, Element, Expr, Or, RuleIR, Test, Text

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
#: Words that are numbers, or may be what null is shown as.
_NO_WORDS = frozenset({"null", "nan", "inf", "infinity"})
_PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*", re.ASCII)
_FIELD = re.compile(r"[^'\"\\$`\x00-\x1f\x7f]+")
_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
#: What an object or a list looks like as JSON begins with one of these.
_OPEN_START = re.compile(r"(?:^|\||\(\?:)(?:\.|\[\^|\\[{\[])")


class Spl(FlatLanguage):
    """See the module."""

    dialect: ClassVar[Dialect] = Dialect(
        (("\\", r"\x5c"), ('"', r"\x22"), ("`", r"\x60"), ("$", r"\x24")), borders=True
    )
    null_text: ClassVar[str | None] = "null"
    counts_characters: ClassVar[bool] = False

    def query(self, rule: RuleIR) -> str:
        """Where to look and the words; elements of lists; look-ups; then everything else."""
        return "\n".join(self._lines(rule.condition)[1])

    def correlation(self, correlation: CorrelationIR) -> str:
        """See :mod:`jumpsigma.export.languages.spl_correlations`."""
        return "\n".join(correlation_lines(self, correlation))

    def matches(self, rules: Sequence[Expr]) -> tuple[list[str], list[str]]:
        """The commands that leave the matches of some rules, and of each rule the test of it."""
        writer, lines = self._lines(rules[0] if len(rules) == 1 else Or(tuple(rules)))
        return lines, [writer.clause(simplified(rule)).text for rule in rules]

    def key(self, field: str) -> str:
        """What values of a field are grouped by (S804); of a number ``lower`` may be nothing."""
        self._check_field(field)
        parts = field.split(".")
        paths = {".".join(parts[: number + 1]) for number in range(len(parts))}
        if paths & (self.lists | self.mixed) or field in self.objects:
            raise NotWrittenError(f"groups by {field}, which may have several values")
        value = self._value(self.name(field), field)
        return f"coalesce(lower({value}), {value})"

    def _lines(self, rule: Expr) -> tuple[Self, list[str]]:
        writer = self.fresh()
        condition = simplified(rule)
        items = condition.items if isinstance(condition, And) else (condition,)
        words: list[str] = []
        rest: list[Expr] = []
        for item in items:
            if word := self._word(item):
                words.append(word)
            else:
                rest.append(item)
        lines = [" ".join([self.options["search"], *words])]
        for name in sorted({element.field for item in rest for element in _elements(item)}):
            array = f'json_array_to_mv(json_extract(_raw, "{name}"))'
            lines.append(f"| eval {_elements_of(name)}={array}")
        where = writer.clause(And(tuple(rest))).text if rest or not words else None
        for (field, name), found in writer.looked_up.items():
            table = f"jumpsigma_{slug_of(name)}.csv"
            lines.append(f"| eval {found}_text=lower({self._value(self.name(field), field)})")
            lines.append(f"| lookup {table} value AS {found}_text OUTPUT list AS {found}")
        if where is not None:
            lines.append(f"| where {where}")
        return writer, lines

    # ------------------------------------------------------------------------ the first command
    def _word(self, item: Expr) -> str | None:
        """A condition that ``search`` says exactly."""
        tests = item.items if isinstance(item, Or) else (item,)
        words: dict[str, list[str]] = {}
        for test in tests:
            if not isinstance(test, Test) or (word := _word_of(test)) is None:
                return None
            self._check_field(test.field)
            words.setdefault(self.name(test.field), []).append(word)
        if len(words) != 1:
            return None
        ((field, found),) = words.items()
        if not _PLAIN_FIELD.fullmatch(field) or field in self.objects or field in self.mixed:
            return None
        quoted = [f'"{word}"' for word in dict.fromkeys(found)]
        if len(quoted) == 1:
            return f"{field}={quoted[0]}"
        return f"{field} IN ({', '.join(quoted)})"

    # ---------------------------------------------------------------------------------- tests
    def name(self, field: str) -> str:
        """The name that Splunk's extraction of JSON gives a field: ``changes{}.field``."""
        parts = field.split(".")
        paths = [".".join(parts[: number + 1]) for number in range(len(parts))]
        return ".".join(
            f"{part}{{}}" if path in self.lists else part
            for part, path in zip(parts, paths, strict=True)
        )

    def _value(self, name: str, field: str) -> str:
        if not _FIELD.fullmatch(name):
            raise CannotSayError(f"the field name {field!r}")
        if self.inside is None:
            return f"'{name}'"
        return f'json_extract({_elements_of(self.inside)}, "{field}")'

    def found(self, field: str, pattern: Pattern) -> Clause:
        """``match`` of the values, or of the one that an element has."""
        written = _written(pattern, self.dialect)
        name = self.name(field)
        if self.inside is None:
            names = [name, f"{name}{{}}"] if field in self.mixed else [name]
            tests = [
                f"isnotnull(mvfilter(match({self._value(each, field)}, {written})))"
                for each in names
            ]
            return Clause(self.OR.join(tests), Binds.OR if len(tests) > 1 else Binds.ATOM)
        if not pattern.start or _OPEN_START.search(pattern.source):
            raise CannotSayError(
                "a part of a text of an element: an object or a list there is the text of its JSON"
            )
        value = self._value(name, field)
        there = f"isnotnull({value}) AND " if pattern.matches_empty else ""
        test = f'{there}match(coalesce({value}, ""), {written})'
        if f"{self.inside}.{field}" not in self.mixed:
            return Clause(test, Binds.AND if there else Binds.ATOM)
        listed = f"isnotnull(mvfind(json_array_to_mv({value}), {written}))"
        return Clause(f"{test} OR {listed}", Binds.OR)

    def in_table(self, field: str, name: str) -> Clause:
        """A field that the command ``lookup`` gave the event."""
        return Clause(f"isnotnull({self.look_up(field, name)})")

    def table_value(self, value: str) -> str:
        """Nor is it said what ``lower`` makes of a number."""
        if number_of(value) is not None:
            raise CannotSayError(
                f"the value {value!r} of a list in a table: the documentation does not say what"
                " lower makes of a number"
            )
        return super().table_value(value)

    def has(self, field: str) -> Clause:
        """It is not null."""
        return Clause(f"isnotnull({self._value(self.name(field), field)})")

    def compares(self, field: str, op: str, number: float) -> Clause:
        """As a number, where the text is one in plain digits; else one that does not satisfy it."""
        plain = _written(Pattern(PLAIN_DECIMAL), self.dialect)
        value = self._value(self.name(field), field)
        other = number - 1 if op in ("gt", "gte") else number + 1
        text = value if self.inside is None else f'coalesce({value}, "")'
        chosen = f"if(match({text}, {plain}), tonumber({value}), {other!r})"
        test = f"{chosen}{_SIGNS[op]}{number!r}"
        return Clause(test if self.inside is not None else f"isnotnull(mvfilter({test}))")

    def some(self, field: str, item: Expr) -> Clause:
        """An element of the list, of which Splunk keeps the JSON."""
        if self.inside is not None:
            raise NotWrittenError(f"an element of the list {field} of an element")
        if not _PLAIN_FIELD.fullmatch(field):
            raise CannotSayError(f"the field name {field!r}")
        if item == Or(()):
            return self.constant(holds=False)
        elements = _elements_of(field)
        if item == And(()):
            return Clause(f"isnotnull({elements})")
        inside = self.within_element(field).clause(item).text
        return Clause(f"isnotnull(mvfilter({inside}))")

    # --------------------------------------------------------------------------------- joining
    def negation(self, item: Expr) -> Clause:
        """``isnull`` for ``NOT isnotnull``."""
        return self.negative(self.clause(item))

    def negative(self, clause: Clause) -> Clause:
        """Likewise."""
        if clause.binds is Binds.ATOM and clause.text.startswith("isnotnull("):
            return Clause(f"isnull({clause.text.removeprefix('isnotnull(')}")
        return super().negative(clause)

    def conjunction(self, items: Sequence[Expr]) -> Clause:
        """The command ``where`` has one condition, also of one part."""
        return self.clause(items[0]) if len(items) == 1 else super().conjunction(items)

    def constant(self, *, holds: bool) -> Clause:
        """A function."""
        return Clause("true()" if holds else "false()")


def _written(pattern: Pattern, dialect: Dialect) -> str:
    flags = f"{'i' if pattern.ignore_case else ''}{'s' if pattern.any_character else ''}"
    return f'"{f"(?{flags})" if flags else ""}{pattern.anchored(dialect)}"'


def _elements_of(field: str) -> str:
    """The field that holds the elements of a list."""
    return f"elements_{re.sub(r'[^A-Za-z0-9]', '_', field)}"


def _elements(expr: Expr) -> Iterator[Element]:
    if isinstance(expr, Element):
        yield expr
    for child in children(expr):
        yield from _elements(child)


def _word_of(test: Test) -> str | None:
    match test.value:
        case Text(cased=False) as text if text.literal and _WORD.fullmatch(text.literal):
            return None if text.literal.lower() in _NO_WORDS else text.literal
        case Boolean(boolean):
            return "true" if boolean else "false"
        case _:
            return None
