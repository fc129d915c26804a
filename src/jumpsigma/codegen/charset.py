"""Sets of characters as ranges of code points, with RE2's folding of case where it is exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LAST: Final = 0x10FFFF
#: The first code point beyond ASCII.
ASCII_ONLY: Final = 0x80
#: RE2 folds these two into ASCII letters, simple case folding (Unicode CaseFolding.txt).
_SPECIAL: Final = {"k": 0x212A, "s": 0x17F}


class InexactFoldError(ValueError):
    """Folding would need the case pairs of letters beyond ASCII."""


@dataclass(frozen=True, slots=True)
class CharSet:
    """Sorted, disjoint ranges of code points, both ends included."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, ends: str) -> CharSet:
        """From pairs of characters: ``azAZ`` is both cases of the alphabet."""
        pairs = [(ord(ends[i]), ord(ends[i + 1])) for i in range(0, len(ends), 2)]
        return cls._merged(pairs)

    @classmethod
    def _merged(cls, pairs: list[tuple[int, int]]) -> CharSet:
        merged: list[tuple[int, int]] = []
        for low, high in sorted(pairs):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return cls(tuple(merged))

    def union(self, other: CharSet) -> CharSet:
        """The characters of both."""
        return self._merged([*self.ranges, *other.ranges])

    def negated(self) -> CharSet:
        """All other characters."""
        found, start = [], 0
        for low, high in self.ranges:
            if start < low:
                found.append((start, low - 1))
            start = high + 1
        if start <= LAST:
            found.append((start, LAST))
        return CharSet(tuple(found))

    def __contains__(self, point: int) -> bool:
        return any(low <= point <= high for low, high in self.ranges)

    def folded(self) -> CharSet:
        """With every letter in both cases.

        Raises :class:`InexactFoldError` when letters beyond ASCII that have case are in the
        set, unless all that is beyond ASCII is.
        """
        beyond = self.union(CharSet(((0, ASCII_ONLY - 1),))).ranges
        if beyond != ((0, LAST),) and self._has_cased_beyond_ascii():
            raise InexactFoldError("letters beyond ASCII without regard to case")
        more: list[tuple[int, int]] = []
        for letter in "abcdefghijklmnopqrstuvwxyz":
            points = [ord(letter), ord(letter.upper())]
            points += [_SPECIAL[letter]] if letter in _SPECIAL else []
            if any(point in self for point in points):
                more += [(point, point) for point in points]
        return self._merged([*self.ranges, *more])

    def _has_cased_beyond_ascii(self) -> bool:
        special = set(_SPECIAL.values())
        for low, high in self.ranges:
            if high - max(low, ASCII_ONLY) > 0x3000:
                return True
            for point in range(max(low, ASCII_ONLY), high + 1):
                char = chr(point)
                if point not in special and (char.lower() != char or char.upper() != char):
                    return True
        return False

    def written(self) -> str:
        """As Python's ``re`` writes it: one literal, or a class in ASCII."""
        if not self.ranges:
            return "(?!)"
        if len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1]:
            return _escaped(self.ranges[0][0])
        parts = (
            _escaped(low) if low == high else f"{_escaped(low)}-{_escaped(high)}"
            for low, high in self.ranges
        )
        return f"[{''.join(parts)}]"


def _escaped(point: int) -> str:
    char = chr(point)
    if char.isascii() and (char.isalnum() or char in "_ /:;<>=,!@%'\"`"):
        return char
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


#: ``\d``, ``\s`` and ``\w`` of RE2; its ``\s`` has no vertical tab.
PERL: Final = {
    "d": CharSet.of("09"),
    "s": CharSet.of("\t\n\f\r  "),
    "w": CharSet.of("09AZ__az"),
}
POSIX: Final = {
    "alnum": CharSet.of("09AZaz"),
    "alpha": CharSet.of("AZaz"),
    "ascii": CharSet.of("\x00\x7f"),
    "blank": CharSet.of("\t\t  "),
    "cntrl": CharSet.of("\x00\x1f\x7f\x7f"),
    "digit": CharSet.of("09"),
    "graph": CharSet.of("!~"),
    "lower": CharSet.of("az"),
    "print": CharSet.of(" ~"),
    "punct": CharSet.of("!/:@[`{~"),
    "space": CharSet.of("\t\r  "),
    "upper": CharSet.of("AZ"),
    "word": CharSet.of("09AZ__az"),
    "xdigit": CharSet.of("09AFaf"),
}
