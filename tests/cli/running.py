"""The command as its users run it: arguments in, exit code and streams out.

``run_command`` runs it in this process, which is fifty times as fast as starting another;
``run_process`` starts one, for what only a process of its own can show.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path

from jumpsigma.cli.app import run

Done = subprocess.CompletedProcess[str]


def run_command(
    *arguments: str | Path,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Done:
    """Run the command in this process; whatever it raises is a failure of the test."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="")
        for _ in range(2)
    )
    words = [str(argument) for argument in arguments]
    place = nullcontext() if cwd is None else chdir(cwd)
    with redirect_stdout(out), redirect_stderr(err), _stdin(stdin), _environment(env), place:
        try:
            code = run(words)
        except SystemExit as ended:  # how shell completion ends
            code = ended.code if isinstance(ended.code, int) else 0
    return subprocess.CompletedProcess(words, code, _text(out), _text(err))


def run_process(
    *arguments: str | Path,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Done:
    """Run the command in a process of its own; a traceback is a failure wherever it occurs."""
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


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@contextmanager
def _stdin(data: bytes) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(data))
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def _environment(changes: Mapping[str, str] | None) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(changes or {})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
