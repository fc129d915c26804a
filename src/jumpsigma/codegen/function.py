"""One rule as a Python function that needs only the standard library.

For products that run rules as Python: the same code that a scan runs, with as much of the runtime
as this rule calls. The function is ``holds(event)``, of a ``dict``.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files

from jumpsigma.codegen.carry import Part, imports_for, names_in, needed, parts
from jumpsigma.codegen.emit import Emitter, Pool, Section, tuple_source
from jumpsigma.codegen.module import render
from jumpsigma.codegen.order import ordered
from jumpsigma.codegen.regex import translate
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.ir.regex import source_of

#: What generated code calls for a regular expression.
_COMPILE = Part("compile_regex = re.compile", frozenset({"compile_regex"}), frozenset({"re"}))


def generate_function(rule: RuleIR) -> str:
    """The source of a module with ``holds``, for a rule without placeholders.

    Raises :class:`jumpsigma.codegen.regex.CannotTranslateError` for a regular expression that
    Python's ``re`` cannot keep.
    """
    step = ordered(rule.condition)
    emitter = Emitter([step], lambda value: translate(source_of(value)))
    section = Section(emitter, Pool("_"))
    condition = [line.text for line in section.lines(step, 2)]
    body = render(
        "function.py.j2",
        constants=[*emitter.head.pool.items, *section.pool.items],
        elements=[
            (name, [line.text for line in lines]) for name, lines in emitter.element_functions
        ],
        # Slots that every event has are there where the condition asks for one.
        makers=any(f"memo[{slot}]" in line for slot in range(4) for line in condition),
        slots=[
            (slot, f"{kind}_at({tuple_source(path.split('.'))})")
            for (kind, path), slot in emitter.slots.items()
        ],
        condition=condition,
    )
    source, available = _runtime()
    called = names_in(ast.parse(body))
    carried = needed([*available, _COMPILE], called)
    names = called.union(*(part.names for part in carried))
    head = ["from __future__ import annotations", "", *imports_for(source, names)]
    return "\n\n\n".join(["\n".join(head), *(part.text for part in carried), body])


@cache
def _runtime() -> tuple[str, list[Part]]:
    """The runtime of generated matchers, and its parts."""
    source = files("jumpsigma.matcher").joinpath("runtime.py").read_text("utf-8")
    return source, parts(source)
