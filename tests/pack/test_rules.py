"""Rules: every error of a rule, each at its own line and column, on both pySigma majors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sigma.conditions import ConditionItem
from sigma.correlations import SigmaCorrelationRule
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule

from jumpsigma.content import shipped
from jumpsigma.diagnostics import Diagnostic, Severity
from jumpsigma.pack import LoadedRule, Logsource, Pack, load_pack

Load = Callable[[str], Pack]
Place = tuple[str, int, int]
Places = Callable[[tuple[Diagnostic, ...]], list[Place]]

HEAD = "title: A\nlogsource: {product: x}\n"
TAIL = "logsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n"


def with_detection(*lines: str) -> str:
    """A rule whose ``detection:`` is on line 3, the given lines following indented by two."""
    return HEAD + "detection:\n" + "".join(f"  {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("level: high", ("JS008", 1, 1)),
        ("5", ("JS008", 1, 1)),
        ("- title: A", ("JS008", 1, 1)),
    ],
)
def test_what_is_no_sigma_document(load: Load, places: Places, top: str, expected: Place) -> None:
    assert places(load(top + "\n").diagnostics) == [expected]


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("title:", [("JS010", 1, 1)]),
        ("title: 5", [("JS010", 1, 8)]),
        ("title: " + "x" * 257, [("JS010", 1, 8)]),
        ("title: A\nid: 5", [("JS010", 2, 5)]),
        ("title: A\nid: not-a-uuid", [("JS010", 2, 5)]),
        ("title: A\nname: 5", [("JS010", 2, 7)]),
        ("title: A\nname: ''", [("JS010", 2, 7)]),
        ("title: A\ntaxonomy: ''", [("JS010", 2, 11)]),
        ("title: A\nlevel: hihg", [("JS010", 2, 8)]),
        ("title: A\nlevel: [high]", [("JS010", 2, 8)]),
        ("title: A\nstatus: tset", [("JS010", 2, 9)]),
        ("title: A\ndate: 2024-13-45", [("JS010", 2, 7)]),
        ("title: A\nmodified: 24/1/1", [("JS010", 2, 11)]),
        ("title: A\ntags: x.y", [("JS010", 2, 7)]),
        ("title: A\ntags: [a.b, c, 5, d.e]", [("JS010", 2, 13), ("JS010", 2, 16)]),
        ("title: A\nrelated:\n  - {id: x, type: similar}\n  - 5",
         [("JS010", 3, 5), ("JS010", 4, 5)]),
        ("title: A\nreferences: x", [("JS010", 2, 13)]),
        ("title: A\nfalsepositives: x", [("JS010", 2, 17)]),
        ("title: A\nfields: x", [("JS010", 2, 9)]),
        ("title: A\nauthor: [x]", [("JS010", 2, 9)]),
        ("title: A\ndescription: 5", [("JS010", 2, 14)]),
        ("title: A\nlicense: 5", [("JS010", 2, 10)]),
        ("title: A\nscope: x", [("JS010", 2, 8)]),
        ("title: A\nlevel: x\nstatus: y\nid: z",
         [("JS010", 2, 8), ("JS010", 3, 9), ("JS010", 4, 5)]),
    ],
)  # fmt: skip
def test_attributes(load: Load, places: Places, attribute: str, expected: list[Place]) -> None:
    pack = load(f"{attribute}\n{TAIL}")
    assert places(pack.diagnostics) == expected
    assert pack.rules == ()


@pytest.mark.parametrize(
    ("logsource", "expected"),
    [
        ("", [("JS010", 1, 1)]),
        ("logsource:\n", [("JS010", 2, 1)]),
        ("logsource: windows\n", [("JS010", 2, 1)]),
        ("logsource: {}\n", [("JS010", 2, 1)]),
        ("logsource: {definition: x}\n", [("JS010", 2, 1)]),
        ("logsource: {product: 5, service: [x]}\n", [("JS010", 2, 22), ("JS010", 2, 34)]),
    ],
)
def test_log_sources(load: Load, places: Places, logsource: str, expected: list[Place]) -> None:
    pack = load(f"title: A\n{logsource}detection: {{s: {{a: 1}}, condition: s}}\n")
    assert places(pack.diagnostics) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["s: {a|foo: 1}", "condition: s"], [("JS011", 4, 7)]),
        (["s:", "  a|foo: 1", "  b|bar: 1", "  c: 1", "condition: s"],
         [("JS011", 5, 5), ("JS011", 6, 5)]),
        (["s:", "  - a: 1", "  - b: 1", "    c|cidr: x", "condition: s"], [("JS010", 7, 7)]),
        (["s: {a|startswith: 5}", "condition: s"], [("JS010", 4, 7)]),
        (["s: {a|base64: 'x*'}", "condition: s"], [("JS010", 4, 7)]),
        (["s: {a|contains|re: x}", "condition: s"], [("JS010", 4, 7)]),
        (["s: {a|lt: x}", "condition: s"], [("JS010", 4, 7)]),
        (["s: {a|re: '(?=x)'}", "condition: s"], [("JS030", 4, 13)]),
        (["s: {a|re: [a, '(b', '\\1']}", "condition: s"], [("JS030", 4, 17), ("JS030", 4, 23)]),
        (["s: {a|re|i: '(?<x>a)(?!b)'}", "condition: s"], [("JS030", 4, 15)]),
        (["s: {a|windash: '-a -b -c -d'}", "condition: s"], [("JS010", 4, 18)]),
        (["s: {a|contains|windash|all: [-a, ' -a /b -c /d']}", "condition: s"], [("JS010", 4, 36)]),
        (["s: {a: {b: 1}}", "condition: s"], [("JS010", 4, 7)]),
        (["s: {a: [{b: 1}, [c]]}", "condition: s"], [("JS010", 4, 11), ("JS010", 4, 19)]),
        (["s: {}", "condition: s"], [("JS010", 4, 3)]),
        (["s: [{a: 1}, {}]", "condition: s"], [("JS010", 4, 15)]),
        (["s: {on: 1}", "condition: s"], [("JS010", 4, 7)]),
        (["5: {a: 1}", "s: {a: 1}", "condition: s"], [("JS010", 4, 3)]),
        (["s: {a|utf16le: x, a|wide: y}", "condition: s"], [("JS037", 4, 7)]),
        (["condition: s"], [("JS010", 3, 1), ("JS012", 4, 14)]),
        (["s: {a: 1}"], [("JS012", 3, 1)]),
    ],
)  # fmt: skip
def test_detections(load: Load, places: Places, lines: list[str], expected: list[Place]) -> None:
    pack = load(with_detection(*lines))
    assert places(pack.diagnostics) == expected
    assert pack.rules == ()


@pytest.mark.parametrize("detection", ["", "detection:\n", "detection: [a]\n", "detection: x\n"])
def test_no_detection(load: Load, places: Places, detection: str) -> None:
    pack = load(HEAD + detection)
    line = 3 if detection else 1
    assert places(pack.diagnostics) == [("JS010", line, 1)]


@pytest.mark.parametrize("pattern", [r"\pN", r"a(?i)b", r"x\z"])
def test_regexes_that_only_re2_takes(
    load: Load, places: Places, pysigma_major: int, pattern: str
) -> None:
    pack = load(with_detection(f"s: {{a|re: '{pattern}'}}", "condition: s"))
    assert places(pack.diagnostics) == ([("JS034", 4, 7)] if pysigma_major == 1 else [])


def test_every_error_of_a_rule_is_reported(load: Load, places: Places) -> None:
    pack = load(
        "title: A\nid: 5f113a8f-8b61-41ca-b90f-d374fa7e4a39\nlevel: hihg\ntags: [x]\n"
        "logsource: {product: 5}\ndetection:\n  s: {a|foo: 1, b|cidr: x}\n  condition: s and t\n"
    )
    assert places(pack.diagnostics) == [
        ("JS010", 3, 8), ("JS010", 4, 8), ("JS010", 5, 22), ("JS011", 7, 7), ("JS010", 7, 17),
        ("JS012", 8, 14),
    ]  # fmt: skip
    assert {d.rule_id for d in pack.diagnostics} == {"5f113a8f-8b61-41ca-b90f-d374fa7e4a39"}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("title: A\nlevel: hihg\n" + TAIL, "did you mean 'high'?"),
        ("title: A\nstatus: depricated\n" + TAIL, "did you mean 'deprecated'?"),
        (with_detection("s: {a|start: x}", "condition: s"), "did you mean 'startswith'?"),
        (with_detection("s: {a|contain|all: x}", "condition: s"), "did you mean 'contains'?"),
        (with_detection("s: {a|UTF16LE: x}", "condition: s"), "did you mean 'utf16le'?"),
        (with_detection("selection: {a: x}", "condition: selektion"), "did you mean 'selection'?"),
        (with_detection("flt_a: {a: x}", "condition: 1 of filt_*"), "did you mean 'flt_a'?"),
    ],
)  # fmt: skip
def test_hints(load: Load, text: str, hint: str) -> None:
    assert [diagnostic.hint for diagnostic in load(text).diagnostics] == [hint]


def test_messages_do_not_repeat_the_place(load: Load) -> None:
    (diagnostic,) = load("title: A\nlevel: hihg\n" + TAIL).diagnostics
    assert "rule.yml" not in diagnostic.message


def test_a_bad_document_does_not_hide_the_others(load: Load, places: Places) -> None:
    good, bad = "title: G\n" + TAIL, "title: B\nlevel: x\n" + TAIL
    pack = load(f"{good}---\n{bad}---\n5\n---\n{good}")
    assert [rule.title for rule in pack.rules] == ["G", "G"]
    assert places(pack.diagnostics) == [("JS010", 6, 8), ("JS008", 10, 1)]


def test_a_rule_knows_itself(load: Load) -> None:
    pack = load(
        "title: A\nid: 5F113A8F-8B61-41CA-B90F-D374FA7E4A39\nname: a_name\nstatus: Test\n"
        "level: HIGH\ndescription: d\nauthor: b\nlicense: DRL-1.1\n"
        "date: 2024-01-31\nmodified: 2024/2/1\n"
        "references: [https://example.com]\ntags: [attack.t1000]\nfalsepositives: [none, 5]\n"
        "logsource: {category: c, product: p, service: s, definition: d}\n"
        "detection: {s: {a: 2024-01-31}, condition: s}\n"
    )
    (rule,) = pack.rules
    assert rule.kind == "rule"
    assert rule.id == "5f113a8f-8b61-41ca-b90f-d374fa7e4a39"
    assert (rule.name, rule.title, rule.status, rule.level) == ("a_name", "A", "test", "high")
    assert (rule.description, rule.author, rule.license) == ("d", "b", "DRL-1.1")
    assert (rule.date, rule.modified) == ("2024-01-31", "2024/2/1")
    assert rule.references == ("https://example.com",)
    assert rule.tags == ("attack.t1000",)
    assert rule.falsepositives == ("none", "5")
    assert rule.logsource == Logsource("c", "p", "s")
    assert rule.document["detection"]["s"] == {"a": "2024-01-31"}
    assert rule.span(("detection", "s", "a"), key=True).line == 15
    assert pack.diagnostics == ()


@pytest.mark.parametrize(
    ("date", "ok"),
    [("2024-01-31", True), ("2024/1/5", True), ("2024-01-31 10:00:00", True), ("31.1.2024", False)],
)
def test_dates_that_pysigma_takes(load: Load, date: str, ok: bool) -> None:
    assert bool(load(f"title: A\ndate: {date}\n{TAIL}").rules) is ok


@pytest.mark.parametrize(
    "detection",
    [
        "{s: [a, 5, true, null], condition: s}",
        "{s: a, condition: s}",
        "{s: {null: a}, condition: s}",
        "{s: {'|contains|all': [a, b]}, condition: s}",
        "{s: [[{a: 1}], {b: 2}], condition: s}",
        "{s: {a: []}, condition: s}",
        "{rules: {a: 1}, condition: rules}",
        "{s: {a: 1}, t: {b: 1}, condition: [s, t]}",
        "{s: {a|utf16le|base64offset|contains: x}, condition: s}",
        "{s: {a|re: x, b|windash: '-a -b -c'}, timeframe: 5m, condition: s}",
        "{s: {a|expand: '%x%', b|exists: true, c|fieldref: d, e|neq: f}, condition: s}",
    ],
)
def test_what_pysigma_takes_loads(load: Load, detection: str) -> None:
    pack = load(f"{HEAD}detection: {detection}\n")
    assert (len(pack.rules), pack.diagnostics) == (1, ())
    sigma = pack.rules[0].to_sigma()
    assert isinstance(sigma, SigmaRule)


def test_utf16le_is_wide(load: Load) -> None:
    def values(modifier: str) -> list[str]:
        text = with_detection(f"s: [{{a|{modifier}|base64: foo}}]", "condition: s")
        (rule,) = load(text).rules
        return [str(value) for item in leaves(rule) for value in item.value]

    assert values("utf16le") == values("wide") == ["ZgBvAG8A"]


def leaves(rule: LoadedRule) -> list[SigmaDetectionItem]:
    sigma = rule.to_sigma()
    assert isinstance(sigma, SigmaRule)
    found: list[SigmaDetectionItem] = []
    waiting: list[Any] = list(sigma.detection.detections.values())
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, SigmaDetection):
            waiting = [*item.detection_items, *waiting]
        else:
            found.append(item)
    return found


def test_detection_items_carry_their_places(load: Load) -> None:
    (rule,) = load(
        with_detection(
            "s:",
            "  a: 1",
            "  b|utf16le: [x, y]",
            "t:",
            "  - c: 1",
            "    d: 2",
            "  - e: 3",
            "k: [x, y]",
            "l: x",
            "m: [[x], {f: 1}]",
            "condition: 1 of them",
        )
    ).rules
    places = [
        (item.field, item.source.line, item.source.char) for item in leaves(rule) if item.source
    ]
    assert places == [
        ("a", 5, 5), ("b", 6, 5), ("c", 8, 7), ("d", 9, 7), ("e", 10, 7), (None, 11, 3),
        (None, 12, 3), (None, 13, 7), ("f", 13, 13),
    ]  # fmt: skip


def test_each_sigma_object_is_fresh(load: Load) -> None:
    (rule,) = load(HEAD + "references: [r]\ndetection: {s: {a: 1}, condition: [s, s]}\n").rules
    first = rule.to_sigma()
    assert isinstance(first, SigmaRule)
    first.detection.condition[0] = "not s"
    first.references.append("more")
    first.detection.detections["s"].detection_items.clear()
    second = rule.to_sigma()
    assert isinstance(second, SigmaRule)
    assert second.detection.condition == ["s", "s"]
    assert second.references == ["r"]
    assert isinstance(second.detection.parsed_condition[0].parsed, object)
    assert len(second.detection.detections["s"].detection_items) == 1
    assert rule.document["detection"]["condition"] == ["s", "s"]


def test_the_object_that_was_kept_is_as_those_made_later() -> None:
    """Loading keeps the one that it made to look at the rule, for the first who asks."""
    for rule in load_pack(shipped("sigma_rules"), cases=False).rules:
        first, second = (_sources(rule.to_sigma()) for _ in range(2))
        assert first == second


def _sources(sigma: SigmaRule | SigmaCorrelationRule) -> tuple[Any, ...]:
    """A rule as a dict, and every source in it."""
    if isinstance(sigma, SigmaCorrelationRule):
        return sigma.to_dict(), sigma.source
    detections = sigma.detection.detections.values()
    items = [item for each in detections for item in _items(each)]
    holders: tuple[Any, ...] = (sigma, sigma.logsource, sigma.detection, *detections)
    sources = [each.source for each in holders]
    written = [(item.field, item.modifiers, item.value, item.source) for item in items]
    return sigma.to_dict(), sigma.errors, sources, written


def _items(detection: SigmaDetection) -> Iterator[SigmaDetectionItem]:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            yield from _items(item)
        else:
            yield item


def test_sigma_objects_know_their_file(load: Load) -> None:
    (rule,) = load("title: A\n" + TAIL).rules
    source = rule.to_sigma().source
    assert source is not None
    assert str(source.path) == rule.path


GLOBAL = """\
title: G
action: global
logsource: {product: x}
level: low
---
detection: {s: {a: 1}, condition: s}
---
title: Own
detection:
  s: {a|foo: 1}
  condition: s
---
action: repeat
title: Again
detection:
  s:
    b: 2
---
action: reset
---
title: Alone
detection: {s: {a: 1}, condition: s}
---
action: globl
"""


def test_actions_merge_as_in_a_sigma_collection(load: Load, places: Places) -> None:
    pack = load(GLOBAL.replace("a|foo", "a"))
    # what is in the template wins over the document, as in pySigma
    assert [(rule.title, rule.level) for rule in pack.rules] == [
        ("G", "low"), ("G", "low"), ("Again", "low"),
    ]  # fmt: skip
    assert pack.rules[2].document["detection"] == {"s": {"a": 1, "b": 2}, "condition": "s"}
    assert [item.source.line for item in leaves(pack.rules[2]) if item.source] == [10, 17]
    assert places(pack.diagnostics) == [("JS010", 21, 1), ("JS008", 24, 9)]


def test_an_error_in_a_template_stands_in_the_template(load: Load, places: Places) -> None:
    pack = load(GLOBAL.replace("low", "lwo").partition("---\ntitle: Own")[0])
    assert places(pack.diagnostics) == [("JS010", 4, 8)]


def test_severities(load: Load) -> None:
    pack = load("title: A\nlevel: x\n" + TAIL)
    assert [diagnostic.severity for diagnostic in pack.diagnostics] == [Severity.ERROR]
    assert pack.has_errors


def test_conditions_of_loaded_rules_parse(load: Load) -> None:
    (rule,) = load(with_detection("s: {a: 1}", "t: {b: 2}", "condition: s and not t")).rules
    sigma = rule.to_sigma()
    assert isinstance(sigma, SigmaRule)
    assert isinstance(sigma.detection.parsed_condition[0].parsed, ConditionItem)
