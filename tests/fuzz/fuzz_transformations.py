"""Mappings of any transformations with any parameters: well-formed YAML that the other target of
mappings rarely gets to.

Bytes are read as choices among what the pySigma at hand has, so that a file in the corpus means
something else to another version. A mapping that breaks something goes into ``corpus/mapping``.
"""

from __future__ import annotations

import inspect
from typing import Any

import fuzz_mapping
import yaml
from choices import Choices
from sigma.processing.conditions import (
    detection_item_conditions,
    field_name_conditions,
    rule_conditions,
)
from sigma.processing.transformations import transformations

IDS = ("aliases", "stock_only", "several_fields", "virtual_fields", "log_source", "x")
CONDITIONS: dict[str, dict[str, Any]] = {
    "rule": dict(rule_conditions),
    "detection_item": dict(detection_item_conditions),
    "field_name": dict(field_name_conditions),
}
SCALARS = (
    *("x", "a", "b", "names", "event_type", "sso_auth", "%names%", "x*", "$service", "_c", "not"),
    *("upper", "lower", "str", "num", "plain", "any", "all", "MD5", "{field}", "^x", "(x|", "\\1"),
    *("", None, True, 0, 5, -1.5, 2**70),
)
MAX_DEPTH = 2


def one_input(data: bytes) -> None:
    fuzz_mapping.one_input(yaml.safe_dump(document(Choices(data))).encode())


def document(c: Choices) -> dict[str, Any]:
    return {
        "vars": c.one_of(({}, {"names": "x"}, {"names": ["x", "y*"]}, {"names": [5, None]})),
        "transformations": [_item(c, 0), *c.some(lambda: _item(c, 0), 2)],
    }


def _item(c: Choices, depth: int) -> dict[str, Any]:
    kind = c.one_of(sorted(transformations))
    item = {"type": kind, **_parameters(c, transformations[kind])}
    if kind == "nest" and depth < MAX_DEPTH:
        item["items"] = c.some(lambda: _item(c, depth + 1), 2)
    if c.number(8) == 1:
        item["id"] = c.one_of(IDS)
    for name, kinds in CONDITIONS.items():
        if c.number(8) == 1:
            condition = c.one_of(sorted(kinds))
            item[f"{name}_conditions"] = [{"type": condition, **_parameters(c, kinds[condition])}]
            item[f"{name}_cond_not"] = c.flag()
    return item


def _parameters(c: Choices, of: Any) -> dict[str, Any]:
    names = (name for name in inspect.signature(of).parameters if not name.startswith("_"))
    return {name: _value(c, 0) for name in names if c.number(4)}


def _value(c: Choices, depth: int) -> Any:
    kind = c.number(8)
    if depth < MAX_DEPTH and kind == 1:
        return c.some(lambda: _value(c, depth + 1), 2)
    if depth < MAX_DEPTH and kind == 2:
        return dict(c.some(lambda: (str(c.one_of(SCALARS)), _value(c, depth + 1)), 2))
    return c.one_of(SCALARS)
