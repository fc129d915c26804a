"""JSON texts of a value, in all the ways that RFC 8259 leaves open and that our readers accept.

A :class:`Spelling` says how; the same value and spelling always give the same bytes, and they
decode to the same value again. Spellings shrink to the plain one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Literal

from hypothesis import strategies as st

Escapes = Literal["plain", "ascii", "html", "dotnet", "one", "some", "all"]

ESCAPES: tuple[Escapes, ...] = ("plain", "ascii", "html", "dotnet", "one", "some", "all")
"""Which characters are escaped beyond those that must be.

``ascii``: what Python's and PHP's writers escape by default; ``html``: Go's; ``dotnet``:
System.Text.Json's and PowerShell's; ``one`` character of each text, ``some``, ``all``: attackers.
"""

_WRITERS: tuple[Escapes, ...] = ("plain", "ascii", "html", "dotnet")

SPACES = ("", " ", "  ", "\t", " \t", "\r", "\t\r ")
"""White space of JSON that may stand in a line."""

_SHORT = {'"': '"', "\\": "\\", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
_HTML = frozenset("<>&\u2028\u2029")
_DOTNET = frozenset("<>&'+`\x7f")
_DECOYS: tuple[Any, ...] = (None, "", 0, False, [], {}, "decoy", [["decoy"]])


@dataclass(frozen=True, slots=True)
class Spelling:
    """How one JSON text is written.

    ``upper``: hexadecimal digits in capitals. ``slash``: ``\\/`` for a slash. ``space``: what
    stands between two tokens, at every such place or (``uneven``) at some. ``shuffled``: the keys
    of objects in another order. ``repeated``: some keys twice, with a decoy before the value that
    counts. ``numbers``: those with a fraction in other digits and exponents. ``indent``: over
    several lines. ``seed``: of all that is left to chance.
    """

    escapes: Escapes = "plain"
    upper: bool = False
    slash: bool = False
    space: str = ""
    uneven: bool = False
    shuffled: bool = False
    repeated: bool = False
    numbers: bool = False
    surrogates: bool = False
    indent: int | None = None
    seed: int = 0


PLAIN = Spelling()


def spellings(*, lines: bool = True) -> st.SearchStrategy[Spelling]:
    """Any spelling; with ``lines`` none that needs more than one line."""
    return st.builds(
        Spelling,
        escapes=st.sampled_from(ESCAPES),
        upper=st.booleans(),
        slash=st.booleans(),
        space=st.sampled_from(SPACES),
        uneven=st.booleans(),
        shuffled=st.booleans(),
        repeated=st.booleans(),
        numbers=st.booleans(),
        surrogates=st.booleans(),
        indent=st.none() if lines else st.none() | st.integers(0, 4),
        seed=st.integers(0, 999),
    )


def random_spelling(rng: Random) -> Spelling:
    """A spelling of one line; half of them depart from the plain one in one way only.

    Most are those of writers: where ASCII letters are escaped, nothing can be told by the bytes.
    """
    made = Spelling(
        escapes=rng.choice(ESCAPES if rng.random() < 0.2 else _WRITERS),
        upper=rng.random() < 0.5,
        slash=rng.random() < 0.5,
        space=rng.choice(SPACES),
        uneven=rng.random() < 0.5,
        shuffled=rng.random() < 0.5,
        repeated=rng.random() < 0.3,
        numbers=rng.random() < 0.5,
        surrogates=rng.random() < 0.5,
        seed=rng.randrange(1000),
    )
    if rng.random() < 0.5:
        return made
    name = rng.choice(
        ("escapes", "slash", "space", "shuffled", "repeated", "numbers", "surrogates")
    )
    return Spelling(**{name: getattr(made, name)}, seed=made.seed)


def spelled(value: Any, spelling: Spelling = PLAIN) -> bytes:
    """The text of a value, in UTF-8."""
    return _Writer(spelling).value(value, 0).encode("utf-8", "surrogatepass")


class _Writer:
    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling
        self._rng = Random(spelling.seed)
        self._is_escaped = self._escaper(spelling.escapes)

    def value(self, value: Any, depth: int) -> str:
        match value:
            case dict():
                members = [
                    f"{self._text(key)}{self._space()}:{self._space(after_colon=True)}"
                    + self.value(item, depth + 1)
                    for key, item in self._members(value)
                ]
                return self._bracketed("{", members, "}", depth)
            case list():
                items = [self.value(item, depth + 1) for item in value]
                return self._bracketed("[", items, "]", depth)
            case str():
                return self._text(value)
            case float():
                return self._float(value)
            case _:
                return json.dumps(value)

    def _bracketed(self, opening: str, items: list[str], closing: str, depth: int) -> str:
        indent = self._spelling.indent
        if not items:
            return f"{opening}{self._space()}{closing}"
        if indent is None:
            comma = f"{self._space()},{self._space()}"
            return f"{opening}{self._space()}{comma.join(items)}{self._space()}{closing}"
        inner, outer = ("\n" + " " * (indent * level) for level in (depth + 1, depth))
        return f"{opening}{inner}{f',{inner}'.join(items)}{outer}{closing}"

    def _space(self, *, after_colon: bool = False) -> str:
        spelling = self._spelling
        if spelling.uneven and self._rng.random() < 0.5:
            return ""
        return spelling.space or (" " if after_colon and spelling.indent is not None else "")

    def _members(self, members: dict[str, Any]) -> list[tuple[str, Any]]:
        found = list(members.items())
        if self._spelling.shuffled:
            self._rng.shuffle(found)
        if self._spelling.repeated and found:
            place = self._rng.randrange(len(found))
            others = [item for key, item in found if key != found[place][0]]
            decoy = self._rng.choice([*_DECOYS, *others])
            found.insert(self._rng.randint(0, place), (found[place][0], decoy))
        return found

    def _text(self, text: str) -> str:
        if self._spelling.escapes == "one" and text:
            chosen = self._rng.randrange(len(text))
            marks = [place == chosen for place in range(len(text))]
        else:
            marks = [self._is_escaped(character) for character in text]
        return '"' + "".join(map(self._character, text, marks)) + '"'

    def _character(self, character: str, marked: bool) -> str:
        if marked:
            return self._escape(character)
        if character in _SHORT:
            return f"\\{_SHORT[character]}"
        if character == "/" and self._spelling.slash:
            return "\\/"
        lone = "\ud800" <= character <= "\udfff" and not self._spelling.surrogates
        return self._escape(character) if character < " " or lone else character

    def _escape(self, character: str) -> str:
        units = character.encode("utf-16-be", "surrogatepass")
        form = "\\u{:04X}" if self._spelling.upper else "\\u{:04x}"
        pairs = range(0, len(units), 2)
        return "".join(form.format(int.from_bytes(units[at : at + 2], "big")) for at in pairs)

    def _escaper(self, escapes: Escapes) -> Callable[[str], bool]:
        match escapes:
            case "ascii":
                return lambda character: character > "~"
            case "html":
                return _HTML.__contains__
            case "dotnet":
                return lambda character: character > "~" or character in _DOTNET or character == '"'
            case "some":
                return lambda _: self._rng.random() < 0.25
            case "all":
                return lambda _: True
            case _:
                return lambda _: False

    def _float(self, number: float) -> str:
        if math.isnan(number):
            return "NaN"
        if math.isinf(number):
            digits = (
                self._rng.choice(("Infinity", "1e999", "9" * 310)) if self._numbers else "1e400"
            )
            return digits if number > 0 else f"-{digits}"
        if not self._numbers:
            return repr(number)
        mantissa, exponent = f"{number:.17e}".split("e")
        forms = [
            repr(number),
            f"{number:.20f}",
            f"{mantissa}E{int(exponent):+04}",
            f"{mantissa}e{int(exponent)}",
        ]
        # What is so near that no double is between: rounded up or down.
        forms += [f"{Decimal(number) + sign * Decimal('1e-24'):f}" for sign in (1, -1)]
        if number == 0.0 and math.copysign(1, number) > 0:
            forms += ["1e-400", f"0.{'0' * 400}1"]
        if number.is_integer():
            forms += [f"{number:.1f}", f"{number:.0f}e0", f"{number * 10:.0f}e-1"]
            if abs(number) >= 2**64:
                forms.append(f"{number:.0f}")  # no 64 bits hold it, so that it reads as a float
        return self._rng.choice([form for form in forms if repr(float(form)) == repr(number)])

    @property
    def _numbers(self) -> bool:
        return self._spelling.numbers
