"""What templates see of a rule's cases: events of which it is known whether the rule matches."""

from __future__ import annotations

from pathlib import Path

import pytest

from jumpsigma import api, load_pack
from jumpsigma.api.export_files import _cases

RULE = """title: A rule
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11
status: test
logsource: {product: jumpcloud}
detection:
  selection: {a: x}
  condition: selection
"""
ANOTHER = RULE.replace("0e-4f", "0e-4e").replace("A rule", "Another")
WRAPPED = "{_index: i, _source: {event_type: e, service: s, a: x}}"

ROWS = {
    "expect: match, event: {a: x}": [("c", True, {"a": "x"})],
    "expect: no_match, event: {a: y}": [("c", False, {"a": "y"})],
    "expect: no_match, events: [{a: y}, {}]": [("c (1)", False, {"a": "y"}), ("c (2)", False, {})],
    "expect: match, fires: 2, events: [{a: x}, {a: X}]": [
        ("c (1)", True, {"a": "x"}),
        ("c (2)", True, {"a": "X"}),
    ],
    "expect: match, fires: 1, events: [{a: x}, {a: y}]": [],
    "expect: match, events: [{a: x}, {a: y}]": [],
    "expect: match, mapping: ecs, event: {a: x}": [],
    "expect: match, lists: {l: [x]}, event: {a: x}": [],
    f"expect: match, event: {WRAPPED}": [
        ("c", True, {"event_type": "e", "service": "s", "a": "x"})
    ],
}


@pytest.mark.parametrize("case", ROWS)
@pytest.mark.parametrize("rules", [RULE, f"{RULE}---\n{ANOTHER}"])
def test_cases(tmp_path: Path, case: str, rules: str) -> None:
    (tmp_path / "r.yml").write_text(rules, encoding="utf-8")
    (tmp_path / "r.cases.yaml").write_text(f"cases:\n- {{name: c, {case}}}\n", encoding="utf-8")
    pack = load_pack(tmp_path)
    query = api.export_queries(pack, "panther").queries[0]
    found = [(each["name"], each["matches"], each["event"]) for each in _cases(query, pack)]
    assert found == (ROWS[case] if rules == RULE else [])
