"""The generated source itself: nothing in a rule becomes code, and lines lead to rule lines."""

from __future__ import annotations

import ast
import gc
import linecache
import pickle
import re
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from jumpsigma import api
from jumpsigma.codegen import generate
from jumpsigma.ir.nodes import (
    And,
    Element,
    Keyword,
    LogSource,
    Not,
    Place,
    Regex,
    RuleIR,
    Test,
    Text,
    Wildcard,
)
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
    assert [number for number, _ in Program(module.source).hits(event)] == [0]


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
        if isinstance(node, ast.Dict):  # and the gates of a path with dots are as many
            node.keys, node.values = node.keys[:1], node.values[:1]
    return ast.dump(tree)


def test_a_regex_is_a_constant_too() -> None:
    text = "x'\\)\\n#(a|b){1,2}"
    rule = RuleIR("i", "t", "p", LogSource(), "sigma", Test("a", Regex((text,))))
    module = generate([rule])
    assert Program(module.source).hits({"a": "x')\n#ab"})


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


@pytest.fixture
def rule(tmp_path: Path) -> RuleIR:
    path = tmp_path / "rule.yml"
    path.write_text(RULE)
    return api.compile_one(api.load_pack(path), "Two lines")


def test_every_test_knows_its_line(rule: RuleIR) -> None:
    module = generate([rule], path_of=lambda path: Path(path).name)
    assert rule.path not in module.source
    assert "# --- rule 0: 'Two lines', 'rule.yml'\n" in module.source
    found = re.findall(r"^ .*  # line \d+.*$", module.source, re.MULTILINE)
    lines = {line.strip() for line in found}
    assert any(re.fullmatch(r"(and )?memo\[\d\] == K0_\d  # line 6", line) for line in lines)
    assert any(re.fullmatch(r"and \(K0_.* or K0_.*\)  # line 7", line) for line in lines)


def test_a_line_of_another_file_says_so(rule: RuleIR) -> None:
    filtered = Not(Test("a", Text(("x",)), Place("it's a filter.yml", 4, 1)))
    module = generate([replace(rule, condition=And((rule.condition, filtered)))])
    assert """  # line 4 of "it's a filter.yml"\n""" in module.source


class Broken(str):
    """A text that cannot be searched."""

    __slots__ = ()

    def __contains__(self, part: object) -> bool:
        raise RuntimeError(f"no search for {part} today")


def test_a_traceback_points_at_the_rule(rule: RuleIR) -> None:
    program = Program(generate([rule]).source)
    event = {"service": "directory", "event_type": "group_update"}
    assert program.hits(event | {"changes": {"field": "a"}})
    program._module.names["SLOTS"][slot_of(program, "changes.field")] = lambda _: Broken("a")
    with pytest.raises(RuntimeError, match="no search for a today") as caught:
        program.hits(event)
    assert caught.value.__notes__ == [f"while evaluating {rule.path}, line 7"]
    shown = "".join(traceback.format_exception(caught.value))
    assert re.search(r"and \(K0_\d in memo\[\d\] or K0_\d in ", shown)  # linecache shows the line
    assert linecache.getline(program._module.name, 1).startswith('"""')


def test_an_error_in_another_file_points_there(rule: RuleIR) -> None:
    filtered = Test(
        "a", Text((Wildcard.MANY, "x", Wildcard.MANY)), Place("it's a filter.yml", 4, 1)
    )
    program = Program(generate([replace(rule, condition=filtered)]).source)
    program._module.names["SLOTS"][slot_of(program, "a")] = lambda _: Broken("a")
    with pytest.raises(RuntimeError) as caught:
        program.among({"a": 1}, [0])
    assert caught.value.__notes__ == ["while evaluating it's a filter.yml, line 4"]


def slot_of(program: Program, path: str) -> int:
    found = re.search(
        rf"(\d+): text_at\({re.escape(repr(tuple(path.split('.')))[:-1])}", program.source
    )
    assert found is not None
    return int(found[1])


def test_only_rules_that_are_asked_are_compiled() -> None:
    rules = [_plain("a", word) for word in ("x", "y")] + [_plain("b", "z")]
    program = Program(generate(rules).source)
    seen = []
    for event in ({"c": "x"}, {"a": "x"}, {"a": "y", "b": "z"}):
        program.holding(event)
        seen.append(sorted(program._module.names["CONDITIONS"]))
    assert seen == [[], [0], [0, 1, 2]]
    assert program._module.names["COLLECTORS"] == {}
    assert program.hits({"a": "x"}) == [(0, {"a": ["x"]})]
    assert sorted(program._module.names["COLLECTORS"]) == [0]


def _plain(field: str, word: str) -> RuleIR:
    return RuleIR("i", word, "rule.yml", LogSource(), "sigma", Test(field, Text((word,))))


def test_linecache_forgets_a_program_that_is_gone() -> None:
    one, two = (Program(generate([_rule("t")]).source) for _ in range(2))
    for program in (one, two):
        assert program.hits({"t": "t"}) == []
    names = [set(program._module.files) for program in (one, two)]
    assert not names[0] & names[1]
    assert [any("rule 0" in name for name in each) for each in names] == [True, True]
    del one, program
    gc.collect()
    assert not names[0] & linecache.cache.keys()
    assert names[1] <= linecache.cache.keys()


def test_pickled_without_what_was_compiled() -> None:
    program = Program(generate([_plain("a", "x")]).source)
    restored = pickle.loads(pickle.dumps(program))
    assert restored.hits({"a": "X"}) == program.hits({"a": "X"}) == [(0, {"a": ["X"]})]
