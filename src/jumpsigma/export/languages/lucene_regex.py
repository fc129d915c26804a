r"""Texts and expressions of RE2 in the syntax of Lucene's ``RegExp``, which matches whole terms.

https://lucene.apache.org/core/9_0_0/core/org/apache/lucene/util/automaton/RegExp.html: it has
groups, classes, counts and alternatives, no anchors and, in older versions, neither ``\d`` nor
``\w``; a dot is any character, a newline too. A letter that has to match in any case becomes the
class of its spellings (S301).

It has no escapes for control characters either, so that they stand in an expression as they are;
``one_line`` writes those that end a line as what is left of a range around them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final, assert_never

from jumpsigma.export.languages.lucene_states import takes_more
from jumpsigma.export.refusals import CannotSayError, NeedsOptionError
from jumpsigma.ir.nodes import Placeholder, Regex, Text, TextPart, Wildcard
from jumpsigma.ir.regex import source_of

#: ``index.max_regex_length``: an index refuses what is longer.
LONGEST: Final = 1_000
#: The option that says how many states an index makes of an expression; its own default.
STATES: Final = "max_determinized_states"
USUAL_STATES: Final = 10_000
#: Letters of which one becomes two when it is lowered, and the other depends on what follows it.
NOT_SIMPLE: Final = frozenset("\u0130\u03a3\u03c3\u03c2\u0307")
_PLAIN: Final = re.compile(r"[0-9A-Za-z_ ,;'%`]|[^\x00-\x7f]")
_PLAIN_IN_CLASS: Final = " !%',:;=_"
_ANY: Final = ".*"
#: What ends a line.
BREAKS: Final = "\n\r"
#: What RE2 folds besides the two cases of a letter.
_ALSO: Final = {"k": "\u212a", "s": "\u017f"}
_LAST: Final = 0x10FFFF
#: Of so many characters it is kept how they are written: rules are made of few.
_CHARACTERS: Final = 4_096
#: Larger ranges are not looked through for letters.
_MOST_LETTERS: Final = 10_000
#: Larger products of counts make automata that an index refuses.
_MOST_COPIES: Final = 200

Ranges = tuple[tuple[int, int], ...]
_DIGIT: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Ranges = ((9, 10), (12, 13), (32, 32))
_FEED: Ranges = ((10, 10),)
_CATEGORIES: Final[dict[Any, Ranges]] = {
    codes.CATEGORY_DIGIT: _DIGIT,
    codes.CATEGORY_WORD: _WORD,
    codes.CATEGORY_SPACE: _SPACE,
}
_NEGATED: Final[dict[Any, Ranges]] = {
    codes.CATEGORY_NOT_DIGIT: _DIGIT,
    codes.CATEGORY_NOT_WORD: _WORD,
    codes.CATEGORY_NOT_SPACE: _SPACE,
}


def bounded(pattern: str, options: Mapping[str, str]) -> str:
    """The pattern, where an index takes it; else raises :class:`CannotSayError`.

    The option ``max_determinized_states`` is what an index does for an expression at the most.
    """
    if len(pattern) > LONGEST:
        raise CannotSayError(f"an expression of more than {LONGEST:,} characters")
    states = options.get(STATES)
    if states is not None and takes_more(pattern, int(states)):
        what = f"an expression that may take more than {int(states):,} states"
        raise NeedsOptionError(what, STATES)
    return pattern


def literal(text: str) -> str:
    """Exactly this text."""
    return "".join(map(_literal, text))


@lru_cache(_CHARACTERS)
def _literal(char: str) -> str:
    return char if _PLAIN.fullmatch(char) else _escaped(char)


def _escaped(char: str) -> str:
    if char == "\\":  # as a class: before a slash, two of them would not end the expression
        return "[\\\\]"
    return char if char < " " or char == "\x7f" else f"\\{char}"


def has_case(text: str) -> bool:
    """Whether a text has other spellings than its own."""
    return any(len(spellings(char)) > 1 for char in text.lower())


def in_any_case(text: str) -> str:
    """The text in any case (S301).

    Raises :class:`CannotSayError` for letters whose case depends on their neighbours.
    """
    lowered = text.lower()
    if strange := set(lowered) & NOT_SIMPLE:
        letters = " and ".join(sorted(strange))
        raise CannotSayError(f"{text!r} in any case: the case of {letters} is no simple one")
    return "".join(map(_in_any_case, lowered))


@lru_cache(_CHARACTERS)
def _in_any_case(char: str) -> str:
    return _one_of(spellings(char))


def _one_of(characters: Sequence[str]) -> str:
    return literal(characters[0]) if len(characters) == 1 else f"[{''.join(characters)}]"


def spellings(char: str) -> Sequence[str]:
    """The characters that ``str.lower`` makes this lowered character of, itself first."""
    if "a" <= char <= "z":
        return (char, char.upper(), "\u212a") if char == "k" else (char, char.upper())
    return (char,) if char.isascii() else (char, *_unicode().get(char, ()))


@cache
def _unicode() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for char in map(chr, range(128, _LAST + 1)):
        lowered = char.lower()
        if lowered != char and len(lowered) == 1:
            found[lowered] = (*found.get(lowered, ()), char)
    return found


def of_text(value: Text, *, one_line: bool = False) -> str:
    """A text with its wildcards as an expression for the whole term."""
    pattern = "".join(_of_part(part, cased=value.cased) for part in value.parts)
    if one_line:
        for each in BREAKS:
            pattern = pattern.replace(each, _without_breaks(((ord(each), ord(each)),)))
    return pattern


def _of_part(part: TextPart, *, cased: bool) -> str:
    match part:
        case str():
            return literal(part) if cased else in_any_case(part)
        case Wildcard():
            return _ANY if part is Wildcard.MANY else "."
        case Placeholder():
            raise AssertionError(part)  # bound before, or written by `lookup`
        case _:
            assert_never(part)


# ----------------------------------------------------------------------------- expressions of RE2
def of_regex(value: Regex, *, one_line: bool = False) -> str:
    """An expression of RE2, which matches anywhere in a text, as one for the whole term.

    Raises :class:`CannotSayError` for what Lucene has not: boundaries of words, and anchors that
    do not stand at an end.
    """
    source = re.sub(r"\\(.)", _as_python, source_of(value), flags=re.DOTALL)
    for sign, what in (("[:", "a named class"), ("{,", "a count without a minimum")):
        if sign in source:
            raise CannotSayError(f"{what} of an expression")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean something else one day
            parsed = parser.parse(source, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        raise CannotSayError("a construct of an expression that only RE2 has") from None
    return _Writer(one_line=one_line).whole(parsed)


def _as_python(pair: re.Match[str]) -> str:
    return r"\Z" if pair[1] == "z" else pair[0]


class _Writer:
    """Writes what Python's parser reads, with RE2's meaning."""

    def __init__(self, *, one_line: bool) -> None:
        self._one_line = one_line

    def whole(self, parsed: Any) -> str:
        """The expression with what may stand before and behind it."""
        return self._sequence(list(parsed), parsed.state.flags, start=True, end=True) or "()"

    def _sequence(self, items: list[Any], flags: int, *, start: bool, end: bool) -> str:
        """Some items one behind the other; ``start`` and ``end``: at an end of the expression."""
        before = after = ""
        if start:
            before, items = self._anchor(
                items, flags, codes.AT_BEGINNING, codes.AT_BEGINNING_STRING
            )
        if end:
            after, items = self._anchor(items, flags, codes.AT_END, codes.AT_END_STRING)
        if not items:
            return _ANY if before == after == _ANY else before + after
        written = []
        for number, item in enumerate(items):
            first = start and before == _ANY and number == 0
            last = end and after == _ANY and number == len(items) - 1
            if _is_group(item) and (first or last):
                written.append(self._grouped(item, flags, start=first, end=last))
                before = "" if first else before
                after = "" if last else after
            else:
                written.append(self._item(item, flags))
        return before + "".join(written) + after

    def _anchor(
        self, items: list[Any], flags: int, of_line: Any, of_text: Any
    ) -> tuple[str, list[Any]]:
        """What stands before (or behind) the items, and the items without their anchor."""
        place = 0 if of_line is codes.AT_BEGINNING else -1
        if not items or items[place][0] is not codes.AT:
            return _ANY, items
        which = items[place][1]
        rest = items[1:] if place == 0 else items[:-1]
        if which is of_line and flags & re.MULTILINE:
            feed = self._class(_FEED, 0, negate=False)
            return (f"({_ANY}{feed}|())" if place == 0 else f"({feed}{_ANY}|())"), rest
        if which in (of_line, of_text):
            return "", rest
        return _ANY, items

    def _grouped(self, item: Any, flags: int, *, start: bool, end: bool) -> str:
        """A group or alternatives, each of which has an end of the expression in it."""
        code, argument = item
        if code is codes.SUBPATTERN:
            _, add, remove, inner = argument
            written = self._sequence(list(inner), (flags | add) & ~remove, start=start, end=end)
            return f"({written})"
        branches = [self._sequence(list(b), flags, start=start, end=end) for b in argument[1]]
        return f"({'|'.join(branch or '()' for branch in branches)})"

    def _item(self, item: Any, flags: int) -> str:
        code, argument = item
        if code is codes.LITERAL:
            return self._class(((argument, argument),), flags, negate=False)
        if code is codes.NOT_LITERAL:
            return self._class(((argument, argument),), flags, negate=True)
        if code is codes.ANY:
            return "." if flags & re.DOTALL else self._class(_FEED, 0, negate=True)
        if code is codes.IN:
            negate = argument[0] == (codes.NEGATE, None)
            return self._class(_ranges(argument), flags, negate=negate)
        if code in (codes.SUBPATTERN, codes.BRANCH):
            return self._grouped(item, flags, start=False, end=False)
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            least, most, inner = argument
            written = self._sequence(list(inner), flags, start=False, end=False)
            if not written:
                return ""
            return f"{_atom(written, inner)}{_count(least, most)}"
        if code is codes.AT:
            what = "a boundary of words" if "BOUNDARY" in str(argument) else "an anchor inside"
            raise CannotSayError(f"{what} of an expression")
        raise CannotSayError("a construct of an expression that Lucene has not")

    def _class(self, ranges: Ranges, flags: int, *, negate: bool) -> str:
        if flags & re.IGNORECASE:
            ranges = _folded(ranges)
        merged = _merged(ranges)
        if self._one_line and _has_breaks(merged):
            return _without_breaks(tuple(_complement(merged)) if negate else merged)
        if not negate and len(merged) == 1 and merged[0][0] == merged[0][1]:
            return literal(chr(merged[0][0]))
        written = "".join(map(_range, merged))
        return f"[{'^' if negate else ''}{written}]"


def _is_group(item: Any) -> bool:
    return item[0] in (codes.SUBPATTERN, codes.BRANCH)


def _atom(written: str, inner: Sequence[Any]) -> str:
    single = len(inner) == 1 and inner[0][0] in (
        codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN, codes.SUBPATTERN, codes.BRANCH
    )  # fmt: skip
    return written if single else f"({written})"


def _count(least: int, most: Any) -> str:
    if most is codes.MAXREPEAT:
        if least > _MOST_COPIES:
            raise CannotSayError(f"a count of more than {_MOST_COPIES} in an expression")
        return {0: "*", 1: "+"}.get(least, f"{{{least},}}")
    if most > _MOST_COPIES:
        raise CannotSayError(f"a count of more than {_MOST_COPIES} in an expression")
    if (least, most) == (0, 1):
        return "?"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _ranges(items: Iterable[Any]) -> Ranges:
    return tuple(found for item in items for found in _range_of(item))


def _range_of(item: Any) -> Iterator[tuple[int, int]]:
    code, argument = item
    if code is codes.LITERAL:
        yield argument, argument
    elif code is codes.RANGE:
        yield argument
    elif argument in _CATEGORIES:
        yield from _CATEGORIES[argument]
    elif argument in _NEGATED:
        yield from _complement(_NEGATED[argument])
    elif code is not codes.NEGATE:
        raise CannotSayError("a class of an expression that Lucene has not")


def _complement(ranges: Ranges) -> Iterator[tuple[int, int]]:
    following = 0
    for low, high in ranges:
        if following < low:
            yield following, low - 1
        following = high + 1
    if following <= _LAST:
        yield following, _LAST


def _has_breaks(merged: Ranges) -> bool:
    return any(chr(end) in BREAKS for each in merged for end in each)


def _without_breaks(merged: Ranges) -> str:
    """A class whose ranges end beside what ends a line, without what that takes in too."""
    beside = {low - 1 for low, _ in merged if chr(low) in BREAKS}
    beside |= {high + 1 for _, high in merged if chr(high) in BREAKS}
    taken = [each for each in sorted(beside) if not any(a <= each <= b for a, b in merged)]
    wide = "".join(map(_range, _merged((*merged, *((each, each) for each in taken)))))
    return f"([{wide}]&[^{''.join(map(chr, taken))}])" if taken else f"[{wide}]"


def _folded(ranges: Ranges) -> Ranges:
    """With the other cases of letters, as RE2 folds them.

    Raises :class:`CannotSayError` for letters outside ASCII, unless all of them are in.
    """
    found = list(ranges)
    for low, high in ranges:
        if high > 127 and (high - low > _MOST_LETTERS or _has_letters(low, high)) and high != _LAST:
            raise CannotSayError("letters outside ASCII in any case in an expression")
        for code in range(low, min(high, 127) + 1):
            char = chr(code)
            if char.isalpha():
                found += [
                    (ord(c), ord(c)) for c in (char.swapcase(), _ALSO.get(char.lower(), char))
                ]
    return tuple(found)


def _has_letters(low: int, high: int) -> bool:
    letters = map(chr, range(max(low, 128), high + 1))
    return any(char.lower() != char or char.upper() != char for char in letters)


def _merged(ranges: Ranges) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _range(pair: tuple[int, int]) -> str:
    """A range in a class; newer versions of Lucene take no escaped character for an end of one."""
    low, high = pair
    before = after = ""
    while low < high and not _is_end(low):
        before, low = before + _in_class(low), low + 1
    while low < high and not _is_end(high):
        after, high = _in_class(high) + after, high - 1
    if high - low < 2:
        between = _in_class(low) + (_in_class(high) if high > low else "")
    else:
        between = f"{_in_class(low)}-{_in_class(high)}"
    return before + between + after


def _is_end(code: int) -> bool:
    return _in_class(code) == chr(code or 1)


def _in_class(code: int) -> str:
    char = chr(code)
    # NUL stands in no text, and some parsers of queries do not take it.
    char = "\x01" if code == 0 else char
    plain = char.isalnum() or char in _PLAIN_IN_CLASS or not " " <= char <= "~"
    return char if plain else f"\\{char}"
