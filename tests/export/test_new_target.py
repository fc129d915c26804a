"""A new target is a folder: what the how-to says is done, once for real."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.export import Feature, load_target


def test_the_how_to(tmp_path: Path, checkout: Path) -> None:
    page = (checkout / "docs/how-to/add-an-export-target.md").read_text(encoding="utf-8")
    environment = {**os.environ, "JUMPSIGMA_PATH": "my"}
    outputs = {}
    for line in re.findall(r"^\$ (jumpsigma .*)$", page, re.MULTILINE):
        command = [sys.executable, "-m", *line.split()]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        outputs[line] = done.stdout
        file = tmp_path / "my/backends/acme/backend.yaml"
        if "new backend" in line:  # step 2
            (template,) = re.findall(r"^ +(equals: .*)$", page, re.MULTILINE)
            text = file.read_text(encoding="utf-8")
            changed = text.replace("equals: '{field}={text}'", template)
            assert changed != text
            file.write_text(changed, encoding="utf-8")
    assert "acme" in outputs["jumpsigma list targets"]
    compiled = outputs["jumpsigma compile shipped -t acme --min-level high"]
    assert re.search(r'^index=jumpcloud .*event_type ~ "', compiled, re.MULTILINE)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"index.json", "SHA256SUMS"} < names
    assert len(names) > 20


def test_the_page_names_every_verdict(checkout: Path) -> None:
    page = (checkout / "docs/how-to/add-an-export-target.md").read_text(encoding="utf-8")
    assert all(code in page for code in ("JS065", "JS066", "JS067"))


def test_it_can_be_used_at_once_and_refuses_the_rest(tmp_path: Path) -> None:
    place = api.new_target("my-siem", tmp_path / "backends")
    target = load_target(place)
    made = api.export_queries(load_pack(), target)
    assert made.queries
    assert {each.code for each in made.refused} == {"JS050", "JS065", "JS068"}
    assert set(target.languages["query"].features) == set(Feature)


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "1a", "x" * 42])
def test_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(DiagnosticError, match="no name of a target"):
        api.new_target(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    api.new_target("acme", tmp_path)
    with pytest.raises(DiagnosticError, match="left as it is"):
        api.new_target("acme", tmp_path)
