"""The command as its users run it: another process, only exit code and streams to look at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run_command(
    *arguments: str | Path,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``jumpsigma`` and decode what it says; a traceback is a failure wherever it occurs."""
    done = subprocess.run(
        [sys.executable, "-m", "jumpsigma", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    assert b"Traceback" not in done.stderr
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
