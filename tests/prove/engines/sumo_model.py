"""Sumo Logic's searches and Cloud SIEM's expressions as documented, as far as they are written.

Read: "Parse JSON Formatted Logs", "where", "matches", "isNull, isEmpty, isBlank", "toLowerCase",
"Field Expressions", "Manually cast data", "CSE Rules Syntax"
(github.com/SumoLogic/sumologic-documentation). Left open there, hence readings: :class:`Reading`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import re2
from engines.engine import QueryError, rows_of
from engines.model import Holds, Model, Reader, leaves

_TOKENS: Final = re.compile(
    r"(?P<space>\s+)|(?P<path>path://\"[^\"\n]+\")|(?P<text>\"[^\"\\\n]*\")|(?P<regex>/[^/\n]+/)"
    r"|(?P<record>fields\['[^'\n]+'\])|(?P<scope>_sourceCategory=[A-Za-z0-9_./*-]+)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[(),=|!])"
)
_KEY: Final = re.compile(r"\['([^']+)'\]|([A-Za-z0-9_]+(?:\[[0-9]+\])?)")

#: Path of names, joined by dots, to text; None for a null of JSON.
Fields = Mapping[str, str | None]
#: True, false, or null.
Truth = bool | None
Check = Callable[[Fields], Truth]


class Reading(NamedTuple):
    """What Sumo Logic does not say, answered one way."""

    null_is_text: bool
    """A null of JSON is the text ``null``; else it is null."""
    missing_is_empty: bool
    """``nodrop`` gives an empty text for a missing key; else null."""
    unknown: bool
    """A comparison with null is null; else false."""
    whole: bool
    """``matches /regex/`` has to fit the whole text; else a part of it."""
    unicode_case: bool
    """``toLowerCase`` knows letters beyond ASCII."""


READINGS: Final = (
    Reading(False, False, True, True, False),
    Reading(True, False, False, False, True),
    Reading(False, True, False, True, True),
    Reading(True, True, True, False, False),
)


class SumoModel(Model):
    """Messages, each an event; the same events are the records of Cloud SIEM."""

    name = "a model of Sumo Logic"
    tables: Mapping[str, Sequence[Mapping[str, str]]] = {}

    def hold(self, files: Mapping[str, str]) -> None:
        """Look-up tables by their names in the library."""
        self.tables = {Path(path).stem: rows_of(text) for path, text in files.items()}

    def kept(self, event: dict[str, Any]) -> Any:
        """The texts by path."""
        found: dict[str, str | None] = {"": "JumpCloud"}
        for path, value in leaves(event):
            name = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
            found[name.removeprefix(".")] = value
        return found

    def others(self) -> Mapping[str, Any]:
        """An event of another vendor, in another source category."""
        return {"vendor": {"": "Okta"}}

    def readings(self, query: str) -> Sequence[Holds]:
        """The search or the expression under each reading."""
        return [_holds(_Parser(query, reading, self.tables).query()) for reading in READINGS]


def _holds(check: Check) -> Holds:
    return lambda event: check(event) is True


class _Parser:
    def __init__(
        self, query: str, reading: Reading, tables: Mapping[str, Sequence[Mapping[str, str]]]
    ) -> None:
        self.reader, self.reading, self.tables = Reader(query, _TOKENS), reading, tables
        self.aliases: dict[str, str] = {}
        self.lowered: dict[str, str] = {}

    def query(self) -> Check:
        read = self.reader
        if read.peek().kind == "scope":
            read.kind("scope")
            read.expect("|")
            self.json()
            read.expect("|")
            while read.peek().text == "if":
                self.lower()
                read.expect("|")
            read.expect("where")
            vendor = "JumpCloud"
            inner = self.condition()
        else:
            read.expect("metadata_vendor")
            read.expect("=")
            vendor = read.kind("text").text[1:-1]
            read.expect("and")
            inner = self.part()
            while read.take("and"):
                inner = _all([inner, self.part()])
        read.kind("end")
        return lambda event: event[""] == vendor and inner(event)

    def json(self) -> None:
        """``json "a.b", "c[0]" as one, two nodrop``."""
        read = self.reader
        read.expect("json")
        keys = [self.key(read.kind("text").text[1:-1])]
        while read.take(","):
            keys.append(self.key(read.kind("text").text[1:-1]))
        read.expect("as")
        names = [read.kind("word").text]
        while read.take(","):
            names.append(read.kind("word").text)
        read.expect("nodrop")
        if len(names) != len(keys) or len(set(names)) != len(names):
            raise QueryError("each key needs a name of its own")
        self.aliases = dict(zip(names, keys, strict=True))

    def lower(self) -> None:
        """``if(isNull(one), "", toLowerCase(one)) as other``: never null."""
        read = self.reader
        for word in ("if", "(", "isNull", "("):
            read.expect(word)
        name = read.kind("word").text
        for word in (")", ","):
            read.expect(word)
        if read.kind("text").text != '""':
            read.wrong("an empty text")
        for word in (",", "toLowerCase", "(", name, ")", ")", "as"):
            read.expect(word)
        self.lowered[read.kind("word").text] = self.aliases[name]

    def listed(self) -> Check:
        """``lookupContains(path://"folder/table", field=column)``."""
        read = self.reader
        read.expect("(")
        path = read.kind("path").text
        read.expect(",")
        field = self.text_of(self.lowered[read.kind("word").text])
        read.expect("=")
        column = read.kind("word").text
        read.expect(")")
        table = path[:-1].rpartition("/")[2]
        if table not in self.tables:
            raise QueryError(f"there is no table {table!r}")
        found = {row[column] for row in self.tables[table]}
        fold = str.lower if self.reading.unicode_case else _ascii_lower
        return lambda event: fold(field(event) or "") in found

    def key(self, path: str) -> str:
        """A JSONPath of names; one with a sign in it stands in brackets and quotation marks."""
        rest = path
        parts: list[str] = []
        while rest:
            found = _KEY.match(rest)
            if found is None:
                raise QueryError(f"{path!r} is no path of names")
            parts.append(found[1] or found[2])
            rest = rest[found.end() :]
            if rest.startswith(".") and len(rest) > 1 and rest[1] != "[":
                rest = rest[1:]
            elif rest and not rest.startswith("["):
                raise QueryError(f"{path!r} is no path of names")
        return ".".join(parts)

    def condition(self) -> Check:
        """``and`` or ``or``, not both: nothing depends on which binds stronger."""
        parts = [self.part()]
        first = self.reader.take("and", "or")
        if first is None:
            return parts[0]
        parts.append(self.part())
        while self.reader.take(first.text):
            parts.append(self.part())
        if self.reader.peek().text in ("and", "or"):
            self.reader.wrong("a parenthesis")
        if first.text == "and":
            return _all(parts)
        return _negated(_all([_negated(part) for part in parts]))

    def part(self) -> Check:
        read = self.reader
        negated = read.take("!") is not None
        if negated and read.take("isNull"):
            read.expect("(")
            field = self.field()
            read.expect(")")
            return lambda event: field(event) is not None
        if read.take("("):
            inner = self.condition()
            read.expect(")")
            return _negated(inner) if negated else inner
        if negated:
            read.wrong("a parenthesis behind !")
        return self.comparison()

    def comparison(self) -> Check:
        read = self.reader
        if read.take("lookupContains"):
            return self.listed()
        lower = read.take("toLowerCase") is not None
        if lower:
            read.expect("(")
        field = self.field()
        if lower:
            read.expect(")")
            fold = str.lower if self.reading.unicode_case else _ascii_lower
            read.expect("=")
            text = read.kind("text").text[1:-1]
            return self.compared(field, lambda found: fold(found) == text)
        if read.take("="):
            text = read.kind("text").text[1:-1]
            return self.compared(field, lambda found: found == text)
        read.expect("matches")
        expression = _compiled(read.kind("regex").text[1:-1])
        find = expression.fullmatch if self.reading.whole else expression.search
        return self.compared(field, lambda found: find(found) is not None)

    def field(self) -> Callable[[Fields], str | None]:
        read = self.reader
        if read.peek().kind == "record":
            path = read.kind("record").text[len("fields['") : -len("']")]
        else:
            name = read.kind("word").text
            if name not in self.aliases:
                raise QueryError(f"{name!r} is no field that the search has made")
            path = self.aliases[name]
        return self.text_of(path)

    def text_of(self, path: str) -> Callable[[Fields], str | None]:
        """The text at a path, or what stands for it where there is none."""
        missing = "" if self.reading.missing_is_empty else None
        null = "null" if self.reading.null_is_text else None

        def text(event: Fields) -> str | None:
            found = event.get(path, missing)
            return null if found is None and path in event else found

        return text

    def compared(self, field: Callable[[Fields], str | None], test: Callable[[str], bool]) -> Check:
        unknown = None if self.reading.unknown else False

        def check(event: Fields) -> Truth:
            found = field(event)
            return unknown if found is None else test(found)

        return check


def _all(parts: Sequence[Check]) -> Check:
    def check(event: Fields) -> Truth:
        truth: Truth = True
        for part in parts:
            found = part(event)
            if found is False:
                return False
            truth = None if found is None else truth
        return truth

    return check


def _negated(part: Check) -> Check:
    def check(event: Fields) -> Truth:
        found = part(event)
        return None if found is None else not found

    return check


def _ascii_lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


@cache
def _compiled(source: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(source, options)
    except re2.error as error:
        raise QueryError(f"{source}: {error}") from None
