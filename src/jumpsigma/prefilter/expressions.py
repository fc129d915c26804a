"""The texts that must stand in whatever an RE2 expression finds.

A recursive descent over RE2's syntax (https://github.com/google/re2/wiki/Syntax) that keeps
literal characters and forgets the rest: what it does not know for certain, it takes for anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

_BOUNDS: Final = re.compile(r"\{(0|[1-9][0-9]{0,8})(,(?:[0-9]{0,9})?)?\}")
_POSIX: Final = re.compile(r"\[:\^?[a-z]+:\]")
_CONTROLS: Final = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_CLASSES: Final = "dDsSwWC"
_EMPTY: Final = "AbBz"
_MAX_DEPTH: Final = 64
#: Literals and alternatives that touch are multiplied to at most so many texts.
_MOST_TEXTS: Final = 64


class Texts(NamedTuple):
    """``all`` or ``some`` of the items are needed; an item is a text, or texts again."""

    how: Literal["all", "some"]
    items: tuple[str | Texts, ...]


class _UnknownError(Exception):
    """Something that this reader does not read."""


class _Part(NamedTuple):
    """What is known of a part of an expression.

    ``exact``: whatever it finds is one of these texts; None where it may be more than that.
    """

    needed: str | Texts | None
    exact: tuple[str, ...] | None


_ANYTHING: Final = _Part(None, None)
_NOTHING: Final = _Part(None, ("",))


def texts_of(source: str) -> str | Texts | None:
    """What every text in which the expression finds something contains, in any case."""
    reader = _Reader(source)
    try:
        found = reader.alternatives(0)
    except (_UnknownError, IndexError, ValueError):
        return None
    return found.needed if reader.at == len(source) else None


class _Run:
    """Parts one behind the other: those that touch make longer texts."""

    def __init__(self) -> None:
        self._needed: list[str | Texts] = []
        self._texts: tuple[str, ...] = ("",)
        self._whole = True

    def add(self, part: _Part, least: int | None) -> None:
        """A part that must stand there so many times; None: it is not repeated."""
        if part.exact is not None and least != 0:
            if len(self._texts) * len(part.exact) > _MOST_TEXTS:
                self._cut()
            self._texts = tuple(before + text for before in self._texts for text in part.exact)
            if least is not None:  # one round is certain, and what is behind it may not touch
                self._cut()
            return
        self._cut()
        if part.needed is not None and least != 0:
            self._needed.append(part.needed)

    def _cut(self) -> None:
        self._whole = False
        needed = _one_of(self._texts)
        if needed is not None:
            self._needed.append(needed)
        self._texts = ("",)

    def end(self) -> _Part:
        exact = self._texts if self._whole else None
        self._cut()
        if len(self._needed) > 1:
            return _Part(Texts("all", tuple(self._needed)), exact)
        return _Part(next(iter(self._needed), None), exact)


def _one_of(items: Sequence[str | Texts | None]) -> str | Texts | None:
    """What is known when one of several is there; empty texts always are."""
    distinct = dict.fromkeys(items)
    known = tuple(item for item in distinct if item)
    if len(known) < len(distinct):
        return None
    return known[0] if len(known) == 1 else Texts("some", known)


class _Reader:
    """``at`` is the next character to read."""

    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0

    def alternatives(self, depth: int) -> _Part:
        if depth > _MAX_DEPTH:
            raise _UnknownError
        branches = [self._sequence(depth)]
        while self._take("|"):
            branches.append(self._sequence(depth))
        if len(branches) == 1:
            return branches[0]
        exact = [text for branch in branches for text in branch.exact or ()]
        is_exact = all(branch.exact is not None for branch in branches)
        return _Part(
            _one_of([branch.needed for branch in branches]),
            tuple(dict.fromkeys(exact)) if is_exact and len(exact) <= _MOST_TEXTS else None,
        )

    def _take(self, text: str) -> bool:
        found = self.source.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def _sequence(self, depth: int) -> _Part:
        run = _Run()
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            part = self._part(depth)
            run.add(part, self._repeated())
        return run.end()

    def _repeated(self) -> int | None:
        """How often the part before must stand there; None when it is not repeated."""
        least: int | None = None
        while True:
            if self._take("*") or self._take("?"):
                rounds = 0
            elif self._take("+"):
                rounds = 1
            elif found := _BOUNDS.match(self.source, self.at):
                self.at = found.end()
                rounds = int(found[1])
            else:
                return least
            least = rounds if least is None else min(least, rounds)

    def _part(self, depth: int) -> _Part:
        char = self.source[self.at]
        self.at += 1
        match char:
            case "(":
                return self._group(depth)
            case "[":
                return self._class()
            case ".":
                return _ANYTHING
            case "^" | "$":
                return _NOTHING
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise _UnknownError
            case _:
                return _Part(char, (char,))

    def _group(self, depth: int) -> _Part:
        if self._take("?"):
            if self._take("P<") or self._take("<"):
                self.at = self.source.index(">", self.at) + 1
            else:
                while self.source[self.at] in "imsU-":  # no flag changes which letters stand there
                    self.at += 1
                if self._take(")"):
                    if self.source[self.at : self.at + 1] in tuple("*+?{"):
                        raise _UnknownError  # what is before the flags is repeated
                    return _NOTHING
                if not self._take(":"):
                    raise _UnknownError
        found = self.alternatives(depth + 1)
        if not self._take(")"):
            raise _UnknownError
        return found

    def _escape(self) -> _Part:
        letter = self.source[self.at]
        self.at += 1
        if letter in "pP":
            self.at = self.source.index("}", self.at) + 1 if self._take("{") else self.at + 1
            return _ANYTHING
        if letter in _CLASSES:
            return _ANYTHING
        if letter in _EMPTY:
            return _NOTHING
        char = self._escaped(letter)
        return _Part(char, (char,))

    def _escaped(self, letter: str) -> str:
        """The character that an escape stands for; ``at`` is behind the letter."""
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter == "x":
            if self._take("{"):
                end = self.source.index("}", self.at)
                digits, self.at = self.source[self.at : end], end + 1
            else:
                digits, self.at = self.source[self.at : self.at + 2], self.at + 2
            return chr(int(digits, 16))
        if letter.isalnum():
            raise _UnknownError  # \Q, and octal numbers
        return letter

    def _class(self) -> _Part:
        """A class of characters, known where it lists a few."""
        is_known = not self._take("^")
        chars: list[str] = []
        first = True
        while first or self.source[self.at] != "]":
            first = False
            if named := _POSIX.match(self.source, self.at):
                self.at, is_known = named.end(), False
            elif self._take("\\"):
                part = self._escape()
                is_known = is_known and part.exact is not None and part is not _NOTHING
                chars += part.exact or ()
            else:
                char = self.source[self.at]
                self.at += 1
                is_known = is_known and not (char == "-" and chars and self.source[self.at] != "]")
                chars.append(char)
        self.at += 1
        texts = tuple(dict.fromkeys(char.lower() for char in chars))
        return _Part(_one_of(texts), texts) if is_known and len(texts) <= 4 else _ANYTHING
