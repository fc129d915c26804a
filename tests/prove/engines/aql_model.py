"""AQL as IBM's Ariel Query Language guide describes it, as far as queries are written.

Read: "WHERE clause", "LIKE clause", "Quotation marks", "AQL logical and comparison operators",
"JSON keypath expressions". Left open there, hence readings: :class:`Reading`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from engines.engine import QueryError
from engines.model import Holds, Model, Reader, leaves

_TOKENS: Final = re.compile(
    r"(?P<space>\s+)|(?P<name>\"[^\"]+\")|(?P<text>'[^']*')|(?P<number>\d+)"
    r"|(?P<word>[A-Za-z][A-Za-z0-9]*)|(?P<sign>[(),=])"
)
_PREFIX: Final = "JumpCloud "
_TYPE: Final = "JumpCloud"

#: Property name to text, and the log source type under ``None``.
Properties = Mapping[str | None, Any]
#: True, false, or unknown.
Truth = bool | None


class Reading(NamedTuple):
    """What IBM does not say, answered one way."""

    unknown: bool
    """A comparison with an absent property is unknown, and so is its negation; else false."""
    null_is_text: bool
    """A null of JSON is a property with the text ``null``; else none."""
    empty_is_absent: bool
    """``IS NULL`` holds of an empty text."""
    whole: bool
    """MATCHES has to fit the whole text; else a part of it."""
    unicode_case: bool
    """IMATCHES and ILIKE know letters beyond ASCII."""


READINGS: Final = (
    Reading(True, False, False, True, False),
    Reading(False, True, True, False, True),
    Reading(True, True, False, False, True),
    Reading(False, False, True, True, False),
)
Term = Callable[[Properties], str | None]
Check = Callable[[Properties], Truth]


class AqlModel(Model):
    """Properties of events by a custom property for each path."""

    name = "a model of AQL"
    sets: Mapping[str, frozenset[str]] = {}

    def hold(self, files: Mapping[str, str]) -> None:
        """Reference sets of the type AlphaNumeric, by their names."""
        self.sets = {Path(path).stem: frozenset(json.loads(text)) for path, text in files.items()}

    def kept(self, event: dict[str, Any]) -> Any:
        """The properties, with a null of JSON as None."""
        found: dict[str | None, Any] = {None: _TYPE}
        for path, value in leaves(event):
            found[_PREFIX + " ".join(map(str, path))] = value
        return found

    def others(self) -> Mapping[str, Any]:
        """An event of another log source type, which has none of these properties."""
        return {"log source": {None: "Linux OS"}}

    def readings(self, query: str) -> Sequence[Holds]:
        """The statement under each reading."""
        return [_holds(_Parser(query, reading, self.sets).statement()) for reading in READINGS]


def _holds(check: Check) -> Holds:
    return lambda event: check(event) is True


class _Parser:
    def __init__(self, query: str, reading: Reading, sets: Mapping[str, frozenset[str]]) -> None:
        self.reader, self.reading, self.sets = Reader(query, _TOKENS), reading, sets

    def statement(self) -> Check:
        read = self.reader
        for word in ("SELECT", "starttime", ",", "UTF8", "(", "payload", ")", "FROM", "events"):
            read.expect(word)
        read.expect("WHERE")
        found = self.condition()
        read.expect("LAST")
        read.kind("number")
        _ = read.take("MINUTES", "HOURS", "DAYS") or read.wrong("a unit")
        read.kind("end")
        return found

    def condition(self) -> Check:
        """AND or OR, not both: the documentation gives them an order by parentheses alone."""
        parts = [self.part()]
        first = self.reader.take("AND", "OR")
        if first is None:
            return parts[0]
        parts.append(self.part())
        while self.reader.take(first.text):
            parts.append(self.part())
        if self.reader.peek().text in ("AND", "OR"):
            self.reader.wrong("a parenthesis")
        return _all(parts) if first.text == "AND" else _any(parts)

    def part(self) -> Check:
        read = self.reader
        negated = read.take("NOT") is not None
        if read.take("("):
            inner = self.condition()
            read.expect(")")
            return _negated(inner) if negated else inner
        if negated:
            read.wrong("a parenthesis behind NOT")
        return self.comparison()

    def comparison(self) -> Check:
        read = self.reader
        if read.take("REFERENCESETCONTAINS"):
            read.expect("(")
            name = read.kind("text").text[1:-1]
            read.expect(",")
            looked_up = self.term()
            read.expect(")")
            if name not in self.sets:
                raise QueryError(f"there is no reference set {name!r}")
            return self.compared(looked_up, self.sets[name].__contains__)
        term = self.term()
        if read.take("IS"):
            read.expect("NOT")
            read.expect("NULL")
            return self.present(term)
        if read.take("IN"):
            read.expect("(")
            texts = [self.text()]
            while read.take(","):
                texts.append(self.text())
            read.expect(")")
            chosen = frozenset(texts)
            return self.compared(term, lambda found: found in chosen)
        sign = read.take("=", "LIKE", "ILIKE", "MATCHES", "IMATCHES") or read.wrong("an operator")
        text = self.text()
        if sign.text == "=":
            return self.compared(term, lambda found: found == text)
        source = _like(text) if sign.text.endswith("LIKE") else _from_java(text)
        flags = re.IGNORECASE if sign.text.startswith("I") else 0
        flags |= 0 if self.reading.unicode_case else re.ASCII
        expression = _compiled(source, flags)
        whole = self.reading.whole or sign.text.endswith("LIKE")
        find = expression.fullmatch if whole else expression.search
        return self.compared(term, lambda found: find(found) is not None)

    def term(self) -> Term:
        read = self.reader
        if read.take("LOGSOURCETYPENAME"):
            for word in ("(", "deviceType", ")"):
                read.expect(word)
            return lambda event: event[None]
        lower = read.take("LOWER")
        if lower:
            read.expect("(")
        name = read.kind("name").text[1:-1]
        if lower:
            read.expect(")")
        null = "null" if self.reading.null_is_text else None

        def property_(event: Properties) -> str | None:
            found = event.get(name) if name in event else None
            if found is None and name in event:
                found = null
            return found.lower() if lower and found is not None else found

        return property_

    def text(self) -> str:
        text = self.reader.kind("text").text[1:-1]
        if text.endswith("\\"):
            raise QueryError("a backslash before a quotation mark, of which IBM does not speak")
        return text

    def compared(self, term: Term, test: Callable[[str], bool]) -> Check:
        unknown = None if self.reading.unknown else False

        def check(event: Properties) -> Truth:
            found = term(event)
            return unknown if found is None else test(found)

        return check

    def present(self, term: Term) -> Check:
        empty = self.reading.empty_is_absent
        return lambda event: (found := term(event)) is not None and not (empty and found == "")


def _all(parts: Sequence[Check]) -> Check:
    def check(event: Properties) -> Truth:
        truth: Truth = True
        for part in parts:
            found = part(event)
            if found is False:
                return False
            truth = None if found is None else truth
        return truth

    return check


def _any(parts: Sequence[Check]) -> Check:
    negated = _all([_negated(part) for part in parts])
    return _negated(negated)


def _negated(part: Check) -> Check:
    def check(event: Properties) -> Truth:
        found = part(event)
        return None if found is None else not found

    return check


def _like(pattern: str) -> str:
    """``%`` is any text, ``_`` one character; nothing makes them literal."""
    signs = {"%": "(?s:.*)", "_": "(?s:.)"}
    return "".join(signs.get(char) or re.escape(char) for char in pattern)


def _from_java(source: str) -> str:
    source = re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: f"\\U{found[1]:0>8}", source)
    return source.replace(r"\z", r"\Z")


@cache
def _compiled(source: str, flags: int) -> re.Pattern[str]:
    try:
        return re.compile(source, flags)
    except re.error as error:
        raise QueryError(f"{source}: {error}") from None
