"""The SigmaHQ corpus, unpacked and lowered once a session, and cut into shards for xdist."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import cast

import pytest
from cases import SHARDS, Case, cases_of
from lowered import Corpus, read_corpus

from jumpsigma.lower.pysigma1 import is_pysigma1

if is_pysigma1():
    # The backend for pySigma 1 reads some rules differently. Not collected rather than skipped:
    # where the corpus is required, a corpus test must not skip.
    collect_ignore = ["test_oracle.py"]


@pytest.fixture(scope="session")
def corpus(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Every rule of the corpus, lowered in the words of the rules themselves."""
    archive = shared / "data" / "sigmahq" / "rules.tar.gz"
    if not archive.is_file():
        pytest.skip(f"no rule corpus at {archive}")
    folder = tmp_path_factory.mktemp("sigmahq")
    with tarfile.open(archive) as packed:
        packed.extraction_filter = getattr(tarfile, "data_filter", None)
        packed.extractall(folder)
    return read_corpus(folder)


@pytest.fixture(scope="session")
def made() -> dict[int, list[Case]]:
    """The shards that are made already: xdist may come back to one after another."""
    return {}


@pytest.fixture(scope="session", params=range(SHARDS))
def shard(
    request: pytest.FixtureRequest, corpus: Corpus, made: dict[int, list[Case]]
) -> list[Case]:
    """The rules of one shard with the rows made for them."""
    part = cast("int", request.param)
    if part not in made:
        made[part] = cases_of(corpus.outcomes[part::SHARDS])
    return made[part]
