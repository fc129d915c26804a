"""What the README of a target says holds: its commands run, its options and formats are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from running import run_command as run

from jumpsigma.content import shipped
from jumpsigma.export import load_target

ROOT = shipped("backends")
TARGETS = sorted(path.parent.name for path in ROOT.glob("*/backend.yaml"))
#: In a block of code, or within backquotes.
COMMAND = re.compile(
    r"(?:^ {4}|^\$ |`)(jumpsigma (?:export|compile) [^`\n#]*-t[^`\n#]*)", re.MULTILINE
)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
RULE = """
title: A rule
id: 00000000-0000-4000-8000-000000000001
status: test
author: A
date: 2026-01-01
logsource: {product: jumpcloud, service: directory}
detection: {selection: {event_type: admin_create}, condition: selection}
level: low
"""


def text_of(name: str) -> str:
    return (ROOT / name / "README.md").read_text(encoding="utf-8")


COMMANDS = [(name, each.strip()) for name in TARGETS for each in COMMAND.findall(text_of(name))]


def test_every_readme_shows_how_to_export() -> None:
    assert sorted({name for name, _ in COMMANDS}) == TARGETS


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_commands_run(name: str, command: str, tmp_path: Path) -> None:
    folder = tmp_path / "sigma_rules" / "jumpcloud"
    folder.mkdir(parents=True)
    (folder / "rule.yml").write_text(RULE, encoding="utf-8")
    words = shlex.split(command)[1:]
    assert words[words.index("-t") + 1] == name
    if words[0] == "export" and "--rules" not in words:
        words += ["--rules", "sigma_rules"]
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    if words[0] == "export":
        written = list((tmp_path / words[words.index("-o") + 1]).rglob("*.*"))
        assert [path for path in written if path.name != "index.json"], written


@pytest.mark.parametrize("name", TARGETS)
def test_options_and_formats_are_those_of_the_file(name: str) -> None:
    text, target = text_of(name), load_target(name)
    said = set(re.findall(r"(?:`|-O )([a-z_]+)\b", text))
    assert set(target.options) <= said
    assert set(re.findall(r"-O ([a-z_]+)=", text)) <= set(target.options)
    if len(target.formats) > 1:
        named = re.findall(r"-f ([a-z_]+)\b", " ".join(c for n, c in COMMANDS if n == name))
        assert set(target.formats) <= said | set(named)


@pytest.mark.parametrize("name", ["", *TARGETS])
def test_links_lead_somewhere_and_lines_are_short(name: str) -> None:
    text = text_of(name)
    for link in LINK.findall(text):
        assert (ROOT / name / link).exists(), link
    assert [line for line in text.splitlines() if len(line) > 118 and line[0] != "|"] == []


@pytest.mark.parametrize("name", TARGETS)
def test_files_and_make_targets_that_are_named_are_there(name: str) -> None:
    top, text = ROOT.parent, text_of(name)
    for path in re.findall(r"`((?:tests|mappings|docs)/[\w./-]+)`", text):
        assert (top / path).exists(), path
    made = (top / "Makefile").read_text(encoding="utf-8")
    for goal in re.findall(r"`make ([\w-]+)`", text):
        prefix, _, environment = goal.partition("-")
        assert re.search(rf"^{goal}:", made, re.MULTILINE) or (
            f"{prefix}-%:" in made and re.search(rf"\b{environment}\b", made)
        ), goal


def test_every_target_has_its_line_in_the_list() -> None:
    lines = [line for line in text_of("").splitlines() if line.startswith("| [")]
    assert sorted(re.findall(r"^\| \[([a-z]+)\]\(\1/\)", "\n".join(lines), re.MULTILINE)) == TARGETS
    assert len(text_of("").splitlines()) < 60
