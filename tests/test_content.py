from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from jumpsigma import content
from jumpsigma.diagnostics import DiagnosticError

KINDS: tuple[content.Kind, ...] = ("sigma_rules", "mappings", "backends")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Two folders on JUMPSIGMA_PATH, a user folder and a shipped one, all empty."""
    names = {name: tmp_path / name for name in ("first", "second", "user", "package")}
    for name in ("first", "second", "user"):
        (names[name] / "mappings").mkdir(parents=True)
    (names["package"] / "_content" / "mappings").mkdir(parents=True)
    monkeypatch.setenv(
        "JUMPSIGMA_PATH", os.pathsep.join([str(names["first"]), "", str(names["second"])])
    )
    monkeypatch.setenv("JUMPSIGMA_HOME", str(names["user"]))
    monkeypatch.setattr(content, "_PACKAGE", names["package"])
    return {
        "first": names["first"] / "mappings",
        "second": names["second"] / "mappings",
        "user": names["user"] / "mappings",
        "shipped": names["package"] / "_content" / "mappings",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_shipped_folders_are_there(kind: content.Kind) -> None:
    assert content.shipped(kind).name == kind
    assert content.shipped(kind).is_dir()


@pytest.mark.parametrize("kind", KINDS)
def test_package_data_wins_over_the_checkout(
    kind: content.Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "jumpsigma"
    package.mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / kind).mkdir()
    monkeypatch.setattr(content, "_PACKAGE", package)
    assert content.shipped(kind) == tmp_path / kind
    (package / "_content" / kind).mkdir(parents=True)
    assert content.shipped(kind) == package / "_content" / kind


def test_a_folder_of_that_name_outside_a_checkout_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lib" / "jumpsigma"
    package.mkdir(parents=True)
    (tmp_path / "mappings").mkdir()
    monkeypatch.setattr(content, "_PACKAGE", package)
    with pytest.raises(DiagnosticError) as caught:
        content.shipped("mappings")
    assert caught.value.diagnostic.code == "JS019"
    assert caught.value.diagnostic.hint is not None


def test_search_path_order(folders: dict[str, Path]) -> None:
    assert content.search_path("mappings") == [
        folders[name] for name in ("first", "second", "user", "shipped")
    ]


def test_the_platform_folder_is_used_without_a_home(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUMPSIGMA_HOME")
    user = content.search_path("mappings")[2]
    assert user.parts[-1] == "mappings"
    assert "jumpsigma" in user.parts
    assert user != folders["user"]


@pytest.mark.parametrize("place", ["first", "second", "user", "shipped"])
def test_find_takes_the_first_place_that_has_it(folders: dict[str, Path], place: str) -> None:
    order = ["first", "second", "user", "shipped"]
    for name in order[order.index(place) :]:
        (folders[name] / "mine.yml").write_text(name)
    hit = folders[place] / "mine.yml"
    assert content.find("mappings", "mine", (".yml",)) == hit
    assert content.find("mappings", "mine.yml", (".yml",)) == hit
    assert content.available("mappings", (".yml",)) == [hit]


@pytest.mark.parametrize(
    ("name", "suffixes"),
    [
        ("", (".yml",)),
        ("absent", (".yml",)),
        ("mine", (".yaml",)),  # there as .yml only
        ("mine.yaml", (".yml",)),
        ("sub/mine", (".yml",)),  # a path is not looked for in the folders
        ("../mappings/mine.yml", (".yml",)),
        ("folder", (".yml",)),  # folder.yml is a folder
        (".", (".yml",)),
        ("..", (".yml",)),
    ],
)
def test_find_nothing(folders: dict[str, Path], name: str, suffixes: tuple[str, ...]) -> None:
    (folders["shipped"] / "mine.yml").touch()
    (folders["shipped"] / "folder.yml").mkdir()
    assert content.find("mappings", name, suffixes) is None


def test_suffixes_are_tried_in_order(folders: dict[str, Path]) -> None:
    for suffix in (".yml", ".yaml"):
        (folders["user"] / f"mine{suffix}").touch()
    assert content.find("mappings", "mine", (".yaml", ".yml")) == folders["user"] / "mine.yaml"
    assert content.find("mappings", "mine", (".yml", ".yaml")) == folders["user"] / "mine.yml"


def test_an_explicit_path_wins(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folders["first"] / "mine.yml").touch()
    here = tmp_path / "here"
    here.mkdir()
    (here / "mine.yml").touch()
    (here / "mine").touch()
    monkeypatch.chdir(here)
    assert content.find("mappings", "mine.yml", (".yml",)) == Path("mine.yml")
    assert content.find("mappings", str(here / "mine.yml"), (".yml",)) == here / "mine.yml"
    assert content.find("mappings", "./mine", (".yml",)) == Path("mine")
    # A bare word is a name, even where a file of that name lies in the working directory.
    assert content.find("mappings", "mine", (".yml",)) == folders["first"] / "mine.yml"


def test_available_is_sorted_and_skips_what_find_cannot_reach(folders: dict[str, Path]) -> None:
    (folders["shipped"] / "b.yml").touch()
    (folders["user"] / "a.yml").touch()
    (folders["shipped"] / "c.yaml").touch()
    (folders["shipped"] / "d.yml").mkdir()
    (folders["shipped"] / "sub").mkdir()
    (folders["shipped"] / "sub" / "e.yml").touch()
    assert content.available("mappings", (".yml",)) == [
        folders["user"] / "a.yml",
        folders["shipped"] / "b.yml",
    ]


def test_folders_that_do_not_exist_are_no_error(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUMPSIGMA_PATH", str(folders["first"] / "nowhere"))
    assert content.available("mappings", (".yml",)) == []
    assert content.find("mappings", "mine", (".yml",)) is None


def test_a_home_that_is_closed_to_this_user_holds_nothing(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert folders
    assert content.find("mappings", "ecs", (".yml",)) is None
    assert content.available("mappings", (".yml",)) == []
