"""The page on test events and `make demo`, followed to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fires_on import FIRES_ON

from jumpsigma.cli.app import run
from jumpsigma.synth import rate_table

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return (checkout / "docs/how-to/make-test-events.md").read_text(encoding="utf-8")


def test_the_page_does_what_it_says(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = BLOCK.findall(page)
    for text in (text for kind, text in blocks if kind == "console"):
        for command in text.splitlines():
            assert run(command.removeprefix("$ jumpsigma ").split()) == 0, command
    [label] = [text for kind, text in blocks if kind == "json"]
    written = Path("labels.ndjson").read_text(encoding="utf-8").splitlines()
    assert label.strip() in written
    capsys.readouterr()

    [program] = [text for kind, text in blocks if kind == "python"]
    exec(compile(program, "page", "exec"), {})
    assert "Jumpcloud Api Key Updated" in capsys.readouterr().out


def test_the_table_of_the_page_is_that_of_the_program(page: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.*) \|$", page, re.MULTILINE)
    rates = rate_table()
    assert {name: int(rate) for name, rate, _ in rows} == {n: rates[n][0] for n, _, _ in rows}
    listed = {(name, title) for name, _, titles in rows for title in titles.split("; ")}
    assert listed == {(name, title) for title, names in FIRES_ON.items() for name in names}


@pytest.mark.usefixtures("page")
def test_the_demo_shows_a_few_findings_and_why_one_fired(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^\t\.venv/bin/jumpsigma (.*)$", makefile, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["synth", "scan", "explain"]
    Path("build").mkdir()
    shown = []
    for command in commands:
        assert run(command.split()) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == ""
    assert shown[1].count("HIGH") == 8
    assert len(shown[1].splitlines()) < 60
    assert "Jumpcloud Api Key Updated fires" in shown[2]
    assert "apiKeyUpdatedAt" in shown[2]
