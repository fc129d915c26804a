"""Events made for every rule of the corpus: what satisfies it matches, and every leaf counts."""

from __future__ import annotations

import pytest
from cases import Case, leaf_truths
from reading import evaluate, reader, reads
from witness import as_event

from jumpsigma.interpret import holds, trace

pytestmark = pytest.mark.corpus


def test_every_rule_has_an_event_that_it_matches(shard: list[Case]) -> None:
    without = [case.key for case in shard if case.witness is None]
    assert not without
    silent = [
        case.key
        for case in shard
        if case.witness is not None and not holds(case.expr, as_event(case.witness), case.lists)
    ]
    assert not silent


def test_every_leaf_is_judged_as_read(shard: list[Case]) -> None:
    """The interpreter and the second reading agree on each leaf of the witness."""
    wrong = [
        (case.key, leaf)
        for case in shard
        if case.witness is not None
        for leaf, truth in case.truths.items()
        if reads(leaf, case.witness, case.lists) is not truth
    ]
    assert not wrong


def test_a_turned_leaf_has_the_predicted_effect(shard: list[Case]) -> None:
    """One leaf turned: the verdict is the Boolean value of the tree with that leaf turned."""
    wrong = [
        (case.key, mutation)
        for case in shard
        for mutation in case.mutations
        if holds(case.expr, as_event(mutation.row), case.lists) is not mutation.expected
    ]
    assert not wrong
    turned = [{mutation.leaf for mutation in case.mutations} for case in shard]
    whole = [(case, leaves) for case, leaves in zip(shard, turned, strict=True) if case.tries_all]
    leaves = sum(len(case.truths) for case, _ in whole)
    assert sum(len(found) for _, found in whole) >= 0.95 * leaves
    assert sum(map(len, turned)) >= 3500
    # Both verdicts, or the prediction proves nothing.
    assert sum(not mutation.expected for case in shard for mutation in case.mutations) >= 1000


def test_any_row_is_judged_as_read(shard: list[Case]) -> None:
    """On recombined rows, with lists, nulls, and letters in the other case, too."""
    wrong = []
    for case in shard:
        readers = {leaf: reader(leaf, case.lists) for leaf in case.truths}
        for row in case.others:
            event = as_event(row)
            truths = {leaf: test(row) for leaf, test in readers.items()}
            judged = trace(case.expr, event, case.lists)
            verdicts = {
                evaluate(case.expr, truths.__getitem__),
                judged.holds,
                holds(case.expr, event, case.lists),
            }
            if len(verdicts) > 1 or leaf_truths(judged) != truths:
                wrong.append((case.key, row))
    assert not wrong
