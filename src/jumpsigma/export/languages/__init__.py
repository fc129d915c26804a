"""Query languages by the name that ``base`` of a ``backend.yaml`` gives them.

A module is imported when a target that needs it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from jumpsigma.export.language import Language

#: Name to module and class.
BASES: Final[dict[str, tuple[str, str]]] = {
    "clickhouse": ("clickhouse", "ClickHouse"),
    "databricks": ("databricks", "Databricks"),
    "duckdb": ("duckdb", "DuckDb"),
    "eql": ("eql", "Eql"),
    "esql": ("esql", "Esql"),
    "jumpcloud": ("jumpcloud", "DirectoryInsights"),
    "kql": ("kql", "Kql"),
    "logscale": ("logscale", "LogScale"),
    "logsql": ("logsql", "LogsQl"),
    "logql": ("logql", "LogQl"),
    "lucene": ("lucene", "Lucene"),
    "panther": ("panther", "Panther"),
    "postgres": ("postgres", "Postgres"),
    "aql": ("aql", "Aql"),
    "query_dsl": ("query_dsl", "QueryDsl"),
    "sigma": ("sigma", "Sigma"),
    "spl": ("spl", "Spl"),
    "sqlite": ("sqlite", "Sqlite"),
    "sumo": ("sumo", "Sumo"),
    "text": ("text", "TextLanguage"),
    "yaral": ("yaral", "YaraL"),
}


def language_class(base: str) -> type[Language]:
    """The class of a base that :data:`BASES` names."""
    module, name = BASES[base]
    found = getattr(import_module(f"{__name__}.{module}"), name)
    assert isinstance(found, type)  # noqa: S101 - for the reader
    assert issubclass(found, Language)  # noqa: S101 - for the reader
    return found
