"""``pack.yaml``: what a pack says about itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.pack.lists import PackList, read_list
from jumpsigma.pack.shapes import Shape
from jumpsigma.pack.yaml_reader import ReadResult

PACK_KEYS: Final = ("id", "title", "version", "license", "authors", "default_mapping", "lists")
REQUIRED_KEYS: Final = ("id", "title", "version", "license")


@dataclass(frozen=True, slots=True)
class PackSettings:
    """A ``pack.yaml``. It speaks for every rule in ``folder`` and below.

    ``default_mapping``: the vocabulary in which cases are written unless they say otherwise.
    ``lists``: values for the placeholders of its rules.
    """

    path: str
    folder: str
    id: str
    title: str
    version: str
    license: str
    authors: tuple[str, ...] = ()
    default_mapping: str | None = None
    lists: tuple[PackList, ...] = ()

    def owns(self, path: str) -> bool:
        """Whether a file lies in the folder of this pack or below."""
        # Not resolve(): a link into a pack belongs to where it stands.
        return Path(os.path.abspath(path)).is_relative_to(os.path.abspath(self.folder))  # noqa: PTH100


def check_pack_file(path: str, result: ReadResult) -> tuple[PackSettings | None, list[Diagnostic]]:
    """Check a ``pack.yaml`` that was read; None with JS017 (or a YAML code) when it is wrong."""
    diagnostics = list(result.diagnostics)
    if diagnostics:
        return None, diagnostics
    if len(result.documents) != 1:
        message = f"one YAML document belongs here, not {len(result.documents)}"
        return None, [Diagnostic("JS017", message, span=Span(path, 1, 1, 1, 1))]
    document = result.documents[0]
    shape = Shape("JS017", document.positions)
    data = shape.mapping(document.value, (), PACK_KEYS)
    found = {key: shape.text(data, key, (), required=True) for key in REQUIRED_KEYS}
    authors = shape.texts(data, "authors", ())
    default_mapping = shape.text(data, "default_mapping", ())
    folder = os.path.dirname(path)  # noqa: PTH120 - keeps "" apart from "."
    lists = tuple(_read_lists(shape, data, folder))
    if shape.diagnostics:
        return None, shape.diagnostics
    texts = {key: value for key, value in found.items() if value is not None}
    settings = PackSettings(
        path, folder, authors=authors, default_mapping=default_mapping, lists=lists, **texts
    )
    return settings, []


def _read_lists(shape: Shape, data: Any, folder: str) -> Iterator[PackList]:
    """The lists that ``lists:`` names, a file each; a wrong one is complained about."""
    if "lists" not in data:
        return
    if not isinstance(data["lists"], dict):
        shape.complain("lists must be a mapping of placeholder names to files", ("lists",))
        return
    for name, file in data["lists"].items():
        found = read_list(name, file, folder)
        if isinstance(found, PackList):
            yield found
        else:
            shape.complain(found, ("lists", name))
