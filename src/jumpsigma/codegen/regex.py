"""RE2 expressions as expressions of Python's ``re`` that find the same texts (S361-S365).

Every construct is read as RE2 reads it (https://github.com/google/re2/wiki/Syntax) and written
out without flags, so that nothing depends on how ``re`` understands case or word characters.
What has no exact counterpart is refused. Only whether something matches is kept, not what a
group captures; greediness is therefore left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import inf

from jumpsigma.codegen.charset import PERL, POSIX, CharSet, InexactFoldError

#: More rounds of a part that itself varies are refused: they may take `re` exponential time.
_MOST_ROUNDS = 32
#: Far deeper than in any rule; bounds the recursion.
_MAX_DEPTH = 64
#: With a leading zero, or of ten digits, it is no number to RE2 but literal (parse.cc).
_BOUNDS = re.compile(r"\{(?:0|[1-9][0-9]{0,8})(?:,(?:0|[1-9][0-9]{0,8})?)?\}")
_CONTROLS = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_ANY = CharSet.of("\x00\U0010ffff")
_ANY_BUT_NEWLINE = CharSet.of("\x00\x09\x0b\U0010ffff")


class CannotTranslateError(ValueError):
    """The expression has a construct without an exact counterpart; the message names it."""


@dataclass(frozen=True, slots=True)
class _Flags:
    ignore_case: bool = False
    multi_line: bool = False
    dot_all: bool = False


def translate(source: str, *, linear: bool = False) -> str:
    """The ``re`` source for an RE2 source that RE2 accepts.

    ``linear``: it is for an engine that, like RE2, does not try the ways to match one by one, so
    that no expression takes it exponential time.

    Raises :class:`CannotTranslateError` where the two engines could differ.
    """
    parser = _Parser(source, inf if linear else _MOST_ROUNDS)
    try:
        written = parser.alternatives(_Flags())
    except InexactFoldError as error:
        raise CannotTranslateError(str(error)) from None
    if parser.at != len(source):
        raise CannotTranslateError(f"an unexpected {source[parser.at]!r}")
    return written


class _Parser:
    """Recursive descent over one expression; ``at`` is the next character to read."""

    def __init__(self, source: str, rounds: float) -> None:
        self.source, self.at, self.depth = source, 0, 0
        self.rounds = rounds
        self.varies = False  # whether what was read last can match the same text in several ways

    def _peek(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def _take(self, text: str) -> bool:
        found = self._peek(text)
        self.at += len(text) if found else 0
        return found

    def alternatives(self, flags: _Flags) -> str:
        """Branches up to the end of the group; a flag set in one holds in those behind it too."""
        branches: list[str] = []
        pieces: list[str] = []
        varies = False
        while self.at < len(self.source) and not self._peek(")"):
            if self._take("|"):
                branches.append("".join(pieces))
                pieces, varies = [], True
            elif (changed := self._flag_setting(flags)) is not None:
                flags = changed
            elif self._take("\\Q"):
                pieces += self._quoted(flags)
            else:
                self.varies = False
                pieces.append(self._repeated(self._atom(flags)))
                varies = varies or self.varies
        self.varies = varies
        return "|".join([*branches, "".join(pieces)])

    def _flag_setting(self, flags: _Flags) -> _Flags | None:
        """``(?i)`` and the like, which change the rest of the group."""
        end = self.source.find(")", self.at)
        if not self._peek("(?") or end < 0:
            return None
        letters = self.source[self.at + 2 : end]
        if set(letters) - set("imsU-"):
            return None
        self.at = end + 1
        return _changed(flags, letters)

    def _quoted(self, flags: _Flags) -> list[str]:
        end = self.source.find("\\E", self.at)
        text = self.source[self.at :] if end < 0 else self.source[self.at : end]
        self.at += len(text) + (0 if end < 0 else 2)
        if not text:
            return []
        written = [_literal(char, flags) for char in text]
        return [*written[:-1], self._repeated(written[-1])]

    def _repeated(self, atom: str) -> str:
        found = next((sign for sign in "*+?" if self._take(sign)), None) or self._bounds()
        if found is None:
            return atom
        self._take("?")  # laziness does not change whether there is a match
        if self.varies and _most(found) > self.rounds:
            # RE2 is linear in the text. Python's re would try the ways one by one, and there may
            # be exponentially many.
            raise CannotTranslateError("a repetition of a part that repeats or has alternatives")
        self.varies = self.varies or not found.rstrip("}").lstrip("{").isdecimal()
        return f"(?:{atom}){found}"

    def _bounds(self) -> str | None:
        """``{2}``, ``{2,}`` or ``{2,5}``; anything else in braces is literal to RE2."""
        found = _BOUNDS.match(self.source, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def _atom(self, flags: _Flags) -> str:
        char = self.source[self.at]
        self.at += 1
        match char:
            case "(":
                return self._group(flags)
            case "[":
                return self._class(flags)
            case ".":
                return (_ANY if flags.dot_all else _ANY_BUT_NEWLINE).written()
            case "^":
                return "(?m:^)" if flags.multi_line else r"\A"
            case "$":
                return "(?m:$)" if flags.multi_line else r"\Z"
            case "\\":
                return self._escape(flags)
            case "*" | "+" | "?":
                raise CannotTranslateError(f"an unexpected {char!r}")
            case "{" if _BOUNDS.match(self.source, self.at - 1):
                # `a(?i){2}`: RE2 passes over the flags and repeats what stands before them.
                raise CannotTranslateError("a repetition that stands apart from what it repeats")
            case _:
                return _literal(char, flags)

    def _group(self, flags: _Flags) -> str:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise CannotTranslateError("groups nested too deep")
        if self._take("?"):
            if self._peek("P<") or self._peek("<"):
                self.at = self.source.index(">", self.at) + 1
            else:
                end = self.source.index(":", self.at)
                letters = self.source[self.at : end]
                if set(letters) - set("imsU-"):
                    raise CannotTranslateError(f"a group that begins with (?{letters}")
                flags = _changed(flags, letters)
                self.at = end + 1
        inside = self.alternatives(flags)
        if not self._take(")"):
            raise CannotTranslateError("a group without an end")
        self.depth -= 1
        return f"(?:{inside})"

    def _escape(self, flags: _Flags) -> str:
        letter = self.source[self.at]
        match letter:
            case "A" | "b" | "z":
                self.at += 1
                return {"A": r"\A", "z": r"\Z", "b": r"(?a:\b)"}[letter]
            case "B":
                raise CannotTranslateError("\\B, which RE2 also finds within a character")
            case _ if letter.lower() in PERL:
                self.at += 1
                return self._perl(letter, flags).written()
            case _:
                return _literal(self._escaped_char(), flags)

    def _perl(self, letter: str, flags: _Flags) -> CharSet:
        found = PERL[letter.lower()]
        found = found.folded() if flags.ignore_case else found
        return found if letter.islower() else found.negated()

    def _escaped_char(self) -> str:
        """The character of an escape; ``at`` stands behind the backslash."""
        letter = self.source[self.at]
        self.at += 1
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter in "01234567":
            digits = letter
            while len(digits) < 3 and self.source[self.at : self.at + 1] in set("01234567"):
                digits += self.source[self.at]
                self.at += 1
            return chr(int(digits, 8))
        if letter == "x":
            if self._take("{"):
                end = self.source.index("}", self.at)
                digits, self.at = self.source[self.at : end], end + 1
            else:
                digits, self.at = self.source[self.at : self.at + 2], self.at + 2
            return chr(int(digits, 16))
        if letter.isalnum() and letter.isascii():
            raise CannotTranslateError(f"the escape \\{letter}")
        return letter

    def _class(self, flags: _Flags) -> str:
        negated = self._take("^")
        found = CharSet()
        start = self.at
        while self.at == start or not self._peek("]"):
            found = found.union(self._member(flags))
        self.at += 1
        found = found.folded() if flags.ignore_case else found
        return (found.negated() if negated else found).written()

    def _member(self, flags: _Flags) -> CharSet:
        if self._peek("[:"):
            end = self.source.find(":]", self.at)
            name = self.source[self.at + 2 : end] if end > 0 else ""
            if name.removeprefix("^") in POSIX:
                self.at = end + 2
                found = POSIX[name.removeprefix("^")]
                found = found.folded() if flags.ignore_case else found
                return found.negated() if name.startswith("^") else found
        if self._peek("\\") and self.source[self.at + 1].lower() in PERL:
            self.at += 2
            return self._perl(self.source[self.at - 1], flags)
        low = self._class_char()
        if self._peek("-") and not self._peek("-]"):
            self.at += 1
            return CharSet.of(low + self._class_char())
        return CharSet.of(low * 2)

    def _class_char(self) -> str:
        char = self.source[self.at]
        self.at += 1
        return self._escaped_char() if char == "\\" else char


def _most(repetition: str) -> float:
    """How many rounds a repetition has at the most."""
    if repetition in "*+?":
        return 1 if repetition == "?" else inf
    low, comma, high = repetition[1:-1].partition(",")
    return int(high or low) if high or not comma else inf


def _changed(flags: _Flags, letters: str) -> _Flags:
    on, _, off = letters.partition("-")
    names = {"i": "ignore_case", "m": "multi_line", "s": "dot_all"}
    for part, value in ((on, True), (off, False)):
        for letter in part:
            if letter in names:  # U only swaps greediness
                flags = replace(flags, **{names[letter]: value})
    return flags


def _literal(char: str, flags: _Flags) -> str:
    found = CharSet.of(char * 2)
    return (found.folded() if flags.ignore_case else found).written()
