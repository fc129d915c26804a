"""Every input of the corpus through its target, without the fuzzer.

The corpus is what fuzzing starts from, and every input on which a target once failed.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from jumpsigma.matcher import runtime

HERE = Path(__file__).parent
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.py"))
INPUTS = sorted(path for path in (HERE / "corpus").glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_input(path: Path) -> None:
    importlib.import_module(f"fuzz_{path.parent.name}").one_input(path.read_bytes())


def test_every_target_has_inputs() -> None:
    assert sorted({path.parent.name for path in INPUTS}) == TARGETS


FACTORIES = ("boolean", "compare", "network", "number", "pattern", "regex", "time_part")
LOOKING = ("elements", "folded", "leaves", "referring", "values")


@pytest.mark.parametrize("name", [*FACTORIES, *LOOKING])
def test_the_corpus_notices_a_function_that_is_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checks that say the opposite; functions that find nothing."""
    plain = getattr(runtime, name)

    def wrong(*arguments: Any) -> Any:
        found = plain(*arguments)
        return (lambda value: not found(value)) if name in FACTORIES else type(found)()

    monkeypatch.setattr(runtime, name, wrong)
    with pytest.raises(AssertionError):
        _replay("matcher")


def _replay(target: str) -> None:
    one_input = importlib.import_module(f"fuzz_{target}").one_input
    for path in INPUTS:
        if path.parent.name == target:
            one_input(path.read_bytes())
