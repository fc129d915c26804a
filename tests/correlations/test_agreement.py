"""Our windows against the SQLite backend's on random streams; ``agreement.py`` has the counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from agreement import CORRELATIONS, STREAMS
from window_oracle import KINDS, compared

from jumpsigma.lower.pysigma1 import is_pysigma1

pytestmark = pytest.mark.skipif(is_pysigma1(), reason="the oracle needs pySigma 2")

#: What may differ at all; everything else has to agree.
ALLOWED = {
    "event_count": set[str](),
    "temporal": {"S817"},
    "temporal_ordered": {"S817", "S818"},
    "value_count": {"S813", "S816"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_windows_hold(kind: str, tmp_path: Path) -> None:
    tally = compared(kind, CORRELATIONS, STREAMS, tmp_path)
    assert tally.differing == []
    assert tally.explained.keys() <= ALLOWED.get(kind, {"S816"})
    assert tally.agreeing > 400


def test_at_least_two_thousand_streams_are_compared() -> None:
    assert len(KINDS) * CORRELATIONS * STREAMS >= 2000
