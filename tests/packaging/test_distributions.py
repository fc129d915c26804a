"""What is in the sdist and the wheels."""

from __future__ import annotations

import email
import tarfile
import zipfile
from pathlib import Path

import pytest

from jumpsigma._version import __version__

pytestmark = pytest.mark.packaging

CONTENT = ("sigma_rules", "mappings", "backends")


def members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def content_of(checkout: Path) -> set[str]:
    return {
        path.relative_to(checkout).as_posix()
        for kind in CONTENT
        for path in (checkout / kind).rglob("*")
        if path.is_file() and path.name != ".DS_Store"
    }


def test_wheel_has_our_top_levels_only(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in members(wheel)}
    assert tops == {"jumpsigma", "sigma", f"jumpsigma-{__version__}.dist-info"}


def test_wheel_leaves_the_namespaces_of_pysigma_alone(wheel: Path) -> None:
    plugin = {name for name in members(wheel) if name.startswith("sigma/")}
    assert plugin == {
        "sigma/backends/jumpcloud/__init__.py",
        "sigma/backends/jumpcloud/_faithful.py",
        "sigma/backends/jumpcloud/py.typed",
        "sigma/pipelines/jumpcloud/__init__.py",
        "sigma/pipelines/jumpcloud/py.typed",
    }


def test_wheel_carries_all_content_and_types(wheel: Path, checkout: Path) -> None:
    names = members(wheel)
    prefix = "jumpsigma/_content/"
    carried = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    assert carried == content_of(checkout)
    assert "jumpsigma/py.typed" in names


def test_wheel_by_way_of_the_sdist_is_the_same(wheel: Path, wheel_of_sdist: Path) -> None:
    assert members(wheel_of_sdist) == members(wheel)


def test_sdist_can_be_tested_and_rebuilt(sdist: Path, checkout: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert content_of(checkout) <= names
    assert {"pyproject.toml", "uv.lock", "Makefile", "LICENSE", "tests/conftest.py"} <= names
    assert not {name for name in names if "__pycache__" in name or name.startswith(".venv")}


def test_licences_are_stated_and_carried(wheel: Path) -> None:
    info = f"jumpsigma-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read(f"{info}/METADATA"))
    assert metadata["License-Expression"] == "Apache-2.0 AND DRL-1.1"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {f"{info}/licenses/{name}" for name in metadata.get_all("License-File", [])} == {
        name for name in members(wheel) if name.startswith(f"{info}/licenses/")
    }
    assert metadata.get_all("License-File") == ["LICENSE", "sigma_rules/LICENSE.md"]
