"""The bar of a scan: what it says, when it is there, and that nothing stays behind."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import pytest

from jumpsigma.intake.records import ReadStats
from jumpsigma.report.progress import DELAY, ScanProgress

ERASE_LINE = "\x1b[2K"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_bytes(bytes(1000))
    return path


def lines(stream: Terminal) -> list[str]:
    """What the terminal showed, draw by draw."""
    return CONTROL.sub("", stream.getvalue()).replace("\r", "\n").split("\n")


def run(stream: io.StringIO, inputs: list[str], seconds: float = 1) -> ScanProgress:
    """Four reads of 100 bytes each, each taking some time, in the second input."""
    clock, stats, findings = Clock(), ReadStats(), Counter[str | None]()
    progress = ScanProgress(stream, inputs, stats, findings, clock=clock)
    with progress:
        for path in inputs:
            progress.start(path)
        for size in (100, 200, 300, 400):
            clock.now += seconds
            stats.read += 1000
            findings["high"] += 1
            findings[None] += 1
            progress.advance(size)
    return progress


def test_bytes_events_findings_time_left(file: Path) -> None:
    stream = Terminal()
    run(stream, [str(file)])
    shown = lines(stream)
    assert any("0.4/1.0 kB" in line or "400/1,000 bytes" in line for line in shown), shown
    assert any("4,000 events, 8 findings" in line for line in shown)
    # 100 bytes a second, 600 to go.
    assert any("0:00:06 left" in line for line in shown)


def test_the_total_is_that_of_all_inputs(file: Path) -> None:
    stream = Terminal()
    run(stream, [str(file), str(file.parent / "absent"), str(file)])
    assert "?" in stream.getvalue()
    other = file.with_name("other")
    other.write_bytes(bytes(3000))
    stream = Terminal()
    run(stream, [str(file), str(other)])
    assert any("1.4/4.0 kB" in line for line in lines(stream))


def test_a_pipe_has_no_end_to_count_towards() -> None:
    stream = Terminal()
    run(stream, ["-"])
    shown = lines(stream)
    assert any("400/? bytes" in line for line in shown), shown
    assert any("4,000 events" in line for line in shown)


def test_nothing_stays_behind(file: Path) -> None:
    stream = Terminal()
    run(stream, [str(file)])
    assert stream.getvalue().rstrip("\r").endswith(ERASE_LINE)


def test_a_short_scan_needs_no_bar(file: Path) -> None:
    stream = Terminal()
    run(stream, [str(file)], seconds=DELAY / 5)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_no_bar_on_a_dumb_terminal(term: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    stream = Terminal()
    run(stream, [str(file)])
    assert stream.getvalue() == ""


def test_no_bar_in_a_file(file: Path) -> None:
    stream = io.StringIO()
    run(stream, [str(file)])
    assert stream.getvalue() == ""


def test_no_colour_when_it_is_not_wanted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coloured, plain = Terminal(), Terminal()
    run(coloured, [str(file)])
    monkeypatch.setenv("NO_COLOR", "1")
    run(plain, [str(file)])
    assert re.search(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", coloured.getvalue())
    assert not re.search(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", plain.getvalue())
    assert "4,000 events" in plain.getvalue()


def test_it_comes_back_after_it_was_hidden(file: Path) -> None:
    stream, clock = Terminal(), Clock()
    progress = ScanProgress(stream, [str(file)], ReadStats(), {}, clock=clock)
    progress.start(str(file))
    clock.now += 1
    progress.advance(100)
    progress.hide()
    hidden = stream.getvalue()
    progress.hide()
    assert stream.getvalue() == hidden
    assert hidden.rstrip("\r").endswith(ERASE_LINE)
    clock.now += 1
    progress.advance(200)
    assert "0.2/1.0 kB" in stream.getvalue()[len(hidden) :]
    progress.hide()
