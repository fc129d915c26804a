"""Many texts looked for at once, by RE2: what takes the place of ``runtime.searcher`` here."""

from __future__ import annotations

from collections.abc import Callable

import re2

from jumpsigma.ir.regex import escape, from_source
from jumpsigma.matcher import runtime
from jumpsigma.matcher.runtime import Texts


def searcher(parts: tuple[str, ...]) -> Callable[[str | Texts], bool]:
    """A check whether a text contains one of many parts.

    One after another they take 40 ns each; RE2 reads the text once, however many there are.
    """
    plain = runtime.searcher(parts)
    try:
        search = from_source("|".join(map(escape, parts))).search
    except (re2.error, UnicodeEncodeError):  # too many for its memory, or a lone surrogate
        return plain

    def check(found: str | Texts) -> bool:
        if not isinstance(found, str):
            return any(map(check, found))
        try:
            return search(found) is not None
        except UnicodeEncodeError:
            return plain(found)

    return check
