"""Which fields a condition names: what a product has to be told to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Expr, Test

_NAME = r"[A-Za-z0-9_@-]+(?:\[\d+\])?"
#: A path of names without quotation marks and the like, each with the number of an element or not.
PATH: Final = re.compile(rf"{_NAME}(?:\.{_NAME})*", re.ASCII)


def fields_of(expr: Expr) -> tuple[str, ...]:
    """The fields of all tests, each once, in order; of an element those of the element."""
    return tuple(dict.fromkeys(_fields(expr)))


def _fields(expr: Expr) -> Iterator[str]:
    if isinstance(expr, Test):
        yield expr.field
    for child in children(expr):
        yield from _fields(child)
