"""What the user names becomes the inputs that are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jumpsigma.intake.events import expand_inputs

TREE = [
    "b.json",
    "a.ndjson",
    "c.JSONL.GZ",
    "d.log",
    "e.json.gz",
    "notes.txt",
    "image.gz",
    "json",
    ".hidden.json",
    "sub/z.json",
    "sub/.git/config.json",
    "sub/deeper/y.json",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in TREE:
        file = tmp_path / "logs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path / "logs"


def test_folder(folder: Path) -> None:
    inputs, problems = expand_inputs([str(folder)])
    assert [Path(path).relative_to(folder).as_posix() for path in inputs] == [
        "a.ndjson",
        "b.json",
        "c.JSONL.GZ",
        "d.log",
        "e.json.gz",
        "sub/deeper/y.json",
        "sub/z.json",
    ]
    assert problems == []


def test_named_files_keep_their_order_and_may_have_any_name(folder: Path) -> None:
    named = [str(folder / "notes.txt"), "-", str(folder / ".hidden.json"), str(folder / "b.json")]
    assert expand_inputs(named) == (named, [])


@pytest.mark.parametrize(("name", "code"), [("absent", "JS072"), ("empty", "JS076")])
def test_nothing_there(folder: Path, name: str, code: str) -> None:
    (folder / "empty").mkdir()
    inputs, problems = expand_inputs([str(folder / name), str(folder / "b.json")])
    assert inputs == [str(folder / "b.json")]
    (problem,) = problems
    assert problem.code == code
    assert problem.span is not None
    assert problem.span.path == str(folder / name)


def test_a_folder_that_cannot_be_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "deeper":
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    inputs, problems = expand_inputs([str(folder)])

    assert len(inputs) == 6
    (problem,) = problems
    assert (problem.code, problem.message) == ("JS072", "cannot list: Permission denied")
    assert problem.span is not None
    assert problem.span.path == str(folder / "sub/deeper")
