"""Every check flags its bad example and nothing else does; its good example is clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from fragments import write

from jumpsigma.checks import CHECKS, PackView, Settings, run
from jumpsigma.checks.model import Check
from jumpsigma.pack import load_pack

EVERY = sorted(CHECKS.values(), key=lambda check: check.code)
RUNNABLE = [check for check in EVERY if check.example("Bad")]


def found_in(folder: Path, check: Check) -> list[str]:
    settings = Settings(select=("default", check.code))
    return [result.diagnostic.code for result in run(PackView(load_pack(folder)), settings)]


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.code)
def test_the_bad_example_is_flagged_by_its_check_alone(check: Check, tmp_path: Path) -> None:
    write(check.example("Bad"), tmp_path)
    assert set(found_in(tmp_path, check)) == {check.code}


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.code)
def test_the_good_example_is_clean(check: Check, tmp_path: Path) -> None:
    write(check.example("Good"), tmp_path)
    assert found_in(tmp_path, check) == []


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.code)
def test_the_page_is_complete(check: Check) -> None:
    assert check.page.partition("\n")[0].endswith(".")
    assert len(check.explanation) > 20 or check.title
    assert check.example("Bad") != check.example("Good")
