"""``explain`` of a correlation: its events on a timeline, or how near it came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from running import Done, run_command

import jumpsigma
from jumpsigma.diagnostics import DiagnosticError

RULES = """
{title: Failed, name: failed, logsource: {category: test}, detection: {s: {k: f}, condition: s}}
---
{title: Success, name: success, logsource: {category: test}, detection: {s: {k: s}, condition: s}}
---
title: Many
name: many
correlation: {type: event_count, rules: [failed], group-by: [u], timespan: 2h, condition: {gte: 3}}
---
title: Then
correlation: {type: temporal_ordered, rules: [many, success], group-by: [u], timespan: 1d}
---
title: Either
correlation: {type: temporal, condition: failed and not success, group-by: [u], timespan: 5s}
"""


def events(*texts: str) -> bytes:
    found = []
    for number, text in enumerate(texts, 1):
        time, kind, user = text.split()
        found.append({"id": f"e{number}", "timestamp": f"2024-01-01T{time}Z", "k": kind, "u": user})
    return b"".join(json.dumps(each).encode() + b"\n" for each in found)


def explained(folder: Path, rule: str, data: bytes, *options: str) -> Done:
    (folder / "logins.yml").write_text(RULES, encoding="utf-8")
    (folder / "e.ndjson").write_bytes(data)
    return run_command(
        "explain", rule, "e.ndjson", "-r", "logins.yml", "-m", "sigma", *options, cwd=folder
    )


def test_the_events_of_each_finding_stand_on_a_timeline(tmp_path: Path) -> None:
    data = events("10:00:00 f x", "10:00:00.5 f X", "11:30:00 f y", "11:59:07 f x", "23:00:00 s x")
    done = explained(tmp_path, "Many", data)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "Many fires once\n"
        "rule logins.yml\n"
        "event_count by u within 2h\n"
        "  4 matches of Failed\n"
        "\n"
        "u=x: 3 of 3 (gte: 3)\n"
        "  2024-01-01T10:00:00Z            Failed  e.ndjson:1  e1\n"
        "  2024-01-01T10:00:00.5Z  +0.5s   Failed  e.ndjson:2  e2\n"
        "  2024-01-01T11:59:07Z    +1h59m  Failed  e.ndjson:4  e4\n"
    )


def test_a_correlation_over_a_correlation_shows_that_one(tmp_path: Path) -> None:
    data = events("10:00:00 f x", "10:01:00 f x", "10:02:00 f x", "11:02:05 s x")
    done = explained(tmp_path, "Then", data)
    assert done.stdout == (
        "Then fires once\n"
        "rule logins.yml\n"
        "temporal_ordered by u within 1d\n"
        "  1 match of Many\n"
        "  1 match of Success\n"
        "\n"
        "u=x: 2 of 2 (gte: 2)\n"
        "  2024-01-01T10:02:00Z       Many     e.ndjson:3  e3\n"
        "  2024-01-01T11:02:05Z  +1h  Success  e.ndjson:4  e4\n"
    )


def test_without_a_finding_the_nearest_window_is_shown(tmp_path: Path) -> None:
    data = events("10:00:00 f x", "12:30:00 f x", "12:31:30 f x", "13:00:00 f y")
    done = explained(tmp_path, "Many", data)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "Many does not fire"
    assert done.stdout.split("\n\n")[1] == (
        "nearest: u=x: 2 of 3 (gte: 3)\n"
        "  2024-01-01T12:30:00Z          Failed  e.ndjson:2  e2\n"
        "  2024-01-01T12:31:30Z  +1m30s  Failed  e.ndjson:3  e3\n"
    )


def test_a_condition_over_rules_counts_them(tmp_path: Path) -> None:
    data = events("10:00:00 s x", "10:00:01 f x")
    done = explained(tmp_path, "Either", data)
    assert "nearest: u=x: 2 of 2 rules (failed and not success)" in done.stdout


def test_nothing_at_all_is_said_too(tmp_path: Path) -> None:
    done = explained(tmp_path, "Many", events("10:00:00 z x"))
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "  0 matches of Failed"


def test_of_many_events_the_middle_is_counted(tmp_path: Path) -> None:
    data = events(*(f"10:00:{second:02} f x" for second in range(50)))
    text = RULES.replace("{gte: 3}", "{gte: 50}")
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    (tmp_path / "e.ndjson").write_bytes(data)
    done = run_command("explain", "many", "e.ndjson", "-r", "r.yml", "-m", "sigma", cwd=tmp_path)
    assert "  ... 30 more\n" in done.stdout
    assert len(done.stdout.splitlines()) == 6 + 21


def test_json(tmp_path: Path) -> None:
    data = events("10:00:00 f x", "10:01:00 f x", "10:02:00 f x")
    told = json.loads(explained(tmp_path, "Many", data, "--format", "json").stdout)
    assert told["fires"] is True
    assert told["nearest"] is None
    assert told["matches"] == {"Failed": 3}
    (finding,) = told["findings"]
    assert (finding["group"], finding["number"]) == ({"u": "x"}, 3)
    assert [event["offset"] for event in finding["events"]] == [0, 60, 120]
    assert finding["events"][2]["source"] == {"path": "e.ndjson", "line": 3}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Many", "--line", "1"), "a correlation is about many events"),
        (("logins.yml",), "'logins.yml' is more than one rule"),
        (("nothing",), "there is no rule 'nothing'"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    rule, *options = arguments
    done = explained(tmp_path, rule, events("10:00:00 f x"), *options)
    assert done.returncode == 2
    assert message in done.stderr


def test_unreadable_input_is_told(tmp_path: Path) -> None:
    (tmp_path / "logins.yml").write_text(RULES, encoding="utf-8")
    done = run_command("explain", "many", "none", "-r", "logins.yml", "-m", "sigma", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "JS072" in done.stderr


def test_the_file_s_name_means_the_correlation_in_it(tmp_path: Path) -> None:
    documents = list(yaml.safe_load_all(RULES))
    (tmp_path / "one.yml").write_text(
        yaml.safe_dump_all([documents[0], documents[2]]), encoding="utf-8"
    )
    pack = jumpsigma.load_pack(tmp_path)
    lines: list[Any] = events("10:00:00 f x").splitlines()
    told = jumpsigma.explain_correlation(pack, "one", [lines], "sigma")
    assert (told.correlation.title, told.fires) == ("Many", False)
    assert told.nearest is not None
    assert told.nearest.number == 1
    with pytest.raises(DiagnosticError, match="is a correlation, which no single event satisfies"):
        jumpsigma.explain(pack, "one", {}, "sigma")
    with pytest.raises(DiagnosticError, match="'Failed' is no correlation"):
        jumpsigma.explain_correlation(pack, "failed", [lines], "sigma")


def test_a_refused_correlation_says_why(tmp_path: Path) -> None:
    text = RULES.replace("{k: f}", "{k: []}")
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    (tmp_path / "e.ndjson").write_bytes(events("10:00:00 f x"))
    done = run_command("explain", "many", "e.ndjson", "-r", "r.yml", "-m", "sigma", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error JS036: the correlation 'Many' is not evaluated" in done.stderr
