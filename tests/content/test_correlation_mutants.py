"""Cases that prove a correlation: one with a part changed must fail one of its cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

import pytest

from jumpsigma import content
from jumpsigma.api.cases import default_mapping
from jumpsigma.api.lowering import LoweredPack, lower_chosen
from jumpsigma.api.rules import matcher_of
from jumpsigma.ir.correlations import (
    CorrelationIR,
    Every,
    RuleExpr,
    Seen,
    Some,
    Threshold,
    Unseen,
)
from jumpsigma.ir.mutants import mutants as rule_mutants
from jumpsigma.ir.nodes import Expr, RuleIR
from jumpsigma.mapping import load_mapping
from jumpsigma.matcher import Matcher
from jumpsigma.pack import Case, LoadedRule, Pack, load_pack

PACK = load_pack(content.shipped("sigma_rules"))
CORRELATIONS = [
    pytest.param(rule, id=Path(rule.path).stem) for rule in PACK.rules if rule.kind == "correlation"
]


def mutants(node: CorrelationIR) -> Iterator[tuple[str, CorrelationIR]]:
    """Every correlation that differs in one part, with what was changed."""
    condition = node.condition
    if isinstance(condition, Threshold):
        for step in (-1, 1):
            threshold = replace(condition, number=condition.number + step)
            yield f"threshold {threshold.number}", replace(node, condition=threshold)
    else:
        for what, expr in expressions(condition):
            yield what, replace(node, condition=expr)
    if node.group_by:
        references = tuple(replace(each, group_by=()) for each in node.references)
        yield "without group-by", replace(node, group_by=(), references=references)
    if isinstance(condition, Threshold) and len(node.references) > 1:
        temporal = node.type in {"temporal", "temporal_ordered"}
        every = temporal and condition.number == len(node.references)
        fewer = replace(condition, number=condition.number - 1) if every else condition
        for place, reference in enumerate(node.references):
            rest = node.references[:place] + node.references[place + 1 :]
            yield f"without {reference.name}", replace(node, references=rest, condition=fewer)
    if node.type == "temporal":
        yield "ordered", replace(node, type="temporal_ordered")
    if node.type == "temporal_ordered":
        yield "in any order", replace(node, type="temporal")


def expressions(node: RuleExpr) -> Iterator[tuple[str, RuleExpr]]:
    """Every condition over rules that differs in one part."""
    match node:
        case Seen():
            return
        case Unseen(item):
            yield f"without not: {node}", item
            for what, changed in expressions(item):
                yield what, Unseen(changed)
        case Every(items) | Some(items):
            yield f"and/or: {node}", Some(items) if isinstance(node, Every) else Every(items)
            for place, item in enumerate(items):
                rest = (*items[:place], *items[place + 1 :])
                yield f"without {item}", replace(node, items=rest)
                for what, changed in expressions(item):
                    yield what, replace(node, items=(*items[:place], changed, *items[place + 1 :]))
        case _ as never:
            assert_never(never)


def changed(lowered: LoweredPack, old: CorrelationIR, new: CorrelationIR) -> LoweredPack:
    found: dict[int, CorrelationIR] = {}

    def renewed(node: CorrelationIR) -> CorrelationIR:
        # Each node once: a matcher knows what a correlation refers to by its identity.
        if id(node) not in found:
            below = tuple(
                replace(each, rule=renewed(each.rule))
                if isinstance(each.rule, CorrelationIR)
                else each
                for each in (new if node is old else node).references
            )
            found[id(node)] = replace(new if node is old else node, references=below)
        return found[id(node)]

    return replace(lowered, correlations=tuple(map(renewed, lowered.correlations)))


def passes(matcher: Matcher, case: Case) -> bool:
    findings = len(matcher.match_all(case.events))
    if case.fires is not None:
        return findings == case.fires
    return (findings > 0) == (case.expect == "match")


def survivors(pack: Pack, rule: LoadedRule) -> list[str]:
    """What can be changed in a correlation without failing a case of its file."""
    name = default_mapping(pack, rule)
    rules = [each for each in pack.rules if each.path == rule.path]
    lowered = lower_chosen(pack, load_mapping(name), rules, rules)
    (node,) = (each for each in lowered.correlations if each.title == rule.title)
    cases = [
        (case, matcher_of(lowered, pack.lists_with(case.lists)))
        for file in pack.cases
        if file.rule_path == rule.path
        for case in file.cases
        if case.mapping in {None, name}
    ]
    assert all(passes(matcher, case) for case, matcher in cases)

    def survives(mutant: CorrelationIR) -> bool:
        other = changed(lowered, node, mutant)
        return all(
            passes(
                Matcher(
                    other.rules,
                    matcher._program,
                    correlations=other.correlations,
                    silent=other.silent,
                ),
                case,
            )
            for case, matcher in cases
        )

    return [what for what, mutant in mutants(node) if survives(mutant)]


def surviving_parts(pack: Pack, path: str) -> list[str]:
    """What can be changed in the rules of a file that are counted without failing a case of it."""
    rules = [each for each in pack.rules if each.path == path]
    name = default_mapping(pack, rules[-1])
    lowered = lower_chosen(pack, load_mapping(name), rules, rules)
    cases = [
        case
        for file in pack.cases
        if file.rule_path == path
        for case in file.cases
        if case.mapping in {None, name}
    ]

    def survives(base: RuleIR, condition: Expr) -> bool:
        other = exchanged(lowered, base, replace(base, condition=condition))
        matcher = matcher_of(other, pack.lists)
        return all(passes(matcher, case) for case in cases)

    return [
        f"{base.title}: {what}: {node}"
        for base in lowered.rules
        for what, node, condition in rule_mutants(base.condition)
        if survives(base, condition)
    ]


def exchanged(lowered: LoweredPack, old: RuleIR, new: RuleIR) -> LoweredPack:
    found: dict[int, CorrelationIR | RuleIR] = {id(old): new}

    def renewed(node: CorrelationIR | RuleIR) -> Any:
        if isinstance(node, CorrelationIR) and id(node) not in found:
            below = tuple(replace(each, rule=renewed(each.rule)) for each in node.references)
            found[id(node)] = replace(node, references=below)
        return found.get(id(node), node)

    return replace(
        lowered,
        rules=tuple(map(renewed, lowered.rules)),
        correlations=tuple(map(renewed, lowered.correlations)),
    )


@pytest.mark.parametrize("rule", CORRELATIONS)
def test_no_mutant_of_a_shipped_correlation_survives(rule: LoadedRule) -> None:
    assert survivors(PACK, rule) == []


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=Path(path).stem)
        for path in sorted({rule.path for rule in PACK.rules if rule.kind == "correlation"})
    ],
)
def test_no_mutant_of_a_rule_that_is_counted_survives(path: str) -> None:
    assert surviving_parts(PACK, path) == []


RULES = """
{title: A, name: a, logsource: {category: test}, detection: {s: {k: a}, condition: s}}
---
{title: B, name: b, logsource: {category: test}, detection: {s: {k: b}, condition: s}}
---
title: C
name: c
correlation: {type: CONDITION, rules: [a, b], timespan: 1m, group-by: [g]REST}
"""
GOOD = [
    ("match", "a 0 x", "b 1 x"),
    ("no_match", "b 0 x", "a 1 x"),
    ("no_match", "a 0 x", "b 1 y"),
    ("no_match", "a 0 x", "a 1 x"),
    ("no_match", "b 0 x", "b 1 x"),
]


def written(folder: Path, kind: str, rest: str, cases: list[tuple[str, ...]]) -> Pack:
    text = RULES.replace("CONDITION", kind).replace("REST", rest)
    (folder / "c.yml").write_text(text, encoding="utf-8")
    lines = ["cases:"]
    for number, (expect, *events) in enumerate(cases):
        lines += [f"  - name: case {number}", f"    expect: {expect}", "    events:"]
        for event in events:
            letter, second, group = event.split()
            lines.append(
                f"      - {{k: {letter}, timestamp: {1700000000 + int(second)}, g: {group}}}"
            )
    (folder / "c.cases.yaml").write_text("\n".join(lines), encoding="utf-8")
    return load_pack(folder)


@pytest.mark.parametrize(
    ("kind", "rest", "cases", "expected"),
    [
        ("temporal_ordered", "", GOOD, []),
        ("temporal_ordered", "", GOOD[:1] + GOOD[2:], ["in any order"]),
        ("temporal_ordered", "", GOOD[:2] + GOOD[3:], ["without group-by"]),
        ("temporal_ordered", "", [GOOD[0], *GOOD[3:]], ["without group-by", "in any order"]),
        ("temporal", "", [GOOD[0], *GOOD[2:]], ["ordered"]),
        ("temporal", "", [GOOD[0], ("match", *GOOD[1][1:]), *GOOD[2:]], []),
        (
            "event_count",
            ", condition: {gte: 2}",
            [("match", "a 0 x", "a 1 x"), ("no_match", "a 0 x", "a 1 y"), ("no_match", "a 0 x")],
            ["without b"],
        ),
        (
            "event_count",
            ", condition: {gte: 3}",
            [("match", "a 0 x", "b 1 x", "a 2 x", "b 3 x"), ("no_match", "a 0 x", "b 1 x")],
            ["threshold 4", "without group-by"],
        ),
    ],
)
def test_a_case_that_is_missing_lets_a_mutant_survive(
    kind: str, rest: str, cases: list[tuple[str, ...]], expected: list[str], tmp_path: Path
) -> None:
    pack = written(tmp_path, kind, rest, cases)
    (rule,) = (each for each in pack.rules if each.kind == "correlation")
    assert survivors(pack, rule) == expected


def test_conditions_over_rules_are_changed_in_every_part() -> None:
    expr = Every((Seen(0), Unseen(Some((Seen(1), Seen(2))))))
    found = [changed for _, changed in expressions(expr)]
    assert found == [
        Some(expr.items),
        Every(expr.items[1:]),
        Every(expr.items[:1]),
        Every((Seen(0), Some((Seen(1), Seen(2))))),
        Every((Seen(0), Unseen(Every((Seen(1), Seen(2)))))),
        Every((Seen(0), Unseen(Some((Seen(2),))))),
        Every((Seen(0), Unseen(Some((Seen(1),))))),
    ]
