"""What a product's documentation leaves open, and what is therefore refused.

For products that cannot be run, a query is only written where its result does not depend on what
nobody said. These are the questions that several of them leave open.
"""

from __future__ import annotations

from typing import Final

from jumpsigma.export.refusals import CannotSayError
from jumpsigma.interpret.values import satisfies, text_of
from jumpsigma.ir.nodes import Regex, Text

#: Beyond it, and with an exponent, a number may be written in several ways.
_EXACT: Final = 2**53


def settled_number(number: float, vendor: str) -> str:
    """The text of a number that is kept as a text.

    Raises :class:`CannotSayError` where it may be one of several.
    """
    text = text_of(number) or ""
    if "e" in text or abs(number) > _EXACT:
        raise CannotSayError(f"the number {text}, of which {vendor} does not say the text")
    return text


def refuse_unsettled(value: Text | Regex, vendor: str, empty: str) -> None:
    """Refuse what an empty text, or a null of JSON, may or may not fit.

    ``empty``: what is open about empty texts; completes *a pattern that an empty text fits: ...*.
    Raises :class:`CannotSayError`.
    """
    if satisfies(value, ""):
        raise CannotSayError(f"a pattern that an empty text fits: {empty}")
    if satisfies(value, "null"):
        raise CannotSayError(
            f"a pattern that the text 'null' fits, for {vendor} does not say whether a null of JSON"
            " becomes this text"
        )


def settled_row(value: str, vendor: str) -> str:
    """A value of a list as a row of a look-up table, in small letters.

    Raises :class:`CannotSayError` for one that a file, or the comparison with it, may change.
    """
    if not value or value.lower() == "null":
        raise CannotSayError(
            f"the value {value!r} of a list in a table: {vendor} does not say whether a missing or"
            " empty field, or a null of JSON, is found by it"
        )
    if value != value.strip():
        raise CannotSayError(
            f"the value {value!r} of a list in a table, for {vendor} does not say whether spaces at"
            " the ends are kept"
        )
    refuse_letters(Text((value,)), vendor)
    return value.lower()


def refuse_letters(value: Text, vendor: str) -> None:
    """Refuse letters beyond ASCII that are to be compared in any case.

    Raises :class:`CannotSayError`.
    """
    letters = "".join(part for part in value.parts if isinstance(part, str))
    if value.cased or letters.isascii():
        return
    if any(c.lower() != c or c.upper() != c for c in letters if not c.isascii()):
        raise CannotSayError(
            f"a letter beyond ASCII in any case, for {vendor} does not say which letters are"
            " compared so"
        )
