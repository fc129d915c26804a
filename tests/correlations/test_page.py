"""The page on correlations, followed to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jumpsigma.cli.app import run

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_does_what_it_says(
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (checkout / "docs/how-to/correlate-events.md").read_text(encoding="utf-8")
    blocks = BLOCK.findall(page)
    monkeypatch.chdir(tmp_path)
    rule, cases = (text for kind, text in blocks if kind == "yaml")
    Path("my_rules").mkdir()
    Path("my_rules/many_groups_changed.yml").write_text(rule, encoding="utf-8")
    Path("my_rules/many_groups_changed.cases.yaml").write_text(cases, encoding="utf-8")
    shown = []
    for command in "".join(text for kind, text in blocks if kind == "console").splitlines():
        words = re.findall(r'"[^"]*"|\S+', command.removeprefix("$ jumpsigma "))
        assert run([word.strip('"') for word in words]) == 0, command
        shown.append(capsys.readouterr().out)
    tested, _, scanned, explained = shown
    assert "2 passed, 0 failed" in tested
    assert "Jumpcloud Failed Logins Then Success" in scanned
    [timeline] = [text for kind, text in blocks if kind == "text"]
    assert timeline in explained

    [program] = [text for kind, text in blocks if kind == "python"]
    exec(compile(program, "page", "exec"), {})
    assert "Jumpcloud Failed Logins Then Success" in capsys.readouterr().out
