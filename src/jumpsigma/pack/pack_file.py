"""``pack.yaml``: what a pack says about itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.pack.shapes import Shape
from jumpsigma.pack.yaml_reader import read_file

_KEYS: Final = ("id", "title", "version", "license", "authors", "default_mapping")


@dataclass(frozen=True, slots=True)
class PackSettings:
    """A ``pack.yaml``. It speaks for every rule in ``folder`` and below.

    ``default_mapping``: the vocabulary in which cases are written unless they say otherwise.
    """

    path: str
    folder: str
    id: str
    title: str
    version: str
    license: str
    authors: tuple[str, ...] = ()
    default_mapping: str | None = None

    def owns(self, path: str) -> bool:
        """Whether a file lies in the folder of this pack or below."""
        if self.folder == "":
            return not os.path.isabs(path)  # noqa: PTH117
        return path.startswith(self.folder.rstrip(os.sep) + os.sep)


def read_pack_file(path: str) -> tuple[PackSettings | None, list[Diagnostic]]:
    """Read and check a ``pack.yaml``; None with JS017 (or a YAML code) when it is wrong."""
    result = read_file(Path(path))
    diagnostics = list(result.diagnostics)
    if diagnostics:
        return None, diagnostics
    if len(result.documents) != 1:
        message = f"one YAML document belongs here, not {len(result.documents)}"
        return None, [Diagnostic("JS017", message, span=Span(path, 1, 1, 1, 1))]
    document = result.documents[0]
    shape = Shape("JS017", document.positions)
    data = shape.mapping(document.value, (), _KEYS)
    found = {
        key: shape.text(data, key, (), required=True)
        for key in ("id", "title", "version", "license")
    }
    authors = shape.texts(data, "authors", ())
    default_mapping = shape.text(data, "default_mapping", ())
    if shape.diagnostics:
        return None, shape.diagnostics
    texts = {key: value for key, value in found.items() if value is not None}
    folder = os.path.dirname(path)  # noqa: PTH120 - keeps "" apart from "."
    return PackSettings(path, folder, authors=authors, default_mapping=default_mapping, **texts), []
