"""The action, the hooks and the how-to: their steps run here, without the services around them."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from fragments import write

from jumpsigma.api.configuration import read_configuration

CHECKOUT = Path(__file__).parents[2]
PAGE = CHECKOUT / "docs" / "how-to" / "guard-rules-in-pull-requests.md"
ACTION: dict[str, Any] = yaml.safe_load((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("name", step.get("uses")): step for step in ACTION["runs"]["steps"]}

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or shutil.which("git") is None, reason="needs bash and git"
)


def executable(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a runner: our command and a `gh` that notes what it is told."""
    tools = tmp_path / "tools"
    tools.mkdir()
    executable(tools / "jumpsigma", f'#!/bin/sh\nexec "{sys.executable}" -m jumpsigma "$@"\n')
    noted = f'#!/bin/sh\nprintf "%s " "$@" >> {tmp_path}/gh.txt\necho >> {tmp_path}/gh.txt\n'
    executable(tools / "gh", noted + 'case "$*" in *--edit-last*) exit 1;; esac\n')
    for name in ("output", "summary"):
        (tmp_path / name).touch()
    who = {f"GIT_{role}_{what}": "x@example.com" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}  # fmt: skip
    return {
        **os.environ,
        **who,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "OUT": str(tmp_path),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


@pytest.fixture
def repository(tmp_path: Path, machine: dict[str, str]) -> Path:
    folder = tmp_path / "repository"
    rules = folder / "my rules"
    write("level: low\n# file: old.yml\ntitle: A Rule With An Old Mistake\nauthor:\n", rules)
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "rules"]):
        subprocess.run(["git", *words], cwd=folder, env=machine, check=True)
    return folder


def step(
    name: str, folder: Path, machine: dict[str, str], **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner does: `bash -e -o pipefail`, with its variables."""
    known = set(STEPS[name].get("env", {}))
    assert set(variables) <= known, "the step has no such variable"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]],
        cwd=folder, env={**machine, **variables}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_no_step_puts_text_from_outside_into_its_script() -> None:
    for each in ACTION["runs"]["steps"]:
        assert "${{" not in each.get("run", "")


@pytest.mark.parametrize(
    ("base", "fail_on", "expected"),
    [
        ("", "error", (0, {"old.yml"})),
        ("", "warning", (1, {"old.yml"})),
        ("HEAD", "warning", (0, set())),
    ],
)
def test_validate(
    base: str,
    fail_on: str,
    expected: tuple[int, set[str]],
    repository: Path,
    machine: dict[str, str],
) -> None:
    code, annotated = expected
    variables = {"RULES": "\n  \nmy rules\n", "FAIL_ON": fail_on, "SELECT": "", "BASE": base}
    done = step("Validate", repository, machine, **variables)
    assert done.returncode == code, done.stderr
    found = re.findall(r"^::warning file=my rules/([\w.]+),line=7", done.stdout, re.MULTILINE)
    assert set(found) == annotated
    temporary = Path(machine["OUT"])
    output = (temporary / "output").read_text(encoding="utf-8")
    assert output == f"sarif={temporary}/jumpsigma.sarif\n"
    assert '"version": "2.1.0"' in (temporary / "jumpsigma.sarif").read_text(encoding="utf-8")
    summary = (temporary / "summary").read_text(encoding="utf-8")
    assert ("JS109" in summary) == bool(annotated)


def test_validate_takes_a_selection(repository: Path, machine: dict[str, str]) -> None:
    done = step(
        "Validate", repository, machine, RULES="my rules", FAIL_ON="info", SELECT="tags", BASE=""
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_test_runs_the_cases(repository: Path, machine: dict[str, str]) -> None:
    cases = "cases:\n- {name: a, expect: match, event: {Image: x}}\n"
    (repository / "my rules" / "old.cases.yaml").write_text(cases, encoding="utf-8")
    done = step("Test", repository, machine, RULES="my rules")
    assert done.returncode == 1
    assert "0 passed, 1 failed" in done.stdout


def test_compare_and_comment(repository: Path, machine: dict[str, str], tmp_path: Path) -> None:
    path = repository / "my rules" / "old.yml"
    text = path.read_text(encoding="utf-8").replace("powershell", "pwsh")
    path.write_text(text, encoding="utf-8")
    done = step("Compare", repository, machine, RULES="my rules", BASE="HEAD")
    assert done.returncode == 0, done.stderr
    body = tmp_path / "jumpsigma-diff.md"
    assert "A Rule With An Old Mistake" in body.read_text(encoding="utf-8")
    page = "https://example.com/pull/1"
    done = step("Comment", repository, machine, PULL_REQUEST=page, BODY=str(body))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "gh.txt").read_text(encoding="utf-8").splitlines() == [
        f"pr comment {page} --edit-last --body-file {body} ",
        f"pr comment {page} --body-file {body} ",
    ]


@pytest.mark.parametrize(
    ("base", "code"),
    [("HEAD", 1), ("no-such-revision", 2)],
)
def test_compare_tells_of_good_rules_beside_a_bad_one(
    base: str,
    code: int,
    repository: Path,
    machine: dict[str, str],
    tmp_path: Path,
) -> None:
    rules = repository / "my rules"
    good = (rules / "old.yml").read_text(encoding="utf-8").replace("powershell", "pwsh")
    (rules / "old.yml").write_text(good, encoding="utf-8")
    (rules / "bad.yml").write_text("title: Bad\n", encoding="utf-8")
    done = step("Compare", repository, machine, RULES="my rules", BASE=base)
    assert done.returncode == code, done.stderr
    body = tmp_path / "jumpsigma-diff.md"
    told = (tmp_path / "output").read_text(encoding="utf-8")
    assert told == (f"diff={body}\n" if code == 1 else "")
    assert body.exists() == (code == 1)


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_how_to_leads_to_a_guarded_repository(machine: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "my-detections"
    setup, local = blocks("console")[:2]
    (settings,) = blocks("toml")
    commands = [line.removeprefix("$ ").partition("#")[0] for line in setup.splitlines()]
    run_in(tmp_path, " && ".join(commands), machine, code=0)
    (folder / "jumpsigma.toml").write_text(settings, encoding="utf-8")
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", settings, flags=re.MULTILINE)
    (tmp_path / "jumpsigma.toml").write_text(uncommented, encoding="utf-8")
    read = read_configuration(tmp_path / "jumpsigma.toml").settings
    assert read.ignores
    assert read.overrides
    (tmp_path / "jumpsigma.toml").unlink()
    run_in(folder, "git add . && git commit -q -m rules", machine, code=0)
    for line in local.splitlines():
        run_in(folder, line.removeprefix("$ ").partition("#")[0], machine, code=0)
    pipeline = yaml.safe_load(blocks("yaml")[-1])
    for line in pipeline["rules"]["script"]:
        run_in(folder, line.replace("HEAD~1", "HEAD"), machine, code=0)
    assert "testcase" in (folder / "validate.xml").read_text(encoding="utf-8")
    assert (folder / "diff.md").is_file()


def run_in(folder: Path, line: str, machine: dict[str, str], *, code: int) -> None:
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=machine, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{line}\n{done.stdout}{done.stderr}"


def test_the_how_to_names_what_there_is() -> None:
    action, hooks = blocks("yaml")[2], blocks("yaml")[1]
    used = yaml.safe_load(action)["jobs"]["rules"]["steps"][-1]["with"]
    assert set(used) <= set(ACTION["inputs"])
    known = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    named = {hook["id"] for repo in yaml.safe_load(hooks)["repos"] for hook in repo["hooks"]}
    assert named == {hook["id"] for hook in known}
