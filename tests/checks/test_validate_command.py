"""`jumpsigma validate` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fragments import FILE, write
from running import run_command as run

WARNING = "author:\n"
ERROR = "level: hihg\n"
FIXABLE = "date: 2025/01/30\n"


@pytest.mark.parametrize(
    ("fragment", "arguments", "code"),
    [
        ("level: low\n", [], 0),
        (WARNING, [], 0),
        (WARNING, ["--fail-on", "warning"], 1),
        (WARNING, ["--fail-on", "info"], 1),
        (WARNING, ["--fail-on", "warning", "--ignore", "JS109"], 0),
        (ERROR, [], 1),
        (ERROR, ["--ignore", "JS010"], 1),
        (WARNING, ["--select", "tags,logic", "--fail-on", "info"], 0),
        (WARNING, ["--select", "no-such-check"], 2),
        (WARNING, ["--config", "nowhere.toml"], 2),
        (WARNING, ["--changed-since", "HEAD"], 2),
        (WARNING, ["--attack", "nowhere.json"], 2),
        (WARNING, ["--output", "."], 2),
        (WARNING, ["--output", FILE], 2),
        (FIXABLE, ["--fix", "--fail-on", "warning"], 0),
        (FIXABLE, ["--diff"], 1),
        (WARNING, ["--diff"], 0),
    ],
)
def test_exit_codes(
    fragment: str, arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write(fragment, tmp_path)
    done = run("validate", ".", *arguments, cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_text_underlines_the_place(tmp_path: Path) -> None:
    write("lvel: high\n# without: level\n", tmp_path)
    done = run("validate", FILE, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        f"{FILE}:22:1: warning JS101: the key 'lvel' is unknown and has no effect",
        "  22 | lvel: high",
        "     | ^^^^",
        "  hint: did you mean 'level'?",
        "1 rule checked: 1 warning (1 can be mended with --fix)",
    ]


def test_json_is_as_documented(tmp_path: Path) -> None:
    write(f"id: 5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11\n{WARNING}", tmp_path)
    done = run("validate", FILE, "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout) == [
        {
            "code": "JS109",
            "severity": "warning",
            "message": "author is empty",
            "path": FILE,
            "line": 7,
            "column": 1,
            "rule_id": "5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11",
            "hint": "fill it in, or remove the key",
        }
    ]


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("sarif", '{\n  "$schema"'),
        ("github", "::warning file="),
        ("junit", "<?xml"),
        ("markdown", "### jumpsigma validate: 1 warning"),
    ],
)
def test_every_format_can_go_into_a_file(form: str, begins: str, tmp_path: Path) -> None:
    write(WARNING, tmp_path)
    done = run("validate", FILE, "--format", form, "--output", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "out").read_text(encoding="utf-8").startswith(begins)


def test_fix_says_what_it_did_and_diff_changes_nothing(tmp_path: Path) -> None:
    write(FIXABLE, tmp_path)
    before = (tmp_path / FILE).read_bytes()
    shown = run("validate", FILE, "--diff", cwd=tmp_path)
    assert "-date: 2025/01/30\n+date: 2025-01-30\n" in shown.stdout
    assert (tmp_path / FILE).read_bytes() == before
    done = run("validate", FILE, "--fix", cwd=tmp_path)
    assert done.stderr == f"fixed {FILE}:8: JS130: date is not written as YYYY-MM-DD\n"
    assert done.stdout == "1 rule checked: nothing to complain about\n"
    assert (tmp_path / FILE).read_bytes() == before.replace(b"2025/01/30", b"2025-01-30")


def test_a_name_cannot_command_the_terminal(tmp_path: Path) -> None:
    write(FIXABLE, tmp_path)
    (tmp_path / FILE).rename(tmp_path / "a\n\x1b[31m.yml")
    done = run("validate", ".", "--fix", cwd=tmp_path)
    assert done.stderr.startswith(r"fixed ./a\n\x1b[31m.yml:8: JS130")


def test_settings_beside_the_rules_are_found(tmp_path: Path) -> None:
    write(WARNING, tmp_path / "rules")
    (tmp_path / "jumpsigma.toml").write_text(
        "[validate.ignore]\nJS109 = 'nobody knows'\n", encoding="utf-8"
    )
    done = run("validate", "rules", cwd=tmp_path)
    assert done.stdout == "1 rule checked: nothing to complain about\n"


def test_explain_and_list(tmp_path: Path) -> None:
    page = run("validate", "--explain", "js154", cwd=tmp_path).stdout
    assert page.startswith("JS154 shadowed-selection (logic, warning)\n")
    assert "Good::" in page
    reader = run("validate", "--explain", "js010", cwd=tmp_path).stdout
    assert reader.startswith("JS010 invalid rule\n")
    listing = run("validate", "--list", cwd=tmp_path).stdout
    assert "JS205  cases-prove-little (cases, info, not by default)" in listing


def test_the_shipped_pack_is_clean() -> None:
    done = run("validate", "--fail-on", "info")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("rules checked: nothing to complain about\n")


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    done = run("validate", ".", cwd=tmp_path)
    assert "JS018" in done.stdout
