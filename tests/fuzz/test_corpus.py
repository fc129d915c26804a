"""Every input of the corpus through its target, without the fuzzer.

The corpus is what fuzzing starts from, and every input on which a target once failed.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.py"))
INPUTS = sorted(path for path in (HERE / "corpus").glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_input(path: Path) -> None:
    importlib.import_module(f"fuzz_{path.parent.name}").one_input(path.read_bytes())


def test_every_target_has_inputs() -> None:
    assert sorted({path.parent.name for path in INPUTS}) == TARGETS
