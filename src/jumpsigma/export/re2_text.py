"""Texts and expressions for products that have RE2 themselves, between marks of theirs."""

from __future__ import annotations

from typing import Final, assert_never

from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.ir.nodes import Placeholder, Regex, TextPart, Wildcard
from jumpsigma.ir.regex import source_of

#: ASCII that means nothing to an expression.
_PLAIN: Final = " _-:;<>=,!@%~&'#\""


def re2_text(parts: tuple[TextPart, ...], mark: str) -> str:
    r"""The source that finds a text with wildcards, for ``(?s)``; ``mark`` does not stand in it.

    Raises :class:`NotWrittenError` for a placeholder.
    """
    many = Wildcard.MANY
    first, last = parts[:1] == (many,), parts[-1:] == (many,)
    written = []
    for part in parts[first : len(parts) - last]:
        match part:
            case str():
                written.append("".join(_literal(character, mark) for character in part))
            case Wildcard.MANY:
                written.append(".*")
            case Wildcard.ONE:
                written.append(".")
            case Placeholder():
                raise NotWrittenError(f"the list {part.name!r} in a longer text")
            case _:
                assert_never(part)
    return "".join(["" if first else r"\A", *written, "" if last else r"\z"])


def re2_source(value: Regex, mark: str) -> str:
    r"""The source of an expression as it stands, without ``mark`` and control characters.

    Raises :class:`CannotSayError` where they cannot be written otherwise.
    """
    source = source_of(value)
    written, escaped = [], False
    for character in source:
        if character != mark and character.isprintable():
            escaped = character == "\\" and not escaped
            written.append(character)
        elif r"\Q" in source or (escaped and character != mark):
            raise CannotSayError("an expression with an escaped control character or a quotation")
        else:
            number = f"x{{{ord(character):x}}}"
            written.append(number if escaped else f"\\{number}")
            escaped = False
    return "".join(written)


def _literal(character: str, mark: str) -> str:
    if character == mark or not character.isprintable():
        return f"\\x{{{ord(character):x}}}"
    if character.isalnum() or not character.isascii() or character in _PLAIN:
        return character
    return f"\\{character}"
