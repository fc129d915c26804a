"""SigmaHQ's rules on events that satisfy them, oddly written: filtered as interpreted.

``JUMPSIGMA_EXAMPLES`` multiplies the number of rules and events, for a nightly run.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from layouts import Layout, laid_out
from lowered import Outcome, read_corpus
from scans import interpreted, scanned, sizes, whims
from spelling import PLAIN, random_spelling
from witness import as_event, placeholder_lists, witness

from jumpsigma.api.rules import matcher_for
from jumpsigma.prefilter import database
from jumpsigma.prefilter.needs import needs_of

pytestmark = pytest.mark.corpus

TIMES = int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))
#: One rule file in so many is read.
STEP = max(1, 12 // TIMES)
QUIET = {"id": "q", "x": {"y": [1]}}
#: With fields that most rules are about, so that these alone tell nothing.
NEARLY = {"id": "q", "Image": "C:\\a.exe", "CommandLine": "a -b", "User": "x"}


@pytest.fixture(scope="module")
def outcomes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    archive = shared / "data" / "sigmahq" / "rules.tar.gz"
    if not archive.is_file():
        pytest.skip(f"no rule corpus at {archive}")
    folder = tmp_path_factory.mktemp("sigmahq")
    with tarfile.open(archive) as packed:
        packed.extraction_filter = getattr(tarfile, "data_filter", None)
        members = [each for each in packed.getmembers() if each.name.endswith(".yml")]
        packed.extractall(folder, members[::STEP])
    return [outcome for outcome in read_corpus(folder).outcomes if outcome.ir is not None]


@pytest.mark.parametrize("whim", [None, 1, 2])
def test_filtered_as_interpreted(outcomes: Sequence[Outcome], whim: int | None) -> None:
    rng = Random(whim)
    rules = [outcome.ir for outcome in outcomes if outcome.ir is not None]
    rules = [rule for rule in rules if needs_of(rule.condition) is not None]
    lists = {
        name: values for rule in rules for name, values in placeholder_lists(rule.condition).items()
    }
    events = [(QUIET, PLAIN), (NEARLY, PLAIN)] * (len(rules) // 2)
    for rule in rng.sample(rules, len(rules) // 2):
        row = witness(rule.condition, lists, f"{whim}")
        assert row is not None
        events.append((as_event(row), random_spelling(rng)))
    rng.shuffle(events)
    file = laid_out(events, Layout())
    expected = interpreted(rules, file, lists, unwraps=False)
    with sizes(warm_up=2000, block=16384):
        if whim is None:
            scan = scanned(matcher_for(rules, lists=lists), file.content)
        else:
            with whims(whim):
                scan = scanned(matcher_for(rules, lists=lists), file.content)
    assert scan.told == expected
    assert len(expected) >= len(rules) // 2
    if whim is None and database.load() is not None:
        assert scan.stats.parsed < 0.9 * len(file.texts)
    assert len(rules) * len(file.texts) >= 100_000
