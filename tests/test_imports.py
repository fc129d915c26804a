"""What `import jumpsigma` costs, and what it offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import jumpsigma

HEAVY = ("sigma", "typer", "rich", "jinja2", "yaml", "orjson", "re2")


def imported_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter imports for `statement`, as -X importtime lists them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", statement],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[-1].strip() for line in lines}


def test_importtime_lists_what_is_imported() -> None:
    """Guards the test below against a change of that output: it could not fail any more."""
    assert {"jumpsigma", "yaml"} <= imported_by("import jumpsigma, yaml")


def test_import_is_light() -> None:
    tops = {name.split(".")[0] for name in imported_by("import jumpsigma")}
    assert tops.isdisjoint(HEAVY)


def test_all_is_sorted_and_complete() -> None:
    assert list(jumpsigma.__all__) == sorted(jumpsigma.__all__)
    assert len(set(jumpsigma.__all__)) == len(jumpsigma.__all__)
    public = {name for name in dir(jumpsigma) if not name.startswith("_")}
    assert set(jumpsigma.__all__) - {"__version__"} <= public


@pytest.mark.parametrize("name", ["load_pack", "compile", "Finding", "Diagnostic", "__version__"])
def test_the_contract_is_exported(name: str) -> None:
    assert name in jumpsigma.__all__


@pytest.mark.parametrize("name", sorted(getattr(jumpsigma, "__all__", ())))
def test_every_name_resolves(name: str) -> None:
    assert getattr(jumpsigma, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    name = "no_such_name"
    with pytest.raises(AttributeError, match=name):
        getattr(jumpsigma, name)
