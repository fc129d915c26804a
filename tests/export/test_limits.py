"""Queries that a product does not take for their size, and expressions that are too much work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from snippets import exported

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.export.languages.lucene_regex import of_regex
from jumpsigma.export.languages.lucene_states import takes_more
from jumpsigma.ir.nodes import Regex


def networks(count: int) -> str:
    listed = ", ".join(f"198.51.{n // 256}.{n % 256}/32" for n in range(count))
    return f"{{client_ip|cidr: [{listed}]}}"


def names(count: int) -> str:
    return f"{{resource.name: [{', '.join(f'a rather long value {n:05}' for n in range(count))}]}}"


#: The target and its format, a detection that is too long for it, what it takes, and an option.
TOO_LONG = [
    (("clickhouse", "sql"), networks(1_000), "262,144 bytes", "max_query_size"),
    (("sumologic", "search"), names(400), "15,000 characters", None),
    (("sentinel", "analytics_rule"), names(600), "10,000 characters", None),
]


@pytest.mark.parametrize(("place", "detection", "told", "option"), TOO_LONG)
def test_a_query_that_the_product_does_not_take(
    tmp_path: Path, place: tuple[str, str], detection: str, told: str, option: str | None
) -> None:
    target, form = place
    refused = exported(tmp_path, target, detection, form)
    assert isinstance(refused, Diagnostic)
    assert refused.code == ("JS066" if option is None else "JS067")
    assert f"a query of more than {told}" in refused.message
    if option is not None:
        assert refused.hint == f"give -O {option}=…"
        assert isinstance(exported(tmp_path, target, detection, form, **{option: "9999999"}), str)


@pytest.mark.parametrize("target", ["clickhouse", "sumologic", "sentinel"])
def test_a_shorter_one_is_written(tmp_path: Path, target: str) -> None:
    assert isinstance(exported(tmp_path, target, "{resource.name: [x, y]}"), str)


#: Expressions of RE2, and whether Lucene 10.5.1 gives up on what they become.
EXPRESSIONS = {
    "^a.*b": False,
    r"(?:\s-[a-z]\s+\S+){1,8}$": False,
    " ".join(f"word{n}.*" for n in range(12)): False,
    "|".join(f"{a}.*{b}.*x" for a in "abcdefgh" for b in "klmn"): True,
    "|".join(rf"\s-{a}[^|]*\s+{b}\S*\s" for a in "abcdefg" for b in "rstuvw"): True,
}


@pytest.mark.parametrize("source", EXPRESSIONS)
def test_how_much_work_an_expression_is(source: str) -> None:
    pattern = of_regex(Regex((source,)), one_line=True)
    assert takes_more(pattern, 10_000) is EXPRESSIONS[source]


def test_states_are_those_of_the_automaton() -> None:
    # The nth letter from the end: 2**n states of up to n + 1 positions each, and a first one.
    for length in (7, 10):
        pattern = "".join(["(a|b)*", "(a|b)*" * 5, "a", "(a|b)" * (length - 1)])
        assert takes_more(pattern, 2**length * (length + 8) // 10 + 1) is False
        assert takes_more(pattern, 2**length // 10) is True


#: About 20,000 of them.
TOO_MUCH = f"{{command_line|re: '^{'(a|b)*' * 6}a(a|b){{12}}$'}}"


@pytest.mark.parametrize(
    ("target", "form"),
    [
        ("elasticsearch", "lucene"),
        ("elasticsearch", "eql"),
        ("opensearch", "lucene"),
        ("opensearch", "query_dsl"),
    ],
)
def test_it_is_refused_unless_more_is_allowed(tmp_path: Path, target: str, form: str) -> None:
    refused = exported(tmp_path, target, TOO_MUCH, form)
    assert isinstance(refused, Diagnostic)
    assert (refused.code, refused.hint) == ("JS067", "give -O max_determinized_states=…")
    assert "more than 10,000 states" in refused.message
    allowed = exported(tmp_path, target, TOO_MUCH, form, max_determinized_states="60000")
    assert isinstance(allowed, str)
    if form == "query_dsl":
        body = json.loads(allowed)["query"]["query_string"]
        assert body["max_determinized_states"] == 60_000
