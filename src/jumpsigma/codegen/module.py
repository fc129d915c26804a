"""A whole generated module: sections of functions and tables, through one Jinja2 template."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jumpsigma.codegen.collect import collect_indicators, collect_values, needed_lists
from jumpsigma.codegen.emit import Emitter, Line, Pool, Section, tuple_source
from jumpsigma.codegen.gates import choose_gates
from jumpsigma.codegen.order import Question, Step, ordered
from jumpsigma.ir.nodes import Expr, Place, Regex, RuleIR
from jumpsigma.ir.regex import source_of

if TYPE_CHECKING:
    from jinja2 import Environment

#: What the module in this process begins with; a file of its own carries the runtime instead.
PROLOGUE: Final = '''\
"""Made from rules; its lines are known to linecache."""

from __future__ import annotations

from jumpsigma.ir.regex import escape
from jumpsigma.matcher.runtime import *
from jumpsigma.matcher.searching import compile_regex, searcher'''


@dataclass(frozen=True, slots=True)
class GeneratedModule:
    """Python source in sections, as :class:`jumpsigma.matcher.program.Program` runs them.

    A line that is about a line of a rule file says so in a comment at its end.
    """

    source: str


def generate(
    rules: Sequence[RuleIR],
    *,
    prologue: str = PROLOGUE,
    epilogue: str = "",
    regex_source: Callable[[Regex], str] = source_of,
    path_of: Callable[[str], str] = str,
) -> GeneratedModule:
    """The module for some rules; the same rules always give the same source.

    It begins with the name ``LISTS`` defined, an ``IndicatorLists``, and holds no value of a list.
    ``path_of`` says how the path of a rule file is written.
    """
    conditions = [rule.condition for rule in rules]
    steps = [ordered(condition) for condition in conditions]
    emitter = Emitter(steps, regex_source)
    written = _Written(path_of)
    functions = [
        _rule(emitter, written, number, rule, step)
        for number, (rule, step) in enumerate(zip(rules, steps, strict=True))
    ]
    tests = [_test(emitter, question, slot) for question, slot in emitter.tests.items()]
    always, gates = _dispatch(conditions, emitter)
    text = render(
        "matcher.py.j2",
        prologue=prologue,
        epilogue=epilogue,
        elements=[(name, written.lines(lines)) for name, lines in emitter.element_functions],
        constants=[*emitter.look_ups.items, *emitter.head.pool.items],
        slots=[
            (slot, f"{kind}_at({tuple_source(path.split('.'))})")
            for (kind, path), slot in emitter.slots.items()
        ],
        tests=tests,
        rules=functions,
        always=always,
        gates=gates,
    )
    return GeneratedModule(text)


def _rule(
    emitter: Emitter, written: _Written, number: int, rule: RuleIR, step: Step
) -> dict[str, Any]:
    asking = Section(emitter, Pool(f"{number}_"))
    telling = Section(emitter, Pool(f"{number}m"))
    condition = written.lines(asking.lines(step, 2), rule)
    return {
        "number": number,
        "title": ascii(rule.title),
        "path": written.path(rule.path),
        "constants": asking.pool.items,
        "condition": condition,
        "told": written.lines(collect_values(telling, rule.condition), rule),
        "indicators": written.lines(collect_indicators(telling, rule.condition), rule),
        "needs": needed_lists(telling, rule.condition),
        "told_constants": telling.pool.items,
    }


def _test(emitter: Emitter, question: Question, slot: int) -> dict[str, Any]:
    section = Section(emitter, Pool(f"t{slot}_"))
    code = section.plain(question)
    return {"slot": slot, "code": code, "constants": section.pool.items}


def _dispatch(conditions: Sequence[Expr], emitter: Emitter) -> tuple[str, list[Any]]:
    """The rules without a gate, and for each key of an event what it lets through.

    A path may begin with any of the keys that it can be cut to (S201), so that its gate is at
    all of them.
    """
    always: list[int] = []
    present: dict[str, list[int]] = defaultdict(list)
    by_text: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, gate in enumerate(choose_gates(conditions)):
        if gate is None:
            always.append(number)
            continue
        for field, texts in gate.items():
            if texts is None:
                present[field].append(number)
            for text in sorted(texts or ()):
                by_text[field][text].append(number)
    gates: dict[str, list[Any]] = defaultdict(list)
    for field in sorted(present.keys() | by_text.keys()):
        parts = field.split(".")
        slot = emitter.slots.get(("text", field))
        if field in by_text and slot is None:
            slot = emitter.slot("text", field)
        table = [(ascii(text), _numbers(found)) for text, found in sorted(by_text[field].items())]
        for cut in range(1, len(parts) + 1):
            key = ascii(".".join(parts[:cut]))
            gates[key].append((_numbers(present[field]), slot or 0, table))
    return _numbers(always), sorted(gates.items())


def _numbers(numbers: Iterable[int]) -> str:
    return f"({''.join(f'{number}, ' for number in numbers).rstrip()})"


class _Written:
    """Lines with the places that they come from in comments."""

    def __init__(self, path_of: Callable[[str], str]) -> None:
        self.path = cache(lambda path: ascii(path_of(path)))

    def lines(self, lines: Iterable[Line], rule: RuleIR | None = None) -> list[str]:
        """The lines; of a place in another file than that of the rule with its path."""
        here = None if rule is None else rule.path
        return [f"{text}{self._comment(place, here)}" for text, place in lines]

    def _comment(self, place: Place | None, here: str | None) -> str:
        if place is None:
            return ""
        of = "" if place.path == here else f" of {self.path(place.path)}"
        return f"  # line {place.line}{of}"


def render(name: str, **values: Any) -> str:
    """A template of this package, filled in; an undefined name is an error."""
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(  # noqa: S701 - it makes Python, not HTML; literals are ascii()
        loader=PackageLoader("jumpsigma.codegen", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
