"""Correlations and filters: their own errors, and the rules that they name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sigma.correlations import SigmaCorrelationRule
from sigma.filters import SigmaFilter

from jumpsigma.diagnostics import Diagnostic, Severity
from jumpsigma.pack import Pack, load_pack

Load = Callable[[str], Pack]
Place = tuple[str, int, int]
Places = Callable[[tuple[Diagnostic, ...]], list[Place]]

ID = "5f113a8f-8b61-41ca-b90f-d374fa7e4a39"
RULE = (  # six lines
    f"title: R\nid: {ID}\nname: r\nlogsource: {{product: x, service: s}}\n"
    "detection: {s: {a: 1}, condition: s}\n---\n"
)


def correlation(body: str) -> str:
    """The rule ``r`` and a correlation, whose first key is on line 9."""
    return RULE + "title: C\ncorrelation:\n" + "".join(f"  {line}\n" for line in body.split("; "))


@pytest.mark.parametrize(
    "body",
    [
        "type: event_count; rules: [r]; timespan: 5m; condition: {gte: 5}",
        "type: event_count; rules: r; timespan: 5m; condition: {gte: 5}; generate: true",
        f"type: event_count; rules: {ID.upper()}; timespan: 1h; condition: {{lt: 5}}; group-by: a",
        "type: value_count; rules: [r]; timespan: 5m; condition: {gte: 5, field: a}",
        "type: value_sum; rules: [r]; timespan: 5m; condition: {gte: 5, field: a}",
        "type: value_avg; rules: [r]; timespan: 5m; condition: {gte: 5, field: a}",
        "type: value_median; rules: [r]; timespan: 5m; condition: {gte: 5, field: a}",
        ("type: value_percentile; rules: r; timespan: 5m; "
         "condition: {gt: 5, field: a, percentile: 9}"),
        "type: temporal; rules: [r]; timespan: 5m",
        "type: temporal_ordered; rules: [r]; timespan: 5m; aliases: {u: {r: a}}; group-by: [u]",
        "type: temporal; timespan: 5m; condition: r and not r",
    ],
)  # fmt: skip
def test_correlations_that_load(load: Load, body: str) -> None:
    pack = load(correlation(body))
    assert pack.diagnostics == ()
    rule, loaded = pack.rules
    assert (loaded.kind, loaded.logsource.product) == ("correlation", None)
    assert len(loaded.refers_to) == 1
    assert isinstance(loaded.to_sigma(), SigmaCorrelationRule)
    assert loaded.to_sigma() is not loaded.to_sigma()
    assert rule.refers_to == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("type: event_cuont; rules: [r]; timespan: 5m; condition: {gte: 5}", [("JS010", 9, 9)]),
        ("type: 5; rules: [r]; timespan: 5m; condition: {gte: 5}", [("JS010", 9, 9)]),
        ("type: value_sum; rules: [r, 5]; timespan: 5m; condition: {gte: 5, field: a}",
         [("JS010", 10, 14)]),
        ("type: event_count; rules: {r: 1}; timespan: 5m; condition: {gte: 5}",
         [("JS010", 10, 10)]),
        ("type: event_count; rules: [r]; timespan: 5x; condition: {gte: 5}", [("JS010", 11, 13)]),
        ("type: event_count; rules: [r]; timespan: 5m; condition: {gte: x}", [("JS010", 12, 14)]),
        ("type: event_count; rules: [r]; timespan: 5m; condition: {}", [("JS010", 12, 14)]),
        ("type: event_count; rules: [r]; timespan: 5m; condition: r", [("JS010", 12, 14)]),
        ("type: value_count; rules: [r]; timespan: 5m; condition: {gte: 5}", [("JS010", 12, 14)]),
        ("type: event_count; rules: [r]", [("JS010", 8, 1), ("JS010", 8, 1)]),
        ("timespan: 5m; rules: [r]; condition: {gte: 5}", [("JS010", 8, 1)]),
        ("type: temporal; rules: [r]; timespan: 5m; condition: r and s", [("JS010", 12, 3)]),
        ("type: temporal; timespan: 5m; condition: r and", [("JS010", 11, 14)]),
        ("type: temporal; rules: [r]; timespan: 5m; generate: 5", [("JS010", 12, 13)]),
        ("type: temporal; rules: [r]; timespan: 5m; group-by: 5", [("JS010", 12, 13)]),
        ("type: temporal; rules: [r]; timespan: 5m; aliases: {u: r}", [("JS010", 12, 12)]),
        ("type: event_cuont; rules: {r: 1}; timespan: 5x; group-by: 5; aliases: 5; condition: 5",
         [("JS010", 9, 9), ("JS010", 10, 10), ("JS010", 11, 13), ("JS010", 12, 13),
          ("JS010", 13, 12), ("JS010", 14, 14)]),
    ],
)  # fmt: skip
def test_correlations_with_errors(
    load: Load, places: Places, body: str, expected: list[Place]
) -> None:
    pack = load(correlation(body))
    assert places(pack.diagnostics) == expected
    assert [rule.title for rule in pack.rules] == ["R"]


def test_a_correlation_has_the_attributes_of_a_rule(load: Load, places: Places) -> None:
    pack = load(RULE + "title: C\nlevel: x\ncorrelation: {type: y}\n")
    assert places(pack.diagnostics)[:2] == [("JS010", 8, 8), ("JS010", 9, 1)]
    pack = load(RULE + "title: C\ncorrelation: 5\n")
    assert places(pack.diagnostics) == [("JS010", 8, 1)]


def test_fractions_of_thresholds(load: Load, places: Places, pysigma_major: int) -> None:
    pack = load(correlation("type: event_count; rules: [r]; timespan: 5m; condition: {gt: 0.5}"))
    assert places(pack.diagnostics) == ([("JS034", 12, 19)] if pysigma_major == 1 else [])


@pytest.mark.parametrize(
    ("body", "expected", "message"),
    [
        ("rules: [r, nobody]", ("JS016", 11, 14), "has the id or name 'nobody'"),
        ("rules: nobody", ("JS016", 11, 10), "no rule of the pack has the id or name 'nobody'"),
        (f"rules: [{ID.replace('5', '6')}]", ("JS016", 11, 11), "no rule of the pack"),
        ("condition: r and nobody", ("JS016", 11, 14), "no rule of the pack"),
    ],
)  # fmt: skip
def test_unknown_rules(
    load: Load, places: Places, body: str, expected: Place, message: str
) -> None:
    pack = load(correlation("type: temporal; timespan: 5m; " + body))
    assert places(pack.diagnostics) == [expected]
    assert message in pack.diagnostics[0].message
    assert pack.diagnostics[0].severity is Severity.ERROR
    assert [rule.title for rule in pack.rules] == ["R"]


def named(name: str, *rules: str) -> str:
    return (
        f"---\ntitle: {name}\nname: {name}\n"
        f"correlation: {{type: temporal, timespan: 5m, rules: [{', '.join(rules)}]}}\n"
    )


def test_what_depends_on_a_missing_rule_is_left_out_too(load: Load) -> None:
    pack = load(
        RULE + named("a", "b", "r") + named("b", "c") + named("c", "nobody") + named("d", "r")
    )
    assert [rule.title for rule in pack.rules] == ["R", "d"]
    assert [(d.code, d.message) for d in pack.diagnostics] == [
        ("JS016", "no rule of the pack has the id or name 'nobody'"),
        ("JS016", "the rule 'c' has errors"),
        ("JS016", "the rule 'b' has errors"),
    ]


def test_a_rule_with_errors_is_not_called_unknown(load: Load) -> None:
    pack = load(RULE.replace("a: 1", "a|foo: 1") + named("a", "r"))
    assert [d.message for d in pack.diagnostics if d.code == "JS016"] == ["the rule 'r' has errors"]


def test_circles(load: Load) -> None:
    pack = load(
        RULE
        + named("a", "b")
        + named("b", "a")
        + named("c", "c")
        + named("d", "a")
        + named("e", "r")
    )
    assert [rule.title for rule in pack.rules] == ["R", "e"]
    assert [d.code for d in pack.diagnostics] == ["JS016"] * 4


def test_references_cross_files_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(named("a", "b"))
    (tmp_path / "b.yml").write_text(named("b", "r"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/r.yml").write_text(RULE)
    pack = load_pack(tmp_path)
    assert ([rule.title for rule in pack.rules], pack.diagnostics) == (["a", "b", "R"], ())


def test_duplicate_ids(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.yml").write_text(RULE)
    pack = load_pack(tmp_path)
    assert len(pack.rules) == 3
    first = tmp_path / "a.yml"
    assert [
        (d.code, d.severity, d.message, Path(d.span.path).name, d.span.line, d.rule_id)
        for d in pack.diagnostics
        if d.span
    ] == [
        ("JS013", Severity.WARNING, f"the id stands already at {first}:2", name, 2, ID)
        for name in ("b.yml", "c.yml")
    ]


def sigma_filter(rules: str, logsource: str = "{product: x}") -> str:
    """The rule ``r`` and a filter; ``rules`` on line 10."""
    return (
        RULE + f"title: F\nlogsource: {logsource}\nfilter:\n"
        f"  rules: {rules}\n  ok: {{b|utf16le: 1, c: 2}}\n  condition: not ok\n"
    )


@pytest.mark.parametrize(
    ("rules", "refers_to"),
    [
        ("any", None),
        ("Any", None),
        ("[]", None),
        ("r", ("r",)),
        ("[r]", ("r",)),
        (f"[{ID}]", (ID,)),
    ],
)
def test_filters_that_load(load: Load, rules: str, refers_to: tuple[str, ...] | None) -> None:
    pack = load(sigma_filter(rules).replace("b|utf16le: 1", "b|utf16le: x"))
    assert pack.diagnostics == ()
    (loaded,) = pack.filters
    assert (loaded.title, loaded.refers_to, loaded.logsource.product) == ("F", refers_to, "x")
    sigma = loaded.to_sigma()
    assert isinstance(sigma, SigmaFilter)
    assert sigma.filter.condition == ["not ok"]
    items = sigma.filter.detections["ok"].detection_items
    assert [(i.source.line, i.source.char) for i in items if i.source] == [(11, 8), (11, 22)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (sigma_filter("r").replace("utf16le", "foo"), [("JS011", 11, 8)]),
        (sigma_filter("r").replace("not ok", "not ko"), [("JS012", 12, 14)]),
        (sigma_filter("r").replace("not ok", "[ok]"), [("JS012", 12, 3)]),
        (sigma_filter("r").replace("  condition: not ok\n", ""), [("JS012", 9, 1)]),
        (sigma_filter("5"), [("JS010", 10, 10)]),
        (sigma_filter("[r, 5]"), [("JS010", 10, 14)]),
        (sigma_filter("r").replace("  rules: r\n", ""), [("JS010", 9, 1)]),
        (sigma_filter("r", "x"), [("JS010", 8, 1)]),
        (RULE + "title: F\nlogsource: {product: x}\nfilter: 5\n", [("JS010", 9, 1)]),
        (sigma_filter("nobody"), [("JS014", 10, 10)]),
        (sigma_filter("[r, nobody]"), [("JS014", 10, 14)]),
        (sigma_filter("[r]", "{product: y}"), [("JS015", 8, 1)]),
        (sigma_filter("any", "{product: y}"), [("JS015", 8, 1)]),
        (sigma_filter("any", "{product: x, service: s, category: c}"), [("JS015", 8, 1)]),
        (sigma_filter("any", "{service: s}"), []),
    ],
)
def test_filters(load: Load, places: Places, text: str, expected: list[Place]) -> None:
    text = text.replace("b|utf16le: 1", "b|utf16le: x")
    assert places(load(text).diagnostics) == expected


def test_a_filter_that_never_applies_is_kept_and_warned_of(load: Load) -> None:
    pack = load(sigma_filter("nobody").replace("utf16le: 1", "utf16le: x"))
    assert len(pack.filters) == 1
    assert [d.severity for d in pack.diagnostics] == [Severity.WARNING]
