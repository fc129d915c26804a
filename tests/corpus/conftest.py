"""The SigmaHQ corpus, unpacked and lowered once a session, and cut into shards for xdist."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import cast

import pytest
from cases import Case, cases_of

from report import Corpus, read_corpus

#: Parts of the corpus, each a parameter, so that several processes share the work.
SHARDS = 8


@pytest.fixture(scope="session")
def corpus(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Every rule of the corpus, lowered in the words of the rules themselves."""
    archive = shared / "data" / "sigmahq" / "rules.tar.gz"
    if not archive.is_file():
        pytest.skip(f"no rule corpus at {archive}")
    folder = tmp_path_factory.mktemp("sigmahq")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return read_corpus(folder)


@pytest.fixture(scope="session", params=range(SHARDS))
def shard(request: pytest.FixtureRequest, corpus: Corpus) -> list[Case]:
    """The rules of one shard with the rows made for them."""
    return cases_of(corpus.outcomes[cast("int", request.param) :: SHARDS])
