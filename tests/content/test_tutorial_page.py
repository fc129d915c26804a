"""The tutorial and the page on filters, followed to the letter: what they show is what happens."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jumpsigma.cli.app import run

EVENTS = Path("docs/tutorial/directory_insights.ndjson")
RULE = Path("my_rules/user_sign_in_without_mfa.yml")
CASES = RULE.with_suffix(".cases.yaml")

# What is written between the fences, with the word behind the first fence.
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> list[tuple[str, str]]:
    """The blocks of the page, in a folder with nothing but the events."""
    (tmp_path / EVENTS).parent.mkdir(parents=True)
    shutil.copy(checkout / EVENTS, tmp_path / EVENTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUMPSIGMA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    page = (checkout / "docs/tutorial/index.md").read_text(encoding="utf-8")
    return [(kind, text) for kind, text in BLOCK.findall(page) if "make demo" not in text]


def test_every_step_does_what_the_page_says(
    reader: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    printed, steps = "", 0
    for kind, text in reader:
        match kind:
            case "console":
                for command, shown in commands(text):
                    if "exports/" in command:
                        continue  # the reader's own events
                    assert run(command) == 0, command
                    printed = plain(capsys.readouterr().out)
                    assert shown in printed, f"{command}\n{printed}"
                    steps += 1
            case "yaml" if text.startswith("detection:"):
                rule = RULE.read_text(encoding="utf-8")
                changed = re.sub(
                    r"detection:.*?(?=^level:)", text, rule, flags=re.DOTALL | re.MULTILINE
                )
                RULE.write_text(changed, encoding="utf-8")
            case "yaml":
                assert text.startswith("cases:")
                CASES.write_text(text, encoding="utf-8")
            case "" if text.startswith("FAILED"):
                good = RULE.read_text(encoding="utf-8")
                RULE.write_text(good.replace("success:", "sucess:"), encoding="utf-8")
                assert run(["test", "my_rules"]) == 1
                printed = plain(capsys.readouterr().out)
                assert [part for part in text.split("...\n") if part not in printed] == []
                RULE.write_text(good, encoding="utf-8")
                steps += 1
            case _:  # findings out of those of the command before
                assert kind == ""
                assert [each for each in text.split("\n\n") if each.strip() not in printed] == []
                steps += 1
    assert steps == 10


@pytest.mark.usefixtures("reader")
def test_the_filter_silences_what_its_page_says(
    capsys: pytest.CaptureFixture[str], checkout: Path
) -> None:
    page = (checkout / "docs/how-to/tune-with-filters.md").read_text(encoding="utf-8")
    blocks = BLOCK.findall(page)
    [text] = [text for kind, text in blocks if kind == "yaml"]
    [scan, explain] = [text.replace("\\\n", "") for kind, text in blocks if kind == "console"]

    Path("my_rules").mkdir()
    Path("my_rules/office_policy_work.yml").write_text(text, encoding="utf-8")
    fired = []
    for command in (["scan", str(EVENTS)], commands(scan)[0][0]):
        assert run(command) == 0
        out = capsys.readouterr().out
        fired.append(re.findall(r"ndjson:(\d+)\s*$", out, re.MULTILINE))
    assert [line for line in fired[0] if line != "30"] == fired[1] != fired[0]

    assert run(commands(explain)[0][0]) == 0
    printed = capsys.readouterr().out
    assert "does not fire" in printed
    assert "initiated_by.email: 'omar.reyes@example.com'" in printed


def commands(text: str) -> list[tuple[list[str], str]]:
    """Each `$ jumpsigma …` of a block with the lines that it is said to print."""
    found = []
    for part in text.split("$ jumpsigma ")[1:]:
        line, _, shown = part.partition("\n")
        words = [quoted or word for quoted, word in re.findall(r'"([^"]+)"|(\S+)', line)]
        found.append((words, shown))
    return found


def plain(out: str) -> str:
    """Output without what differs between computers: blanks at ends of lines, where rules are."""
    out = re.sub(r"[ \t]+$", "", out, flags=re.MULTILINE)
    return re.sub(r"^rule .*/sigma_rules/", "rule …/sigma_rules/", out, flags=re.MULTILINE)
