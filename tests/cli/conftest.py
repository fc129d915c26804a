"""The command as its users run it: another process, only exit code and streams to look at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import Run


@pytest.fixture(scope="session")
def run() -> Run:
    def call(
        *arguments: str | Path,
        stdin: bytes = b"",
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "jumpsigma", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
            cwd=cwd,
            env={**os.environ, **(env or {})},
        )
        text = subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )
        assert "Traceback" not in text.stderr
        return text

    return call
