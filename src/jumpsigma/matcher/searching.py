"""What RE2 does for a generated module in this process: expressions, and many texts at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2

from jumpsigma.ir.regex import escape
from jumpsigma.matcher import runtime
from jumpsigma.matcher.runtime import Texts


def compile_regex(source: str) -> Finder:
    """An expression that is only asked whether it finds anything in a text.

    RE2's wrapper for Python works out where, which takes longer than the search itself.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    found = re2._re2.RE2(source.encode(), options)  # noqa: SLF001 - the engine below the wrapper
    if not found.ok():
        raise re2.error(found.error())
    return Finder(found)


class Finder:
    """An expression with ``search``, which gives True or False."""

    __slots__ = ("_match",)

    def __init__(self, compiled: Any) -> None:
        self._match = compiled.Match

    def search(self, text: str) -> bool:
        """Whether it finds something in a text.

        Raises :class:`UnicodeEncodeError` for one with lone surrogates.
        """
        encoded = text.encode()
        return bool(self._match(_ANYWHERE, encoded, 0, len(encoded))[0] != _NOWHERE)


_ANYWHERE = re2._re2.RE2.Anchor.UNANCHORED  # noqa: SLF001 - as above
_NOWHERE = (-1, -1)


def searcher(parts: tuple[str, ...]) -> Callable[[str | Texts], bool]:
    """A check whether a text contains one of many parts.

    One after another they take 40 ns each; RE2 reads the text once, however many there are.
    """
    plain = runtime.searcher(parts)
    try:
        search = compile_regex("|".join(map(escape, parts))).search
    except (re2.error, UnicodeEncodeError):  # too many for its memory, or a lone surrogate
        return plain

    def check(found: str | Texts) -> bool:
        if not isinstance(found, str):
            return any(map(check, found))
        try:
            return search(found)
        except UnicodeEncodeError:
            return plain(found)

    return check
