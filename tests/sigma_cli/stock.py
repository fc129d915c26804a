"""What the stock backends of sigma make of a pack with a mapping file of ours."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from proof import Written
from sigma.collection import SigmaCollection
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDERS = {"shipped": CHECKOUT / "sigma_rules", "features": CHECKOUT / "tests/prove/rules"}


class Converted(NamedTuple):
    """Queries, and by the title of a rule why it has none."""

    written: list[Written]
    refused: dict[str, str]


def backend(module: str, name: str) -> Any:
    """A backend class of the environment with pySigma 1, where it must be."""
    if find_spec(module.rpartition(".")[0]) is None or find_spec(module) is None:
        assert os.environ.get("JUMPSIGMA_EXPECT_PYSIGMA") != "1", f"{module} is not installed"
        pytest.skip(f"{module} is not installed")
    return getattr(import_module(module), name)


def convert(cls: Any, mapping: str, pack: str) -> Converted:
    """Convert every rule by itself, as `sigma convert -s` does, but for what it stops at."""
    text = (CHECKOUT / "mappings" / f"{mapping}.yml").read_text(encoding="utf-8")
    converter = cls(ProcessingPipeline.from_yaml(text))
    rules = SigmaCollection.load_ruleset([str(FOLDERS[pack])], collect_errors=True)
    rules.resolve_rule_references()
    found = Converted([], {})
    for rule in rules.rules:
        single = isinstance(rule, SigmaRule)
        try:
            queries = (
                converter.convert_rule(rule) if single else converter.convert_correlation_rule(rule)
            )
        except Exception as error:  # noqa: BLE001 - that of a backend may be any
            found.refused[rule.title] = f"{type(error).__name__}: {error}"
            continue
        spoken_for = not rule._output
        assert queries or spoken_for, f"{rule.title} is dropped in silence"
        assert single, f"{rule.title}: a correlation has been written"
        key = str(rule.id) if rule.id else rule.title
        found.written.extend(Written(key, rule.title, query) for query in queries)
    return found
