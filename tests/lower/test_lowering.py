"""What rules become in the IR: one golden a topic, in the words of ``jumpsigma.ir.dump``."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetectionItem

from jumpsigma.ir.dump import dump
from jumpsigma.lower import Lowered, lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import load_pack

RULE = """\
title: rule
id: 5b1a3e0c-54c6-4a0f-9d56-0d3c1a9b7f11
logsource: {{category: test}}
detection:
{detection}
"""


def lower(folder: Path, detection: str, mapping: str = "sigma") -> Lowered:
    text = RULE.format(detection=indent(dedent(detection).strip("\n"), "    "))
    (folder / "rule.yml").write_text(text, encoding="utf-8")
    pack = load_pack(folder)
    assert pack.diagnostics == ()
    return lower_rule(pack.rules[0], load_mapping(mapping), pack.filters)


CASES = {
    "a map is and, a list of maps is or": (
        """
        sel:
          - {a: x, b: 1}
          - c: true
        condition: sel
        """,
        """
        selection sel
          or
            and
              a: 'x'
              b: 1
            c: true
        """,
    ),
    "virtual fields of one map share an element, others do not": (
        """
        one:
          changes[mfa].from: true
          user: x
          changes[MFA].to: false
          changes[*].to: 1
          changes[*].from|exists: true
        two: {"changes[mfa].to": false}
        condition: one and not two
        """,
        """
        and
          selection one
            and
              element changes[mfa]
                and
                  from: true
                  to: false
              user: 'x'
              element changes[*]
                and
                  to: 1
                  from: exists
          not
            selection two
              element changes[mfa]
                to: false
        """,
    ),
    "an element can be tested itself, and refer to its own fields": (
        """
        sel:
          "changes[a]|exists": true
          "changes[b].from|fieldref": changes[b].to
        condition: sel
        """,
        """
        selection sel
          and
            element changes[a]
              (element): exists
            element changes[b]
              from: equals field to
        """,
    ),
    "all with expansions keeps each expansion an alternative": (
        """
        sel: {a|windash|contains|all: ["-x", "y"]}
        condition: sel
        """,
        """
        selection sel
          and
            or
              a: '*-x*'
              a: '*/x*'
              a: '*–x*'
              a: '*—x*'
              a: '*―x*'
            a: '*y*'
        """,  # noqa: RUF001 - the dashes are the point
    ),
    "neq negates the whole list": (
        """
        sel: {a|neq: [x, null], b|neq|all: [1, 2]}
        condition: sel
        """,
        """
        selection sel
          and
            not
              or
                a: 'x'
                a: null
            not
              and
                b: 1
                b: 2
        """,
    ),
    "regular expressions keep flags and anchors": (
        """
        sel: {a|re|i|m|s: 'x+', b|re|startswith: 'a|b', c|re|endswith: 'x'}
        condition: sel
        """,
        None,
    ),
    "times, networks, comparisons": (
        """
        sel: {t|hour: 3, t|hour|gte: 22, n|cidr: 10.0.0.0/8, x|gt: 1.5, y|fieldref|startswith: z}
        condition: sel
        """,
        """
        selection sel
          and
            t: hour = 3
            t: hour >= 22
            n: in 10.0.0.0/8
            x: > 1.5
            y: startswith field z
        """,
    ),
    "placeholders remember all": (
        """
        sel: {a|expand: '%one%', b|endswith|expand|all: ['.%two%', x]}
        condition: sel
        """,
        """
        selection sel
          and
            a: '%one%'
            and
              b: '*.%two% (all)'
              b: '*x'
        """,
    ),
    "networks of a list beside a list and a network": (
        """
        sel:
          a|cidr|expand: ['%nets%', 192.0.2.0/24]
          a|expand: '%nets%'
          b|expand|cidr|all: '%nets%'
        condition: sel
        """,
        """
        selection sel
          and
            or
              a: in %nets%
              a: in 192.0.2.0/24
            a: '%nets%'
            b: in %nets% (all)
        """,
    ),
    "several conditions are alternatives": (
        """
        one: {a: 1}
        two: {a: 2}
        condition: [one, not two]
        """,
        """
        or
          selection one
            a: 1
          not
            selection two
              a: 2
        """,
    ),
    "patterns choose in file order, without names that begin with _": (
        """
        sel_b: {a: 1}
        _sel_c: {a: 3}
        sel_a: {a: 2}
        condition: all of sel_* and not 1 of them
        """,
        """
        and
          and
            selection sel_b
              a: 1
            selection sel_a
              a: 2
          not
            or
              selection sel_b
                a: 1
              selection sel_a
                a: 2
        """,
    ),
}


@pytest.mark.parametrize("name", [name for name, (_, tree) in CASES.items() if tree is not None])
def test_tree(name: str, tmp_path: Path) -> None:
    detection, tree = CASES[name]
    lowered = lower(tmp_path, detection)
    assert lowered.rule is not None, lowered.diagnostics
    assert dump(lowered.rule.condition) == dedent(tree or "").lstrip("\n")


def test_regex_means_the_same_on_both_majors(tmp_path: Path) -> None:
    # pySigma 2 groups alternations before it adds `.*`, 1.5.1 does not: the verdicts are equal.
    from jumpsigma.interpret import holds

    lowered = lower(tmp_path, CASES["regular expressions keep flags and anchors"][0])
    assert lowered.rule is not None
    event = {"a": "1\nXX", "b": "bcd", "c": "zx"}
    assert holds(lowered.rule.condition, event)
    for change in ({"a": "y"}, {"b": "cb"}, {"c": "xz"}):
        assert not holds(lowered.rule.condition, event | change)


REFUSED = {
    "lookaround": ("sel: {a|re: '(?=x)y'}\ncondition: sel", "JS030", 6),
    "empty list": ("sel: {a: []}\ncondition: sel", "JS031", 6),
    "null keyword": ("sel: [null, x]\ncondition: sel", "JS032", 6),
    "broken virtual field": ('sel: {"changes[a.to": x}\ncondition: sel', "JS038", 6),
    "reference out of the element": (
        'sel: {"changes[a].to|fieldref": "changes[b].to"}\ncondition: sel',
        "JS038",
        6,
    ),
    "reference into an element": (
        'sel: {"a|fieldref": "changes[b].to"}\ncondition: sel',
        "JS038",
        6,
    ),
    "path without end": (f"sel: {{{'a.' * 70}a: x}}\ncondition: sel", "JS038", 6),
    "nots without end": (f"sel: {{a: x}}\ncondition: {'not ' * 150}sel", "JS012", 7),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_code_and_line(name: str, tmp_path: Path) -> None:
    detection, code, line = REFUSED[name]
    (tmp_path / "rule.yml").write_text(RULE.format(detection=indent(detection, "    ")))
    pack = load_pack(tmp_path)
    found = list(pack.diagnostics)
    for rule in pack.rules:
        found += lower_rule(rule, load_mapping("sigma"), pack.filters).diagnostics
    assert [(each.code, each.span.line if each.span else 0) for each in found] == [(code, line - 1)]


def test_stock_pysigma_refuses_networks_of_a_list() -> None:
    # It gives an error, not a query that means something else.
    for key in ("a|cidr|expand", "a|expand|cidr"):
        with pytest.raises(SigmaError):
            SigmaDetectionItem.from_mapping(key, "%nets%")
