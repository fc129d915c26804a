"""What docs/how-to/speed-up-repeated-scans.md says of the cache of compiled rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import run_command as run
from scan_events import LOCKED, ndjson

from jumpsigma.api import cache


@pytest.fixture
def page(checkout: Path) -> str:
    """The page."""
    return (checkout / "docs/how-to/speed-up-repeated-scans.md").read_text(encoding="utf-8")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A log with one finding."""
    path = tmp_path / "export.ndjson"
    path.write_bytes(ndjson([LOCKED]))
    return path


def test_a_folder_that_is_open_to_others(page: str, events: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "cache"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    done = run("scan", events, env={"JUMPSIGMA_HOME": str(tmp_path / "home")})
    told = done.stderr.replace(str(folder), "/home/user/.cache/jumpsigma").splitlines()
    assert [line for line in told[:2] if line not in page] == []
    assert done.returncode == 0
    assert list(folder.iterdir()) == []
    assert "Account Locked" in done.stdout


def test_without_it(page: str, events: Path, tmp_path: Path) -> None:
    assert "JUMPSIGMA_CACHE=off jumpsigma scan export.json.gz" in page
    home = tmp_path / "home"
    without = run("scan", events, env={"JUMPSIGMA_HOME": str(home), "JUMPSIGMA_CACHE": "off"})
    assert not home.exists()
    for _ in range(2):
        assert run("scan", events, env={"JUMPSIGMA_HOME": str(home)}).stdout == without.stdout
    assert (home / "cache").is_dir()


def test_what_it_holds_at_most(page: str) -> None:
    words = " ".join(page.split())
    assert f"at most {cache.KEPT_ENTRIES} entries and {cache.KEPT_BYTES // 10**6} MB" in words


def test_the_shortest_way_in_a_program(page: str, checkout: Path) -> None:
    from jumpsigma import api

    assert 'jumpsigma.api.compile_paths("my_rules").matcher' in " ".join(page.split())
    matcher = api.compile_paths(checkout / "sigma_rules" / "jumpcloud").matcher
    assert [finding.rule_title for finding in matcher.match(LOCKED)] == ["Jumpcloud Account Locked"]
