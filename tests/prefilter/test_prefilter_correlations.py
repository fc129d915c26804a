"""Correlations over a filtered scan are those over a scan that parses every event.

``JUMPSIGMA_EXAMPLES`` multiplies the number of examples, for a nightly run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from dense import KINDS, pack, stream
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layouts import Layout, laid_out
from material import LISTS, Event, any_expressions, events_for, rule
from scans import sizes, whims, without_hyperscan
from spelling import PLAIN, random_spelling
from streams import RULES

from jumpsigma.api.lowering import LoweredPack
from jumpsigma.api.rules import matcher_of
from jumpsigma.intake.wrapped import MAPPING
from jumpsigma.ir.correlations import CorrelationIR, Reference, Threshold
from jumpsigma.ir.nodes import Expr
from jumpsigma.matcher import Matcher

TIMES = int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))
QUIET = {"id": "q", "kind": "quiet", "timestamp": "2023-11-14T22:13:20Z"}
LAYOUTS = (Layout(), Layout(crlf=True, blanks=True), Layout("lines", "gzip"), Layout("minified"))
ROUNDS = 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.form} {layout.coding}")
def test_filtered_as_unfiltered(kind: str, layout: Layout, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(ROUNDS):
        rng = Random(f"{kind} {seed}")
        correlations, events = pack(rng, kind), stream(rng)
        silent = frozenset(range(rng.randint(0, len(RULES))))
        matcher = matcher_of(LoweredPack(RULES, correlations, silent))
        spellings = [random_spelling(rng) if seed % 2 else PLAIN for _ in events]
        odd = list(zip(events, spellings, strict=True))
        mixed = [(QUIET, PLAIN), *(each for pair in odd for each in (pair, (QUIET, PLAIN)))]
        paths = [tmp_path / "a", tmp_path / "b"]
        for path, part in zip(paths, (mixed[: len(odd)], mixed[len(odd) :]), strict=True):
            path.write_bytes(laid_out(part, layout).content)
        with without_hyperscan():
            expected = said(matcher, paths)
        with sizes(block=700):
            assert said(matcher, paths) == expected, seed
            assert said(matcher, paths, limit=3) == expected, seed
            with whims(seed):
                assert said(matcher, paths) == expected, seed
        seen["findings"] += len(expected)
    assert seen["findings"] >= ROUNDS


TIMES_OF_EVENTS = (
    "2023-11-14T22:13:20Z",
    "2023-11-14T22:13:21.5Z",
    "2023-11-14T23:59:59.9999999Z",
    "2023-11-14T23:59:59.999999999Z",
    "2023-11-15T00:00:00Z",
    "2023-11-14T23:59:60Z",
    "2023-11-15T01:59:59+02:00",
    "2023-11-14T22:13:20",
    "2023-11-14 22:13:20Z",
    "2023-11-14t22:13:20z",
    "1677-09-21T00:12:43Z",
    "2262-04-12T00:00:00Z",
    "9999-12-31T23:59:59Z",
    1_700_000_000,
    1_700_000_000_000,
    None,
    "soon",
)
KINDS_OF_VALUES: tuple[Any, ...] = (
    *(1, 1.0, True, "1", "true", "TRUE", "True", 0, False, "0", -0.0, None, "", [], {}),
    *(["1"], [1], [True], ["a", "b"], ["b", "a"], [["a"]], "a", "A", "o\u212a", 2**63, 1e22, 100.0),
)


def alike(expr: Expr, rng: Random) -> Iterator[Event]:
    """Events that a rule may hold on, which look alike and differ in what values are."""
    for base in (*events_for(expr, rng), *events_for(expr, rng)):
        for _ in range(8):
            event = {"g": rng.choice(("x", "x", "X", *KINDS_OF_VALUES)), **base}
            if event and rng.random() < 0.3:
                event[rng.choice(list(event))] = rng.choice(KINDS_OF_VALUES)
            if rng.random() < 0.03:
                event[rng.choice(("a.b", "changes", "@timestamp", "_version"))] = rng.choice(
                    (*KINDS_OF_VALUES, *TIMES_OF_EVENTS)
                )
            event["timestamp"] = rng.choice(TIMES_OF_EVENTS[: 5 if rng.random() < 0.95 else None])
            event["id"] = f"e{rng.randrange(60)}"
            yield dict(rng.sample(list(event.items()), len(event)))


@pytest.mark.parametrize("mapping", ["sigma", MAPPING])
def test_events_that_look_alike(mapping: str, tmp_path: Path) -> None:
    """What is found out of one event, and then taken for others, is true of them."""
    seen: Counter[str] = Counter()

    @settings(max_examples=80 * TIMES, suppress_health_check=list(HealthCheck))
    @given(st.lists(any_expressions(), min_size=1, max_size=3), st.integers(0, 9999))
    def agree(exprs: list[Expr], seed: int) -> None:
        rng = Random(seed)
        rules = [rule(expr, number, mapping) for number, expr in enumerate(exprs)]
        correlation = CorrelationIR(
            id=None,
            title="correlation",
            path="c.yml",
            mapping=mapping,
            type=rng.choice(("event_count", "value_count")),
            references=tuple(Reference(each.title, each, ("g",), ("n",)) for each in rules),
            timespan=rng.choice((1, 3600)),
            condition=Threshold("gte", rng.choice((1, 2, 3))),
            group_by=("g",),
            fields=("n",),
        )
        silent = frozenset(range(rng.randint(0, len(rules))))
        matcher = matcher_of(LoweredPack(tuple(rules), (correlation,), silent), LISTS)
        events = [(event, PLAIN) for expr in exprs for event in alike(expr, rng)]
        if mapping == MAPPING:
            events = [({"event_type": "x", **event}, PLAIN) for event, _ in events]
        odd = [(event, random_spelling(rng)) for event, _ in rng.sample(events, len(events) // 3)]
        path = tmp_path / "events"
        path.write_bytes(laid_out(rng.sample(events + odd, len(events + odd)), Layout()).content)
        with without_hyperscan():
            expected = said(matcher, [path])
        with sizes(block=1 << 16):
            assert said(matcher, [path]) == expected
        with sizes(block=5000), whims(seed):
            assert said(matcher, [path]) == expected
        seen["correlated"] += sum("'correlation'" in each for each in expected)

    agree()
    assert seen["correlated"] >= 200 * TIMES


def said(matcher: Matcher, paths: list[Path], **options: Any) -> list[str]:
    matcher._prefilters.clear()  # what another scan has chosen to look for is not for this one
    return [repr(finding.to_dict()) for finding in matcher.scan_all(paths, **options)]
