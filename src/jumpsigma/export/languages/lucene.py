"""Lucene's query syntax, as ``query_string`` of Elasticsearch and OpenSearch reads it.

https://opensearch.org/docs/latest/query-dsl/full-text/query-string/. A negation stands beside
something that it is taken from, and ``AND`` and ``OR`` never stand beside each other without
parentheses, for the parser knows no precedence.

Tables: ``kind``, ``kinds`` (:mod:`.kinds`); ``number`` and ``address``: where the numbers and the
addresses of a keyword field are (``{field}.number``); ``values``: the field that has every value of
the event; ``nested``: the lists whose elements can be looked at one by one (:mod:`.query_dsl`);
``dropped``: the mappings of places that keep no empty values (:mod:`.dropped`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv6Network, ip_network
from typing import Final, assert_never

from jumpsigma.export.language import Binds, Clause, Language, LanguageSettings
from jumpsigma.export.languages import dropped
from jumpsigma.export.languages import lucene_regex as regexes
from jumpsigma.export.languages.kinds import (
    Asked,
    Equals,
    Fits,
    Is,
    Kind,
    Kinds,
    Never,
    Present,
    Typed,
    Whole,
    asked,
)
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.export.simplify import simplified
from jumpsigma.interpret.values import text_of
from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Null,
    Number,
    Regex,
    RuleIR,
    Test,
    Text,
    TimePart,
    Wildcard,
)

EVERYTHING: Final = "*:*"
#: A decimal number as S353 has it: Java also takes blanks around it, and letters behind it.
_DECIMAL: Final = r"[+\-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+\-]?[0-9]+)?"
_RESERVED: Final = re.compile(r'([+\-=&|!(){}\[\]^"~*?:\\/\s])')
#: Of two braces a monitor would make a variable.
_QUOTED: Final = re.compile(r'(["\\{}])')
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
#: So many spellings of a text are written out where an index has no expressions.
_MOST_SPELLINGS: Final = 32


class Lucene(Language):
    """See the module."""

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self.kinds = Kinds(self.tables)

    def query(self, rule: RuleIR) -> str:
        """The query of a rule."""
        if rule.mapping in self.tables.get("dropped", ()):
            dropped.check(rule.condition)
        return super().query(rule)

    def condition(self, expr: Expr) -> str:
        """A condition as text."""
        return self._standing(self.clause(simplified(expr)))

    # ------------------------------------------------------------------------------- joining
    def conjunction(self, items: Sequence[Expr]) -> Clause:
        """All of them, what is negated behind the others."""
        if not items:
            return self.constant(holds=True)
        clauses = [self.clause(item) for item in items]
        asked = [self._beside(each) for each in clauses if each.binds is not Binds.NOT]
        negated = [each.text for each in clauses if each.binds is Binds.NOT]
        return Clause(self.AND.join([*(asked or [EVERYTHING]), *negated]), Binds.AND)

    def _beside(self, clause: Clause) -> str:
        return clause.text if clause.binds is not Binds.OR else f"({clause.text})"

    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """One of them; whole texts of one field are one expression."""
        if not items:
            return self.constant(holds=False)
        parts: list[str] = []
        spelled: dict[str, list[Test]] = {}
        for item in items:
            if (listed := self._listable(item)) is not None:
                spelled.setdefault(listed.field, []).append(listed)
        for item in items:
            listed = self._listable(item)
            if listed is None:
                parts.append(self._alone(self.clause(item)))
            elif listed.field in spelled:
                parts += self._listed(spelled.pop(listed.field))
        return Clause(parts[0]) if len(parts) == 1 else Clause(self.OR.join(parts), Binds.OR)

    def _alone(self, clause: Clause) -> str:
        text = self._standing(clause)
        return text if clause.binds is Binds.ATOM else f"({text})"

    def _standing(self, clause: Clause) -> str:
        return f"{EVERYTHING} AND {clause.text}" if clause.binds is Binds.NOT else clause.text

    def _listable(self, item: Expr) -> Test | None:
        """A whole text in any case that has several spellings."""
        match item:
            case Test(field, Text(cased=False) as value) if (
                field and value.literal and regexes.has_case(value.literal)
            ):
                return item if self.kinds.of(field) in (Kind.KEYWORD, Kind.DYNAMIC) else None
            case _:
                return None

    def _listed(self, tests: list[Test]) -> list[str]:
        """Expressions of as many alternatives as fit into each."""
        patterns: list[str] = []
        for test in tests:
            try:
                assert isinstance(test.value, Text)  # noqa: S101 - for the reader
                patterns.append(self._bounded(regexes.of_text(test.value, one_line=True)))
            except CannotSayError as error:
                error.place = error.place or test.place
                raise
        groups: list[str] = []
        for pattern in patterns:
            if groups and len(groups[-1]) + len(pattern) + 3 <= regexes.LONGEST:
                groups[-1] += f"|{pattern}"
            else:
                groups.append(pattern)
        return [self._matches(tests[0].field, f"({g})" if "|" in g else g) for g in groups]

    def negation(self, item: Expr) -> Clause:
        """What is not that."""
        inner = self.clause(item)
        text = inner.text if inner.binds is Binds.ATOM else f"({self._standing(inner)})"
        return Clause(f"NOT {text}", Binds.NOT)

    def constant(self, *, holds: bool) -> Clause:
        """Every document, or none."""
        return Clause(EVERYTHING) if holds else Clause(f"NOT {EVERYTHING}", Binds.NOT)

    # ----------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Clause:
        """One field and one value."""
        field, value = test.field, test.value
        match value:
            case Null():
                return Clause(f"NOT {self._exists(field)}", Binds.NOT)
            case Exists():
                raise CannotSayError("a key whose value may be null: an index does not have it")
            case FieldRef():
                raise CannotSayError("a comparison of two fields")
            case TimePart():
                raise CannotSayError("a part of a time")
            case Text() | Number() | Boolean() | Regex() | Network() | Compare():
                return self._valued(field, value)
            case _:
                assert_never(value)

    def _valued(self, field: str, value: Typed) -> Clause:
        kind = self.kinds.of(field)
        what = asked(kind, field, value)
        if kind is Kind.FLAT:
            return self._flat(field, what)
        match what:
            case Never():
                return self.constant(holds=False)
            case Present():
                return Clause(self._exists(field))
            case Is(boolean):
                return Clause(f"{self.field(field)}:{str(boolean).lower()}")
            case Equals(number):
                return Clause(self._term(field, text_of(number) or ""))
            case Whole(text, cased):
                return Clause(self._text(field, Text((text,) if text else (), cased)))
            case Fits(text):
                return Clause(self._text(field, text))
            case Regex():
                return Clause(self._matches(field, regexes.of_regex(what, one_line=True)))
            case Network(str() as cidr):
                name = field if kind is Kind.ADDRESS else self._derived("address", field)
                return Clause(self._network(name, cidr))
            case Network():
                raise AssertionError(what)  # bound before
            case Compare() if kind is Kind.NUMBER:
                return Clause(self._range(field, what))
            case Compare():
                in_range = self._range(self._derived("number", field), what)
                decimal = self._matches(field, _DECIMAL)
                return Clause(f"{in_range} AND {decimal}", Binds.AND)
            case _:
                assert_never(what)

    def _flat(self, field: str, what: Asked) -> Clause:
        match what:
            case Fits(Text((Wildcard.MANY,))):
                return Clause(self._exists(field))
            case Whole(text, cased):
                spelled = [text] if cased else _spellings(text)
            case _:
                raise CannotSayError(
                    f"{field}, of which the index has whole texts only (it is flattened)"
                )
        terms = [self._term(field, each) for each in spelled]
        return Clause(self.OR.join(terms), Binds.ATOM if len(terms) == 1 else Binds.OR)

    # ------------------------------------------------------------------------------- spelling
    def _text(self, field: str, value: Text) -> str:
        literal = value.literal
        is_one = literal is not None and (value.cased or not regexes.has_case(literal))
        if is_one and not set(literal or "") & set(regexes.BREAKS):
            return self._term(field, literal or "")
        return self._matches(field, regexes.of_text(value, one_line=True))

    def _term(self, field: str, text: str) -> str:
        """Exactly this text."""
        if set(text) & set(regexes.BREAKS):
            raise CannotSayError(f"a text of several lines in {field} (it is flattened)")
        quoted = _QUOTED.sub(r"\\\1", text)
        return f'{self.field(field)}:"{quoted}"'

    def _matches(self, field: str, pattern: str) -> str:
        """The whole text fits a Lucene expression."""
        return f"{self.field(field)}:/{self._bounded(pattern)}/"

    def _bounded(self, pattern: str) -> str:
        return regexes.bounded(pattern, self.options)

    def _exists(self, field: str) -> str:
        return f"_exists_:{self.field(field)}"

    def _network(self, field: str, cidr: str) -> str:
        network = ip_network(cidr, strict=False)
        if isinstance(network, IPv6Network) and network.overlaps(_MAPPED):
            raise CannotSayError(f"{cidr}, in which the index finds IPv4 addresses too")
        return f'{self.field(field)}:"{network}"'

    def _range(self, field: str, value: Compare) -> str:
        number = repr(value.number)
        if value.number == 0:  # to an index, zero is more than minus zero
            number = "-0.0" if value.op in ("lt", "gte") else "0"
        name = self.field(field)
        match value.op:
            case "lt":
                return f"{name}:[* TO {number}}}"
            case "lte":
                return f"{name}:[* TO {number}]"
            case "gt":
                return f"{name}:{{{number} TO *]"
            case "gte":
                return f"{name}:[{number} TO *]"
            case _:
                assert_never(value.op)

    def _derived(self, table: str, field: str) -> str:
        if table not in self.tables:
            what = {"address": "an address", "number": "a number"}[table]
            raise CannotSayError(f"{what} in {field}, which the index has as a text")
        return str(self.tables[table]).replace("{field}", field)

    def field(self, name: str) -> str:
        """A field's name; what means something to the parser behind a backslash."""
        if "*" in name or "?" in name or "<" in name or ">" in name:
            raise CannotSayError(f"the field name {name!r}")
        return _RESERVED.sub(r"\\\1", name)

    # --------------------------------------------------------------------- keywords, elements
    def keyword(self, keyword: Keyword) -> Clause:
        """A value in the field that has all of them."""
        value, many = keyword.value, Wildcard.MANY
        match value:
            case Text(parts, cased):
                wanted: Typed = Text((many, *parts, many), cased)
            case Number() | Boolean():
                wanted = Text((many, text_of(value.value) or "", many))
            case Regex() | Network():
                wanted = value
            case _:
                assert_never(value)
        return self._valued(str(self.tables["values"]), wanted)

    def element(self, element: Element) -> Clause:
        """What the language of bodies says."""
        raise CannotSayError(f"fields of one element of {element.field}")


def _spellings(text: str) -> list[str]:
    found = [""]
    for char in text.lower():
        found = [start + spelled for start in found for spelled in regexes.spellings(char)]
        if len(found) > _MOST_SPELLINGS:
            raise CannotSayError(
                f"{text!r} in any case, where the index has whole texts only (it is flattened)"
            )
    return found


__all__ = ["EVERYTHING", "Lucene"]
