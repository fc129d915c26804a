"""YARA-L 2.0 of Google SecOps: the events section of a rule about one event.

A field holds one text; one that is not there is the empty text. Where Google's documentation
leaves open what happens, the query is written so that it does not matter; what would depend on it
is refused. Literals hold no character that would have to be escaped: such texts are written as
expressions of RE2, between backquotes.
"""

from __future__ import annotations

import re
from typing import Any, Final, assert_never

from jumpsigma.export.addresses import address_pattern
from jumpsigma.export.fields import PATH, fields_of
from jumpsigma.export.language import Binds, Clause, LanguageSettings
from jumpsigma.export.languages.numbered import Numbered
from jumpsigma.export.lookup_tables import asked_names, slug_of
from jumpsigma.export.re2_text import re2_source, re2_text
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.export.simplify import simplified
from jumpsigma.export.unsettled import refuse_letters, refuse_unsettled, settled_row
from jumpsigma.interpret.values import text_of
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    Exists,
    FieldRef,
    Network,
    Null,
    Number,
    Regex,
    RuleIR,
    Test,
    Text,
    TimePart,
)

#: Texts that mean themselves between double quotation marks, whatever has to be escaped there.
_PLAIN: Final = re.compile(r"[^\"\\\x00-\x1f\x7f]*")
#: An expression without the letter s may see the first line of a field only, says Google.
_ALL_LINES: Final = "(?s)"


class YaraL(Numbered):
    """See the module.

    Tables: those of :class:`Numbered`; ``udm``, the field of Google's data model for each
    raw field that the parser is documented to keep; ``asked``, how many tests with reference lists
    a rule may have; ``write``, which is ``events`` or, for a
    format that tells which fields have to be extracted for a rule, ``fields``.
    """

    AND = " and "
    OR = " or "
    NOT = "not "

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self._udm: dict[str, Any] = self.tables.get("udm", {})

    def query(self, rule: RuleIR) -> str:
        """The lines of the events section, which all have to hold."""
        condition = simplified(self.unrolled(rule.condition))
        items = condition.items if isinstance(condition, And) and condition.items else (condition,)
        lines = [self.within(item, Binds.NOT) for item in items]
        asked, most = len(list(asked_names(condition))), self.tables.get("asked", 0)
        if asked > most:
            raise CannotSayError(
                f"{asked} tests with reference lists, where Google takes {most} in a rule"
            )
        if self.tables.get("write") == "fields":
            if self.options["fields"] == "udm":
                raise CannotSayError("with -O fields=udm no field has to be extracted")
            return "\n".join(sorted(map(self._extracted, fields_of(condition))))
        return "\n".join([f'$e.metadata.log_type = "{self.options["log_type"]}"', *lines])

    # --------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Clause:
        """One field, which is a text."""
        field, value = self.field(test.field), test.value
        match value:
            case Text(parts):
                refuse_letters(value, "Google")
                refuse_unsettled(value, "Google", "a missing field is such a text too")
                end = "" if value.cased else " nocase"
                literal = value.literal
                if literal is not None and _PLAIN.fullmatch(literal):
                    return Clause(f'{field} = "{literal}"{end}')
                return Clause(f"re.regex({field}, `{_ALL_LINES}{re2_text(parts, '`')}`){end}")
            case Boolean(boolean):
                return Clause(f'{field} = "{text_of(boolean)}" nocase')
            case Regex():
                refuse_unsettled(value, "Google", "a missing field is such a text too")
                return Clause(f"re.regex({field}, `{_ALL_LINES}(?-s:{re2_source(value, '`')})`)")
            case Network(str(cidr)):
                source = rf"\A(?:{address_pattern(cidr)})\z"
                return Clause(f"re.regex({field}, `{_ALL_LINES}{source}`)")
            case Number() | Network() | Null() | Exists() | Compare() | TimePart() | FieldRef():
                raise NotWrittenError(f"a test of the kind {type(value).__name__.lower()}")
            case _:
                assert_never(value)

    def in_table(self, field: str, name: str) -> Clause:
        """In a reference list."""
        return Clause(f"{self.field(field)} in %jumpsigma_{slug_of(name)} nocase")

    def table_value(self, value: str) -> str:
        """What Google leaves open is refused."""
        return settled_row(value, "Google")

    def field(self, name: str) -> str:
        """The raw field as it was extracted, or the one that Google's parser makes of it."""
        self.refuse_list(name, "whose elements are fields of their own")
        if self.options["fields"] == "udm":
            if name not in self._udm:
                raise CannotSayError(
                    f"Google's parser is not documented to keep {name}",
                    hint="give -O fields=extracted, and let SecOps extract the field",
                )
            return f"$e.{self._udm[name]}"
        if not PATH.fullmatch(name):
            raise CannotSayError(f"the field name {name!r}")
        return f'$e.extracted.fields["{self._extracted(name)}"]'

    def _extracted(self, name: str) -> str:
        if self.options["index"] == "separator":
            name = name.replace("[", ".").replace("]", "")
        return self.options["prefix"] + name.replace(".", self.options["separator"])


__all__ = ["YaraL"]
