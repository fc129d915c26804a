"""What holds of an element of a list that is not there (S254): every field of it is missing."""

from __future__ import annotations

from typing import assert_never

from jumpsigma.ir.nodes import (
    And,
    Element,
    Exists,
    Expr,
    Keyword,
    Not,
    Null,
    Or,
    Selection,
    Test,
)


def holds_of_absent(expr: Expr) -> bool:
    """Whether a condition holds where every field is missing."""
    match expr:
        case Test(value=Null()):
            return True
        case Test(value=Exists(expected)):
            return not expected
        case Test() | Keyword():
            return False
        case Not(item):
            return not holds_of_absent(item)
        case And(items):
            return all(map(holds_of_absent, items))
        case Or(items):
            return any(map(holds_of_absent, items))
        case Selection(item=item) | Element(item=item):
            return holds_of_absent(item)
        case _:
            assert_never(expr)
