"""Packages whose names are imported when they are first used have all names that they offer."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

PACKAGES = ("jumpsigma", "jumpsigma.api", "jumpsigma.pack")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_is_there(name: str) -> None:
    package = import_module(name)
    missing = [each for each in package.__all__ if getattr(package, each, None) is None]
    assert missing == []
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = package.no_such_name


@pytest.mark.parametrize("name", PACKAGES)
def test_what_a_type_checker_sees_is_what_there_is(name: str) -> None:
    package = import_module(name)
    tree = ast.parse(Path(str(package.__file__)).read_text(encoding="utf-8"))
    (block,) = (each for each in tree.body if isinstance(each, ast.If))
    imports = [each for each in block.body if isinstance(each, ast.ImportFrom)]
    seen = {alias.name: str(each.module) for each in imports for alias in each.names}
    assert seen == package._HOME_OF
    assert set(package.__all__) == set(seen) | ({"__version__"} if name == "jumpsigma" else set())
