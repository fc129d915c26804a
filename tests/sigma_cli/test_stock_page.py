"""The commands of docs/how-to/use-stock-sigma-cli.md are run, and give what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/use-stock-sigma-cli.md"


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each command of ``sigma`` with the lines that are shown below it."""
    for block in re.findall(
        r"^```console\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            if command.startswith("sigma "):
                yield command, shown


COMMANDS = dict(commands())


@pytest.fixture(scope="module")
def sigma() -> Path:
    path = Path(sys.executable).parent / "sigma"
    if not path.exists():
        assert os.environ.get("JUMPSIGMA_EXPECT_PYSIGMA") != "1", "sigma-cli is not installed"
        pytest.skip("sigma-cli is not installed")
    return path


def run(sigma: Path, arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(sigma), *arguments.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_shows_three_products() -> None:
    assert sum(bool(shown) for shown in COMMANDS.values()) == 3
    assert len(COMMANDS) == 5


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page(command: str, sigma: Path, checkout: Path) -> None:
    done = run(sigma, command.removeprefix("sigma "), checkout)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) > 4
    assert [line for line in COMMANDS[command] if line not in lines] == []


def test_sigma_lists_our_targets_and_says_what_it_left_out(sigma: Path, checkout: Path) -> None:
    listed = run(sigma, "list targets", checkout).stdout
    assert "jumpsigma_sqlite" in listed
    assert "faithful, or refused" in listed
    rules = "sigma_rules/jumpcloud"
    done = run(sigma, f"convert -s -t jumpsigma_jumpcloud {rules}", checkout)
    assert '"search_term"' in done.stdout
    done = run(sigma, f"convert -t jumpsigma_sqlite -O tabel=x {rules}", checkout)
    assert done.returncode == 2
    assert "'tabel' is not supported" in done.stderr
    done = run(sigma, f"convert -t jumpsigma_sqlite -p mappings/jumpcloud.yml {rules}", checkout)
    assert done.returncode == 1
    assert "takes no pipeline" in done.stderr
