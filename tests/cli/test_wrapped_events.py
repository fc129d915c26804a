"""Events inside the documents of a SIEM, scanned with the rules that want them raw, and others."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from scan_events import ALL, LOCKED, TITLES

from jumpsigma.cli.app import run


def hit(document: dict[str, Any]) -> dict[str, Any]:
    return {"_index": "logs-jumpcloud.events-default", "_id": "1", "_source": document}


WRAPPERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "Elastic": lambda event: hit({"event": {"original": json.dumps(event), "kind": "event"}}),
    "Sekoia": lambda event: {"message": json.dumps(event), "event": {"action": "?"}},
    "Google Cloud": lambda event: {"_version": "1", **event},
}


def scan(file: Path, *options: str, command: str = "scan") -> str:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert run([*command.split(), str(file), *options]) == 0, err.getvalue()
    return out.getvalue()


@pytest.fixture(params=WRAPPERS)
def wrapped(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / "events.json"
    file.write_text(json.dumps([WRAPPERS[request.param](event) for event in ALL]))
    return file


def test_findings_show_the_raw_event(wrapped: Path) -> None:
    found = [json.loads(line) for line in scan(wrapped, "--format", "ndjson").splitlines()]
    assert [each["rule_title"] for each in found] == TITLES
    assert [each["source"]["line"] for each in found] == [2, 3, 4]
    for each, event in zip(found, ALL[1:], strict=True):
        assert {key: value for key, value in each["event"].items() if key != "@version"} == event
        assert (each["event_id"], each["timestamp"]) == (event["id"], event["timestamp"])


def test_explain_sees_the_same_event(wrapped: Path) -> None:
    text = scan(wrapped, "--line", "2", command="explain jumpcloud_account_locked")
    assert "user_lockout" in text


RULE = """
title: A login in ECS
logsource: {product: other}
detection: {a: {event.kind: alert}, condition: a}
"""


def test_other_mappings_see_what_was_read(tmp_path: Path) -> None:
    """The document of an alert is what an ECS rule needs, though it holds a raw event."""
    file, rule = tmp_path / "events.json", tmp_path / "rule.yml"
    document = {"event": {"kind": "alert", "original": json.dumps(LOCKED)}}
    file.write_text(json.dumps([document]))
    rule.write_text(RULE)
    (line,) = scan(
        file, "--rules", str(rule), "--mapping", "sigma", "--format", "ndjson"
    ).splitlines()
    assert json.loads(line)["event"] == document
