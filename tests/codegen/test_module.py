"""The generated source itself: nothing in a rule becomes code, and lines lead to rule lines."""

from __future__ import annotations

import ast
import gc
import linecache
import traceback
from pathlib import Path
from typing import Any

import pytest

from jumpsigma import api
from jumpsigma.codegen import generate
from jumpsigma.ir.nodes import And, Element, Keyword, LogSource, Place, Regex, RuleIR, Test, Text
from jumpsigma.matcher.program import Program

NASTY = [
    "'); raise SystemExit('owned') #",
    '"""\nraise SystemExit("owned")\n"""',
    "\nraise SystemExit('owned')\n",
    "\r\nraise SystemExit('owned')",
    "a\u2028raise SystemExit('owned')\u2029\x85\x0b\x0c\x1c",
    "{{ 7 * 7 }}{% raw %}{# comment #}",
    "{% for x in ().__class__.__mro__ %}x{% endfor %}",
    "\\",
    "\\'",
    "x\x00y",
    "\ud800",
    "  #@0",
    "  # line 1",
    "{0} %s ${x} \\N{BULLET}",
    "K0",
    "é" * 3 + "\U0001f4a9",
]


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_rule_text_stays_text(text: str) -> None:
    module = generate([_rule(text)])
    # The shape of the code does not depend on the text: only constants may differ. (A text in
    # upper case has one constant more, for its lower case; NUL separates what keywords search.)
    plain = ("T" if _folds(text) else "t") + ("\0t" if "\0" in text else "")
    assert _shape(module.source) == _shape(generate([_rule(plain)]).source)
    assert module.source.isascii()
    event = {text: text, f"{text}x": [{"field": text, "f": text}]}
    assert [number for number, _ in Program(module.source, module.places).hits(event)] == [0]


def _rule(text: str) -> RuleIR:
    place = Place(text, 3, 1)
    items = (
        Test(text, Text((text,)), place),
        Element(f"{text}x", text, Test("f", Text((text,)), place), place),
        Keyword(Text((text,)), place),
    )
    return RuleIR(text, text, text, LogSource(), "sigma", And(items))


def _folds(text: str) -> bool:
    return text.lower() != text


def _shape(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = type(node.value).__name__
        if isinstance(node, ast.Tuple):  # a path has as many parts as the text has dots
            node.elts = node.elts[:1]
    return ast.dump(tree)


def test_a_regex_is_a_constant_too() -> None:
    text = "x'\\)\\n#(a|b){1,2}"
    rule = RuleIR("i", "t", "p", LogSource(), "sigma", Test("a", Regex((text,))))
    module = generate([rule])
    assert Program(module.source, module.places).hits({"a": "x')\n#ab"})


RULE = """\
title: Two lines
id: 4d1b2c7e-7d0e-4f0e-8f0f-3f7f5d9f2a11
logsource: {product: jumpcloud, service: directory}
detection:
    selection:
        event_type: group_update
        changes.field|contains:
            - a
            - b
    condition: selection
level: low
"""


def test_every_test_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(RULE)
    pack = api.load_pack(path)
    rule = api.compile_one(pack, "Two lines")
    module = generate([rule])
    lines = module.source.split("\n")
    places = {
        lines[number - 1].split("#")[0].strip(): p.line for number, p in module.places.items()
    }
    assert {line for code, line in places.items() if " in x" in code} >= {6}
    assert {line for code, line in places.items() if code.startswith("contains(")} == {7}
    assert {place.path for place in module.places.values()} == {str(path)}


def test_a_traceback_points_at_the_rule(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(RULE)
    rule = api.compile_one(api.load_pack(path), "Two lines")
    module = generate([rule])
    program = Program(module.source, module.places)

    class Broken(str):
        __slots__ = ()

        def lower(self) -> str:
            raise RuntimeError("no lower case today")

    event = {
        "service": "directory",
        "event_type": "group_update",
        "changes": {"field": Broken("a")},
    }
    program.hits(event | {"changes": {"field": "a"}})
    with pytest.raises(RuntimeError) as caught:
        _hits_with_broken_fold(program, event)
    assert f"while evaluating {path}, line 7" in caught.value.__notes__
    shown = "".join(traceback.format_exception(caught.value))
    assert "contains(x" in shown  # linecache shows the generated line
    assert linecache.getline(program.filename, 1).startswith('"""')


def _hits_with_broken_fold(program: Program, event: dict[str, Any]) -> None:
    def folded(found: list[object]) -> list[str]:
        return [value.lower() if isinstance(value, str) else "" for value in found]

    program._holding.__globals__["folded"] = folded
    program.hits(event)


def test_linecache_forgets_a_program_that_is_gone() -> None:
    module = generate([_rule("t")])
    one, two = (Program(module.source, module.places) for _ in range(2))
    name = one.filename
    assert two.filename == name
    del one
    gc.collect()
    assert linecache.getline(name, 1)
    del two
    gc.collect()
    assert name not in linecache.cache
