"""A whole generated module: functions, tables and the line table, through one Jinja2 template."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jumpsigma.codegen.collect import collect_indicators, collect_values, needed_lists
from jumpsigma.codegen.emit import Emitter, Line
from jumpsigma.codegen.gates import Gate, choose_gates
from jumpsigma.ir.nodes import Expr, Place, Regex, RuleIR
from jumpsigma.ir.regex import source_of

if TYPE_CHECKING:
    from jinja2 import Environment

#: What the module in this process begins with; a file of its own carries the runtime instead.
PROLOGUE: Final = '''\
"""Made from rules; its lines are known to linecache."""

from __future__ import annotations

from jumpsigma.ir.regex import escape
from jumpsigma.ir.regex import from_source as compile_regex
from jumpsigma.matcher.runtime import *'''

_FIRST_SLOT: Final = 4  # of an event's memo; before it: leaves, their texts in two forms, the time

_MARK = re.compile(r"  #@(\d+)$")


@dataclass(frozen=True, slots=True)
class GeneratedModule:
    """Python source that answers ``holding(event)``, and where its lines come from."""

    source: str
    places: Mapping[int, Place]
    """Line of the source, from 1, to the place in a rule file."""


def generate(
    rules: Sequence[RuleIR],
    *,
    prologue: str = PROLOGUE,
    epilogue: str = "",
    regex_source: Callable[[Regex], str] = source_of,
    path_of: Callable[[RuleIR], str] = lambda rule: rule.path,
) -> GeneratedModule:
    """The module for some rules; the same rules always give the same source.

    It begins with the name ``LISTS`` defined, an ``IndicatorLists``, and holds no value of a list.
    """
    conditions = [rule.condition for rule in rules]
    emitter = Emitter(conditions, regex_source)
    lines = _Lines()
    functions = [
        {
            "number": number,
            "title": ascii(rule.title),
            "path": ascii(path_of(rule)),
            "condition": lines.marked(emitter.condition(rule.condition, 2)),
            "collect": lines.marked(collect_values(emitter, rule.condition)),
            "indicators": lines.marked(collect_indicators(emitter, rule.condition)),
            "needs": needed_lists(emitter, rule.condition),
        }
        for number, rule in enumerate(rules)
    ]
    elements = [(name, lines.marked(body)) for name, body in emitter.element_functions]
    dispatch = _dispatch(conditions, emitter)
    slots = _FIRST_SLOT + 2 * len(emitter.fields) + len(emitter.shared)
    text = render(
        "matcher.py.j2",
        prologue=prologue,
        epilogue=epilogue,
        constants=_constants(emitter),
        fields=[
            (_FIRST_SLOT + 2 * number, emitter.path(path), number)
            for number, path in enumerate(emitter.fields)
        ],
        shared=[
            (_FIRST_SLOT + 2 * len(emitter.fields) + number, name, code)
            for number, (code, name) in enumerate(emitter.shared.items())
        ],
        elements=elements,
        rules=functions,
        slots=slots,
        **dispatch,
    )
    return lines.unmarked(text)


def _constants(emitter: Emitter) -> list[tuple[str, str]]:
    regexes = [(name, f"compile_regex({source})") for name, source in emitter.regexes.items]
    pools = (emitter.constants, emitter.paths, emitter.checks, emitter.look_ups)
    return [*regexes, *(item for pool in pools for item in pool.items)]


def _dispatch(conditions: Sequence[Expr], emitter: Emitter) -> dict[str, Any]:
    gates = choose_gates(conditions)
    always = [number for number, gate in enumerate(gates) if gate is None]
    by_text: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    by_field: dict[str, list[int]] = defaultdict(list)
    for number, gate in enumerate(gates):
        match gate:
            case Gate(field, None):
                by_field[_function("v", field, emitter)].append(number)
            case Gate(field, texts) if texts is not None:
                for text in sorted(texts):
                    by_text[_function("x", field, emitter)][ascii(text)].append(number)
    return {
        "always": _numbers(always),
        "by_text": [
            (function, [(text, _numbers(found)) for text, found in sorted(table.items())])
            for function, table in sorted(by_text.items())
        ],
        "by_field": [(function, _numbers(found)) for function, found in sorted(by_field.items())],
    }


def _function(kind: str, field: str, emitter: Emitter) -> str:
    emitter.values(field, "event")
    return f"{kind}{emitter.fields[field]}"


def _numbers(numbers: Sequence[int]) -> str:
    return f"({''.join(f'{number}, ' for number in numbers).rstrip()})"


class _Lines:
    """Marks lines with the place they come from, and reads the marks off the finished text."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    def marked(self, lines: Sequence[Line]) -> list[str]:
        marked = []
        for line in lines:
            if line.place is None:
                marked.append(line.text)
            else:
                marked.append(f"{line.text}  #@{len(self._places)}")
                self._places.append(line.place)
        return marked

    def unmarked(self, text: str) -> GeneratedModule:
        places: dict[int, Place] = {}
        lines = []
        # Not splitlines(): only a newline ends a line of Python, and literals hold no newline.
        for number, line in enumerate(text.split("\n"), start=1):
            mark = _MARK.search(line)
            if mark is None:
                lines.append(line)
                continue
            places[number] = place = self._places[int(mark[1])]
            lines.append(f"{line[: mark.start()]}  # line {place.line}")
        return GeneratedModule("\n".join(lines), places)


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
