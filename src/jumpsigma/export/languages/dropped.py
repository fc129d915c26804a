"""Places that drop null and empty values before they keep an event.

A field that was null or ``''`` is missing there, so that a test which one of these satisfies
cannot be asked any more.
"""

from __future__ import annotations

from jumpsigma.export.refusals import CannotSayError
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Exists, Expr, FieldRef, Null, Regex, Test, Text, Wildcard
from jumpsigma.ir.regex import compiled


def check(expr: Expr) -> None:
    """Raise :class:`CannotSayError` for a test that null or an empty text satisfies."""
    if isinstance(expr, Test) and _may_be_empty(expr):
        raise CannotSayError(
            f"{expr.field}, where it may be null or empty: such values are not kept, and look as"
            " if they were missing",
            place=expr.place,
        )
    for child in children(expr):
        check(child)


def _may_be_empty(test: Test) -> bool:
    match test.value:
        case Null() | Exists():
            return True
        case Text(parts):
            return all(part is Wildcard.MANY for part in parts)
        case Regex():
            return compiled(test.value).search("") is not None
        case FieldRef():
            return True  # both may be empty
        case _:
            return False
