"""One rule as a function: it says what the interpreter says, and carries what it calls alone."""

from __future__ import annotations

import ast
import builtins
from typing import Any

import pytest
from hypothesis import given
from strategies import LISTS, pairs

from jumpsigma.codegen.carry import imports_for, names_in, needed, parts
from jumpsigma.codegen.function import generate_function
from jumpsigma.codegen.regex import CannotTranslateError
from jumpsigma.interpret import holds
from jumpsigma.ir.bind import bind
from jumpsigma.ir.nodes import And, Expr, Keyword, LogSource, Regex, RuleIR, Test, Text


def rule(condition: Expr) -> RuleIR:
    return RuleIR("id", "t", "p", LogSource(), "sigma", condition)


@given(pairs())
def test_as_interpreted(drawn: tuple[Expr, dict[str, Any]]) -> None:
    expr, event = drawn
    bound = bind(expr, LISTS)
    try:
        source = generate_function(rule(bound))
    except CannotTranslateError:
        return
    found: dict[str, Any] = {"__name__": "a_rule"}
    exec(compile(source, "rule.py", "exec"), found)
    assert found["holds"](event) is holds(bound, event)


CONDITIONS: dict[str, Expr] = {
    "one text": Test("a.b", Text(("x",))),
    "an expression": Test("a", Regex(("x",))),
    "a keyword": Keyword(Text(("compile_regex(",))),
    "nothing": And(()),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_name_is_defined_and_every_import_used(name: str) -> None:
    source = generate_function(rule(CONDITIONS[name]))
    tree = ast.parse(source)
    defined = {part_name for part in parts(source) for part_name in part.defines}
    imported = {
        each.asname or each.name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and getattr(node, "module", "") != "__future__"
        for each in node.names
    }
    local = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    local |= {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)} | {
        each.id
        for each in ast.walk(tree)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }
    assert names_in(tree) <= defined | imported | local | {*dir(builtins)}
    assert imported <= names_in(tree)
    assert ("compile_regex = re.compile" in source) == (name == "an expression")


MODULE = '''
"""A module."""
from __future__ import annotations
import re
from typing import Any, Iterable

#: One.
ONE = 1
A, B = ONE, 2


@print
def first(wanted: int) -> Any:
    return A


def wanted() -> Iterable[int]:
    return re
'''


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["ONE"], ["#: One.\nONE = 1"]),
        (["B"], ["#: One.\nONE = 1", "A, B = ONE, 2"]),
        (["first"], ["#: One.\nONE = 1", "A, B = ONE, 2", "@print\ndef first("]),
        (["nothing"], []),
    ],
)
def test_what_is_needed(names: list[str], expected: list[str]) -> None:
    found = [part.text for part in needed(parts(MODULE), names)]
    assert len(found) == len(expected)
    assert all(text.startswith(start) for text, start in zip(found, expected, strict=True))


def test_imports() -> None:
    assert imports_for(MODULE, ["re", "Iterable"]) == [
        "import re",
        "from typing import Iterable",
    ]
