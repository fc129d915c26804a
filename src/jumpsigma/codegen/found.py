"""Texts without which a regular expression finds nothing: to look for them takes less time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jumpsigma.ir.nodes import Regex
from jumpsigma.matcher.runtime import SEPARATOR
from jumpsigma.prefilter.expressions import Texts, texts_of

#: An expression that ignores case takes other characters than Python's lower case for k, s and i.
_IGNORING: Final = re.compile(r"\(\?[A-Za-z-]*i")
_PLAIN: Final = re.compile(f"[^\x80-\U0010ffff{SEPARATOR}]{{2,}}")
_SURE: Final = re.compile(f"[^\x80-\U0010ffff{SEPARATOR}iks]{{2,}}")
#: Of more alternatives an expression finds one as soon.
_MOST: Final = 8


def words_of(value: Regex) -> list[tuple[str, ...]]:
    """Of each tuple one text, in lower case, is in the lower case of whatever is found."""
    if not all(isinstance(part, str) for part in value.parts):
        return []
    source = "".join(part for part in value.parts if isinstance(part, str))
    ignoring = value.ignore_case or _IGNORING.search(source) is not None
    found = dict.fromkeys(_alternatives(texts_of(source), _SURE if ignoring else _PLAIN))
    return sorted(found, key=lambda words: (len(words), -min(map(len, words))))


def _alternatives(texts: str | Texts | None, pattern: re.Pattern[str]) -> Iterator[tuple[str, ...]]:
    match texts:
        case None:
            return
        case str():
            runs = pattern.findall(texts.lower())
            if runs:
                yield (max(runs, key=len),)
        case Texts("all", items):
            for item in items:
                yield from _alternatives(item, pattern)
        case Texts(_, items):
            one_each = [next(_alternatives(item, pattern), ()) for item in items]
            if all(one_each):
                words = tuple(dict.fromkeys(word for words in one_each for word in words))
                if len(words) <= _MOST:
                    yield words
