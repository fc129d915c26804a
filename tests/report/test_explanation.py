"""What ``explain`` prints, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import jumpsigma
from jumpsigma.report.explanation import explanation_dict, explanation_text

HEAD = "title: T\nname: t\nlogsource: {product: jumpcloud}\n"
EVENT = {
    "service": "directory",
    "client_ip": ["192.0.2.1", "198.51.100.7"],
    "changes": [{"field": "mfa", "from": True, "to": False}, {"field": "state", "to": "x"}],
}

GOLDENS = {
    "a list": (
        "detection:\n  s:\n    client_ip|cidr: [198.51.100.0/24, 203.0.113.0/24]\n  condition: s\n",
        """\
T fires
true   selection s  [line 5]
true     or
true       client_ip: in 198.51.100.0/24  [line 6]  <- the event has "192.0.2.1", "198.51.100.7"
false      client_ip: in 203.0.113.0/24  [line 6]  <- the event has "192.0.2.1", "198.51.100.7"
""",
    ),
    "a missing field": (
        "detection:\n  s:\n    sucess: true\n  condition: s\n",
        """\
T does not fire
false  selection s  [line 5]
false    sucess: true  [line 6]  <- the event has no such field
""",
    ),
    "not": (
        "detection:\n  s:\n    service: ldap\n  condition: not s\n",
        """\
T fires
true   not
false    selection s  [line 5]
false      service: 'ldap'  [line 6]  <- the event has "directory"
""",
    ),
    "a virtual field": (
        "detection:\n  s:\n    changes[mfa].to: false\n    changes[gone].to: 1\n  condition: s\n",
        """\
T does not fire
false  selection s  [line 5]
false    and
true       element changes[mfa]  [line 6]  <- 1 such element
true         to: false  [line 6]  <- the event has false
false      element changes[gone]  [line 7]  <- no such element
false        to: 1  [line 7]  <- the event has no such field
""",
    ),
    "keywords": (
        "detection:\n  s:\n    - '51.100'\n    - nowhere\n  condition: s\n",
        """\
T fires
true   selection s  [line 5]
true     or
true       keyword: '51.100'  [line 5]  <- client_ip has "198.51.100.7"
false      keyword: 'nowhere'  [line 5]  <- in no value of the event
""",
    ),
}


def explained(folder: Path, rule: str, event: dict[str, Any] = EVENT) -> jumpsigma.Explanation:
    (folder / "t.yml").write_text(HEAD + rule, encoding="utf-8")
    pack = jumpsigma.load_pack(folder)
    assert pack.diagnostics == ()
    return jumpsigma.explain(pack, "T", event)


@pytest.mark.parametrize("name", GOLDENS)
def test_goldens(name: str, tmp_path: Path) -> None:
    rule, expected = GOLDENS[name]
    head, path, *lines = explanation_text(explained(tmp_path, rule)).splitlines(keepends=True)
    assert path == f"rule {tmp_path / 't.yml'}\n"
    assert head + "".join(lines) == expected


def test_a_filter_is_named_where_its_lines_are(tmp_path: Path) -> None:
    (tmp_path / "f.yml").write_text(
        "title: F\nlogsource: {product: jumpcloud}\nfilter:\n  rules: [t]\n"
        "  office:\n    service: directory\n  condition: not office\n",
        encoding="utf-8",
    )
    rule = "detection:\n  s:\n    service: directory\n  condition: s\n"
    explanation = explained(tmp_path, rule)
    text = explanation_text(explanation)
    assert "true       service: 'directory'  [line 6]  <-" in text
    assert f"[line 6 of {tmp_path / 'f.yml'}]" in text
    assert explanation_dict(explanation)["condition"]["items"][0]["path"] == str(tmp_path / "t.yml")
