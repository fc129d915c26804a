"""Correlations: what is counted, or has to come together, among the events of a window.

A correlation refers to the rules (or correlations) whose matches it looks at, as nodes, so that
it is complete in itself. The numbers S8... are those of ``docs/reference/semantics.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal, assert_never

from jumpsigma.ir.nodes import RuleIR

#: Raised by one whenever a node of this module changes its shape or meaning.
CORRELATION_SCHEMA_VERSION = 1

CorrelationType = Literal[
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    "value_median",
    "value_percentile",
    "temporal",
    "temporal_ordered",
]
ThresholdOp = Literal["lt", "lte", "gt", "gte", "eq", "neq"]

#: More alternatives of one ordered condition than this are refused.
MAX_SEQUENCES = 64


@dataclass(frozen=True, slots=True)
class Threshold:
    """The measured number compared with a number (S811)."""

    op: ThresholdOp
    number: int | float


@dataclass(frozen=True, slots=True)
class Seen:
    """The reference of this position has a match in the window (S817)."""

    reference: int


@dataclass(frozen=True, slots=True)
class Every:
    """Every item holds."""

    items: tuple[RuleExpr, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one item holds."""

    items: tuple[RuleExpr, ...]


@dataclass(frozen=True, slots=True)
class Unseen:
    """The item does not hold (S817)."""

    item: RuleExpr


RuleExpr = Seen | Every | Some | Unseen


@dataclass(frozen=True, slots=True)
class Reference:
    """A rule whose matches count, and the fields of its events.

    ``group_by`` has a field for each name in the correlation's ``group_by``, ``fields`` for each
    in its ``fields``, in that order and in the words of the events.
    """

    name: str
    rule: RuleIR | CorrelationIR
    group_by: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CorrelationIR:
    """A correlation in the words of one mapping.

    ``timespan`` is in seconds. ``group_by`` and ``fields`` are the names that the rule's author
    wrote; each reference knows what its events call them. ``percentile`` is from 0 to 100, None
    for every other type. ``generate``: the rules that it refers to give findings of their own.
    """

    id: str | None
    title: str
    path: str
    mapping: str
    type: CorrelationType
    references: tuple[Reference, ...]
    timespan: int
    condition: Threshold | RuleExpr
    group_by: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    percentile: int | float | None = None
    generate: bool = False
    level: str | None = None
    status: str | None = None
    author: str | None = None
    license: str | None = None
    tags: tuple[str, ...] = ()
    schema_version: int = CORRELATION_SCHEMA_VERSION


class TooManySequencesError(ValueError):
    """An ordered condition has more alternatives than :data:`MAX_SEQUENCES`."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """One way to satisfy an ordered condition: these references in this order, none of those."""

    seen: tuple[int, ...]
    unseen: tuple[int, ...]


def sequences(condition: RuleExpr) -> list[Sequence]:
    """The alternatives of an ordered condition; the references in the order of their positions.

    Raises :class:`TooManySequencesError`.
    """
    found = dict.fromkeys(
        Sequence(tuple(sorted(seen)), tuple(sorted(unseen)))
        for seen, unseen in _terms(condition, negated=False)
    )
    return list(found)


_Term = tuple[frozenset[int], frozenset[int]]


def _terms(node: RuleExpr, *, negated: bool) -> list[_Term]:
    """The disjunctive normal form; what contradicts itself is left out."""
    match node:
        case Seen(reference):
            one, none = frozenset({reference}), frozenset[int]()
            return [(none, one) if negated else (one, none)]
        case Unseen(item):
            return _terms(item, negated=not negated)
        case Every(items) | Some(items):
            parts = [_terms(item, negated=negated) for item in items]
            if isinstance(node, Every) == negated:
                return _few([term for part in parts for term in part])
            found: list[_Term] = [(frozenset(), frozenset())]
            for part in parts:
                joined = ((a | c, b | d) for (a, b), (c, d) in product(found, part))
                found = _few([(seen, unseen) for seen, unseen in joined if not seen & unseen])
            return found
        case _:
            assert_never(node)


def _few(terms: list[_Term]) -> list[_Term]:
    distinct = list(dict.fromkeys(terms))
    if len(distinct) > MAX_SEQUENCES:
        raise TooManySequencesError(f"more than {MAX_SEQUENCES} alternatives")
    return distinct


def dump_correlation(correlation: CorrelationIR, depth: int = 0) -> str:
    """The correlation as text, two spaces a level, a line a node, ending in a newline."""
    by = f" by {', '.join(correlation.group_by)}" if correlation.group_by else ""
    of = f" of {', '.join(correlation.fields)}" if correlation.fields else ""
    share = f" at {correlation.percentile!r}%" if correlation.percentile is not None else ""
    generate = ", generate" if correlation.generate else ""
    lines = [
        f"{correlation.type}{of}{share}{by} in {correlation.timespan} s{generate}",
        f"  {describe_condition(correlation)}",
    ]
    for reference in correlation.references:
        fields = "; ".join(
            f"{kind} {', '.join(names)}"
            for kind, names in (("by", reference.group_by), ("of", reference.fields))
            if names
        )
        title = reference.rule.title
        lines.append(f"  {reference.name}: {title!r}{f' ({fields})' if fields else ''}")
    return "".join(f"{'  ' * depth}{line}\n" for line in lines)


def describe_condition(correlation: CorrelationIR) -> str:
    """The condition as a rule's author would write it, on one line."""
    condition = correlation.condition
    if isinstance(condition, Threshold):
        return f"{condition.op}: {condition.number!r}"
    return _expression(condition, [reference.name for reference in correlation.references])


def _expression(node: RuleExpr, names: list[str]) -> str:
    match node:
        case Seen(reference):
            return names[reference]
        case Unseen(item):
            return f"not {_expression(item, names)}"
        case Every(items) | Some(items):
            word = " and " if isinstance(node, Every) else " or "
            return f"({word.join(_expression(item, names) for item in items)})"
        case _:
            assert_never(node)
