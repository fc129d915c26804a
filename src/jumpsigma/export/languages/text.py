"""A language made of tables: for products whose queries are tests joined by words.

Tables (all texts are templates with ``{name}`` parts; a doubled brace is a brace):

- ``and``, ``or``: the words between parts; ``not``: ``NOT {item}``; ``group``: ``({item})``;
  ``always``, ``never``: a condition that always or never holds.
- ``field``: ``plain`` (a regular expression of names that are written as they are), ``quoted``
  (``"{name}"``) and ``escapes`` for the others.
- ``text``: ``quoted`` and ``escapes`` (character to what is written) of a whole text.
- ``pattern``: the same of a text with wildcards, and ``many`` and ``one`` for the wildcards.
- ``tests``: a template for each kind of test: ``equals``, ``equals_cased``, ``empty``,
  ``matches``, ``matches_cased``, ``startswith``, ``endswith``, ``contains`` and the same with
  ``_cased``, ``number``, ``boolean``, ``null``, ``exists``, ``absent``, ``lt``, ``lte``, ``gt``,
  ``gte``, ``cidr``, ``regex``, ``fieldref``, ``keyword``, ``keyword_cased``, ``in`` (several
  whole texts of one field). Parts: ``{field}``, ``{text}``, ``{pattern}``, ``{raw}`` (the escaped
  text between the wildcards), ``{number}``, ``{boolean}``, ``{cidr}``, ``{regex}``, ``{flags}``,
  ``{other}``, ``{values}``.
- ``query``: the whole, with ``{condition}`` and the names of options.

A kind of test without a template is not written, whatever the features say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, assert_never

from jumpsigma.export.language import Binds, Clause, Language, LanguageSettings
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    Exists,
    Expr,
    FieldRef,
    Keyword,
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
    Wildcard,
)


class TextLanguage(Language):
    """See the module."""

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self._tests: dict[str, str] = self.tables.get("tests", {})
        self._plain = re.compile(self._table("field").get("plain", r"[A-Za-z_][\w.]*"), re.ASCII)

    def complete(self, condition: str, rule: RuleIR) -> str:  # noqa: ARG002
        """The table ``query`` with the condition and the options."""
        template = str(self.tables.get("query", "{condition}"))
        return template.format(condition=condition, **self.options)

    # ------------------------------------------------------------------------------- joining
    def conjunction(self, items: Sequence[Expr]) -> Clause:
        """With the table's word between them."""
        if not items:
            return self.constant(holds=True)
        word = str(self.tables.get("and", self.AND))
        return Clause(word.join(self.within(item, Binds.AND) for item in items), Binds.AND)

    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """Likewise; whole texts of one field are joined by ``in`` where there is one."""
        if not items:
            return self.constant(holds=False)
        parts = self._lists(items) if "in" in self._tests else [self.clause(i) for i in items]
        if len(parts) == 1:
            return parts[0]
        word = str(self.tables.get("or", self.OR))
        texts = [self.grouped(p.text) if p.binds < Binds.OR else p.text for p in parts]
        return Clause(word.join(texts), Binds.OR)

    def negation(self, item: Expr) -> Clause:
        """The table ``not``."""
        template = str(self.tables.get("not", "NOT {item}"))
        return Clause(template.format(item=self.within(item, Binds.ATOM)), Binds.NOT)

    def grouped(self, text: str) -> str:
        """The table ``group``."""
        return str(self.tables.get("group", "({item})")).format(item=text)

    def constant(self, *, holds: bool) -> Clause:
        """The table ``always`` or ``never``."""
        word = self.tables.get("always" if holds else "never")
        return super().constant(holds=holds) if word is None else Clause(str(word))

    def _lists(self, items: Sequence[Expr]) -> list[Clause]:
        """Alternatives, those that are whole texts of one field joined where the first stood."""
        texts: dict[str, list[Test]] = {}
        for item in items:
            if (field := _listable(item)) is not None and isinstance(item, Test):
                texts.setdefault(field, []).append(item)
        parts: list[Clause] = []
        for item in items:
            field = _listable(item)
            if field is None or len(texts[field]) == 1:
                parts.append(self.clause(item))
            elif item is texts[field][0]:
                values = [self.text(each.value) for each in texts[field]]
                joined = str(self.tables.get("comma", ", ")).join(values)
                parts.append(self._made("in", field=self.field(field), values=joined))
        return parts

    # --------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Clause:
        """By the table ``tests``."""
        field, value = self.field(test.field), test.value
        match value:
            case Text():
                return self.text_test(field, value)
            case Number(number):
                return self._made("number", field=field, number=self.number(number))
            case Boolean(boolean):
                return self._made("boolean", field=field, boolean=str(boolean).lower())
            case Null():
                return self._made("null", field=field)
            case Exists(expected):
                return self._made("exists" if expected else "absent", field=field)
            case Compare(op, number):
                return self._made(op, field=field, number=self.number(number))
            case Network(cidr):
                return self._made("cidr", field=field, cidr=cidr)
            case Regex():
                return self.regex_test(field, value)
            case FieldRef(other, how, cased):
                kind = "fieldref" if how == "equals" else f"fieldref_{how}"
                kind += "_cased" if cased else ""
                return self._made(kind, field=field, other=self.field(other))
            case TimePart():
                raise NotWrittenError(f"the {value.unit} of a time")
            case _:
                assert_never(value)

    def text_test(self, field: str, value: Text) -> Clause:
        """A text, whole or with wildcards."""
        end = "_cased" if value.cased else ""
        kind, middle = _shape(value.parts)
        if kind == "equals" and not value.parts and "empty" in self._tests:
            return self._made("empty", field=field)
        if kind == "equals":
            return self._made(f"equals{end}", field=field, text=self.text(value))
        if kind != "matches" and f"{kind}{end}" in self._tests:
            raw = self._escaped(middle, self._table("text").get("escapes", {}))
            text = self._quoted("text", raw)
            return self._made(f"{kind}{end}", field=field, raw=raw, text=text)
        return self._made(f"matches{end}", field=field, pattern=self.pattern(value))

    def regex_test(self, field: str, value: Regex) -> Clause:
        """An expression as it stands; a language whose dialect is not RE2's overrides this."""
        flags = "".join(
            letter
            for letter, is_set in (
                ("i", value.ignore_case),
                ("m", value.multi_line),
                ("s", value.dot_all),
            )
            if is_set
        )
        return self._made("regex", field=field, regex=self.regex_source(value), flags=flags)

    def regex_source(self, value: Regex) -> str:
        """The source between its marks, escaped by the table ``regex``."""
        from jumpsigma.ir.regex import source_of

        return self._quoted("regex", self._escaped(source_of(value), self._escapes("regex")))

    def keyword(self, keyword: Keyword) -> Clause:
        """A text anywhere in the event."""
        value = keyword.value
        if not isinstance(value, Text):
            raise NotWrittenError(f"a keyword that is a {type(value).__name__.lower()}")
        kind = "keyword_cased" if value.cased else "keyword"
        return self._made(kind, text=self.text(value), pattern=self.pattern(value))

    # ------------------------------------------------------------------------------ spelling
    def field(self, name: str) -> str:
        """A field's name as the language spells it."""
        if self._plain.fullmatch(name):
            return name
        if "quoted" not in self._table("field"):
            raise CannotSayError(f"the field name {name!r}")
        return self._quoted("field", self._escaped(name, self._escapes("field")), key="name")

    def text(self, value: Any) -> str:
        """A whole text, quoted."""
        literal = value.literal if isinstance(value, Text) else str(value)
        return self._quoted("text", self._escaped(literal or "", self._escapes("text")))

    def pattern(self, value: Text) -> str:
        """A text with wildcards, quoted."""
        table = self._table("pattern") or self._table("text")
        escapes = table.get("escapes", {})
        written = []
        for part in value.parts:
            match part:
                case str():
                    written.append(self._escaped(part, escapes))
                case Wildcard():
                    sign = table.get("many" if part is Wildcard.MANY else "one")
                    if sign is None:
                        raise CannotSayError(f"the wildcard {part.value}")
                    written.append(str(sign))
                case Placeholder():
                    raise NotWrittenError(f"the list {part.name!r}")
                case _:
                    assert_never(part)
        return str(table.get("quoted", "{text}")).format(text="".join(written))

    def number(self, number: float) -> str:
        """A number in decimal."""
        return repr(number)

    def _made(self, kind: str, **parts: Any) -> Clause:
        template = self._tests.get(kind)
        if template is None:
            raise NotWrittenError(f"a test of the kind {kind!r}")
        # What a template writes may hold an operator of its own: `tests` says so with a tuple.
        if isinstance(template, dict):
            binds = Binds[str(template.get("binds", "atom")).upper()]
            return Clause(str(template["text"]).format(**parts), binds)
        return Clause(str(template).format(**parts))

    def _table(self, name: str) -> dict[str, Any]:
        found = self.tables.get(name, {})
        return found if isinstance(found, dict) else {}

    def _escapes(self, name: str) -> dict[str, str]:
        found = self._table(name).get("escapes", {})
        return found if isinstance(found, dict) else {}

    def _escaped(self, text: str, escapes: dict[str, str]) -> str:
        if any(ord(char) < 32 and char not in escapes for char in text):
            raise CannotSayError("a text with a control character")
        return "".join(escapes.get(char, char) for char in text)

    def _quoted(self, table: str, text: str, key: str = "text") -> str:
        return str(self._table(table).get("quoted", f"{{{key}}}")).format(**{key: text})


def _listable(item: Expr) -> str | None:
    """The field of a test on a whole text, in any case, that is not empty."""
    match item:
        case Test(field, Text(cased=False) as value) if value.literal:
            return field
        case _:
            return None


def _shape(parts: tuple[TextPart, ...]) -> tuple[str, str]:
    """Which of Sigma's text modifiers a text is, and the literal part."""
    many = Wildcard.MANY
    match parts:
        case ():
            return "equals", ""
        case (str() as text,):
            return "equals", text
        case (str() as text, last) if last is many:
            return "startswith", text
        case (first, str() as text) if first is many:
            return "endswith", text
        case (first, str() as text, last) if first is many and last is many:
            return "contains", text
        case _:
            return "matches", ""


__all__ = ["TextLanguage"]
