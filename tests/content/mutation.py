"""Rules with one part changed.

The parts are those of the lowered rule, so the service that the log source demands counts too.
Each node is made to hold always (which deletes it from an ``and``), never (which deletes it from
an ``or``) and when it should not; ``and`` and ``or`` are exchanged, wildcards are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from jumpsigma.ir.nodes import And, Element, Expr, Keyword, Not, Or, Selection, Text, Wildcard
from jumpsigma.ir.nodes import Test as FieldTest  # pytest would collect a class named Test

ALWAYS, NEVER = And(()), Or(())


def mutants(node: Expr) -> Iterator[tuple[str, Expr]]:
    """Every expression that differs from ``node`` in one part, with what was changed."""
    if node in (ALWAYS, NEVER):
        return
    yield f"always: {node}", ALWAYS
    yield f"never: {node}", NEVER
    yield f"not: {node}", Not(node)
    match node:
        case And(items) | Or(items):
            if len(items) > 1:
                yield f"and/or: {node}", Or(items) if isinstance(node, And) else And(items)
            for index, item in enumerate(items):
                for what, changed in mutants(item):
                    both = (*items[:index], changed, *items[index + 1 :])
                    yield what, replace(node, items=both)
        case Not(item) | Selection(item=item) | Element(item=item):
            for what, changed in mutants(item):
                yield what, replace(node, item=changed)
        case FieldTest(value=Text() as text) | Keyword(value=Text() as text):
            for index, part in enumerate(text.parts):
                if isinstance(part, Wildcard):
                    fewer = replace(text, parts=text.parts[:index] + text.parts[index + 1 :])
                    yield f"without wildcard {index}: {node}", replace(node, value=fewer)
        case FieldTest() | Keyword():
            pass
        case _ as never:
            assert_never(never)
