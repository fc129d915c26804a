"""``jumpsigma synth`` as a command: where the events go, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import jumpsigma
from jumpsigma.cli.app import run


def test_events_go_to_stdout_as_the_library_makes_them(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert run(["synth", "--count", "25", "--seed", "4", "--people", "9"]) == 0
    out, err = capfdbinary.readouterr()
    made = list(jumpsigma.synthesize(25, seed=4, people=9))
    assert [json.loads(line) for line in out.splitlines()] == made
    assert out.endswith(b"\n")
    assert err == b""


def test_files_plain_and_gzip_hold_the_same(tmp_path: Path) -> None:
    plain, packed, labels = (tmp_path / name for name in ("a.ndjson", "a.ndjson.gz", "l.ndjson"))
    options = ["synth", "--count", "2500", "--attack", "admin-lockout", "--labels", str(labels)]
    assert run([*options, "-o", str(plain)]) == 0
    assert run([*options, "--output", str(packed)]) == 0
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    first = packed.read_bytes()
    assert run([*options, "--output", str(packed)]) == 0
    assert packed.read_bytes() == first

    rows = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    assert [set(row) for row in rows] == [{"scenario", "event_id", "timestamp", "rule_titles"}] * 7
    assert rows[-1]["rule_titles"] == ["Jumpcloud Account Locked - Administrator"]


def test_attacks_are_named_in_any_case(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    made = []
    for name in ("all", "ALL"):
        assert run(["synth", "--count", "5", "--attack", name]) == 0
        made.append(capfdbinary.readouterr().out)
    assert made[0] == made[1]
    assert made[0].count(b"\n") > 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--attack", "ransom"], "there is no attack 'ransom'"),
        (["--count", "-3"], "count is -3"),
        (["--start", "soon"], "start is 'soon'"),
        (["-o", "missing/folder/events.ndjson"], "JS091"),
        (["--labels", "missing/folder/labels.ndjson"], "JS091"),
        (["--count", "many"], "--count"),
        (["-o", "same", "--labels", "./same"], "JS091"),
    ],
)
def test_wrong_use_exits_with_2_and_makes_nothing(
    options: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["synth", *options]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []
