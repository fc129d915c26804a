"""Which files a pack consists of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jumpsigma.diagnostics import Severity
from jumpsigma.pack import load_pack

RULE = "title: {}\nlogsource: {{product: x}}\ndetection: {{s: {{a: 1}}, condition: s}}\n"


def tree(folder: Path, *names: str) -> None:
    """Write a rule, titled with its path, at each name."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(RULE.format(name))


def titles(*paths: Path) -> list[str]:
    pack = load_pack(*paths)
    assert pack.diagnostics == ()
    return [rule.title for rule in pack.rules]


def test_a_folder_is_read_recursively_and_in_order(tmp_path: Path) -> None:
    tree(tmp_path, "b/z.yml", "a.yml", "b/a.yml", "c.yml", "b/c/d.yml")
    assert titles(tmp_path) == ["a.yml", "b/a.yml", "b/c/d.yml", "b/z.yml", "c.yml"]


def test_other_files_are_no_rules(tmp_path: Path) -> None:
    tree(tmp_path, "a.yml", "b.yaml", "c.json", "README.md", ".hidden.yml", ".git/d.yml", "yml")
    assert titles(tmp_path) == ["a.yml"]


@pytest.mark.parametrize("name", ["a.yml", "a.yaml", "a.txt", "a", ".hidden"])
def test_a_file_of_any_suffix_is_a_rule_file(tmp_path: Path, name: str) -> None:
    tree(tmp_path, name)
    assert titles(tmp_path / name) == [name]


def test_paths_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "rules/a.yml", "b.yml")
    monkeypatch.chdir(tmp_path)
    pack = load_pack("rules", "b.yml")
    assert [rule.path for rule in pack.rules] == [os.path.join("rules", "a.yml"), "b.yml"]  # noqa: PTH118
    assert pack.roots == ("rules", "")


def test_a_file_reached_twice_is_loaded_once(tmp_path: Path) -> None:
    tree(tmp_path, "sub/a.yml")
    (tmp_path / "link.yml").symlink_to(tmp_path / "sub/a.yml")
    assert titles(tmp_path, tmp_path / "sub", tmp_path / "sub/a.yml") == ["sub/a.yml"]


def test_loops_of_links_end(tmp_path: Path) -> None:
    tree(tmp_path, "sub/a.yml")
    (tmp_path / "sub/loop").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "other").symlink_to(tmp_path / "sub")
    assert titles(tmp_path) == ["sub/a.yml"]


@pytest.mark.parametrize("paths", [["missing"], ["here", "missing"], ["missing/a.yml"]])
def test_only_a_path_that_does_not_exist_raises(tmp_path: Path, paths: list[str]) -> None:
    tree(tmp_path, "here/a.yml")
    with pytest.raises(FileNotFoundError, match="missing"):
        load_pack(*(tmp_path / path for path in paths))


@pytest.mark.parametrize("make", ["broken link", "fifo", "circle"])
def test_what_cannot_be_read_does_not_hide_the_rest(tmp_path: Path, make: str) -> None:
    tree(tmp_path, "a.yml", "z.yml")
    odd = tmp_path / "odd.yml"
    match make:
        case "broken link":
            odd.symlink_to(tmp_path / "nowhere")
        case "fifo":
            os.mkfifo(odd)
        case _:
            odd.symlink_to(odd)
    pack = load_pack(tmp_path)
    assert [rule.title for rule in pack.rules] == ["a.yml", "z.yml"]
    assert [(d.code, d.span and d.span.path) for d in pack.diagnostics] == [("JS001", str(odd))]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"a: 1\na: 2\n", b"\x00", b"title: x\n"])
def test_a_bad_file_does_not_hide_the_rest(tmp_path: Path, content: bytes) -> None:
    tree(tmp_path, "a.yml", "z.yml")
    (tmp_path / "m.yml").write_bytes(content)
    pack = load_pack(tmp_path)
    assert [rule.title for rule in pack.rules] == ["a.yml", "z.yml"]
    assert [d.span and d.span.path for d in pack.diagnostics] == [str(tmp_path / "m.yml")]


@pytest.mark.parametrize("names", [[], ["a.yaml", "sub/b.json"]])
def test_a_folder_without_rules(tmp_path: Path, names: list[str]) -> None:
    tree(tmp_path, *names)
    (diagnostic,) = load_pack(tmp_path).diagnostics
    assert (diagnostic.code, diagnostic.severity) == ("JS018", Severity.WARNING)


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    tree(tmp_path, "a.yml")
    (tmp_path / "empty.yml").write_text("# nothing yet\n---\n")
    assert titles(tmp_path) == ["a.yml"]


def test_importing_the_package_imports_no_pysigma() -> None:
    program = "import sys, jumpsigma.pack; print([name for name in sys.modules if name == 'sigma'])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
