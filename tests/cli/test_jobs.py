"""``scan --jobs N`` says what ``scan`` says, in the same order."""

from __future__ import annotations

import gzip
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from running import run_command
from scan_events import ALL, LOCKED, QUIET, TITLES, ndjson

from jumpsigma import api
from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import parts
from jumpsigma.intake.events import ReadStats, Reject
from jumpsigma.matcher import Source, parallel


@pytest.fixture
def inputs(tmp_path: Path) -> list[str]:
    """A large file of lines with rejects in it, an archive, an array, a missing file."""
    block = ndjson([QUIET] * 40 + [LOCKED]) + b"broken\n\n" + ndjson(ALL)
    (tmp_path / "large.ndjson").write_bytes(block * 60)
    (tmp_path / "a.gz").write_bytes(gzip.compress(block * 3))
    (tmp_path / "array.json").write_text(
        '[\n{"service": "directory", "event_type": "user_lockout"}]'
    )
    names = ("large.ndjson", "a.gz", "array.json", "missing", "large.ndjson")
    return [str(tmp_path / name) for name in names]


def test_the_same_findings_in_the_same_order(
    inputs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.parts_of, "__defaults__", (20_000,))
    matcher = api.compile(api.load_pack())
    expected, expected_rejects = ReadStats(), list[Reject]()
    problems, found_problems = list[Diagnostic](), list[Diagnostic]()
    one = list(
        matcher.scan_all(
            inputs, stats=expected, on_reject=expected_rejects.append, on_problem=problems.append
        )
    )
    stats, rejects, started = ReadStats(), list[Reject](), list[str]()
    two = list(
        matcher.scan_all(
            inputs,
            jobs=2,
            stats=stats,
            on_reject=rejects.append,
            on_problem=found_problems.append,
            on_start=started.append,
        )
    )
    assert len(parts.parts_of(inputs[0])) > 10
    assert two == one
    assert len(one) > 400
    # How many had to be parsed depends on where parts and blocks begin.
    assert replace(stats, parsed=0) == replace(expected, parsed=0)
    assert rejects == expected_rejects
    assert found_problems == problems
    assert started == inputs


def said(stderr: str) -> str:
    """All but how many events had to be parsed."""
    return re.sub(r"[\d,]+ parsed", "some parsed", stderr)


def test_standard_input_and_pipes_are_read_too(inputs: list[str], tmp_path: Path) -> None:
    content = ndjson(ALL)
    for place in ([], inputs):
        one = run_command("scan", *place, "-", "--format", "ndjson", stdin=content)
        two = run_command("scan", *place, "-", "--format", "ndjson", "-j", "2", stdin=content)
        assert (two.stdout, said(two.stderr)) == (one.stdout, said(one.stderr))
        assert len(two.stdout.splitlines()) >= len(TITLES)
    os.mkfifo(pipe := tmp_path / "pipe")
    writer = Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    piped = run_command("scan", pipe, "--jobs", "2")
    writer.join()
    assert "0 rejected; 3 findings" in piped.stderr


def test_the_command(inputs: list[str]) -> None:
    one = run_command("scan", *inputs, "--format", "ndjson")
    two = run_command("scan", *inputs, "--format", "ndjson", "--jobs", "2")
    assert (two.returncode, two.stdout) == (one.returncode, one.stdout)
    assert said(two.stderr) == said(one.stderr)
    assert one.returncode == 2


def test_a_process_that_dies_takes_one_part_with_it(
    inputs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.parts_of, "__defaults__", (20_000,))
    matcher = api.compile(api.load_pack())
    victim = parts.parts_of(inputs[0])[3]
    plain = parallel._scan_part

    def deadly(part: parts.Part) -> parallel.PartResult:
        if part == victim:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(part)

    monkeypatch.setattr(parallel, "_scan_part", deadly)
    monkeypatch.setattr(deadly, "__module__", parallel.__name__)
    monkeypatch.setattr(deadly, "__qualname__", "_scan_part")  # found by name in the other process
    stats, problems = ReadStats(), list[Diagnostic]()
    rejects = list[Reject]()
    paths = [inputs[0], inputs[2]]
    found = list(
        matcher.scan_all(
            paths, jobs=2, stats=stats, on_reject=rejects.append, on_problem=problems.append
        )
    )
    (problem,) = (each for each in problems if each.code != "JS077")  # events without a time
    assert (problem.code, problem.span and problem.span.path) == ("JS072", inputs[0])
    everything = list(matcher.scan_all(paths, on_reject=print))
    # What is there stands at the right lines, and only lines of one part are missing.
    assert [finding for finding in everything if finding in found] == found
    lost = [f.source.line for f in everything if f not in found and f.source is not None]
    assert lost
    assert max(lost) - min(lost) < 200
    assert found[-1].source == Source(inputs[2], 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_processes_end_with_their_parent(tmp_path: Path) -> None:
    path = tmp_path / "large.ndjson"
    path.write_bytes(ndjson([LOCKED]) * 120_000)
    command = [sys.executable, "-m", "jumpsigma", "scan", str(path), "-f", "ndjson", "-j", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the processes are at work
        process.kill()
        process.stdout.read()  # ends when the last process that could write is gone
