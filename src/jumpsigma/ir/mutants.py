"""Rules with one part changed: a case that notices none of it proves little.

The parts are those of the lowered rule, so the service that the log source demands counts too.
Each node is made to hold always (which deletes it from an ``and``), never (which deletes it from
an ``or``) and when it should not; ``and`` and ``or`` are exchanged, wildcards are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple, assert_never

from jumpsigma.ir.nodes import And, Element, Expr, Keyword, Not, Or, Selection, Test, Text, Wildcard

ALWAYS: Final = And(())
NEVER: Final = Or(())


class Mutant(NamedTuple):
    """An expression that differs from the original in ``node``; ``what`` says how."""

    what: str
    node: Expr
    changed: Expr


def mutants(node: Expr) -> Iterator[Mutant]:
    """Every expression that differs from ``node`` in one part."""
    if node in (ALWAYS, NEVER):
        return
    yield Mutant("always", node, ALWAYS)
    yield Mutant("never", node, NEVER)
    yield Mutant("not", node, Not(node))
    match node:
        case And(items) | Or(items):
            if len(items) > 1:
                swapped = Or(items) if isinstance(node, And) else And(items)
                yield Mutant("and/or", node, swapped)
            for index, item in enumerate(items):
                for what, where, changed in mutants(item):
                    both = (*items[:index], changed, *items[index + 1 :])
                    yield Mutant(what, where, replace(node, items=both))
        case Not(item) | Selection(item=item) | Element(item=item):
            for what, where, changed in mutants(item):
                yield Mutant(what, where, replace(node, item=changed))
        case Test(value=Text() as text) | Keyword(value=Text() as text):
            for index, part in enumerate(text.parts):
                if isinstance(part, Wildcard):
                    fewer = replace(text, parts=text.parts[:index] + text.parts[index + 1 :])
                    yield Mutant(f"without wildcard {index}", node, replace(node, value=fewer))
        case Test() | Keyword():
            pass
        case _:
            assert_never(node)
