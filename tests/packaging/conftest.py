"""Builds the package once, and installs it into empty environments outside the checkout.

Versions come from uv.lock, so that a run is repeatable; the registry is only asked for files.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import uv

TIMEOUT = 300  # seconds; a cold package cache on a slow line


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, and a folder to work in that is neither it nor the checkout."""

    root: Path
    cwd: Path

    @property
    def python(self) -> Path:
        return self.root / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def run(self, command: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment; its exit code is the caller's to judge."""
        return run(self.python.parent / command, *arguments, cwd=self.cwd)

    def output(self, command: str, *arguments: str | Path) -> str:
        """Return what a command of this environment prints; it has to succeed."""
        return must(self.run(command, *arguments))


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # PYTHONPATH would let the checkout leak in; COVERAGE_* would start measuring.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "COV", "JUMPSIGMA", "UV_PROJECT", "VIRTUAL_ENV"))
    }
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={
            **environment,
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "PYTHONUTF8": "1",
            "JUMPSIGMA_HOME": str(cwd / "home"),  # not the indicators of whoever runs the tests
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )


def must(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command printed that has to succeed."""
    assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packaging")


@pytest.fixture(scope="session")
def sdist(checkout: Path, work: Path) -> Path:
    must(run(uv.find_uv_bin(), "build", "--sdist", "-o", work / "sdist", checkout, cwd=work))
    (path,) = (work / "sdist").glob("*.tar.gz")
    return path


@pytest.fixture(scope="session")
def wheel(checkout: Path, work: Path) -> Path:
    """A wheel built straight from the checkout."""
    must(run(uv.find_uv_bin(), "build", "--wheel", "-o", work / "wheel", checkout, cwd=work))
    (path,) = (work / "wheel").glob("*.whl")
    return path


@pytest.fixture(scope="session")
def wheel_of_sdist(sdist: Path, work: Path) -> Path:
    must(run(uv.find_uv_bin(), "build", "--wheel", "-o", work / "again", sdist, cwd=work))
    (path,) = (work / "again").glob("*.whl")
    return path


Make = Callable[[str, str | None, Sequence[str | Path]], Environment]


@pytest.fixture(scope="session")
def make_environment(checkout: Path, work: Path) -> Make:
    """Make an environment: its name, the group of uv.lock it is held to (if any), what it gets."""

    def constraints(group: str) -> Path:
        path = work / f"{group}.txt"
        if not path.exists():
            words = ["--no-default-groups", "--no-emit-project", "--no-hashes", "--quiet"]
            words += ["--frozen", "--group", group, "--project", str(checkout), "-o", str(path)]
            must(run(uv.find_uv_bin(), "export", *words, cwd=work))
        return path

    def make(name: str, group: str | None, packages: Sequence[str | Path]) -> Environment:
        environment = Environment(root=work / name, cwd=work / f"{name}-cwd")
        environment.cwd.mkdir()
        program = uv.find_uv_bin()
        must(run(program, "venv", "--python", sys.executable, environment.root, cwd=work))
        held: list[str | Path] = [] if group is None else ["-c", constraints(group)]
        arguments = ["--python", environment.python, *held, *packages]
        must(run(program, "pip", "install", "--quiet", *arguments, cwd=work))
        return environment

    return make
