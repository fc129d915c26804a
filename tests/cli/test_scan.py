"""``jumpsigma scan``: forms of input, formats, exit codes, and what goes wrong."""

from __future__ import annotations

import csv
import gzip
import io
import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

import pytest
from running import run_command as run
from scan_events import ALL, LOCKED, QUIET, TITLES, ndjson

FORMS: dict[str, bytes] = {
    "ndjson": ndjson(ALL),
    "pretty array": json.dumps(ALL, indent=2).encode(),
    "array, an event a line": b"[" + b",\n".join(json.dumps(e).encode() for e in ALL) + b"]",
    "array on one line": json.dumps(ALL).encode(),
    "ndjson gz": gzip.compress(ndjson(ALL)),
    "pretty array gz": gzip.compress(json.dumps(ALL, indent=2).encode()),
    "utf-16": ("\n".join(map(json.dumps, ALL))).encode("utf-16"),
    "bom and crlf": b"\xef\xbb\xbf" + ndjson(ALL).replace(b"\n", b"\r\n"),
}


def findings(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    for each in found:
        each["source"].pop("path")
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["file", "stdin"])
def test_every_form_gives_identical_findings(form: str, way: str, tmp_path: Path) -> None:
    path = tmp_path / "events.bin"  # the name says nothing: content is sniffed
    path.write_bytes(FORMS[form])
    if way == "file":
        done = run("scan", path, "--format", "ndjson")
    else:
        done = run("scan", "-", "--format", "ndjson", stdin=FORMS[form])
    assert done.returncode == 0, done.stderr
    found = findings(done.stdout)
    assert [each["rule_title"] for each in found] == TITLES
    assert [each["source"]["line"] for each in found] == [2, 3, 4]
    assert [each["event"] for each in found] == ALL[1:]
    assert "4 events read, 4 parsed, 0 rejected; 3 findings (3 medium)" in done.stderr


def test_ndjson_contract(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson([LOCKED]))
    (found,) = map(json.loads, run("scan", path, "--format", "ndjson").stdout.splitlines())
    assert list(found) == [
        "rule_id",
        "rule_title",
        "level",
        "author",
        "license",
        "tags",
        "event_id",
        "timestamp",
        "source",
        "matched",
        "event",
    ]
    assert found["source"] == {"path": str(path), "line": 1}
    assert found["matched"] == {"event_type": ["user_lockout"], "service": ["directory"]}
    assert found["license"] == "DRL-1.1"
    assert found["author"]
    assert (found["event_id"], found["timestamp"]) == (LOCKED["id"], LOCKED["timestamp"])


def test_json_csv_and_table_hold_the_same_findings(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson(ALL))
    as_json = json.loads(run("scan", path, "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(run("scan", path, "--format", "csv").stdout)))
    table = run("scan", path).stdout
    assert [each["rule_title"] for each in as_json] == TITLES
    assert [each["rule_title"] for each in rows] == TITLES
    assert all(title in table for title in TITLES)
    assert "\x1b" not in table


EXITS = {
    "findings alone are no failure": ([], 0),
    "fail on their level": (["--fail-on", "medium"], 1),
    "fail on a lower level": (["--fail-on", "low"], 1),
    "not on a higher one": (["--fail-on", "high"], 0),
    "rules below the level do not run": (["--min-level", "high", "--fail-on", "low"], 0),
    "unknown level": (["--fail-on", "severe"], 2),
    "unknown mapping": (["--mapping", "jumpclod"], 2),
    "unknown option": (["--frobnicate"], 2),
    "unknown log source attribute": (["--logsource", "produkt=jumpcloud"], 2),
    "log source without a value": (["--logsource", "product"], 2),
    "rules that are not there": (["--rules", "no/such/folder"], 2),
    "no rule for this log source": (
        ["--logsource", "product=jumpcloud,service=sso", "--fail-on", "low"],
        0,
    ),
    "a rule for this log source": (
        ["--logsource", "product=jumpcloud,service=directory", "--fail-on", "low"],
        1,
    ),
}


@pytest.mark.parametrize("name", EXITS)
def test_exit_code(name: str, tmp_path: Path) -> None:
    options, code = EXITS[name]
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson(ALL))
    done = run("scan", path, *options)
    assert done.returncode == code, done.stderr
    if code == 2:
        assert done.stdout == ""
        assert done.stderr.strip()


@pytest.mark.parametrize(
    "options",
    [
        ["--logsource", "service=drectory"],
        ["--min-level", "critical"],
        ["--logsource", "product=jumpcloud,service=radius", "--min-level", "critical"],
    ],
)
def test_a_scan_without_a_rule_says_so(options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson(ALL))
    done = run("scan", path, *options)
    assert (done.returncode, done.stdout.strip()) == (0, "")
    assert "warning JS090: no rule runs on these events" in done.stderr
    assert "no rule runs" not in run("scan", path).stderr


def test_bad_lines_are_told_counted_and_kept(tmp_path: Path) -> None:
    path, kept = tmp_path / "e.ndjson", tmp_path / "rejects"
    bad = [b"not json", b'{"a": ', b"[1]", b'\xff\xfe{"a": 1}', b"42"]
    path.write_bytes(ndjson([QUIET]) + b"\n".join(bad) + b"\n\n" + ndjson([LOCKED]))
    done = run("scan", path, "--rejects", kept, "--format", "ndjson")
    assert done.returncode == 0
    assert findings(done.stdout)[0]["source"]["line"] == 8
    assert "7 events read, 2 parsed, 5 rejected" in done.stderr
    assert f"{path}:2:" in done.stderr
    assert kept.read_bytes() == b"\n".join(bad) + b"\n"
    assert run("scan", path, "--strict").returncode == 1


def test_the_rejects_never_overwrite_what_is_scanned(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(content := b"not json\n" + ndjson(ALL))
    (tmp_path / "link").symlink_to(path)
    for scanned, kept in ((path, path), (tmp_path, path), (path, tmp_path / "link")):
        done = run("scan", scanned, "--rejects", kept)
        assert (done.returncode, done.stdout) == (2, "")
        assert "JS091: the rejects would overwrite an input" in done.stderr
        assert path.read_bytes() == content


def test_the_rejects_never_overwrite_a_rule(tmp_path: Path) -> None:
    path, rule = tmp_path / "e.ndjson", tmp_path / "r.yml"
    path.write_bytes(b"not json\n")
    rule.write_text(text := "title: not yet a rule\n")
    done = run("scan", path, "--rules", rule, "--rejects", rule)
    assert done.returncode == 2
    assert "JS091: the rejects would overwrite an input" in done.stderr
    assert rule.read_text() == text


def test_many_bad_lines_are_counted_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(b"x\n" * 40)
    brief, whole = run("scan", path), run("scan", path, "--verbose")
    assert brief.stderr.count("JS070") == 5
    assert "and 35 more lines" in brief.stderr
    assert whole.stderr.count("JS070") == 40


def test_an_unreadable_input_does_not_hide_the_others(tmp_path: Path) -> None:
    good, cut = tmp_path / "good.ndjson", tmp_path / "cut.gz"
    good.write_bytes(ndjson(ALL))
    cut.write_bytes(gzip.compress(ndjson(ALL) * 2000)[:-30])
    missing = run("scan", tmp_path / "missing.ndjson", good, "--format", "ndjson")
    assert missing.returncode == 2
    assert len(findings(missing.stdout)) == 3
    assert "missing.ndjson" in missing.stderr
    damaged = run("scan", cut, good, "--format", "ndjson")
    assert damaged.returncode == 2
    assert len(findings(damaged.stdout)) > 3 * 1000
    assert "JS073" in damaged.stderr


def test_a_folder_and_several_files(tmp_path: Path) -> None:
    (tmp_path / "logs" / "deep").mkdir(parents=True)
    (tmp_path / "logs" / "b.ndjson").write_bytes(ndjson([LOCKED]))
    (tmp_path / "logs" / "deep" / "a.json.gz").write_bytes(FORMS["pretty array gz"])
    (tmp_path / "logs" / "readme.txt").write_text("not an event file")
    done = run("scan", tmp_path / "logs", "--format", "ndjson")
    assert len(findings(done.stdout)) == 4
    assert "5 events read" in done.stderr


def test_a_bad_rule_does_not_hide_a_good_one(tmp_path: Path) -> None:
    events, rules = tmp_path / "e.ndjson", tmp_path / "rules"
    events.write_bytes(ndjson(ALL))
    rules.mkdir()
    (rules / "bad.yml").write_text(
        "title: bad\nlogsource: {product: jumpcloud}\ndetection: {a: b\n"
    )
    done = run("scan", events, "--rules", rules, "--rules", "shipped", "--format", "ndjson")
    assert done.returncode == 2
    assert len(findings(done.stdout)) == 3
    assert "bad.yml:4:1: error JS002" in done.stderr or "bad.yml:3" in done.stderr


def test_a_correlation_speaks_for_its_rule_and_is_not_in_a_file_of_its_own(tmp_path: Path) -> None:
    (path := tmp_path / "e.ndjson").write_bytes(ndjson(ALL))
    (tmp_path / "c.yml").write_text(
        "title: Many\ncorrelation:\n    type: event_count\n"
        "    rules: [92ca6e79-104c-4010-8635-8d3a7c244778]\n"
        "    group-by: [client_ip]\n    timespan: 1h\n    condition: {gte: 2}\n"
    )
    packs = ("--rules", "shipped", "--rules", tmp_path / "c.yml")
    scanned = findings(run("scan", path, "--format", "ndjson", *packs).stdout)
    alone = findings(run("scan", path, "--format", "ndjson").stdout)
    rule = "92ca6e79-104c-4010-8635-8d3a7c244778"
    assert rule in {finding["rule_id"] for finding in alone}
    assert scanned == [finding for finding in alone if finding["rule_id"] != rule]
    words = ("compile", "shipped", tmp_path / "c.yml", "-t", "python", "--strict", "--verbose")
    compiled = run(*words)
    assert compiled.returncode == 1
    told = f"{tmp_path / 'c.yml'}:2:1: error JS036: the correlation 'Many' is not in the file"
    assert told in compiled.stderr
    assert rule not in compiled.stdout


def test_a_filter_tunes_the_shipped_rules(tmp_path: Path) -> None:
    events, own = tmp_path / "e.ndjson", tmp_path / "own"
    events.write_bytes(ndjson([LOCKED, LOCKED | {"resource": {"username": "load-test"}}]))
    own.mkdir()
    rule_id = next(
        row["id"]
        for row in json.loads(run("list", "rules", "--format", "json").stdout)
        if row["title"] == "Jumpcloud Account Locked"
    )
    (own / "filter.yml").write_text(
        "title: Load tests\nid: 0b1d0c3e-6f3c-4a52-9a53-5ad3a0e3b7a1\n"
        "logsource: {product: jumpcloud, service: directory}\n"
        f"filter:\n  rules: [{rule_id}]\n  selection: {{resource.username: load-test}}\n"
        "  condition: not selection\n"
    )
    done = run("scan", events, "-r", "shipped", "-r", own, "--format", "ndjson")
    assert [each["source"]["line"] for each in findings(done.stdout)] == [1], done.stderr


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson([LOCKED]) * 20000)
    command = [sys.executable, "-m", "jumpsigma", "scan", str(path), "--format", "ndjson"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read().decode()
        assert process.wait(timeout=60) == 0
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


def test_ctrl_c_ends_quietly() -> None:
    command = [sys.executable, "-m", "jumpsigma", "scan", "-", "--format", "ndjson"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        feeder = Thread(target=_feed, args=(process.stdin,), daemon=True)
        feeder.start()
        process.stdout.readline()  # the scan is running, and there is always more to read
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        errors = process.stderr.read().decode()
        assert process.wait(timeout=30) == 130
        feeder.join(timeout=30)
    assert "Traceback" not in errors
    assert "interrupted" in errors


def _feed(stream: IO[bytes]) -> None:
    lines = ndjson([LOCKED]) * 100
    with suppress(BrokenPipeError):
        while True:
            stream.write(lines)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson([LOCKED]) * 2000)
    command = [sys.executable, "-m", "jumpsigma", "scan", str(path), "--format", "ndjson"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 2
    assert b"JS091" in done.stderr
    assert b"Traceback" not in done.stderr


def test_hostile_text_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    evil = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe"
    path.write_bytes(ndjson([LOCKED | {"resource": {"username": evil}, "timestamp": evil}]))
    for done in (run("scan", path), run("explain", "jumpcloud_account_locked", path)):
        assert "\x1b" not in done.stdout + done.stderr
        assert "\u202e" not in done.stdout


def test_real_samples_are_read(shared: Path) -> None:
    done = run("scan", shared / "data/jumpcloud/sekoia/raw_events.ndjson")
    assert done.returncode == 0
    assert "10 events read, 10 parsed, 0 rejected" in done.stderr
