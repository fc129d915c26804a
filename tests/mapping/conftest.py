"""How a mapped rule is written down in the tables of this folder.

``a = x | y`` one of two values, ``a = x & y`` both, ``not a = x``, ``a = null``; `and` and `or`
between fields. What stands there is pySigma's own object, so both majors must give one text.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.conditions import ConditionAND
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaRegularExpression,
    SigmaType,
)

from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import Expr
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import load_pack

Say = Callable[[str, dict[str, Any], Any], dict[str, str] | list[str]]
Holds = Callable[[str | Path, dict[str, Any], Any, dict[str, Any]], bool]


def rule(logsource: dict[str, Any], detection: dict[str, Any]) -> SigmaRule:
    return SigmaRule.from_dict({"title": "t", "logsource": logsource, "detection": detection})


def write(detection: SigmaDetection | SigmaDetectionItem, *, top: bool = True) -> str:
    if isinstance(detection, SigmaDetectionItem):
        link = " & " if detection.value_linking is ConditionAND else " | "
        text = f"{detection.field} = {link.join(map(_value, detection.value))}"
        return f"not {text}" if detection.negated else text
    link = " and " if detection.item_linking is ConditionAND else " or "
    parts = [write(item, top=False) for item in detection.detection_items]
    return link.join(parts) if top or len(parts) == 1 else f"({link.join(parts)})"


def _value(value: SigmaType) -> str:
    match value:
        case SigmaNull():
            return "null"
        case SigmaExists(exists=exists):
            return "present" if exists else "missing"
        case SigmaBool(boolean=boolean):
            return str(boolean).lower()
        case SigmaRegularExpression():
            return f"/{value.regexp}/"
        case SigmaFieldReference(field=field):
            return f"<{field}>"
        case SigmaCasedString():
            return f"cased({value})"
        case _:
            return str(value)


@pytest.fixture
def say() -> Say:
    """Map a selection: its text and the log source's, or the codes and messages of the refusals."""

    def mapped(
        mapping: str, logsource: dict[str, Any], selection: Any
    ) -> dict[str, str] | list[str]:
        detection = {"selection": selection, "condition": "selection"}
        result = load_mapping(mapping).apply(rule(logsource, detection))
        if result.sigma is None:
            return [f"{each.code} {each.message}" for each in result.diagnostics]
        (condition,) = result.sigma.detection.parsed_condition
        texts = {name: write(each) for name, each in result.sigma.detection.detections.items()}
        added = "_logsource and (selection)" if "_logsource" in texts else "selection"
        assert condition.condition == added
        return texts

    return mapped


@pytest.fixture
def matches(tmp_path: Path) -> Holds:
    """Whether an event satisfies a selection, in the words of a mapping."""

    conditions: dict[tuple[str | Path, str], Expr] = {}

    def evaluate(
        mapping: str | Path, logsource: dict[str, Any], selection: Any, event: dict[str, Any]
    ) -> bool:
        document = {
            "title": "A rule of the test",
            "logsource": logsource,
            "detection": {"selection": selection, "condition": "selection"},
        }
        text = yaml.safe_dump(document)
        if (mapping, text) not in conditions:
            path = tmp_path / "rule.yml"
            path.write_text(text, encoding="utf-8")
            (loaded,) = load_pack(path).rules
            lowered = lower_rule(loaded, load_mapping(mapping))
            assert lowered.rule is not None, lowered.diagnostics
            conditions[mapping, text] = lowered.rule.condition
        return holds(conditions[mapping, text], event)

    return evaluate
