"""Sumo Logic: a log search with ``json`` and ``where``, and the expression of a Cloud SIEM rule.

Both have the same conditions over texts; they differ in how a field is named. Where the
documentation leaves open what happens, the condition is written so that it does not matter:
whether a comparison with null is false or null, whether a missing field is null or empty, whether
``matches`` has to fit the whole text, whether JSON's null becomes the text ``null``. What would
depend on it is refused. Literals hold no character that would have to be escaped; such texts are
written as expressions of RE2.
"""

from __future__ import annotations

import copy
import re
from typing import Final, assert_never

from jumpsigma.export.addresses import address_pattern
from jumpsigma.export.fields import PATH, fields_of
from jumpsigma.export.language import Binds, Clause, LanguageSettings
from jumpsigma.export.languages.numbered import Numbered
from jumpsigma.export.lookup_tables import slug_of
from jumpsigma.export.re2_text import re2_source, re2_text
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
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
    Regex,
    RuleIR,
    Test,
    Text,
    TimePart,
    Wildcard,
)

_VENDOR: Final = "Sumo Logic"
_WORD: Final = re.compile(r"\w+(?:\[\d+\])?", re.ASCII)
#: Texts that mean themselves between double quotation marks.
_PLAIN: Final = re.compile(r"[^\"\\\x00-\x1f\x7f]+")


class Sumo(Numbered):
    """See the module.

    Tables: those of :class:`Numbered`; ``fields``, ``aliases`` of a search or ``record`` of a rule.
    """

    OR = " or "
    AND = " and "
    NOT = "!"

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self._is_search = self.tables["fields"] == "aliases"
        #: By an alias, the name that it has in small letters.
        self.lowered: dict[str, str] = {}

    def query(self, rule: RuleIR) -> str:
        """A search, or an expression; both are narrowed to events of JumpCloud."""
        writer = copy.copy(self)
        writer.lowered = {}
        return writer.written(rule.condition)

    def written(self, condition: Expr) -> str:
        """The query of a condition, once for each object."""
        condition = simplified(self.unrolled(condition) if self._is_search else condition)
        if not self._is_search:
            text = self.within(condition, Binds.NOT)
            return f'metadata_vendor = "{self.options["vendor"]}" and {text}'
        text = self.clause(condition).text
        names = fields_of(condition)
        keys = ", ".join(f'"{_key(name)}"' for name in names)
        aliases = ", ".join(map(_alias, names))
        if len(set(map(_alias, names))) < len(names):
            raise NotWrittenError("fields whose names differ in their dots only")
        scope = self.options["source_category"]
        lowered = "".join(
            f'| if(isNull({alias}), "", toLowerCase({alias})) as {lower}\n'
            for alias, lower in self.lowered.items()
        )
        return (
            f"_sourceCategory={scope}\n| json {keys} as {aliases} nodrop\n{lowered}| where {text}"
        )

    # --------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Clause:
        """One field; behind a negation it is false, never null, where there is none."""
        field = self.field(test.field)
        text = self._test(field, test)
        if not self.negated:
            return Clause(text)
        return Clause(f"!isNull({field}) and {text}", Binds.AND)

    def in_table(self, field: str, name: str) -> Clause:
        """In a look-up table of the library, of a text that is never null."""
        if not self._is_search:
            raise NotWrittenError(f"the list {name!r} in a look-up table, in a rule of Cloud SIEM")
        alias = self.field(field)
        lower = self.lowered.setdefault(alias, f"{alias}_lower")
        table = f"{self.options['library']}/jumpsigma_{slug_of(name)}"
        return Clause(f'lookupContains(path://"{table}", {lower}=value)')

    def table_value(self, value: str) -> str:
        """What the documentation leaves open is refused."""
        if '"' in value:
            raise CannotSayError(
                f"the value {value!r} of a list in a table: it has a quotation mark"
            )
        return settled_row(value, _VENDOR)

    def _test(self, field: str, test: Test) -> str:
        value = test.value
        match value:
            case Text(parts, cased):
                refuse_letters(value, _VENDOR)
                refuse_unsettled(value, _VENDOR, "a missing field may be such a text too")
                if (literal := value.literal) is not None and _PLAIN.fullmatch(literal):
                    if cased:
                        return f'{field} = "{literal}"'
                    return f'toLowerCase({field}) = "{literal.lower()}"'
                flags = "(?s)" if cased else "(?is)"
                return f"{field} matches /{flags}{_whole(re2_text(parts, '/'), parts)}/"
            case Number(number):
                text = settled_number(number, _VENDOR)
                return f'{field} = "{text}"'
            case Boolean(boolean):
                return f'toLowerCase({field}) = "{text_of(boolean)}"'
            case Regex():
                refuse_unsettled(value, _VENDOR, "a missing field may be such a text too")
                return rf"{field} matches /(?s)\A.*(?-s:{re2_source(value, '/')}).*\z/"
            case Network(str(cidr)):
                return rf"{field} matches /\A(?:{address_pattern(cidr)})\z/".replace("%/", r"%\x2f")
            case Network() | Null() | Exists() | Compare() | TimePart() | FieldRef():
                raise NotWrittenError(f"a test of the kind {type(value).__name__.lower()}")
            case _:
                assert_never(value)

    def field(self, name: str) -> str:
        """The alias of a search, or the raw field of a record."""
        if not self._is_search and self.lies_in_list(name):
            raise CannotSayError(
                f"{name} lies in a list, of which the documentation does not say how a record"
                " names its elements"
            )
        self.refuse_list(name, "of which JSONPath takes one element by its number")
        if not PATH.fullmatch(name):
            raise CannotSayError(f"the field name {name!r}")
        return _alias(name) if self._is_search else f"fields['{name}']"


def _whole(source: str, parts: tuple[object, ...]) -> str:
    r"""With what may stand around it, so that the whole text fits."""
    start = r"\A.*" if parts[:1] == (Wildcard.MANY,) else ""
    end = r".*\z" if parts[-1:] == (Wildcard.MANY,) else ""
    return f"{start}{source}{end}"


def _key(name: str) -> str:
    """The JSONPath of a field; a name with a sign in it stands in brackets."""
    parts = [part if _WORD.fullmatch(part) else f"['{part}']" for part in name.split(".")]
    return ".".join(parts).replace(".[", "[")


def _alias(name: str) -> str:
    """A name that is no word of the language."""
    return "jc_" + re.sub(r"\W", "_", name.replace("]", ""), flags=re.ASCII)


__all__ = ["Sumo"]
