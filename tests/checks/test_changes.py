"""`--changed-since`: what differs from a revision, and rules whose date did not move."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from fragments import FILE, write

import jumpsigma
from jumpsigma.api.changes import changes_since
from jumpsigma.diagnostics import DiagnosticError


def git(folder: Path, *arguments: str) -> None:
    names = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER")
             for what in ("NAME", "EMAIL")}  # fmt: skip
    environment = {**os.environ, **names, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, env=environment
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write("modified: 2025-01-31\nlevel: low\n# file: other.yml\ntitle: Another Rule\n", tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "rules")
    return tmp_path


def codes(folder: Path, revision: str = "HEAD") -> list[str]:
    changes = changes_since(revision, folder)
    pack = jumpsigma.load_pack(folder)
    found = jumpsigma.validate(pack, only=changes.files, before=changes.documents)
    return [each.code for each in found.diagnostics]


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("modified: 2025-01-31\nlevel: low\n", []),
        ("modified: 2025-01-31\nlevel: high\n", ["JS225"]),
        ("modified: 2025-01-30\nlevel: high\n", ["JS225"]),
        ("modified: 2025-02-01\nlevel: high\n", []),
        ("level: high\n", ["JS225"]),
        ("modified: 2025-01-31\n# a comment\nlevel: low\n", []),
    ],
)
def test_a_change_moves_the_date(fragment: str, expected: list[str], repository: Path) -> None:
    write(fragment, repository)
    assert codes(repository) == expected


def test_only_changed_files_are_reported(repository: Path) -> None:
    write("# file: third.yml\ntitle: A Third Rule\nauthor:\n", repository)
    changes = changes_since("HEAD", repository)
    names = {Path(path).name for path in changes.files}
    assert names == {"third.yml", "third.cases.yaml"}
    assert codes(repository) == ["JS109"]


def test_what_others_merged_meanwhile_does_not_count(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "mine")
    write("# file: mine.yml\ntitle: My Rule\n", repository)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "mine")
    git(repository, "checkout", "-q", "main")
    write("modified: 2025-01-31\nlevel: critical\n", repository)
    git(repository, "commit", "-q", "-a", "-m", "theirs")
    git(repository, "checkout", "-q", "mine")
    assert {Path(path).name for path in changes_since("main", repository).files} == {
        "mine.yml",
        "mine.cases.yaml",
    }


def test_a_case_brings_its_rule(repository: Path) -> None:
    (repository / "other.cases.yaml").write_text("cases: []\n", encoding="utf-8")
    names = {Path(path).name for path in changes_since("HEAD", repository).files}
    assert names == {"other.cases.yaml", "other.yml"}
    assert FILE not in names


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "", "HEAD:other.yml"])
def test_an_unknown_revision_is_refused(revision: str, repository: Path) -> None:
    with pytest.raises(DiagnosticError, match="cannot compare"):
        changes_since(revision, repository)


def test_a_folder_without_git_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(DiagnosticError, match="not a git repository"):
        changes_since("HEAD", tmp_path)
