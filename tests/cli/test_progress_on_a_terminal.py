"""The bar on a real (pseudo) terminal, and the findings that it must not touch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from scan_events import ALL, QUIET, ndjson

pty = pytest.importorskip("pty", reason="needs pseudo terminals")

BAR = b"findings,"
FEED = ndjson([QUIET] * 500 + ALL)


class Screen:
    """Reads what a terminal gets until everybody has closed it."""

    def __init__(self) -> None:
        self.main, self.terminal = pty.openpty()
        self.text = bytearray()

    def read_until(self, wanted: bytes) -> None:
        start = 0
        while self.text.find(wanted, start) < 0 and (more := self._more()):
            start = max(len(self.text) - len(wanted), 0)
            self.text += more

    def read_all(self) -> bytes:
        while more := self._more():
            self.text += more
        os.close(self.main)
        return bytes(self.text)

    def _more(self) -> bytes:
        try:
            return os.read(self.main, 65536)
        except OSError:  # how Linux says that the other side is closed
            return b""


def scan(*options: str, screen: Screen, stdout: int, **env: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jumpsigma", "scan", "-", "--format", "ndjson", *options]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=screen.terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", **env},
    )
    os.close(screen.terminal)
    return process


def feed_until(process: subprocess.Popen[bytes], screen: Screen, wanted: bytes) -> int:
    """Give the scan events for as long as it takes until the terminal shows something."""
    assert process.stdin is not None
    reader = Thread(target=screen.read_until, args=(wanted,), daemon=True)
    reader.start()
    times = 0
    while reader.is_alive():
        process.stdin.write(FEED)
        times += 1
    process.stdin.close()
    return times


def test_a_bar_appears_and_findings_stay_what_they_are(tmp_path: Path) -> None:
    screen, found = Screen(), tmp_path / "findings"
    with found.open("wb") as stdout, scan(screen=screen, stdout=stdout.fileno()) as process:
        times = feed_until(process, screen, BAR)
        shown = screen.read_all()
        assert process.wait(timeout=60) == 0
    assert BAR in shown
    summary = shown.rpartition(b"\x1b[2K")[2]
    assert f"{times * 504:,} events read".encode() in summary
    assert b"\x1b" not in summary.replace(b"\x1b[?25h", b"")
    alone = subprocess.run(
        [sys.executable, "-m", "jumpsigma", "scan", "-", "--format", "ndjson"],
        input=FEED * times,
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert found.read_bytes() == alone.stdout
    assert BAR not in alone.stderr


def test_no_bar_on_a_dumb_terminal() -> None:
    screen = Screen()
    with scan(screen=screen, stdout=subprocess.DEVNULL, TERM="dumb") as process:
        process.communicate(FEED * 200)
        shown = screen.read_all()
    assert b"100,800 events read" in shown
    assert b"\x1b" not in shown


def test_findings_and_bar_on_the_same_terminal() -> None:
    """A finding begins on a line of its own: the bar is taken away first."""
    screen = Screen()
    with scan("--min-level", "low", screen=screen, stdout=screen.terminal) as process:
        feed_until(process, screen, BAR)
        shown = screen.read_all()
    assert process.returncode == 0
    for before in shown.split(b'{"rule_id"')[:-1]:
        # rich hides the cursor (?25l) while the bar is there, and shows it (?25h) when it is not.
        assert before.count(b"\x1b[?25l") <= 1
        if b"\x1b[?25l" in before:
            assert before.index(b"\x1b[?25l") < before.index(b"\x1b[?25h")
