"""`pre-commit try-repo` builds the hooks from this checkout and runs them in a repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import uv

pytestmark = pytest.mark.packaging

CHECKOUT = Path(__file__).parents[2]
RULE = """\
title: Shell Started By An Office Program
id: 5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11
logsource: {product: windows, category: process_creation}
detection:
    selection: {Image|endswith: '\\powershell.exe'}
    condition: selection
level: LEVEL
"""


def test_the_hook_stops_a_broken_rule(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [uv.find_uv_bin(), "pip", "install", "--quiet", "--python", python, "pre-commit"],
        check=True, timeout=300,
    )  # fmt: skip
    who = {f"GIT_{role}_{what}": "x@example.com" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}  # fmt: skip
    variables = {
        **{name: text for name, text in os.environ.items() if not name.startswith("PYTHON")},
        **who,
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    folder = tmp_path / "repository"
    folder.mkdir()

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=folder, env=variables, check=True)

    def hook() -> subprocess.CompletedProcess[str]:
        command = [str(python), "-m", "pre_commit", "try-repo", str(CHECKOUT), "jumpsigma-validate",
                   "--all-files", "--verbose"]  # fmt: skip
        return subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, timeout=600,
            check=False,
        )  # fmt: skip

    git("init", "-q", "-b", "main")
    (folder / "rule.yml").write_text(RULE.replace("LEVEL", "low"), encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "a rule")
    clean = hook()
    assert clean.returncode == 0, clean.stdout + clean.stderr
    (folder / "rule.yml").write_text(RULE.replace("LEVEL", "hihg"), encoding="utf-8")
    git("add", ".")
    broken = hook()
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "rule.yml:7:8: error JS010" in broken.stdout
