"""A filtered scan finds what the interpreter finds on each event: rules x events x spellings.

``JUMPSIGMA_EXAMPLES`` multiplies the number of examples, for a nightly run.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layouts import Layout, laid_out, layouts
from material import LISTS, any_expressions, events_for, random_event, rule
from scans import interpreted, needs_hyperscan, scanned, sizes, whims, without_hyperscan
from spelling import PLAIN, Spelling, random_spelling, spellings
from wrapping import WRAPPERS, Event, wrap

from jumpsigma.api.rules import matcher_for
from jumpsigma.intake.wrapped import MAPPING
from jumpsigma.ir.nodes import Expr
from jumpsigma.prefilter.needs import denied_of, needs_of

TIMES = int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))
EXAMPLES = 300
#: Nothing is hidden in them and no rule is about them, so that they need not be parsed.
QUIET: list[Event] = [{"id": f"q{number}", "kind": "quiet"} for number in range(10)]


@dataclass(frozen=True, slots=True)
class Setting:
    """How a scan is made, besides its rules; ``seed`` is of all that is left to chance."""

    spelling: Spelling
    layout: Layout
    warm_up: int
    block: int
    wrapped: bool
    needy: bool
    """Whether rules are left out of which nothing is known: with one, every event is parsed.

    Those that hold where something is missing are kept.
    """
    every: bool
    whim: int | None
    seed: int


SETTINGS = st.builds(
    Setting,
    spelling=spellings(),
    layout=layouts(),
    warm_up=st.sampled_from((0, 0, 300, 3000)),
    block=st.sampled_from((64, 1000, 4096, 20_000)),
    wrapped=st.booleans(),
    needy=st.booleans(),
    every=st.sampled_from((False, False, False, True)),
    whim=st.none() | st.integers(0, 99),
    seed=st.integers(0, 9999),
)


@pytest.mark.parametrize("hyperscan", [pytest.param(True, marks=needs_hyperscan), False])
def test_filtered_as_interpreted(*, hyperscan: bool) -> None:
    seen: Counter[str] = Counter()
    examples = (EXAMPLES if hyperscan else EXAMPLES // 8) * TIMES

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(st.lists(any_expressions(), min_size=4, max_size=8), SETTINGS)
    def agree(exprs: list[Expr], setting: Setting) -> None:
        if setting.needy:
            exprs = [expr for expr in exprs if needs_of(expr) or denied_of(expr)]
        mapping = MAPPING if setting.wrapped else "sigma"
        rules = [rule(expr, number, mapping) for number, expr in enumerate(exprs)]
        file = laid_out(written(exprs, setting), setting.layout)
        matcher = matcher_for(rules, lists=LISTS)
        expected = interpreted(rules, file, LISTS, unwraps=matcher.unwraps)
        with (
            sizes(setting.warm_up, setting.block),
            nullcontext() if setting.whim is None else whims(setting.whim),
            nullcontext() if hyperscan else without_hyperscan(),
        ):
            scan = scanned(matcher, file.content, every=setting.every)
            again = scanned(matcher, file.content, learned=True)
        assert scan.told == expected
        assert again.told == expected
        assert not scan.rejects
        assert not scan.problems
        assert scan.stats.read == len(file.texts)
        seen["pairs"] += len(rules) * len(file.texts)
        seen["holding"] += len(expected)
        seen["spared"] += len(file.texts) - scan.stats.parsed

    agree()
    assert seen["pairs"] >= 300 * examples
    assert seen["holding"] >= 40 * examples
    assert (seen["spared"] >= 6 * examples) is hyperscan


def written(exprs: list[Expr], setting: Setting) -> list[tuple[Event, Spelling]]:
    """Events for and against the rules, each in the given spelling and in two by chance."""
    rng = Random(setting.seed)
    events = [random_event(rng) for _ in range(6)]
    for expr in exprs:
        events += events_for(expr, rng)
    rng.shuffle(events)
    made: list[tuple[Event, Spelling]] = [(event, PLAIN) for event in QUIET]
    for event in events:
        document = event
        if setting.wrapped:
            raw = {"event_type": "user_lockout", "service": "directory", **event}
            document = wrap(raw, rng.choice(("none", *WRAPPERS)), random_spelling(rng))
        made.append((rng.choice(QUIET), PLAIN))
        made += [
            (document, each) for each in (setting.spelling, *(random_spelling(rng) for _ in "12"))
        ]
    return made
