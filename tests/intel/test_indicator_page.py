"""The guide on threat indicators says what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from running import Done, run_command

from jumpsigma import load_pack

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs/how-to/use-threat-indicators.md").read_text(encoding="utf-8")


@pytest.fixture
def here(page: str, tmp_path: Path) -> Path:
    found = re.search(r"\$ cat blocklist\.txt\n(.*?)\n\n\$", page, re.DOTALL)
    assert found is not None
    (tmp_path / "blocklist.txt").write_text(found[1] + "\n", encoding="utf-8")
    return tmp_path


def run(here: Path, command: str) -> Done:
    words = shlex.split(command)[1:]
    return run_command(*words, cwd=here, env={"JUMPSIGMA_HOME": str(here / "home")})


def shown(page: str, beginning: str) -> tuple[str, str]:
    """The first command of the page that begins so, and the output shown below it."""
    found = re.search(rf"^\$ ({re.escape(beginning)}.*)\n((?:[^$`\n].*\n)*)", page, re.MULTILINE)
    assert found is not None, beginning
    return found[1], found[2]


def test_adding_and_matching_print_what_the_page_shows(page: str, here: Path) -> None:
    command, output = shown(page, "jumpsigma intel add blocklist.txt")
    assert run(here, command).stdout == output
    command, output = shown(page, "jumpsigma intel match")
    done = run(here, command).stdout
    assert TIME.sub("TIME", done) == TIME.sub("TIME", output)


@pytest.mark.parametrize("verb", ["list", "expire evil.example", "expire --before", "remove"])
def test_the_other_local_commands_run(page: str, here: Path, verb: str) -> None:
    assert run(here, shown(page, "jumpsigma intel add blocklist.txt")[0]).returncode == 0
    done = run(here, shown(page, f"jumpsigma intel {verb}")[0])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_every_command_of_the_page_is_known(page: str, here: Path) -> None:
    commands = re.findall(r"jumpsigma (intel \w+)", page)
    assert len(commands) > 10
    for command in set(commands):
        assert run(here, f"jumpsigma {command} --help").returncode == 0


def test_the_rule_of_the_page_is_one(page: str, tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(detection:\n.*?)```", page, re.DOTALL)
    assert found is not None
    rule = f"title: My List\nlogsource:\n    category: dns\n{found[1]}"
    (tmp_path / "my_list.yml").write_text(rule, encoding="utf-8")
    pack = load_pack(tmp_path)
    assert pack.diagnostics == ()
    assert [rule.title for rule in pack.rules] == ["My List"]
