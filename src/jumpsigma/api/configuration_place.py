"""Where the configuration is: found without what reads it, which takes long to import."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

FILE: Final = "jumpsigma.toml"
PYPROJECT: Final = "pyproject.toml"
#: The tables of the first, which are below ``tool.jumpsigma`` in the second.
TABLES: Final = ("validate", "diff")


def find_configuration(folders: Iterable[str]) -> Path | None:
    """The nearest file that speaks of us: from each folder upwards, then from the current one.

    A ``pyproject.toml`` without our table does not count.
    """
    starts = [*(Path(os.path.abspath(folder)) for folder in folders), Path.cwd()]  # noqa: PTH100
    for start in starts:
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return folder / FILE
            if _has_table(folder / PYPROJECT):
                return folder / PYPROJECT
    return None


def _has_table(path: Path) -> bool:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    ours = data.get("tool", {}).get("jumpsigma", {})
    return any(name in ours for name in TABLES)
