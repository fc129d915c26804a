"""The rows that a rule is tried on: its witness, its mutations, probes and random ones."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from lowered import Outcome
from reading import Leaf, Lists, Row
from values import MISSING
from witness import Mutation, as_event, mutations, placeholder_lists, witness

from jumpsigma.interpret import Trace, trace
from jumpsigma.ir.nodes import Element, Expr, Keyword, Network, Test

#: Parts of the corpus, so that several processes share the work.
SHARDS = 8
RANDOM_ROWS = 24
#: How many leaf evaluations the mutations of one rule may cost: leaves times mutated leaves.
#: Only the few rules with more than 244 leaves have some leaves left out.
_BUDGET = 60_000
_POOL = 60
_PROBES = 40


@dataclass(frozen=True, slots=True)
class Case:
    """A rule with the rows made for it; ``truths`` is how the leaves of the witness are judged."""

    outcome: Outcome
    expr: Expr
    lists: Lists
    witness: Row | None
    truths: dict[Leaf, bool]
    mutations: tuple[Mutation, ...]
    others: tuple[Row, ...] = ()

    @property
    def key(self) -> str:
        return self.outcome.key

    @property
    def tries_all(self) -> bool:
        """Whether every leaf was tried, the rule being small enough."""
        return len(self.truths) <= _most(len(self.truths))

    @property
    def rows(self) -> list[Row]:
        """Every row: the witness, then the mutations, then the probes and random ones."""
        return [
            *([] if self.witness is None else [self.witness]),
            *(mutation.row for mutation in self.mutations),
            *self.others,
        ]


def cases_of(outcomes: Sequence[Outcome]) -> list[Case]:
    """The cases of the lowered rules; random values also come from rules with the same fields."""
    cases = [_case(outcome) for outcome in outcomes if outcome.ir is not None]
    pool: dict[str, list[Any]] = defaultdict(list)
    for case in cases:
        for field, value in (case.witness or {}).items():
            pool[field].append(value)
    return [_with_random(case, pool) for case in cases]


def _case(outcome: Outcome) -> Case:
    assert outcome.ir is not None
    expr = outcome.ir.condition
    lists = placeholder_lists(expr)
    row = witness(expr, lists, outcome.key)
    if row is None:
        return Case(outcome, expr, lists, None, {}, ())
    truths = leaf_truths(trace(expr, as_event(row), lists))
    most = _most(len(truths))
    changed = tuple(mutations(expr, row, truths, lists, seed=outcome.key, most=most))
    return Case(outcome, expr, lists, row, truths, changed)


def _most(leaves: int) -> int:
    return max(10, _BUDGET // leaves)


def leaf_truths(judged: Trace) -> dict[Leaf, bool]:
    """How the interpreter judged every leaf."""
    if isinstance(judged.node, Test | Keyword | Element):
        return {judged.node: judged.holds}
    return {leaf: holds for child in judged.children for leaf, holds in leaf_truths(child).items()}


def _with_random(case: Case, pool: dict[str, list[Any]]) -> Case:
    own = case.rows
    if not own:
        return case
    rng = random.Random(f"random {case.key}")
    fields = sorted({field for row in own for field in row})
    values = {
        field: [row.get(field, MISSING) for row in rng.sample(own, min(len(own), _POOL))]
        + rng.sample(pool[field], min(len(pool[field]), _POOL))
        for field in fields
    }
    rows = [_random_row(rng.choice(own), values, rng) for _ in range(RANDOM_ROWS)]
    return replace(case, others=(*_probes(case), *rows))


def _probes(case: Case) -> Iterator[Row]:
    """Rows where two readings of Sigma are known to part: letters beyond ASCII, half addresses."""
    beyond_ascii = [row for row in case.rows if _has_case_beyond_ascii(str(row))]
    for row in beyond_ascii[:_PROBES]:
        yield {f: v.swapcase() if isinstance(v, str) else v for f, v in row.items()}
    for leaf in case.truths:
        if isinstance(leaf, Test) and isinstance(leaf.value, Network):
            address = ip_network(str(leaf.value.cidr)).network_address
            yield {**(case.witness or {}), leaf.field: f"{address} x"}


def _has_case_beyond_ascii(text: str) -> bool:
    return any(letter != letter.swapcase() for letter in text if not letter.isascii())


def _random_row(row: Row, values: dict[str, list[Any]], rng: random.Random) -> Row:
    """A row with some of its fields changed; one in eight gets a list of values."""
    made = dict(row)
    for field, choices in values.items():
        if rng.random() < 0.4:
            made[field] = rng.choice(choices)
        turn = rng.random()
        value = made.get(field, MISSING)
        if turn < 0.04:
            made[field] = rng.choice([None, MISSING, ""])
        elif turn < 0.2 and isinstance(value, str):
            made[field] = value.swapcase()
        elif turn < 0.24 and isinstance(value, str):
            made[field] = rng.choice([f"x{value}", f"{value} x", value[1:], value[:-1]])
    if rng.random() < 0.125 and values:
        field = rng.choice(list(values))
        several = [each for each in rng.choices(values[field], k=3) if each is not MISSING]
        if several and not any(isinstance(each, tuple | list) for each in several):
            made[field] = tuple(several)
    return {field: value for field, value in made.items() if value is not MISSING}
