"""What a rule can need of a query language: a closed list, and which of it a rule needs.

The support matrix of the documentation is made of this list and of the tables of the targets;
the same tables decide whether a rule is written (:mod:`jumpsigma.export.convert`).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import assert_never

from jumpsigma.ir.correlations import CorrelationIR, Threshold
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Not,
    Null,
    Number,
    Or,
    Place,
    Placeholder,
    Regex,
    RuleIR,
    Selection,
    Test,
    Text,
    TimePart,
    Value,
    Wildcard,
)


class Feature(StrEnum):
    """One thing that a rule can need; the numbers are those of semantics.md."""

    TEXT = "text"
    """A whole text, in any case (S301)."""
    EMPTY_TEXT = "empty_text"
    """``''``: an empty text, but neither null nor a missing field (S208)."""
    MANY = "many"
    """``*``, ``contains``, ``startswith``, ``endswith`` (S303, S305)."""
    ONE = "one"
    """``?``: exactly one character (S303)."""
    CASED = "cased"
    """Text in exactly this case (S302)."""
    NUMBER = "number"
    """A number, also where the event has it as text (S351)."""
    BOOLEAN = "boolean"
    """A boolean, also where the event has it as text (S352)."""
    NULL = "null"
    """A missing field or null (S207)."""
    EXISTS = "exists"
    """A key, whatever its value (S204)."""
    NOT = "not"
    """Negation, which a missing field satisfies (S406)."""
    COMPARE = "compare"
    """``lt``, ``lte``, ``gt``, ``gte`` (S353)."""
    CIDR = "cidr"
    """An address inside a network (S354)."""
    TIME_PART = "time_part"
    """``hour``, ``week`` and so on of a time (S355)."""
    REGEX = "regex"
    """A regular expression of RE2 (S361)."""
    REGEX_FLAGS = "regex_flags"
    """``re|i``, ``re|m``, ``re|s`` (S362)."""
    FIELDREF = "fieldref"
    """Another field of the event (S408)."""
    KEYWORD = "keyword"
    """A text in any value of the event (S451)."""
    ELEMENT = "element"
    """``changes[name].to``: fields of one element of a list (S251)."""
    INDICATORS = "indicators"
    """``%list%``: the values of a list (S471)."""
    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    VALUE_SUM = "value_sum"
    VALUE_AVG = "value_avg"
    VALUE_MEDIAN = "value_median"
    VALUE_PERCENTILE = "value_percentile"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    RULE_CONDITION = "rule_condition"
    """A temporal correlation whose condition is written over rules (S817)."""
    NESTED_CORRELATION = "nested_correlation"
    """A correlation over correlations (S821)."""


Needs = dict[Feature, Place | None]


def needs_of(rule: RuleIR | CorrelationIR) -> Needs:
    """What a rule needs, each with the first place in its file that needs it."""
    found: Needs = {}
    _of_rule(rule, found)
    return found


def _of_rule(rule: RuleIR | CorrelationIR, found: Needs) -> None:
    if isinstance(rule, RuleIR):
        _of_expr(rule.condition, found)
        return
    found.setdefault(Feature(rule.type), None)
    if not isinstance(rule.condition, Threshold):
        found.setdefault(Feature.RULE_CONDITION, None)
    for reference in rule.references:
        if isinstance(reference.rule, CorrelationIR):
            found.setdefault(Feature.NESTED_CORRELATION, None)
        _of_rule(reference.rule, found)


def _of_expr(expr: Expr, found: Needs) -> None:
    match expr:
        case Test(value=value, place=place):
            for feature in features_of_value(value):
                found.setdefault(feature, place)
        case Keyword(value=value, place=place):
            found.setdefault(Feature.KEYWORD, place)
            for feature in features_of_value(value):
                found.setdefault(feature, place)
        case And(items) | Or(items):
            for item in items:
                _of_expr(item, found)
        case Not(item):
            found.setdefault(Feature.NOT, None)
            _of_expr(item, found)
        case Selection(item=item):
            _of_expr(item, found)
        case Element(item=item, place=place):
            found.setdefault(Feature.ELEMENT, place)
            _of_expr(item, found)
        case _:
            assert_never(expr)


def features_of_value(value: Value) -> Iterator[Feature]:
    """What one value needs."""
    match value:
        case Text(parts, cased):
            if not parts:
                yield Feature.EMPTY_TEXT
            yield Feature.CASED if cased else Feature.TEXT
            if Wildcard.MANY in parts:
                yield Feature.MANY
            if Wildcard.ONE in parts:
                yield Feature.ONE
            if any(isinstance(part, Placeholder) for part in parts):
                yield Feature.INDICATORS
        case Number():
            yield Feature.NUMBER
        case Boolean():
            yield Feature.BOOLEAN
        case Null():
            yield Feature.NULL
        case Exists():
            yield Feature.EXISTS
        case Regex(parts, ignore_case, multi_line, dot_all):
            yield Feature.REGEX
            if ignore_case or multi_line or dot_all:
                yield Feature.REGEX_FLAGS
            if any(isinstance(part, Placeholder) for part in parts):
                yield Feature.INDICATORS
        case Network(cidr):
            yield Feature.CIDR
            if isinstance(cidr, Placeholder):
                yield Feature.INDICATORS
        case Compare():
            yield Feature.COMPARE
        case TimePart():
            yield Feature.TIME_PART
        case FieldRef():
            yield Feature.FIELDREF
        case _:
            assert_never(value)
