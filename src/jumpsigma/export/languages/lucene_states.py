"""How much work Lucene has with an expression, as far as that can be told from outside.

An index makes a deterministic automaton of an expression, and gives up where that takes too much
(``max_determinized_states``, 10,000 unless a search says otherwise):
https://lucene.apache.org/core/10_0_0/core/org/apache/lucene/util/automaton/Operations.html. Here
the positions of the expression stand for the states that it begins with, which are about those that
Lucene has: over the expressions of the rules that ship, Lucene 10.5 gives up on none that is let
through here, and takes a few that are not.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

#: Lucene counts the states that it looks at; ten of them are one of its limit.
_EACH: Final = 10
#: With fewer parts that repeat without end no expression of a thousand characters takes long.
_FEW: Final = 6
_CLASS: Final = re.compile(r"\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_ENDLESS: Final = re.compile(r"(?<!\\)[*+]|,\}")
#: An intersection of two classes, which Python's parser does not know; the first is the larger.
_BOTH: Final = re.compile(r"\((\[(?:\\.|[^\]\\])*\])&\[\^[^\]]*\]\)", re.DOTALL)
_LAST: Final = 0x10FFFF


@lru_cache(4_096)
def takes_more(pattern: str, states: int) -> bool:
    """Whether an expression in Lucene's syntax takes more than so many states."""
    if len(_ENDLESS.findall(_CLASS.sub("x", pattern))) < _FEW:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what may mean something else one day
        parsed = parser.parse(_BOTH.sub(r"\1", pattern), re.DOTALL)
    positions = _Positions()
    return positions.work(positions.sequence(parsed).first, states * _EACH) >= states * _EACH


class _Part(NamedTuple):
    """Whether it may be empty, and the positions that it begins and ends with, as bits."""

    empty: bool
    first: int
    last: int


class _Positions:
    """The characters and classes of an expression, and which may follow which."""

    def __init__(self) -> None:
        self.ranges: list[list[tuple[int, int]]] = []
        self.follow: list[int] = []

    def sequence(self, items: Iterable[Any]) -> _Part:
        """Some items one behind the other."""
        return self._joined([self._part(item) for item in items])

    def _joined(self, parts: Iterable[_Part]) -> _Part:
        empty, first, last = True, 0, 0
        for part in parts:
            self._link(last, part.first)
            first |= part.first if empty else 0
            last = part.last | (last if part.empty else 0)
            empty = empty and part.empty
        return _Part(empty, first, last)

    def _link(self, last: int, first: int) -> None:
        for position in _bits(last):
            self.follow[position] |= first

    def _part(self, item: Any) -> _Part:
        code, argument = item
        if code is codes.SUBPATTERN:
            return self.sequence(argument[3])
        if code is codes.BRANCH:
            parts = [self.sequence(branch) for branch in argument[1]]
            first = last = 0
            for part in parts:
                first, last = first | part.first, last | part.last
            return _Part(any(part.empty for part in parts), first, last)
        if code is codes.MAX_REPEAT:
            return self._repeated(*argument)
        return self._character(_ranges(code, argument))

    def _repeated(self, least: int, most: Any, inner: Any) -> _Part:
        endless = most is codes.MAXREPEAT
        copies = [self.sequence(inner) for _ in range(max(least, 1) if endless else most)]
        if endless:
            self._link(copies[-1].last, copies[-1].first)
        return self._joined(
            part if number < least else part._replace(empty=True)
            for number, part in enumerate(copies)
        )

    def _character(self, ranges: list[tuple[int, int]]) -> _Part:
        self.ranges.append(ranges)
        self.follow.append(0)
        bit = 1 << (len(self.ranges) - 1)
        return _Part(False, bit, bit)

    def work(self, first: int, limit: int) -> int:
        """The size of all sets of positions that texts lead to, or of so many that it is enough."""
        letters = self._letters()
        done, seen, waiting = 1, set[int](), [first]
        while waiting and done < limit:
            following = waiting.pop()
            for letter in letters:
                found = following & letter
                if found and found not in seen:
                    seen.add(found)
                    done += found.bit_count()
                    after = 0
                    for position in _bits(found):
                        after |= self.follow[position]
                    waiting.append(after)
        return done

    def _letters(self) -> list[int]:
        """For each kind of character the positions that take it."""
        ends = {end for each in self.ranges for low, high in each for end in (low, high + 1)}
        kinds = {
            sum(
                1 << position
                for position, each in enumerate(self.ranges)
                if any(low <= end <= high for low, high in each)
            )
            for end in ends
        }
        return sorted(kinds - {0})


def _bits(number: int) -> Iterable[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _ranges(code: Any, argument: Any) -> list[tuple[int, int]]:
    if code is codes.ANY:
        return [(0, _LAST)]
    if code is codes.LITERAL:
        return [(argument, argument)]
    if code is codes.NOT_LITERAL:
        return [(0, argument - 1), (argument + 1, _LAST)]
    items = [item for item in argument if item[0] is not codes.NEGATE]
    ranges = sorted((each, each) if kind is codes.LITERAL else each for kind, each in items)
    if len(items) == len(argument):
        return ranges
    starts = [0, *(high + 1 for _, high in ranges)]
    stops = [*(low - 1 for low, _ in ranges), _LAST]
    return [(low, high) for low, high in zip(starts, stops, strict=True) if low <= high]
