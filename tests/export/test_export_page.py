"""The guide on exports says what happens."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from running import Done, run_command


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs/how-to/export-to-your-siem.md").read_text(encoding="utf-8")


@pytest.fixture
def here(checkout: Path, tmp_path: Path) -> Path:
    (tmp_path / "sigma_rules").symlink_to(checkout / "sigma_rules")
    return tmp_path


def run(here: Path, command: str, *more: str) -> Done:
    return run_command(*shlex.split(command)[1:], *more, cwd=here)


def shown(page: str, beginning: str) -> list[tuple[str, str]]:
    """The commands that begin so, each with what is shown below it."""
    pattern = rf"^\$ ({re.escape(beginning)}.*)\n((?:[^$`\n].*\n)*)"
    return [(found[1], found[2]) for found in re.finditer(pattern, page, re.MULTILINE)]


def test_a_rule_is_refused_until_an_option_promises_what_it_needs(page: str, here: Path) -> None:
    (first, output), (second, _) = shown(page, "jumpsigma compile")
    refused, written = run(here, first), run(here, second)
    assert (refused.stdout, refused.stderr) == ("", output)
    assert (written.returncode, written.stdout[:16]) == (0, "index=jumpcloud ")


def test_a_folder_has_what_the_page_says(page: str, here: Path) -> None:
    ((command, _),) = shown(page, "jumpsigma export")
    rules = ("--rules", "sigma_rules/jumpcloud/directory")
    assert run(here, command, *rules).returncode == 0
    folder = here / "deploy/elastic"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert index["rules"][0]["files"] == ["detection_rules.ndjson"]
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split(maxsplit=1)
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert "0 files written" in run(here, command, *rules).stderr
    assert run(here, command, *rules, "--strict").returncode == (
        1 if index["counts"]["refused"] else 0
    )


def test_the_targets_of_the_page_are_ours(page: str, here: Path) -> None:
    settings = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert settings is not None
    named = set(tomllib.loads(settings[1])["diff"]["targets"])
    ((command, _),) = shown(page, "jumpsigma list targets")
    listed = json.loads(run(here, command, "--format", "json").stdout)
    assert named <= {each["name"] for each in listed}
