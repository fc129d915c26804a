"""The texts of official backends in languages that no engine can be had of, read as documented.

The models in ``engines`` read what jumpsigma writes; this reads what official backends write, and
takes from the models what values are stored as. What it does not read is an error, as it is there.
Where the documentation leaves something open, every reading gives an answer of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any, Literal

import re2
from engines.engine import QueryError

#: The fields of an event by the names that queries have; all values are texts.
Fields = Mapping[str, str]
#: True, false, or unknown.
Truth = bool | None
Check = Callable[[Fields], Truth]
#: The name of a reading's answer to each question.
Reading = Mapping[str, Any]
#: Makes the test of a leaf, whose parts are groups of its pattern.
Leaf = Callable[[re.Match[str], Reading], Check]


@dataclass(frozen=True, slots=True)
class Language:
    """How conditions of a language are joined, and its leaves by pattern.

    ``first``: which of ``and`` and ``or`` binds stronger; ``right``: neither, and what stands last
    is joined first. A reading may say so instead.
    """

    leaves: Sequence[tuple[re.Pattern[str], Leaf]]
    readings: Sequence[Reading] = ({},)
    first: Literal["and", "or", "right"] = "and"
    implicit: bool = False
    negation: str = "not"
    begins: str = ""
    """What stands before the condition, an expression."""
    unwrapped: Callable[[str], str] = str

    def read(self, query: str) -> list[Check]:
        """The query in each reading.

        Raises :class:`QueryError`.
        """
        text = self.unwrapped(query)
        begun = re.match(self.begins, text)
        if begun is None:
            raise QueryError("the beginning is not understood")
        return [_Condition(self, text, begun.end(), reading).whole() for reading in self.readings]


#: What a text is at its first place that is not understood, for people.
_WRONG = (
    (r"$", "the text ends too early"),
    (r"(?:LOWER\()?[\w.]*\w-\w", "a name with a hyphen, without quotation marks"),
    (r"(?:LOWER\()?\w+\.[\w.]+\W", "a name with a dot, without quotation marks"),
    (r"[\"/`]|LOWER\(UTF8\(payload\)\)", "a search without a field"),
    (r"\| |label_format", "a command behind a pipe"),
    (r"(?:fields\[')?\w+(?:'\])?(?: matches |\s?!?=\s?)/", "an expression that ends too early"),
    (r".*?\w+\)? (?:LIKE|MATCHES|IN)? ?.*''", "a quotation mark within a text"),
    (r"\w+\s?!?=\s?[^\"'/\d]", "a value without quotation marks"),
)


class _Condition:
    def __init__(self, language: Language, text: str, at: int, reading: Reading) -> None:
        self.language, self.text, self.at, self.reading = language, text, at, reading
        self.first = reading.get("first", language.first)

    def whole(self) -> Check:
        found = self.joined()
        self.space()
        if self.at < len(self.text):
            raise self.wrong()
        return found

    def wrong(self) -> QueryError:
        rest = self.text[self.at : self.at + 60]
        why = next((why for begins, why in _WRONG if re.match(begins, rest)), "not understood")
        return QueryError(f"{why}\nat: {rest}")

    def space(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def take(self, word: str) -> bool:
        self.space()
        found = re.compile(word + (r"(?!\w)" if word.isalpha() else ""), re.IGNORECASE)
        if (match := found.match(self.text, self.at)) is None:
            return False
        self.at = match.end()
        return True

    def word(self, word: str) -> bool:
        """Whether the next connection is this one, which is then passed."""
        if self.take(word):
            return True
        if word == "or" or not self.language.implicit:
            return False
        before = self.at
        ends = self.take("or") or self.take(r"\)") or self.at == len(self.text)
        self.at = before
        return not ends

    def joined(self) -> Check:
        if self.first == "right":
            left = self.negated()
            for word in ("and", "or"):
                if self.word(word):
                    return _joined(word, [left, self.joined()])
            return left
        loose, strong = ("or", "and") if self.first == "and" else ("and", "or")

        def inner() -> Check:
            parts = [self.negated()]
            while self.word(strong):
                parts.append(self.negated())
            return _joined(strong, parts)

        outer = [inner()]
        while self.word(loose):
            outer.append(inner())
        return _joined(loose, outer)

    def negated(self) -> Check:
        if self.take(self.language.negation):
            return _negated(self.negated())
        if self.take(r"\("):
            found = self.joined()
            if not self.take(r"\)"):
                raise self.wrong()
            return found
        for pattern, leaf in self.language.leaves:
            if (match := pattern.match(self.text, self.at)) is not None:
                self.at = match.end()
                return leaf(match, self.reading)
        raise self.wrong()


def _joined(word: str, parts: Sequence[Check]) -> Check:
    if len(parts) == 1:
        return parts[0]
    decides = word == "or"

    def check(fields: Fields) -> Truth:
        found = [part(fields) for part in parts]
        return decides if decides in found else None if None in found else not decides

    return check


def _negated(part: Check) -> Check:
    def check(fields: Fields) -> Truth:
        found = part(fields)
        return None if found is None else not found

    return check


def compared(name: str, test: Callable[[str], bool], missing: Truth | str) -> Check:
    """A test of a field; ``missing`` is what it is without the field, or the text that it sees."""

    def check(fields: Fields) -> Truth:
        if name in fields:
            return test(fields[name])
        return test(missing) if isinstance(missing, str) else missing

    return check


def number_test(sign: str, text: str) -> Callable[[str], bool]:
    """A comparison with a number, which a text that is none fails."""
    wanted = float(text)
    signs: dict[str, Callable[[float], bool]] = {
        "=": lambda found: found == wanted,
        "!=": lambda found: found != wanted,
        "<": lambda found: found < wanted,
        "<=": lambda found: found <= wanted,
        ">": lambda found: found > wanted,
        ">=": lambda found: found >= wanted,
    }

    def test(found: str) -> bool:
        number = re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", found)
        return number is not None and signs[sign](float(found))

    return test


def in_network(text: str) -> Callable[[str], bool]:
    """Whether a text is an address of a network.

    Raises :class:`QueryError` where the network is none.
    """
    try:
        network = ip_network(text)
    except ValueError as error:
        raise QueryError(f"no network\n{text}") from error

    def test(found: str) -> bool:
        try:
            return ip_address(found) in network
        except ValueError:
            return False

    return test


@cache
def re2_of(source: str) -> Any:
    """An expression of RE2.

    Raises :class:`QueryError`.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(source, options)
    except re2.error as error:
        raise QueryError(f"no expression of RE2\n{source}: {error}") from error


def go_text(literal: str) -> str:
    """A literal in quotation marks or backticks, with the escapes that Go and JSON share.

    Raises :class:`QueryError` for others.
    """
    if literal.startswith("`"):
        return literal[1:-1]
    try:
        return str(json.loads(literal))
    except json.JSONDecodeError as error:
        raise QueryError("an escape that is not known here") from error
