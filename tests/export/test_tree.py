"""What an export leaves in its folder, the second time too."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.export.tree import CHECKSUMS, INDEX, slug, unique_slugs, write_tree

FILES = {"a.sql": "SELECT 1;\n", "deep/b.sql": "SELECT 'ä';\n"}


def test_the_same_bytes_leave_files_alone(tmp_path: Path) -> None:
    assert sorted(write_tree(tmp_path, FILES, {}).changed) == [
        CHECKSUMS,
        "a.sql",
        "deep/b.sql",
        INDEX,
    ]
    before = (tmp_path / "a.sql").stat().st_mtime_ns
    again = write_tree(tmp_path, FILES, {})
    assert (again.changed, len(again.same)) == ([], 4)
    assert (tmp_path / "a.sql").stat().st_mtime_ns == before


def test_checksums_are_those_of_the_files(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, {"target": "x"})
    for line in (tmp_path / CHECKSUMS).read_text(encoding="utf-8").splitlines():
        digest, _, path = line.partition("  ")
        assert hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() == digest
    assert json.loads((tmp_path / INDEX).read_bytes())["target"] == "x"


def test_what_is_no_longer_exported_is_removed_unless_it_was_changed(tmp_path: Path) -> None:
    write_tree(tmp_path, {**FILES, "mine.sql": "x\n"}, {})
    (tmp_path / "mine.sql").write_text("changed by hand\n", encoding="utf-8")
    (tmp_path / "other.txt").write_text("not of an export\n", encoding="utf-8")
    done = write_tree(tmp_path, {"a.sql": "SELECT 2;\n"}, {})
    assert done.removed == ["deep/b.sql"]
    assert done.kept == ["mine.sql"]
    assert (tmp_path / "other.txt").is_file()
    assert (tmp_path / "a.sql").read_text(encoding="utf-8") == "SELECT 2;\n"


@pytest.mark.parametrize("path", ["../outside", "/outside", "a/../../outside", "..\\outside", ""])
def test_an_index_of_somebody_else_removes_nothing_outside(tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"keep")
    folder = tmp_path / "export"
    folder.mkdir()
    digest = hashlib.sha256(b"keep").hexdigest()
    names = {path or "x": digest, str(outside): digest}
    (folder / INDEX).write_text(json.dumps({"files": names}), encoding="utf-8")
    write_tree(folder, FILES, {})
    assert outside.read_bytes() == b"keep"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "export"
    outside.mkdir()
    folder.mkdir()
    (folder / "deep").symlink_to(outside)
    with pytest.raises(DiagnosticError, match="leads out of the folder"):
        write_tree(folder, FILES, {})
    assert not list(outside.iterdir())
    (folder / "deep").unlink()
    (tmp_path / "target").write_bytes(b"keep")
    (folder / "a.sql").unlink()
    (folder / "a.sql").symlink_to(tmp_path / "target")
    write_tree(folder, FILES, {})
    assert (tmp_path / "target").read_bytes() == b"keep"
    assert not (folder / "a.sql").is_symlink()


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 3}', "\x00"])
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / INDEX).write_text(text, encoding="utf-8")
    if text == '{"files": 3}':
        write_tree(tmp_path, FILES, {})
        return
    with pytest.raises(DiagnosticError, match="cannot be read"):
        write_tree(tmp_path, FILES, {})


SLUGS = {
    "JumpCloud Admin Login Without MFA": "jumpcloud_admin_login_without_mfa",
    "../../etc/passwd": "etc_passwd",
    "Zugriff für Ärzte": "zugriff_fur_arzte",
    "CON": "con_rule",
    "日本": "rule",
    "x" * 300: "x" * 80,
    "a: b*c?": "a_b_c",
}


@pytest.mark.parametrize("title", SLUGS)
def test_a_file_name_is_safe_everywhere(title: str) -> None:
    assert slug(title, set()) == SLUGS[title]


def test_titles_that_give_one_name_get_two() -> None:
    assert unique_slugs(["A b", "a-B", "a b 2"]) == ["a_b", "a_b_2", "a_b_2_2"]


def test_what_somebody_has_changed_is_never_written_over(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.sql": "SELECT 1;\n"}, {})
    (tmp_path / "a.sql").write_text("mine\n")
    for text in ("SELECT 2;\n", "SELECT 3;\n"):
        done = write_tree(tmp_path, {"a.sql": text}, {})
        assert done.kept == ["a.sql"]
        assert (tmp_path / "a.sql").read_text() == "mine\n"
    (tmp_path / "a.sql").unlink()
    assert "a.sql" in write_tree(tmp_path, {"a.sql": "SELECT 3;\n"}, {}).changed
    (tmp_path / "b.sql").write_text("not of an export\n")
    assert write_tree(tmp_path, {"a.sql": "SELECT 3;\n", "b.sql": "x\n"}, {}).kept == ["b.sql"]


def test_nothing_is_removed_while_rules_are_not_complete(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, {})
    done = write_tree(tmp_path, {}, {}, complete=False)
    assert (sorted(done.waiting), done.removed) == (sorted(FILES), [])
    again = write_tree(tmp_path, {}, {})  # it was not forgotten
    assert sorted(again.removed) == sorted(FILES)


def test_checksums_of_somebody_else_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / CHECKSUMS).write_text("mine\n")
    with pytest.raises(DiagnosticError, match="not of an export"):
        write_tree(tmp_path, FILES, {})
