"""A fingerprint says of files what loading them would have read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jumpsigma.pack import Limits, load_pack
from jumpsigma.pack.files import Distinct
from jumpsigma.pack.fingerprint import fingerprint_of, read_regular

RULE = """
title: {title}
logsource: {{product: jumpcloud}}
detection:
    selection: {{event_type: {title}}}
    condition: selection
"""
PACK = "id: example\ntitle: Example\nversion: '1'\nlicense: DRL-1.1\nlists: {known: known.txt}\n"
FILTER = """
title: Office
logsource: {product: jumpcloud}
filter:
    rules: any
    selection: {client_ip: 192.0.2.1}
    condition: not selection
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack of two rules with a list."""
    pack = tmp_path / "pack"
    (pack / "more").mkdir(parents=True)
    (pack / "pack.yaml").write_text(PACK)
    (pack / "known.txt").write_text("one\ntwo\n")
    (pack / "a.yml").write_text(RULE.format(title="a"))
    (pack / "more" / "b.yml").write_text(RULE.format(title="b"))
    return pack


def test_it_is_that_of_the_loaded_pack(folder: Path) -> None:
    assert fingerprint_of(folder) is not None
    assert fingerprint_of(folder) == load_pack(folder).fingerprint
    assert fingerprint_of(folder) == load_pack(folder, cases=False).fingerprint


PATHS: dict[str, Callable[[Path], list[Path]]] = {
    "a file": lambda pack: [pack / "a.yml"],
    "a folder below a pack": lambda pack: [pack / "more"],
    "a folder twice": lambda pack: [pack, pack],
    "a folder and a file in it": lambda pack: [pack, pack / "a.yml"],
    "a file and its folder": lambda pack: [pack / "a.yml", pack],
    "another order": lambda pack: [pack / "more", pack / "a.yml"],
}


@pytest.mark.parametrize("paths", PATHS.values(), ids=PATHS.keys())
def test_each_choice_of_paths_has_its_own(
    folder: Path, paths: Callable[[Path], list[Path]]
) -> None:
    found = fingerprint_of(*paths(folder))
    assert found == load_pack(*paths(folder)).fingerprint
    assert found not in (None, fingerprint_of(folder))


def _edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(pack: Path) -> None:
        file = pack / path
        status = file.stat()
        file.write_text(file.read_text().replace(old, new))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    return change


CHANGES: dict[str, Callable[[Path], object]] = {
    "a rule edited, same size and time": _edit("a.yml", "event_type: a", "event_type: c"),
    "a comment added": _edit("more/b.yml", "title: b", "title: b # c"),
    "a rule renamed": lambda pack: (pack / "a.yml").rename(pack / "c.yml"),
    "a rule taken out": lambda pack: (pack / "more" / "b.yml").unlink(),
    "a filter added": lambda pack: (pack / "filter.yml").write_text(FILTER),
    "an empty file added": lambda pack: (pack / "empty.yml").write_text(""),
    "pack.yaml edited": _edit("pack.yaml", "Example", "Sample"),
    "pack.yaml taken out": lambda pack: (pack / "pack.yaml").unlink(),
    "a broken link added": lambda pack: (pack / "link.yml").symlink_to("nowhere"),
    "a pipe added": lambda pack: os.mkfifo(pack / "pipe.yml"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_shows(folder: Path, change: Callable[[Path], object]) -> None:
    before = fingerprint_of(folder)
    change(folder)
    after = fingerprint_of(folder)
    assert after == load_pack(folder).fingerprint
    assert after not in (None, before)


def test_cases_and_other_files_do_not_count(folder: Path) -> None:
    before = fingerprint_of(folder)
    (folder / "a.cases.yaml").write_text("cases: []")
    (folder / "README.md").write_text("Example")
    assert fingerprint_of(folder) == load_pack(folder).fingerprint == before


REFUSED: dict[str, Callable[[Path], object]] = {
    "a file that is too large": lambda pack: (pack / "c.yml").write_text("#" * (2**20 + 1)),
    "a wrong pack.yaml": lambda pack: (pack / "known.txt").unlink(),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_say_all_has_none(folder: Path, change: Callable[[Path], object]) -> None:
    change(folder)
    assert load_pack(folder).fingerprint is None


def test_other_limits_have_none(folder: Path) -> None:
    assert load_pack(folder, limits=Limits(depth=10)).fingerprint is None


def test_what_somebody_makes_of_a_pack_has_none(folder: Path) -> None:
    pack = load_pack(folder)
    assert replace(pack, rules=pack.rules[:1]).fingerprint is None


def test_a_path_that_does_not_exist_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fingerprint_of(tmp_path / "nowhere")


def test_a_link_is_the_file_that_it_leads_to_and_a_second_name_is_not(tmp_path: Path) -> None:
    file, link, second = (tmp_path / name for name in ("file", "link", "second"))
    file.write_text("content")
    link.symlink_to(file)
    second.hardlink_to(file)
    distinct = Distinct()
    added = [distinct.add(str(path)) for path in (file, link, file, second, link)]
    assert added == [True, False, False, True, False]
    assert distinct.paths == [str(file), str(second)]


@pytest.mark.parametrize("name", ["nowhere", "folder", "pipe", "large", "null\0"])
def test_what_is_no_small_regular_file_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text("12345")
    assert read_regular(str(tmp_path / name), 4) is None
