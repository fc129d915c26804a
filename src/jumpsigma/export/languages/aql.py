"""AQL, the Ariel Query Language of IBM QRadar: a WHERE clause over custom properties.

A property holds one text that QRadar took from the JSON of an event, or nothing. Where IBM's
documentation leaves open what happens, the query is written so that it does not matter: whether
``NOT`` of an absent property is true or unknown, whether a pattern has to fit all of a text,
whether JSON's null is no property or the text ``null``, whether an empty text is a property. What
would depend on it is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from jumpsigma.export.absent import holds_of_absent
from jumpsigma.export.addresses import address_pattern
from jumpsigma.export.fields import PATH, fields_of
from jumpsigma.export.java import java_search, java_text
from jumpsigma.export.language import Binds, Clause
from jumpsigma.export.languages.numbered import Numbered
from jumpsigma.export.lookup_tables import slug_of
from jumpsigma.export.refusals import CannotSayError, NeedsOptionError, NotWrittenError
from jumpsigma.export.simplify import simplified
from jumpsigma.export.unsettled import (
    refuse_letters,
    refuse_unsettled,
    settled_number,
    settled_row,
)
from jumpsigma.interpret.values import text_of
from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    Exists,
    Expr,
    FieldRef,
    Network,
    Null,
    Number,
    Placeholder,
    Regex,
    RuleIR,
    Test,
    Text,
    TimePart,
    Wildcard,
)

#: Texts that mean themselves between quotation marks and in LIKE, whatever is made of backslashes.
_PLAIN: Final = re.compile(r"[^%_'\\\x00-\x1f\x7f]*")


class Aql(Numbered):
    """See the module.

    Tables: those of :class:`Numbered`; ``write``, which is ``query`` or, for a format that
    tells which properties a rule needs, ``properties``.
    """

    def query(self, rule: RuleIR) -> str:
        """The events of the time range that satisfy the condition."""
        if holds_of_absent(rule.condition) and "log_source_type" not in self.options:
            raise NeedsOptionError(
                "it also holds for events without any of its properties, such as those of other"
                " log sources",
                "log_source_type",
            )
        condition = self.unrolled(rule.condition)
        query = self.complete(self.condition(condition), rule)
        if self.tables.get("write") != "properties":
            return query
        needed = {self.field(name)[1:-1]: _path(name) for name in fields_of(simplified(condition))}
        return json.dumps(needed, ensure_ascii=False, indent=2)

    def complete(self, condition: str, rule: RuleIR) -> str:  # noqa: ARG002
        """The statement; a log source type narrows it."""
        if "log_source_type" in self.options:
            source = self.options["log_source_type"]
            condition = f"LOGSOURCETYPENAME(deviceType) = '{source}' AND ({condition})"
        last = self.options["last"]
        return f"SELECT starttime, UTF8(payload) FROM events WHERE {condition} LAST {last}"

    # ------------------------------------------------------------------------------- joining
    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """Whole texts of one property as a list; AND in parentheses, whatever binds stronger."""
        if not items:
            return self.constant(holds=False)
        lists: dict[str, list[str]] = {}
        for item in items:
            if (plain := _plain_test(item)) is not None:
                lists.setdefault(plain[0], []).append(plain[1])
        clauses: list[Clause] = []
        for item in items:
            plain = _plain_test(item)
            if plain is None or len(lists[plain[0]]) == 1:
                clauses.append(self.clause(item))
            elif plain[1] is lists[plain[0]][0]:
                clauses.append(self._one_of(item, plain[0], lists[plain[0]]))
        if len(clauses) == 1:
            return clauses[0]
        texts = [self.grouped(c.text) if c.binds < Binds.NOT else c.text for c in clauses]
        return Clause(" OR ".join(texts), Binds.OR)

    def _one_of(self, item: Expr, field: str, texts: Sequence[str]) -> Clause:
        place = item.place if isinstance(item, Test) else None
        try:
            for text in texts:
                self._check(Text((text,)))
            words = ", ".join(_quoted(text.lower()) for text in texts)
            return self._guarded(field, lambda name: f"LOWER({name}) IN ({words})")
        except CannotSayError as error:
            error.place = error.place or place
            raise

    def _guarded(self, field: str, write: Callable[[str], str]) -> Clause:
        """A test on a property; behind a NOT it is false, never unknown, where there is none."""
        name = self.field(field)
        text = write(name)
        if not self.negated:
            return Clause(text)
        return Clause(f"{name} IS NOT NULL AND {text}", Binds.AND)

    # --------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Clause:
        """One property; which are texts, whatever the event has."""
        value = test.value
        match value:
            case Text():
                self._check(value)
                return self._guarded(test.field, lambda name: _text(name, value))
            case Number(number):
                text = settled_number(number, "IBM")
                return self._guarded(test.field, lambda name: f"{name} = '{text}'")
            case Boolean(boolean):
                word = text_of(boolean) or ""
                return self._guarded(test.field, lambda name: f"LOWER({name}) = '{word}'")
            case Regex():
                self._check(value)
                source = _quoted(java_search(value).replace("'", r"\x27"))
                return self._guarded(test.field, lambda name: f"{name} MATCHES {source}")
            case Network(str(cidr)):
                source = rf"\A(?:{address_pattern(cidr)})\z"
                return self._guarded(test.field, lambda name: f"{name} MATCHES '{source}'")
            case Network() | Null() | Exists() | Compare() | TimePart() | FieldRef():
                raise NotWrittenError(f"a test of the kind {type(value).__name__.lower()}")
            case _:
                assert_never(value)

    def in_table(self, field: str, name: str) -> Clause:
        """In a reference set."""
        return self._guarded(
            field,
            lambda found: f"REFERENCESETCONTAINS('jumpsigma_{slug_of(name)}', LOWER({found}))",
        )

    def table_value(self, value: str) -> str:
        """What IBM leaves open is refused."""
        return settled_row(value, "IBM")

    def field(self, name: str) -> str:
        """The property of a field, in double quotation marks."""
        self.refuse_list(name, "of which a JSON expression takes one element by its number")
        if not PATH.fullmatch(name):
            raise CannotSayError(f"the field name {name!r} in the name of a property")
        parts = re.split(r"[.\[]", name.replace("]", ""))
        return f'"{self.options["prefix"]}{self.options["separator"].join(parts)}"'

    def _check(self, value: Text | Regex) -> None:
        if isinstance(value, Text):
            refuse_letters(value, "IBM")
        refuse_unsettled(value, "IBM", "IBM does not say whether such a text is a property")


def _path(name: str) -> str:
    """The JSON expression that takes a field out of an event."""
    keys = name.replace("[", '"[').split(".")
    return "".join(f'/"{key}' if key.endswith("]") else f'/"{key}"' for key in keys)


def _plain_test(item: Expr) -> tuple[str, str] | None:
    """The field and the text, where a whole text in any case can stand in a list."""
    match item:
        case Test(field, Text((str() as text,), cased=False)) if _is_plain(text):
            return field, text
        case _:
            return None


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text.replace("%", "").replace("_", "")) is not None


def _text(name: str, value: Text) -> str:
    if (literal := value.literal) is not None and _is_plain(literal):
        compared = literal if value.cased else literal.lower()
        return f"{name if value.cased else f'LOWER({name})'} = {_quoted(compared)}"
    if all(p is Wildcard.MANY or (isinstance(p, str) and _PLAIN.fullmatch(p)) for p in value.parts):
        pattern = "".join("%" if p is Wildcard.MANY else str(p) for p in value.parts)
        return f"{name} {'LIKE' if value.cased else 'ILIKE'} {_quoted(pattern)}"
    if any(isinstance(part, Placeholder) for part in value.parts):
        raise NotWrittenError("a list in a longer text")
    return f"{name} {'MATCHES' if value.cased else 'IMATCHES'} {_quoted(java_text(value.parts))}"


def _quoted(text: str) -> str:
    """A text as AQL writes it; how it writes a quotation mark in one, IBM does not say."""
    assert "'" not in text  # noqa: S101 - no test puts one here
    return f"'{text}'"


__all__ = ["Aql"]
