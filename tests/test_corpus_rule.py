"""Corpus tests skip where the corpus is not there, and fail if they skip where it has to be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """\
import pytest

def test_by_fixture(shared): assert shared.is_dir()

@pytest.mark.corpus
def test_by_marker(): pytest.skip("the corpus has no such file")

@pytest.mark.corpus
@pytest.mark.xfail(strict=True)
def test_known_gap(): assert False

def test_other(): pytest.skip("nothing to do with the corpus")
"""


@pytest.mark.parametrize(
    ("present", "required", "outcome"),
    [
        (False, False, "3 skipped, 1 xfailed"),
        (True, False, "1 passed, 2 skipped, 1 xfailed"),
        (False, True, "1 failed, 1 skipped, 1 xfailed, 1 error"),
        (True, True, "1 failed, 1 passed, 1 skipped, 1 xfailed"),
    ],
)
def test_outcome(
    present: bool, required: bool, outcome: str, tmp_path: Path, checkout: Path
) -> None:
    tests = tmp_path / "checkout" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(checkout / "tests" / "conftest.py", tests)
    shutil.copy(checkout / "pyproject.toml", tests.parent)
    (tests / "test_it.py").write_text(MODULE, encoding="utf-8")
    if present:
        (tmp_path / "shared").mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUMPSIGMA", "PYTEST", "COV"))
    }
    if required:
        environment["JUMPSIGMA_REQUIRE_SHARED"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tests.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines()[-1].startswith(outcome), done.stdout + done.stderr
