"""Whatever a document holds, checks say something or nothing, and never break."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from fragments import CORRELATION, FILTER, RULE

import jumpsigma
from jumpsigma.checks.fix import fixed
from jumpsigma.diagnostics.outlets import to_github, to_junit, to_markdown
from jumpsigma.diagnostics.sarif import to_sarif

ODD: list[Any] = [None, True, 0, -1.5, "", " ", "x", "%", "*", "\\", "a\nb", "\u202e", [], [None],
                  [""], [1], [True], [[]], [{}], [{"a": 1}], {}, {"a": None}, {"a": [1, "x"]},
                  {"a": {"b": 1}}, {"": "x"}, {"|re": "("}, {"|contains": ""}, {"a|re": "[a-z]*"},
                  "9999999999999999999999", "0xZZ", "2024-13-45", "[", "\ud7ff"]  # fmt: skip
KEYS = ["title", "id", "name", "status", "description", "license", "references",
        "author", "date", "modified", "tags", "fields", "falsepositives", "level", "scope",
        "logsource", "detection", "lvel", "correlation", "filter", "action",
        "taxonomy", "related"]  # fmt: skip
INNER = [("detection", "selection"), ("detection", "condition"), ("logsource", "product"),
         ("logsource", "service"), ("logsource", "odd"), ("correlation", "rules"),
         ("correlation", "condition"), ("correlation", "group-by"), ("filter", "selection"),
         ("filter", "rules")]  # fmt: skip


def documents() -> list[dict[str, Any]]:
    found = []
    for template in (RULE, CORRELATION, FILTER):
        base = yaml.safe_load(template.format(id="5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11"))
        base["date"] = str(base["date"])
        found += [{**base, key: odd} for key, odd in product(KEYS, ODD)]
        for (section, key), odd in product(INNER, ODD):
            if section in base:
                found.append({**base, section: {**base[section], key: odd}})
    jumpcloud = yaml.safe_load(RULE.format(id="5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11"))
    jumpcloud["date"] = "2025-01-30"
    jumpcloud["logsource"] = {"product": "jumpcloud"}
    for field, odd in product(
        ("event_type", "service", "changes.to", "changes[].to", "x|all"), ODD
    ):
        selection = {field: odd, "changes.field": odd}
        detection = {"selection": selection, "condition": "selection"}
        found.append({**jumpcloud, "detection": detection})
    return found


@pytest.mark.parametrize("style", ["block", "json"])
def test_no_document_breaks_a_check(style: str, tmp_path: Path) -> None:
    for number, document in enumerate(documents()):
        text = yaml.safe_dump(document) if style == "block" else json.dumps(document)
        (tmp_path / f"rule_{number:04}.yml").write_text(text, encoding="utf-8")
    pack = jumpsigma.load_pack(tmp_path)
    assert len(pack.rules) + len(pack.filters) > 500
    found = jumpsigma.validate(pack, select=["all"])
    assert len(found.results) > 1000
    to_sarif(found.diagnostics)
    to_github(found.diagnostics)
    to_junit(found.diagnostics, pack.files)
    to_markdown(found.diagnostics)
    for change in fixed(found.results):
        assert change.before != change.after
