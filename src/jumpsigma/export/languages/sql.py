"""SQL over a table with one column of JSON: what all such databases share.

A value of a field is a row of a subquery in some databases and an element of an array in others;
:meth:`SqlLanguage.some` is a condition on one of them. The rest of a rule is written over what a
database says of a value: its text, its number, whether it is null.

Relied on, and said in the README of each target: keys have no dot in them (S202), and a document
has each key once (S102).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any, Self, assert_never

from jumpsigma.export.absent import holds_of_absent
from jumpsigma.export.addresses import address_pattern
from jumpsigma.export.language import Binds, Clause, Language, LanguageSettings
from jumpsigma.export.lookup_tables import addresses_of
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.interpret.values import text_of
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    KeywordValue,
    Network,
    Null,
    Number,
    Placeholder,
    Regex,
    RuleIR,
    Test,
    Text,
    TextPart,
    TimePart,
    Value,
    Wildcard,
)
from jumpsigma.ir.regex import source_of

#: A condition on a value, given the name that the value has in the query.
Predicate = Callable[[str], str]

#: A decimal number as S353 has it, as an expression that means the same in all dialects.
DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
#: What the text of a number or boolean may be: a value that is none of it is compared with texts.
_SCALAR = re.compile(r"true|false|nan|-?infinity|-?\d[\d.]*(?:e[+-]?\d+)?", re.ASCII)
#: The escape character of LIKE: unlike a backslash it needs no doubling anywhere.
ESCAPE = "!"
#: The largest double.
_LARGEST = "1.7976931348623157e308"
#: Letters of which one becomes two, and the other has another form at the end of a word.
NOT_SIMPLE = "\u0130\u03a3"
#: More conditions than these are joined in groups.
MANY = 50


class SqlLanguage(Language):
    """See the module. A database gives what raises :class:`NotImplementedError` here."""

    #: Whether ``lower`` of the database knows letters outside ASCII: those of which each becomes
    #: one other letter, wherever it stands.
    folds_unicode = True
    looks_around = True

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self.table = self.options["table"]
        self.column = self.options["column"]
        #: The document whose fields are looked at, and how many of them it stands in.
        self.document, self.depth = self.column, 0

    def complete(self, condition: str, rule: RuleIR) -> str:  # noqa: ARG002
        """The rows of the table that satisfy the condition."""
        return f"SELECT * FROM {self.table} WHERE {condition}"

    # ------------------------------------------------------------------- what databases give
    def some(self, field: str, predicate: Predicate | None) -> str:
        """One value of the field satisfies it, or with None: there is one (S203, S205, S206)."""
        raise NotImplementedError

    def has(self, field: str) -> str:
        """The last key of the field is present (S204)."""
        raise NotImplementedError

    def anywhere(self, predicate: Predicate) -> str:
        """One value of the document, at any depth, satisfies it (S451)."""
        raise NotImplementedError

    def text(self, value: str) -> str:
        """The text of a value; NULL where it has none (S104)."""
        raise NotImplementedError

    def string(self, value: str) -> str:
        """The value where it is a JSON string, else NULL."""
        raise NotImplementedError

    def number(self, value: str) -> str:
        """The value where it is a JSON number, else NULL."""
        raise NotImplementedError

    def decimal(self, text: str) -> str:
        """The number that a text is in decimal, else NULL (S353)."""
        raise NotImplementedError

    def is_null(self, value: str) -> str:
        """The value is a JSON null."""
        raise NotImplementedError

    def is_boolean(self, value: str, *, expected: bool) -> str:
        """The value is this JSON boolean."""
        raise NotImplementedError

    def is_object(self, value: str) -> str:
        """The value is a JSON object."""
        raise NotImplementedError

    def as_document(self, value: str) -> str:
        """A value that is an object as a document, whose fields can be looked at."""
        return value

    def regexp(self, text: str, source: str) -> str:
        """An expression is found in a text; it is one of the database's own dialect."""
        raise NotImplementedError

    def regex(self, text: str, value: Regex) -> str:
        """An expression of a rule is found in a text (S361-S365)."""
        return self.regexp(text, source_of(value))

    def source(self, fields: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
        """The table with a row for each combination of values of fields, each under a name.

        Returns what stands behind FROM, and conditions on it.
        """
        raise NotImplementedError

    def scalar(self, key: str) -> str:
        """The string at a key of the document, or NULL."""
        raise NotImplementedError

    def seconds(self, text: str) -> str:
        """The seconds since 1970 of a text such as ``2026-11-02T09:14:27``, or NULL."""
        raise NotImplementedError

    # --------------------------------------------------------------------- what they may give
    def moment(self) -> str:
        """The time of an event in nanoseconds, or NULL: RFC 3339 in UTC, as JumpCloud writes it."""
        time = self.time()
        fraction = f"substr(concat(replace(substr({time}, 21), 'Z', ''), '000000000'), 1, 9)"
        whole = f"{self.seconds(f'substr({time}, 1, 19)')} * 1000000000"
        return f"{whole} + {self.integer(fraction)}"

    def time(self) -> str:
        """The first time that an event has."""
        found = [self.scalar(key) for key in self.options["time"].split(",")]
        return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"

    def integer(self, digits: str) -> str:
        """The number of some digits, or NULL for other texts where a cast would be an error."""
        return f"CAST({digits} AS BIGINT)"

    def key(self, value: str) -> str:
        """What values are grouped and counted by (S804)."""
        return self.lower(self.text(value))

    def double(self, value: str) -> str:
        """The number of a value (S353) as a double, or NULL."""
        return f"coalesce({self.number(value)}, {self.decimal(self.string(value))})"

    def finite(self, number: str) -> str:
        """A number is neither NULL nor beyond what doubles hold."""
        return f"abs({number}) <= {_LARGEST}"

    def correlation(self, correlation: CorrelationIR) -> str:
        """See :mod:`jumpsigma.export.languages.sql_correlations`."""
        from jumpsigma.export.languages.sql_correlations import correlation_query

        return correlation_query(self, correlation)

    def literal(self, text: str) -> str:
        """A text as SQL writes it.

        Raises :class:`CannotSayError` for one with a NUL, which no database takes.
        """
        quoted = self.without_nul(text).replace("'", "''")
        return f"'{quoted}'"

    def without_nul(self, text: str) -> str:
        """The text, when it has no NUL."""
        if "\0" in text:
            raise CannotSayError("a text with the NUL character")
        return text

    def lower(self, text: str) -> str:
        """A text in lower case."""
        return f"lower({text})"

    def like(self, text: str, pattern: str) -> str:
        """A text fits a pattern of LIKE."""
        # A backslash is the escape character of most databases where none is named.
        escape = f" ESCAPE '{ESCAPE}'" if {ESCAPE, "\\"} & {*pattern} else ""
        return f"{text} LIKE {self.literal(pattern)}{escape}"

    def like_literal(self, text: str) -> str:
        """Literal text in a pattern of LIKE."""
        return re.sub(rf"([%_{ESCAPE}])", rf"{ESCAPE}\1", text)

    def starts_with(self, text: str, start: str) -> str:
        """Two expressions: the second is the beginning of the first."""
        return f"substr({text}, 1, length({start})) = {start}"

    def ends_with(self, text: str, end: str) -> str:
        """Two expressions: the second is the end of the first."""
        return f"right({text}, length({end})) = {end}"

    def contains(self, text: str, part: str) -> str:
        """Two expressions: the second stands in the first."""
        return f"instr({text}, {part}) > 0"

    def value_name(self) -> str:
        """The name of a value: none of an outer one's."""
        return f"v{self.depth}" if self.depth else "v"

    # ---------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Clause:
        """One field and one value."""
        match test.value:
            case Null():
                missing = f"NOT {self.some(test.field, None)}"
                return Clause(f"{missing} OR {self.some(test.field, self.is_null)}", Binds.OR)
            case Exists(expected):
                if not test.field:  # an element itself is there (S255)
                    return self.constant(holds=expected)
                has = self.has(test.field)
                return Clause(has) if expected else Clause(f"NOT {has}", Binds.NOT)
            case FieldRef():
                return Clause(self._refers(test.field, test.value))
            case _:
                return self._any_of(test.field, (test.value,))

    def in_table(self, field: str, name: str) -> Clause:
        """The text of a value is in the rows of a list."""
        if not field:  # an element itself is an object and has no text
            return self.constant(holds=False)
        return Clause(
            self.some(field, lambda value: self.among(self.lower(self.text(value)), name))
        )

    def around_table(self, field: str, name: str, value: Text) -> Clause:
        """The text of a value is a row of a list with texts around it."""
        if not field:
            return self.constant(holds=False)
        parts = value.parts if value.cased else self._folded(value)

        def fits(found: str) -> str:
            text = self.lower(self.text(found))
            return self.rows_around(name, lambda row: self._stands(text, row, parts))

        return Clause(self.some(field, fits))

    def among(self, text: str, name: str) -> str:
        """A text is in the rows of a list."""
        keys = self.keys(name)
        listed = " OR ".join(f"list = {self.literal(key)}" for key in keys)
        return f"{text} IN (SELECT value FROM {self.options['lists_table']} WHERE {listed})"

    def keys(self, name: str) -> tuple[str, ...]:
        """What whole values of a list are called in the table."""
        plain = self.options.get("addresses") == "plain"
        return (name, addresses_of(name)) if plain else (name,)

    def rows_around(self, name: str, fits: Callable[[str], str]) -> str:
        """A row of a list satisfies a condition."""
        rows = f"{self.options['lists_table']} AS row WHERE row.list = {self.literal(name)}"
        return f"EXISTS (SELECT 1 FROM {rows} AND {fits('row.value')})"

    def _stands(self, text: str, row: str, parts: Sequence[TextPart]) -> str:
        """A row stands in a text as a placeholder stands in these parts."""
        pieces = [row if isinstance(p, Placeholder) else self.literal(p) for p in parts
                  if not isinstance(p, Wildcard)]  # fmt: skip
        whole = f"({' || '.join(pieces)})" if len(pieces) > 1 else row
        before, behind = parts[0] is Wildcard.MANY, parts[-1] is Wildcard.MANY
        if before and behind:
            return self.contains(text, whole)
        if behind:
            return self.starts_with(text, whole)
        return self.ends_with(text, whole) if before else f"{text} = {whole}"

    def table_value(self, value: str) -> str:
        """As the database lowers the texts of events."""
        return self.folded(value)

    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """Alternatives; those on one field are asked of one value (S206)."""
        if not items:
            return self.constant(holds=False)
        fields: dict[str, list[Value]] = {}
        for item in items:
            if (listed := _joinable(item)) is not None:
                fields.setdefault(listed.field, []).append(listed.value)
        parts: list[Clause] = []
        for item in items:
            listed = _joinable(item)
            if listed is None:
                parts.append(self.clause(item))
            elif listed.field in fields:
                with_place = Test(listed.field, Null(), listed.place)
                parts.append(self._placed(with_place, tuple(fields.pop(listed.field))))
        if len(parts) == 1:
            return parts[0]
        return Clause(self.joined(self.OR, [part.text for part in parts]), Binds.OR)

    def conjunction(self, items: Sequence[Expr]) -> Clause:
        """All of them."""
        if not items:
            return self.constant(holds=True)
        parts = [self.within(item, Binds.AND) for item in items]
        return Clause(self.joined(self.AND, parts), Binds.AND)

    def _placed(self, test: Test, values: tuple[Value, ...]) -> Clause:
        try:
            return self._any_of(test.field, values)
        except CannotSayError as error:
            error.place = error.place or test.place
            raise

    def _any_of(self, field: str, values: tuple[Value, ...]) -> Clause:
        if not field:  # an element itself is an object and has no text
            return self.constant(holds=False)
        return Clause(self.some(field, lambda value: self.value_test(value, values)))

    def value_test(self, value: str, wanted: Sequence[Value]) -> str:
        """A value of an event satisfies one of some values of the rule."""
        whole: dict[bool, list[Text]] = {False: [], True: []}
        tests: list[str] = []
        patterns: list[str] = []
        for each in wanted:
            match each:
                case Text() if each.literal is not None:
                    whole[each.cased].append(each)
                case Text():
                    tests.append(self._text(value, each))
                case Number(number):
                    spelled = self.literal(text_of(number) or "")
                    tests.append(f"{self.number(value)} = {number!r}")
                    tests.append(f"{self.string(value)} = {spelled}")
                case Boolean(boolean):
                    word = self.literal("true" if boolean else "false")
                    tests.append(self.is_boolean(value, expected=boolean))
                    tests.append(f"{self.lower(self.string(value))} = {word}")
                case Compare(op, number):
                    tests += self._compares(value, op, number)
                case Regex():
                    tests.append(self.regex(self.text(value), each))
                case Network(str() as cidr):
                    patterns.append(address_pattern(cidr))
                case TimePart(unit):
                    raise NotWrittenError(f"the {unit} of a time")
                case Network() | Null() | Exists() | FieldRef():  # bound, or judged on the field
                    raise AssertionError(each)
                case _:
                    assert_never(each)
        for cased, texts in whole.items():
            if texts:
                tests.insert(
                    0, self._equals(value, [each.literal or "" for each in texts], cased=cased)
                )
        if patterns:
            alternatives = "|".join(patterns)
            tests.append(self.regexp(self.string(value), f"^(?:{alternatives})$"))
        return self.joined(self.OR, tests)

    def joined(self, word: str, parts: Sequence[str]) -> str:
        """Conditions joined; of many, groups, for databases bound the depth of an expression."""
        if len(parts) <= MANY:
            return word.join(parts)
        size = max(MANY, -(-len(parts) // MANY))
        starts = range(0, len(parts), size)
        groups = [self.joined(word, parts[start : start + size]) for start in starts]
        return self.joined(word, [f"({group})" for group in groups])

    def _equals(self, value: str, texts: list[str], *, cased: bool) -> str:
        """Whole texts; only what looks like a number or boolean can be one."""
        lowered = list(dict.fromkeys(texts if cased else map(self.folded, texts)))
        scalar = any(_SCALAR.fullmatch(text.lower()) for text in lowered)
        found = self.text(value) if scalar else self.string(value)
        found = found if cased else self.lower(found)
        literals = [self.literal(text) for text in lowered]
        if len(literals) == 1:
            return f"{found} = {literals[0]}"
        return f"{found} IN ({', '.join(literals)})"

    def _text(self, value: str, text: Text) -> str:
        found = self.text(value)
        return self.fits(found if text.cased else self.lower(found), text)

    def fits(self, found: str, text: Text) -> str:
        """A text, lowered unless the pattern is cased, fits a pattern with wildcards."""
        pattern = "".join(map(self._like_part, text.parts if text.cased else self._folded(text)))
        return self.like(found, pattern)

    def _like_part(self, part: TextPart) -> str:
        match part:
            case str():
                return self.like_literal(part)
            case Wildcard():
                return "%" if part is Wildcard.MANY else "_"
            case Placeholder():  # bound before
                raise AssertionError(part)
            case _:
                assert_never(part)

    def _folded(self, text: Text) -> tuple[TextPart, ...]:
        return tuple(self.folded(p) if isinstance(p, str) else p for p in text.parts)

    def folded(self, text: str) -> str:
        """A literal as the database lowers it.

        Raises :class:`CannotSayError` where it would lower a letter otherwise than Python.
        """
        if self.folds_unicode:
            strange = set(text) & set(NOT_SIMPLE)
        else:
            others = [char for char in text if not char.isascii()]
            strange = {char for char in others if char.lower() != char or char.upper() != char}
        if strange:
            letters = " and ".join(sorted(strange))
            raise CannotSayError(f"{text!r} in any case: it does not lower {letters} as Sigma does")
        return text.lower()

    def _compares(self, value: str, op: str, number: float) -> list[str]:
        sign = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}[op]
        decimal = self.decimal(self.string(value))
        return [f"{self.number(value)} {sign} {number!r}", f"{decimal} {sign} {number!r}"]

    def _refers(self, field: str, value: FieldRef) -> str:
        """S408: one value of either field."""
        deeper = copy.copy(self)
        deeper.depth = self.depth + 1
        if not field or not value.field:
            return self.constant(holds=False).text

        def one(left: str) -> str:
            return deeper.some(value.field, lambda right: self._refer(left, right, value))

        return self.some(field, one)

    def _refer(self, left: str, right: str, value: FieldRef) -> str:
        first, second = self.text(left), self.text(right)
        if not value.cased:
            first, second = self.lower(first), self.lower(second)
        match value.how:
            case "equals":
                return f"{first} = {second} OR {self.number(left)} = {self.number(right)}"
            case "startswith":
                return self.starts_with(first, second)
            case "endswith":
                return self.ends_with(first, second)
            case "contains":
                return self.contains(first, second)
            case _:
                assert_never(value.how)

    # ------------------------------------------------------------------- elements, keywords
    def element(self, element: Element) -> Clause:
        """One object of a list, or when there is none an absent one (S252, S254)."""
        item = element.item
        found = self._one(element, lambda inner: inner.condition(item))
        if not holds_of_absent(item):
            return Clause(found)
        return Clause(f"{found} OR NOT {self._one(element, None)}", Binds.OR)

    def _one(self, element: Element, condition: Callable[[Self], str] | None) -> str:
        def predicate(value: str) -> str:
            inner = self._inside(value)
            tests = [self.is_object(value)]
            if element.name is not None:
                tests.append(inner.within(Test("field", Text((element.name,))), Binds.AND))
            if condition is not None:
                tests.append(f"({condition(inner)})")
            return self.AND.join(tests)

        return self.some(element.field, predicate)

    def _inside(self, value: str) -> Self:
        inner = copy.copy(self)
        inner.document, inner.depth = self.as_document(value), self.depth + 1
        return inner

    def keyword(self, keyword: Keyword) -> Clause:
        """A value in any value of the document."""
        wanted = _as_keyword(keyword.value)
        return Clause(self.anywhere(lambda value: self.value_test(value, (wanted,))))

    def constant(self, *, holds: bool) -> Clause:
        """A comparison of constants, which every database takes for a condition."""
        return Clause("1 = 1" if holds else "1 = 0")


def _joinable(item: Expr) -> Test | None:
    """A test that one value of its field decides."""
    if not isinstance(item, Test) or isinstance(item.value, Null | Exists | FieldRef):
        return None
    if isinstance(item.value, Text) and any(isinstance(p, Placeholder) for p in item.value.parts):
        return None
    return item


def _as_keyword(value: KeywordValue) -> Any:
    """S452: a text anywhere in a value."""
    many = Wildcard.MANY
    match value:
        case Text(parts, cased):
            return Text((many, *parts, many), cased)
        case Number(number):
            return Text((many, text_of(number) or "", many))
        case Boolean(boolean):
            return Text((many, "true" if boolean else "false", many))
        case _:
            return value


__all__ = ["DECIMAL", "Predicate", "SqlLanguage"]
