"""Conditions are read when the rule is loaded, alike on both pySigma majors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetections

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack import Pack
from jumpsigma.pack.conditions import condition_problems, selected

Load = Callable[[str], Pack]
Places = Callable[[tuple[Diagnostic, ...]], list[tuple[str, int, int]]]

NAMES = ["sel", "sel_b", "filter-a", "_hidden", "notsel", "order", "andy", "all_of", "1"]


@pytest.mark.parametrize(
    "condition",
    [
        "sel", "sel and sel_b", "not sel", "not (sel or sel_b)", "1 of sel*", "all of them",
        "any of *", "1 of _hid*", "filter-a and not sel_b", "sel or order", "sel and andy",
        "((sel))", "1 of sel* and not all of *_b", "sel\n  and\tsel_b", "all_of", "1",
        ["sel", "not sel_b"], "not not sel",
    ],
)  # fmt: skip
def test_good(condition: object) -> None:
    assert list(condition_problems(condition, (), NAMES)) == []


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("", ["JS012"]),
        ("   ", ["JS012"]),
        (None, ["JS012"]),
        (5, ["JS012"]),
        ([], ["JS012"]),
        (["sel", 5, "x"], ["JS012", "JS012"]),
        ({"sel": 1}, ["JS012"]),
        ("sel and", ["JS012"]),
        ("sel sel_b", ["JS012"]),
        ("(sel", ["JS012"]),
        ("sel)", ["JS012"]),
        ("2 of sel*", ["JS012"]),
        ("sel | count() > 5", ["JS012"]),
        ("sel AND sel_b", ["JS012"]),
        ("not1 of sel*", ["JS012"]),
        ("x and y or x", ["JS012", "JS012"]),
        ("1 of zz*", ["JS035"]),
        ("sel or all of _b*", ["JS035"]),
        ("x or 1 of zz*", ["JS012", "JS035"]),
        ("(" * 33 + "sel" + ")" * 33, ["JS012"]),
        ("not " * 33 + "sel", ["JS012"]),
        ("(not " * 33 + "sel" + ")" * 33, ["JS012"]),
        ("not " * 100_000 + "sel", ["JS012"]),
    ],
)
def test_bad(condition: object, codes: list[str]) -> None:
    assert [problem.code for problem in condition_problems(condition, (), NAMES)] == codes


@pytest.mark.parametrize("condition", ["notsel", "not notsel", "sel or notsel", "(notsel)"])
def test_what_the_older_pysigma_reads_as_its_opposite(condition: str, pysigma_major: int) -> None:
    codes = [problem.code for problem in condition_problems(condition, (), NAMES)]
    assert codes == (["JS034"] if pysigma_major == 1 else [])


@pytest.mark.parametrize("condition", ["sel andsel_b", "sel orsel_b", "sel andnot sel_b"])
def test_glued_operators_are_refused(condition: str, pysigma_major: int) -> None:
    codes = [problem.code for problem in condition_problems(condition, (), NAMES)]
    assert codes == (["JS034"] if pysigma_major == 1 else ["JS012"])


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("sel sel_b", "the condition cannot be parsed at 'sel_b' (character 5)"),
        ("sel and", "the condition ends where more was expected"),
        ("x", "the condition names the detection 'x', which is not defined"),
        ("1 of x*", "'1 of x*' matches no detection"),
        ("", "the condition is empty"),
    ],
)
def test_messages(condition: str, message: str) -> None:
    assert [problem.message for problem in condition_problems(condition, (), NAMES)] == [message]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("them", ["sel", "sel_b", "filter-a", "notsel", "order", "andy", "all_of", "1"]),
        ("sel*", ["sel", "sel_b"]),
        ("*_b", ["sel_b"]),
        ("_*", ["_hidden"]),
        ("s*l*", ["sel", "sel_b"]),
        ("sel", ["sel"]),
    ],
)
def test_selected(pattern: str, names: list[str]) -> None:
    assert selected(pattern, NAMES) == names


def test_a_condition_is_reported_where_it_stands(load: Load, places: Places) -> None:
    rule = "title: A\nlogsource: {product: x}\ndetection:\n  s: {a: 1}\n  condition:\n{}"
    pack = load(rule.replace("{}", "    - s\n    - t\n    - 1 of u*\n"))
    assert places(pack.diagnostics) == [("JS012", 7, 7), ("JS035", 8, 7)]
    pack = load(rule.replace("{}", "    s and\n    t\n"))
    assert places(pack.diagnostics) == [("JS012", 6, 5)]


WORDS = st.sampled_from(
    ["sel", "sel_b", "notsel", "order", "not", "and", "or", "1", "all", "any", "of", "them",
     "sel*", "*", "(", ")", "filter-a", "_hidden", "x"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_what_loads_is_what_pysigma_parses(condition: str) -> None:
    """No problem means that pySigma builds the whole tree, whichever pySigma it is."""
    problems = list(condition_problems(condition, (), NAMES))
    detections = SigmaDetections.from_dict(
        {**{name: {"a": 1} for name in NAMES}, "condition": condition}
    )
    try:
        detections.parsed_condition[0].parsed  # noqa: B018
        parsed = True
    except SigmaError:
        parsed = False
    if not problems:
        assert parsed
    elif not {problem.code for problem in problems} & {"JS034", "JS035"}:
        assert not parsed
