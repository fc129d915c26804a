"""The schema of JumpCloud Directory Insights: which events exist and what they can hold.

:func:`load_schema` reads ``mappings/directory_insights.yaml``, which names its sources.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jumpsigma import content
from jumpsigma.intake.schema_model import (
    CATALOGUES,
    FIELD_TYPES,
    PROVENANCES,
    AliasGroup,
    Catalogue,
    Domain,
    EventType,
    Field,
    FieldType,
    KnownDeviation,
    Provenance,
    Schema,
    Service,
    VirtualField,
)

FILE_NAME = "directory_insights.yaml"


def load_schema(path: Path | None = None) -> Schema:
    """Read the schema at ``path``, else the one that ships with us (once).

    Raises
    ------
    DiagnosticError
        ``JS060`` with file, line and column when the file is wrong, ``JS019`` when the
        installation is broken.

    """
    return _shipped() if path is None else _read(path)


@cache
def _shipped() -> Schema:
    return _read(content.shipped("mappings") / FILE_NAME)


def _read(path: Path) -> Schema:
    # Late: whoever only wants the types pays for no YAML.
    from jumpsigma.intake.schema_reader import read_schema

    return read_schema(path)


__all__ = [
    "CATALOGUES",
    "FIELD_TYPES",
    "FILE_NAME",
    "PROVENANCES",
    "AliasGroup",
    "Catalogue",
    "Domain",
    "EventType",
    "Field",
    "FieldType",
    "KnownDeviation",
    "Provenance",
    "Schema",
    "Service",
    "VirtualField",
    "load_schema",
]
