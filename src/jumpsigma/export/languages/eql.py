"""EQL, the event query language of Elasticsearch, for one event at a time.

https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax. A comparison with a missing
field is neither true nor false, so a negation goes down to each test and names what is missing too.
A field of which the index may not know yet is written with ``?``.

Tables: ``kind``, ``kinds``, ``dropped`` as of :mod:`.lucene`; ``lists`` and ``several``: fields
that hold lists, which EQL does not look into, and those that may hold several values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from ipaddress import IPv6Network, ip_network
from typing import ClassVar, Final, assert_never

from jumpsigma.export.language import Binds, Clause, Language, LanguageSettings
from jumpsigma.export.languages import dropped
from jumpsigma.export.languages import lucene_regex as regexes
from jumpsigma.export.languages.kinds import (
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
from jumpsigma.ir.nodes import (
    And,
    Compare,
    Exists,
    Expr,
    FieldRef,
    Network,
    Not,
    Null,
    Or,
    Regex,
    RuleIR,
    Test,
    Text,
    TimePart,
    Wildcard,
)

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: Words of EQL or ES|QL that are no names.
_RESERVED: Final = {
    "and", "any", "as", "asc", "by", "const", "desc", "false", "first", "in", "is", "join", "last",
    "like", "not", "null", "nulls", "of", "on", "or", "regex", "rlike", "sample", "sequence",
    "true", "until", "where", "with",
}  # fmt: skip
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


class Eql(Language):
    """See the module."""

    AND: ClassVar[str] = " and "
    OR: ClassVar[str] = " or "
    NOT: ClassVar[str] = "not "
    CIDR_MATCH: ClassVar[str] = "cidrMatch"
    OPTIONAL: ClassVar[str] = "?"

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self.kinds = Kinds(self.tables)
        self.lists = (*self.tables.get("lists", ()), *self.tables.get("several", ()))

    def query(self, rule: RuleIR) -> str:
        """The query of a rule."""
        if rule.mapping in self.tables.get("dropped", ()):
            dropped.check(rule.condition)
        return super().query(rule)

    def complete(self, condition: str, rule: RuleIR) -> str:  # noqa: ARG002
        """An event of any category."""
        return f"any where {condition}"

    def constant(self, *, holds: bool) -> Clause:
        """A literal."""
        return Clause("true" if holds else "false")

    # ------------------------------------------------------------------------------- joining
    def conjunction(self, items: Sequence[Expr]) -> Clause:
        """All of them, without what always holds."""
        always, never = self.constant(holds=True), self.constant(holds=False)
        clauses = [self.clause(item) for item in items]
        if never in clauses:
            return never
        parts = [clause for clause in clauses if clause != always]
        if len(parts) < 2:
            return parts[0] if parts else always
        texts = [f"({each.text})" if each.binds < Binds.AND else each.text for each in parts]
        return Clause(self.AND.join(texts), Binds.AND)

    def negation(self, item: Expr) -> Clause:
        """What is not that, said of each test."""
        match item:
            case Not(inner):
                return self.clause(inner)
            case And(items):
                return self.disjunction([Not(each) for each in items])
            case Or(items):
                return self.conjunction([Not(each) for each in items])
            case Test(value=Null()):
                return self.present(self.field(item.field))
            case Test():
                clause = self.clause(item)
                if clause in (self.constant(holds=True), self.constant(holds=False)):
                    return self.constant(holds=clause == self.constant(holds=False))
                missing = self.missing(self.field(item.field))
                return Clause(f"{missing.text}{self.OR}{self.NOT}{clause.text}", Binds.OR)
            case _:  # keywords and elements, which are refused
                return self.clause(item)

    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """One of them; texts of one field are a list."""
        always, never = self.constant(holds=True), self.constant(holds=False)
        lists: dict[str, list[str]] = {}
        for item in items:
            if (listed := self._listable(item)) is not None:
                lists.setdefault(listed[0], []).append(listed[1])
        parts: list[Clause] = []
        for item in items:
            listed = self._listable(item)
            if listed is None:
                parts.append(self.clause(item))
            elif listed[0] in lists:
                parts.append(self._like(listed[0], lists.pop(listed[0])))
        if always in parts:
            return always
        parts = [part for part in parts if part != never]
        if len(parts) < 2:
            return parts[0] if parts else never
        return Clause(self.OR.join(part.text for part in parts), Binds.OR)

    def _listable(self, item: Expr) -> tuple[str, str] | None:
        """The field and the text of a test that is said of several texts together."""
        if not isinstance(item, Test) or not isinstance(item.value, Text):
            return None
        if self.kinds.of(item.field) not in (Kind.KEYWORD, Kind.DYNAMIC):
            return None
        pattern = self.simple(item.value)
        return None if pattern is None else (item.field, pattern)

    # ----------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Clause:
        """One field and one value."""
        match test.value:
            case Null():
                return self.missing(self.field(test.field))
            case Exists():
                raise CannotSayError("a key whose value may be null: an index does not have it")
            case FieldRef():
                raise CannotSayError("a comparison of two fields that may be texts or numbers")
            case TimePart():
                raise CannotSayError("a part of a time")
            case value:
                return self._valued(test.field, value)

    def _valued(self, field: str, value: Typed) -> Clause:
        name, kind = self.field(field), self.kinds.of(field)
        what = asked(kind, field, value)
        match what:
            case Never():
                return self.constant(holds=False)
            case Present():
                return self.present(name)
            case Is() if kind is Kind.DYNAMIC:
                raise CannotSayError(f"a boolean in {field}, which may be a text in the index")
            case Is(boolean):
                return Clause(f"{name} == {str(boolean).lower()}")
            case Equals(number):
                return Clause(f"{name} == {number!r}")
            case Whole(text, cased):
                return self._text(field, Text((text,) if text else (), cased))
            case Fits(text):
                return self._text(field, text)
            case Regex():
                return self._matches(field, regexes.of_regex(what))
            case Network(str() as cidr) if kind is Kind.ADDRESS:
                return self._network(name, cidr)
            case Compare() if kind is Kind.NUMBER:
                sign = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}[what.op]
                return Clause(f"{name} {sign} {what.number!r}")
            case Network() | Compare():
                raise CannotSayError(
                    f"an address or a number in {field}, which the index has as a text"
                )
            case _:
                assert_never(what)

    def _text(self, field: str, value: Text) -> Clause:
        literal = value.literal
        if literal is not None and (value.cased or not regexes.has_case(literal)):
            return Clause(f"{self.field(field)} == {self.literal(literal)}")
        pattern = self.simple(value)
        return (
            self._matches(field, regexes.of_text(value))
            if pattern is None
            else self._like(field, [pattern])
        )

    def missing(self, name: str) -> Clause:
        """The field has no value."""
        return Clause(f"{name} == null")

    def present(self, name: str) -> Clause:
        """The field has one."""
        return Clause(f"{name} != null")

    def simple(self, value: Text) -> str | None:
        """The pattern for `:`, which knows the case of ASCII letters, and escapes no wildcard."""
        written = ""
        for part in value.parts:
            match part:
                case str():
                    if set(part) & {"*", "?"} or (not part.isascii() and regexes.has_case(part)):
                        return None
                    written += part
                case Wildcard.MANY:
                    written += "*"
                case _:
                    return None
        return None if value.cased else written or None

    def _like(self, field: str, patterns: Sequence[str]) -> Clause:
        return Clause(
            self.like(self.field(field), list(map(self.literal, dict.fromkeys(patterns))))
        )

    def like(self, name: str, literals: Sequence[str]) -> str:
        """One of some patterns of :meth:`simple`, in any case."""
        return f"{name} : {_listed(literals)}"

    def _matches(self, field: str, pattern: str) -> Clause:
        return Clause(
            self.matches(self.field(field), self.literal(regexes.bounded(pattern, self.options)))
        )

    def matches(self, name: str, literal: str) -> str:
        """The whole text fits a Lucene expression."""
        return f"{name} regex {literal}"

    def _network(self, name: str, cidr: str) -> Clause:
        network = ip_network(cidr, strict=False)
        if isinstance(network, IPv6Network) and network.overlaps(_MAPPED):
            raise CannotSayError(f"{cidr}, in which the index finds IPv4 addresses too")
        return Clause(f'{self.CIDR_MATCH}({name}, "{network}")')

    # ------------------------------------------------------------------------------- spelling
    def literal(self, text: str) -> str:
        """A text as EQL writes it."""
        return f'"{"".join(_ESCAPES.get(char, char) for char in text)}"'

    def field(self, name: str) -> str:
        """A field's name."""
        if any(fnmatchcase(name, pattern) for pattern in self.lists):
            raise CannotSayError(f"{name}, which holds a list")
        if "`" in name:
            raise CannotSayError(f"the field name {name!r}")
        parts = [part if _is_name(part) else f"`{part}`" for part in name.split(".")]
        optional = self.OPTIONAL if self.kinds.of(name) is Kind.DYNAMIC else ""
        return optional + ".".join(parts)


def _is_name(part: str) -> bool:
    return _NAME.fullmatch(part) is not None and part.lower() not in _RESERVED


def _listed(literals: Sequence[str]) -> str:
    return literals[0] if len(literals) == 1 else f"({', '.join(literals)})"


__all__ = ["Eql"]
