"""How the pack tests write files and read diagnostics."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack import Pack, load_pack

Place = tuple[str, int, int]


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Pack]:
    """Load the text of one rule file."""

    def load_text(text: str) -> Pack:
        file = tmp_path / "rule.yml"
        file.write_text(text, encoding="utf-8")
        return load_pack(file)

    return load_text


@pytest.fixture(scope="session")
def places() -> Callable[[tuple[Diagnostic, ...]], list[Place]]:
    """Diagnostics as (code, line, column), in their order."""

    def of(diagnostics: tuple[Diagnostic, ...]) -> list[Place]:
        return [
            (d.code, d.span.line, d.span.column) if d.span else (d.code, -1, -1)
            for d in diagnostics
        ]

    return of


@pytest.fixture(scope="session")
def pysigma_major() -> int:
    """1 or 2: which pySigma is installed."""
    return int(version("pysigma").split(".")[0])
