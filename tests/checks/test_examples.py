"""Every check flags its bad example and nothing else does; its good example is clean."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from fragments import write

import jumpsigma
from jumpsigma.checks import CHECKS
from jumpsigma.checks.model import Check

EVERY = sorted(CHECKS.values(), key=lambda check: check.code)
# What pySigma 1.5 misreads is refused where it is installed, before any check sees it.
REFUSED = {"JS191": "JS034", "JS192": "JS034"} if version("pysigma").startswith("1.") else {}


def found_in(example: str, folder: Path, check: Check) -> set[str]:
    before: dict[str, dict[str, Any]] | None = None
    earlier, divider, now = example.partition("# now\n")
    if divider:
        write(earlier.removeprefix("# before\n"), folder / "before")
        pack = jumpsigma.load_pack(folder / "before")
        before = {rule.id: rule.document for rule in pack.rules if rule.id is not None}
    write(now or earlier, folder / "now")
    pack = jumpsigma.load_pack(folder / "now")
    found = jumpsigma.validate(pack, select=("default", check.code), before=before)
    return {diagnostic.code for diagnostic in found.diagnostics}


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.code)
def test_the_bad_example_is_flagged_by_its_check_alone(check: Check, tmp_path: Path) -> None:
    expected = REFUSED.get(check.code, check.code)
    assert found_in(check.example("Bad"), tmp_path, check) == {expected}


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.code)
def test_the_good_example_is_clean(check: Check, tmp_path: Path) -> None:
    assert found_in(check.example("Good"), tmp_path, check) == set()


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.code)
def test_the_page_is_complete(check: Check) -> None:
    assert check.page.partition("\n")[0].endswith(".")
    assert check.example("Bad")
    assert check.example("Good")
