"""``scan`` with an indicator store: what it names, what counts when, and a store that is no use."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import Done, run_command

RULES = """\
title: Listed domain
id: 2f1c1f57-6a5e-4bb0-9f0b-0f5f7bb6c901
level: high
logsource: {category: dns}
detection:
  sel:
    - query|expand: '%bad_domains%'
    - query|endswith|expand: '.%bad_domains%'
  condition: sel
---
title: Known word
id: 2f1c1f57-6a5e-4bb0-9f0b-0f5f7bb6c902
level: low
logsource: {category: dns}
detection: {sel: {query|contains|expand: '%words%'}, condition: sel}
"""
EVENTS = [
    {"query": "www.bad.example", "timestamp": "2026-01-15T00:00:00Z"},
    {"query": "BAD.example", "timestamp": "2026-03-15T00:00:00Z"},
    {"query": "worse.example"},
    {"query": "a-word.example"},
    {"query": "fine.example"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rules in a pack with a list of its own, events, and a home for the store."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rules.yml").write_text(RULES)
    (rules / "pack.yaml").write_text(
        "id: 6b0e2b2e-5a0e-4c80-8a5e-1f2b0f0c7d01\ntitle: Ours\nversion: 1.0.0\nlicense: DRL-1.1\n"
        "lists: {words: words.txt}\n"
    )
    (rules / "words.txt").write_text("word\n")
    (tmp_path / "events.ndjson").write_text("\n".join(map(json.dumps, EVENTS)))
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path


def command(folder: Path, *arguments: str | Path) -> Done:
    return run_command(*arguments, env={"JUMPSIGMA_HOME": str(folder / "home")})


def add(folder: Path, *lines: str, options: tuple[str, ...] = ()) -> None:
    feed = folder / "feed.txt"
    feed.write_text("\n".join(lines))
    done = command(folder, "intel", "add", feed, "--list", "bad_domains", *options)
    assert done.returncode == 0, done.stderr


def scan(folder: Path, *options: str) -> Done:
    return command(
        folder, "scan", folder / "events.ndjson", "--rules", folder / "rules", "--mapping", "sigma",
        *options,
    )  # fmt: skip


def found(done: Done) -> list[Any]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_finding_names_the_indicator(folder: Path) -> None:
    add(folder, "bad[.]example", options=("--confidence", "70", "--source", "Feed", "--tag", "c2"))
    done = scan(folder, "--format", "ndjson")
    assert done.returncode == 0
    rows = found(done)
    assert [row["source"]["line"] for row in rows] == [1, 2, 4]
    (named,) = rows[0]["indicators"]
    assert {key: named[key] for key in ("list", "value", "kind", "source", "confidence")} == {
        "list": "bad_domains",
        "value": "bad.example",
        "kind": "domain",
        "source": "Feed",
        "confidence": 70,
    }
    assert rows[2]["indicators"][0]["source"] == "Ours: words.txt"
    table = scan(folder).stdout
    assert "listed bad.example (domain) in bad_domains, from Feed, confidence 70, c2" in table
    assert "listed word in words, from Ours: words.txt" in table


def test_several_processes_find_the_same(folder: Path) -> None:
    add(folder, "bad.example", "worse.example")
    one, many = (scan(folder, "--format", "ndjson", "--jobs", jobs) for jobs in ("1", "2"))
    assert found(one) == found(many)
    assert len(found(one)) == 4
    assert all(row["indicators"] for row in found(one))


def test_processes_that_inherit_nothing_load_the_lists_themselves(folder: Path) -> None:
    add(folder, "bad.example", "worse.example")
    script = folder / "spawning.py"
    script.write_text(
        "import multiprocessing, sys\n"
        "from jumpsigma.cli.app import run\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method('spawn')\n"
        "    sys.exit(run(sys.argv[1:]))\n"
    )
    arguments = (
        "scan",
        folder / "events.ndjson",
        "--rules",
        folder / "rules",
        "--mapping",
        "sigma",
    )
    spawned = subprocess.run(
        [sys.executable, script, *arguments, "--format", "ndjson", "--jobs", "2"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "JUMPSIGMA_HOME": str(folder / "home")},
    )
    rows = [json.loads(line) for line in spawned.stdout.splitlines()]
    assert rows == found(scan(folder, "--format", "ndjson"))
    assert len(rows) == 4


def test_csv_has_the_indicators(folder: Path) -> None:
    add(folder, "bad.example")
    header, *rows = csv.reader(scan(folder, "--format", "csv").stdout.splitlines())
    assert [json.loads(row[header.index("indicators")])[0]["value"] for row in rows] == [
        "bad.example",
        "bad.example",
        "word",
    ]


def test_the_time_of_the_event_decides(folder: Path) -> None:
    add(folder, "bad.example", "worse.example", options=("--expires", "2026-02-01"))
    rows = found(scan(folder, "--format", "ndjson", "--min-level", "high"))
    assert [row["event"]["query"] for row in rows] == ["www.bad.example", "worse.example"]


def test_a_list_that_nobody_has_is_told_once(folder: Path) -> None:
    done = scan(folder, "--format", "ndjson")
    assert done.returncode == 0
    assert len(found(done)) == 1
    assert done.stderr.count("the list 'bad_domains' has no values") == 1
    assert "jumpsigma intel add FILE --list bad_domains" in done.stderr
    assert "'words'" not in done.stderr


def test_a_damaged_store_is_told_and_the_rest_is_scanned(folder: Path) -> None:
    add(folder, "bad.example")
    (store,) = (folder / "home").glob("*.sqlite")
    store.write_bytes(b"no database" * 1000)
    done = scan(folder, "--format", "ndjson")
    assert done.returncode == 2
    assert [row["rule_title"] for row in found(done)] == ["Known word"]
    assert done.stderr.count("JS081") == 1


def test_rules_without_placeholders_do_not_open_the_store(folder: Path) -> None:
    (folder / "home" / "indicators.sqlite").write_bytes(b"no database" * 1000)
    (folder / "rules" / "rules.yml").write_text(
        RULES.partition("---")[2].replace("contains|expand", "contains")
    )
    assert scan(folder).returncode == 0


def test_a_case_does_not_see_the_store(folder: Path) -> None:
    add(folder, "bad.example")
    (folder / "rules" / "rules.cases.yaml").write_text(
        "cases:\n"
        "  - {name: store, expect: no_match, event: {query: bad.example}}\n"
        "  - name: own\n    expect: match\n    event: {query: x.own.example}\n"
        "    lists: {bad_domains: [own.example]}\n"
        "  - {name: pack, expect: match, event: {query: words}}\n"
    )
    done = command(folder, "test", folder / "rules")
    assert done.returncode == 0, done.stdout


def test_explain_names_the_indicator_and_the_sizes_of_lists(folder: Path) -> None:
    add(folder, "bad.example", *(f"host{number}.example" for number in range(3_000)))
    arguments = ("Listed domain", folder / "events.ndjson", "--rules", folder / "rules")
    done = command(folder, "explain", *arguments, "--mapping", "sigma")
    assert done.returncode == 0, done.stderr
    assert ":1: Listed domain fires" in done.stdout
    assert "list bad_domains: 3,001 values" in done.stdout
    assert "listed bad.example (domain) in bad_domains, from feed.txt" in done.stdout
    data = json.loads(
        command(folder, "explain", *arguments, "--mapping", "sigma", "--format", "json").stdout
    )
    assert data["lists"] == [{"name": "bad_domains", "values": 3001}]
    assert [each["value"] for each in data["indicators"]] == ["bad.example"]


def test_explain_names_the_indicator_that_the_event_missed_in_time(folder: Path) -> None:
    (folder / "feed.csv").write_text(
        "value,valid_from,valid_until\n"
        "bad.example,2026-02-01,2026-03-01\nworse.example,,2020-01-01\n"
    )
    assert not command(
        folder, "intel", "add", folder / "feed.csv", "--list", "bad_domains"
    ).returncode
    (folder / "events.ndjson").write_text("\n".join(map(json.dumps, (EVENTS[4], *EVENTS[:2]))))
    arguments = ("explain", "Listed domain", folder / "events.ndjson", "--rules", folder / "rules")
    nearest = command(folder, *arguments, "--mapping", "sigma")
    assert nearest.returncode == 0, nearest.stderr
    assert ":2: Listed domain does not fire" in nearest.stdout
    assert nearest.stdout.endswith(
        "listed at another time bad.example (domain) in bad_domains, from feed.csv, "
        "until 2026-03-01, since 2026-02-01\n"
    )
    for line, missed in (("1", []), ("3", ["bad.example"])):
        done = command(folder, *arguments, "-m", "sigma", "--line", line, "--format", "json")
        data = json.loads(done.stdout)
        assert (data["fires"], data["indicators"]) == (False, [])
        assert [each["value"] for each in data["untimely"]] == missed


def test_a_failed_case_is_explained_with_the_lists_of_its_pack(folder: Path) -> None:
    (folder / "rules" / "rules.cases.yaml").write_text(
        "cases: [{name: quiet, expect: no_match, event: {query: a-word}}]\n"
    )
    done = command(folder, "test", folder / "rules")
    assert done.returncode == 1
    assert "Known word fires" in done.stdout
    assert "listed word in words, from Ours: words.txt" in done.stdout


def test_a_compiled_file_finds_the_same(folder: Path) -> None:
    add(folder, "bad.example", "192.0.2.0/24", options=("--expires", "2026-02-01"))
    compiled = folder / "matchers.py"
    done = command(
        folder, "compile", folder / "rules", "-t", "python", "--mapping", "sigma", "-o", compiled
    )
    assert done.returncode == 0, done.stderr
    events = folder / "events.ndjson"
    alone = subprocess.run(
        [sys.executable, "-I", "-S", compiled, events], capture_output=True, check=True, text=True
    )
    assert [json.loads(line) for line in alone.stdout.splitlines()] == found(
        scan(folder, "--format", "ndjson")
    )


def test_a_list_too_long_for_a_file_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jumpsigma.codegen.standalone.WRITTEN_LIMIT", 1)
    add(folder, "bad.example", "worse.example")
    done = command(folder, "compile", folder / "rules", "-t", "python", "--mapping", "sigma")
    assert "JS041" in done.stderr
    assert "the list 'bad_domains' of the rule 'Listed domain' has 2 values" in done.stderr
    assert "1 rule compiled" in done.stderr
