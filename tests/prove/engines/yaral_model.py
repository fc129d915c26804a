"""YARA-L as Google describes it, as far as events sections are written.

Read: "Expressions, operators, and other constructs", "re.regex", "YARA-L best practices" (zero
values), "Auto-extraction overview", and Google's public rules
(github.com/chronicle/detection-rules) for how extracted fields are named. Left open there, hence
readings: :class:`Reading`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import re2
from engines.engine import QueryError
from engines.model import Holds, Model, Reader, leaves

_TOKENS: Final = re.compile(
    r"(?P<space>\s+)|(?P<text>\"[^\"\\\n]*\")|(?P<raw>`[^`\n]*`)"
    r"|(?P<field>\$e(?:\.[a-z_]+)+(?:\[\"[^\"\\\n]+\"\])?)|(?P<word>re\.regex|[a-z]+)"
    r"|(?P<list>%[a-z0-9_]+)"
    r"|(?P<sign>[(),=])"
)
#: Raw fields that Google's parser keeps, and where.
_UDM: Final = {
    "event_type": "metadata.product_event_type",
    "sso_token_success": 'additional.fields["sso_token_success"]',
    "association.op": 'additional.fields["association_op"]',
    "association.action_source": 'additional.fields["action_source"]',
    "geoip.timezone": "principal.location.name",
}

#: Field, as a rule names it behind ``$e.``, to text; None for a null of JSON.
Fields = Mapping[str, str | None]
Check = Callable[[Fields], bool]


class Reading(NamedTuple):
    """What Google does not say, answered one way."""

    null_is_text: bool
    """A null of JSON is the text ``null``; else a missing field."""
    missing_compares: bool
    """A key that is not there compares as an empty text; else every comparison with it is false."""
    unicode_case: bool
    """``nocase`` knows letters beyond ASCII."""


READINGS: Final = (
    Reading(False, True, False),
    Reading(True, False, True),
    Reading(False, False, True),
)


class YaraLModel(Model):
    """Events with their extracted fields and those of the data model."""

    name = "a model of YARA-L"
    lists: Mapping[str, Sequence[str]] = {}

    def hold(self, files: Mapping[str, str]) -> None:
        """Reference lists, by the names of their files; comments end with the line."""
        self.lists = {
            Path(path).stem: [
                re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)//.*", "", line))
                for line in text.splitlines()
            ]
            for path, text in files.items()
        }

    def kept(self, event: dict[str, Any]) -> Any:
        """The fields as rules name them."""
        found: dict[str, str | None] = {"metadata.log_type": "JUMPCLOUD_DIRECTORY_INSIGHTS"}
        for path, value in leaves(event):
            name = ".".join(map(str, path))
            found[f'extracted.fields["{name}"]'] = value
            if name in _UDM:
                found[_UDM[name]] = value
        return found

    def others(self) -> Mapping[str, Any]:
        """An event of another log type."""
        return {"log type": {"metadata.log_type": "OKTA"}}

    def readings(self, query: str) -> Sequence[Holds]:
        """The events section under each reading."""
        return [_Parser(query, reading, self.lists).section() for reading in READINGS]


class _Parser:
    def __init__(self, query: str, reading: Reading, lists: Mapping[str, Sequence[str]]) -> None:
        self.reader, self.reading, self.lists = Reader(query, _TOKENS), reading, lists

    def section(self) -> Check:
        """Conditions one behind the other, all of which have to hold."""
        found = [self.part()]
        while self.reader.peek().kind != "end":
            found.append(self.part())
        return lambda event: all(each(event) for each in found)

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
        joined = all if first.text == "and" else any
        return lambda event: joined(each(event) for each in parts)

    def part(self) -> Check:
        read = self.reader
        negated = read.take("not") is not None
        if read.take("("):
            inner = self.condition()
            read.expect(")")
            return (lambda event: not inner(event)) if negated else inner
        if negated:
            read.wrong("a parenthesis behind not")
        if read.take("re.regex"):
            read.expect("(")
            field = read.kind("field").text.removeprefix("$e.")
            read.expect(",")
            source = read.kind("raw").text[1:-1]
            read.expect(")")
            return self.found(field, source, nocase=read.take("nocase") is not None)
        field = read.kind("field").text.removeprefix("$e.")
        if read.take("in"):
            name = read.kind("list").text[1:]
            if name not in self.lists:
                raise QueryError(f"there is no reference list {name}")
            return self.equal(field, self.lists[name], nocase=read.take("nocase") is not None)
        read.expect("=")
        text = read.kind("text").text[1:-1]
        return self.equal(field, [text], nocase=read.take("nocase") is not None)

    def value(self, field: str, event: Fields) -> str | None:
        """The text of a field; None where it is missing and nothing compares with it."""
        value = event.get(field)
        if value is None and field in event and self.reading.null_is_text:
            return "null"
        return "" if value is None and self.reading.missing_compares else value

    def equal(self, field: str, texts: Sequence[str], *, nocase: bool) -> Check:
        fold: Callable[[str], str] = str
        if nocase:
            fold = str.lower if self.reading.unicode_case else _ascii_lower
        wanted = {fold(text) for text in texts}

        def check(event: Fields) -> bool:
            value = self.value(field, event)
            return value is not None and fold(value) in wanted

        return check

    def found(self, field: str, source: str, *, nocase: bool) -> Check:
        expression = _compiled(f"(?i){source}" if nocase else source)
        first_line = not source.startswith("(?s)")

        def check(event: Fields) -> bool:
            value = self.value(field, event)
            if value is None:
                return False
            value = value.split("\n", 1)[0] if first_line else value
            return expression.search(value) is not None

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
