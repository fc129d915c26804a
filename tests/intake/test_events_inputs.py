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
    "f.json.zst",
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
        "f.json.zst",
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

    assert len(inputs) == 7
    (problem,) = problems
    assert (problem.code, problem.message) == ("JS072", "cannot list: Permission denied")
    assert problem.span is not None
    assert problem.span.path == str(folder / "sub/deeper")


PATTERNS = {
    "*.json": ["b.json"],
    "*.json*": ["b.json", "e.json.gz", "f.json.zst"],
    "?.[jl]*": ["b.json", "d.log", "e.json.gz", "f.json.zst"],
    "*/*.json": ["sub/z.json"],
    "**/*.json": ["b.json", "sub/deeper/y.json", "sub/z.json"],
    "**/z*": ["sub/z.json"],
    "sub/**": ["sub/deeper/y.json", "sub/z.json"],
    "s*": ["sub/deeper/y.json", "sub/z.json"],  # a folder that a pattern matches is a folder
    "not*.txt": ["notes.txt"],  # named, though not as a whole
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pattern(pattern: str, folder: Path) -> None:
    inputs, problems = expand_inputs([str(folder / pattern)])
    assert [Path(path).relative_to(folder).as_posix() for path in inputs] == PATTERNS[pattern]
    assert problems == []


@pytest.mark.parametrize("pattern", ["*.parquet", "no/such/**", "[", "a\0*"])
def test_a_pattern_that_matches_nothing(pattern: str, folder: Path) -> None:
    inputs, problems = expand_inputs([str(folder / pattern)])
    assert inputs == []
    assert [problem.code for problem in problems] == ["JS072"]


def test_a_name_that_looks_like_a_pattern_is_a_name(folder: Path) -> None:
    named = folder / "export[1].json"
    named.touch()
    (folder / "export1.json").touch()
    assert expand_inputs([str(named)]) == ([str(named)], [])


def test_a_folder_that_holds_itself_is_read_once(folder: Path) -> None:
    (folder / "sub" / "again").symlink_to(folder, target_is_directory=True)
    inputs, _ = expand_inputs([str(folder / "**" / "*.json")])
    assert len(inputs) == 3


def test_a_link_to_nowhere(folder: Path) -> None:
    link = folder / "link.json"
    link.symlink_to(folder / "gone.json")
    assert [problem.code for problem in expand_inputs([str(link)])[1]] == ["JS072"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("named", ["logs", "logs/*.json", "logs/**"])
def test_a_pipe_that_nobody_named_is_not_waited_for(named: str, folder: Path) -> None:
    os.mkfifo(folder / "pipe.json")
    inputs, problems = expand_inputs([str(folder.parent / named)])
    assert inputs
    assert str(folder / "pipe.json") not in inputs
    assert [problem.code for problem in problems] == ["JS072"]
    assert expand_inputs([str(folder / "pipe.json")]) == ([str(folder / "pipe.json")], [])
