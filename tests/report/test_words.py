"""What rules say, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jumpsigma.pack import load_pack
from jumpsigma.report.words import code, logic_in_words, prose

SINGLE: list[tuple[dict[str, Any], str]] = [
    ({"a": "x"}, "`a` is `x`"),
    ({"a": ["x", 5, True]}, "`a` is one of `x`, `5`, `true`"),
    ({"a|contains|all": ["x", "y"]}, "`a` contains all of `x`, `y`"),
    ({"a|endswith": ".exe"}, "`a` ends with `.exe`"),
    ({"a|startswith|cased": "X"}, "`a` begins with `X` (case counts)"),
    ({"a|contains|windash": " -f"}, "`a` contains ` -f` (with any dash or a slash)"),
    ({"a|re|i": "x.*y"}, "`a` matches the regular expression `x.*y` (in any case)"),
    (
        {"a|wide|base64offset|contains": "x"},
        "`a` contains `x` (in UTF-16, in Base64, at any offset)",
    ),
    ({"a|cidr": "192.0.2.0/24"}, "`a` is an address in `192.0.2.0/24`"),
    ({"a|exists": True}, "`a` is there"),
    ({"a|exists": False}, "`a` is missing"),
    ({"a": None}, "`a` is missing or null"),
    ({"a": ""}, '`a` is `""`'),
    ({"a|gte": 5}, "`a` is at least `5`"),
    ({"a|hour|lt": 6}, "the hour of `a` is below `6`"),
    ({"a|neq": "x"}, "`a` is not `x`"),
    ({"a|fieldref": "b"}, "`a` is the same as the field `b`"),
    ({"a|fieldref|endswith": "b"}, "`a` ends with the field `b`"),
    ({"a|endswith|expand": ".%x%"}, "`a` ends with `.%x%`"),
]


def words(tmp_path: Path, *documents: dict[str, Any]) -> str:
    (tmp_path / "r.yml").write_text(yaml.safe_dump_all(documents, sort_keys=False))
    pack = load_pack(tmp_path / "r.yml")
    assert pack.diagnostics == ()
    names = {rule.name: rule.title for rule in pack.rules if rule.name}
    return logic_in_words(pack.rules[-1], names)


def rule(detection: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": "R", "logsource": {"category": "dns"}, "detection": detection, **more}


@pytest.mark.parametrize(("item", "said"), SINGLE)
def test_an_item(tmp_path: Path, item: dict[str, Any], said: str) -> None:
    assert f"- {said}\n" in words(tmp_path, rule({"s": item, "condition": "s"})) + "\n"


@pytest.mark.parametrize(
    ("detection", "said"),
    [
        ({"s": {"a": 1, "b": 2}}, "`s`, all of these:\n\n- `a` is `1`\n- `b` is `2`"),
        (
            {"s": [{"a": 1, "b": 2}, {"c": 3}]},
            "`s`, at least one of these:\n\n- `a` is `1`, and `b` is `2`\n- `c` is `3`",
        ),
        (
            {"s": ["x", "y"]},
            "- `x` stands anywhere in the event\n- `y` stands anywhere in the event",
        ),
        ({"s": {"a": 1}}, "`s`, this:\n\n- `a` is `1`"),
    ],
)
def test_a_detection(tmp_path: Path, detection: dict[str, Any], said: str) -> None:
    assert words(tmp_path, rule({**detection, "condition": "s"})).endswith(said)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("s and not f", "`s` **and** **not** `f`"),
        ("1 of s* and not all of f*", "**any** of `s*` **and** **not** **all** of `f*`"),
        ("(s or f) and 1 of them", "(`s` **or** `f`) **and** **any** of the detections"),
        (["s", "s and f"], "`s` **or** `s` **and** `f`"),
    ],
)
def test_a_condition(tmp_path: Path, condition: str | list[str], said: str) -> None:
    found = words(tmp_path, rule({"s": {"a": 1}, "f": {"b": 1}, "condition": condition}))
    assert found.startswith(f"The rule fires on an event for which this holds: {said}.\n")


BASES = [
    rule({"s": {"a": 1}, "condition": "s"}, name="one", title="First [of] two"),
    rule({"s": {"a": 2}, "condition": "s"}, name="two", title="Second"),
]


@pytest.mark.parametrize(
    ("correlation", "said"),
    [
        (
            {"type": "event_count", "rules": ["one"], "group-by": ["u"], "condition": {"gte": 10}},
            (
                "within 5 minutes, there are at least 10 matches of “First \\[of\\] two”. "
                "Events count together when they have the same `u`."
            ),
        ),
        (
            {"type": "value_count", "rules": ["one", "two"], "condition": {"gt": 3, "field": "h"}},
            (
                "within 5 minutes, there are more than 3 different values of `h` among the "
                "matches of “First \\[of\\] two” or “Second”. All events count together."
            ),
        ),
        (
            {"type": "value_sum", "rules": ["one"], "condition": {"lte": 3, "field": "h"}},
            "the sum of `h` is at most 3 among the matches of",
        ),
        (
            {
                "type": "value_percentile",
                "rules": ["one"],
                "condition": {"lt": 3, "field": "h", "percentile": 95},
            },
            "the 95th percentile of `h` is fewer than 3 among the matches of",
        ),
        (
            {
                "type": "temporal_ordered",
                "rules": ["one", "two"],
                "group-by": ["u"],
                "aliases": {"u": {"one": "user", "two": "name"}},
            },
            (
                "each of these matches, in this order, within 5 minutes:\n\n"
                "1. “First \\[of\\] two”\n2. “Second”\n\n"
                "Events count together when they have the same `u` (`user` or `name`)."
            ),
        ),
    ],
)
def test_a_correlation(tmp_path: Path, correlation: dict[str, Any], said: str) -> None:
    document = {"title": "C", "correlation": {**correlation, "timespan": "5m"}}
    assert said in words(tmp_path, *BASES, document)


def test_a_condition_over_rules(tmp_path: Path) -> None:
    pytest.importorskip("sigma.correlations", reason="extended conditions")
    correlation = {"type": "temporal", "condition": "one and not two", "timespan": "1h"}
    found = words(tmp_path, *BASES, {"title": "C", "correlation": correlation})
    assert (
        "within 1 hour, there are matches of “First \\[of\\] two” **and** **not** “Second”" in found
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("``", "``` `` ```"),
        (" ", "` `"),
        ("a\x1bb", "`a\\x1bb`"),
    ],
)
def test_code(text: str, shown: str) -> None:
    assert code(text) == shown


def test_prose_is_no_markup() -> None:
    assert prose("a *b*\n\n<script> [x](y) | `c` \\") == (
        r"a \*b\* \<script\> \[x\](y) \| \`c\` \\"
    )
