"""Correlations over a filtered scan are those over a scan that parses every event."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from dense import KINDS, pack, stream
from layouts import Layout, laid_out
from scans import sizes, whims, without_hyperscan
from spelling import PLAIN, random_spelling
from streams import RULES

from jumpsigma.api.lowering import LoweredPack
from jumpsigma.api.rules import matcher_of
from jumpsigma.matcher import Matcher

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


def said(matcher: Matcher, paths: list[Path], **options: Any) -> list[str]:
    return [repr(finding.to_dict()) for finding in matcher.scan_all(paths, **options)]
