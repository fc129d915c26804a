r"""Expressions for Java's ``java.util.regex``, which several products hand their patterns to.

What RE2 finds is read by :mod:`jumpsigma.codegen.regex`, which leaves literals, classes of code
points, groups and counts; those mean the same in Java. Anchors and ``\b`` are written out, for Java
has line ends and letters of its own. Every expression fits the whole text, from ``\A`` to ``\z``,
so that it does not matter whether a product looks for a match within a text or for all of it.
"""

from __future__ import annotations

import re
from typing import Final, assert_never

from jumpsigma.codegen.regex import CannotTranslateError, translate
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.ir.nodes import Placeholder, Regex, TextPart, Wildcard
from jumpsigma.ir.regex import source_of

_WORD: Final = "[0-9A-Za-z_]"
#: What the translation writes for RE2's anchors, and what stands for it in Java.
_ANCHORS: Final = {
    r"\A": r"\A",
    r"\Z": r"\z",
    "(?m:^)": r"(?:\A|(?<=\n))",
    "(?m:$)": r"(?:\z|(?=\n))",
    r"(?a:\b)": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
}
_TOKEN: Final = re.compile(r"\(\?m:[\^$]\)|\(\?a:\\b\)|\\U([0-9a-f]{8})|\\.|.", re.DOTALL)


def java_search(value: Regex) -> str:
    """The source that fits a whole text in which the expression is found.

    Raises :class:`CannotSayError` where the two dialects could differ.
    """
    try:
        found = translate(source_of(value))
    except CannotTranslateError as error:
        raise CannotSayError(f"a regular expression with {error}") from None
    return rf"\A(?s:.*)(?:{_TOKEN.sub(_in_java, found)})(?s:.*)\z"


def _in_java(token: re.Match[str]) -> str:
    if token[1] is not None:
        return rf"\x{{{token[1].lstrip('0')}}}"
    return _ANCHORS.get(token[0], token[0])


def java_text(parts: tuple[TextPart, ...]) -> str:
    """The source for a text with wildcards, in the case that it is written in."""
    written = []
    for part in parts:
        match part:
            case str():
                written.append("".join(map(java_literal, part)))
            case Wildcard.MANY:
                written.append("(?s:.*)")
            case Wildcard.ONE:
                written.append("(?s:.)")
            case Placeholder():
                raise NotWrittenError(f"the list {part.name!r} in a longer text")
            case _:
                assert_never(part)
    return rf"\A{''.join(written)}\z"


def java_literal(character: str) -> str:
    """One character: ASCII that means nothing to any dialect as it is, the rest by its number."""
    if character.isascii() and (character.isalnum() or character in " _/:;<>=,!@%~"):
        return character
    if (point := ord(character)) < 0x80:
        return f"\\x{point:02x}"
    return character
