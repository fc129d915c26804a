"""The generated matcher over the corpus: each rule on its own rows, and all rules on one event."""

from __future__ import annotations

import os
from typing import Any

import pytest
from cases import Case
from lowered import Corpus
from witness import as_event

from jumpsigma.api.rules import matcher_for
from jumpsigma.interpret import holds, matched, trace
from jumpsigma.ir.nodes import RuleIR
from jumpsigma.lower.pysigma1 import is_pysigma1

pytestmark = pytest.mark.corpus

#: Both majors lower to the same IR (ir_digest.txt), so that one of them is enough for the bulk.
#: ``JUMPSIGMA_EXAMPLES`` multiplies the number, for a nightly run.
ROWS = (2 if is_pysigma1() else 12) * int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))
#: The interpreter takes some ten milliseconds for an event and all rules.
EVENTS_FOR_ALL = ROWS // 2


def test_each_rule_as_interpreted(shard: list[Case]) -> None:
    wrong: list[tuple[Any, ...]] = []
    compared = 0
    for case in shard:
        assert case.outcome.ir is not None
        matcher = matcher_for([case.outcome.ir], lists=case.lists)
        for row in case.rows[:: max(1, len(case.rows) // ROWS)]:
            event = as_event(row)
            judged = trace(case.expr, event, case.lists)
            found = matcher.match(event)
            compared += 1
            if bool(found) is not judged.holds:
                wrong.append((case.key, row))
            elif found and repr(found[0].matched) != repr(matched(judged)):
                wrong.append((case.key, row, found[0].matched, matched(judged)))
    assert not wrong
    assert compared >= ROWS * len(shard) // 2


def test_dispatch_misses_no_rule(shard: list[Case], corpus: Corpus) -> None:
    """All rules at once: the gates let every rule through that holds."""
    rules: list[RuleIR] = [o.ir for o in corpus.outcomes if o.ir is not None]
    matcher = matcher_for(rules)
    rows = [case.witness for case in shard if case.witness is not None]
    step = max(1, len(rows) // EVENTS_FOR_ALL)
    for row in rows[::step]:
        event = as_event(row)
        expected = [rule.id for rule in rules if holds(rule.condition, event, {})]
        assert [finding.rule_id for finding in matcher.match(event)] == expected
        assert expected
