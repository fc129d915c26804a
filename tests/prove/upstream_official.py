"""Which official backends stand beside ours, where their queries run, and what may explain them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import upstream_engines as engines
import upstream_models as models
import upstream_products as products
from engines.engine import Engine
from reading import Row


@dataclass(frozen=True, slots=True)
class Official:
    """A target, the official backend of its product, and where queries of both run.

    ``kinds``: what may explain a difference, the likely first. ``drops_empty``: the events of the
    target have neither null nor empty texts. ``language``: tells two of one target apart.
    ``open``: the kind that it is where one half of the readings is explained, and the other is not.
    ``ours``: what starts our engine, where that is not the one of the catalogue. ``values``: what
    it holds of the values, where the product does not keep all types.
    """

    target: str
    package: str
    backend: str
    engine: str
    upstream: Callable[[], engines.Upstream]
    kinds: tuple[str, ...]
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    drops_empty: bool = False
    language: str = ""
    open: str = ""
    ours: Callable[[], Engine] | None = None
    values: Callable[[Mapping[str, Row], engines.Columns], Mapping[str, Row]] | None = None

    @property
    def name(self) -> str:
        """What it is called on the command line, on the page and in results."""
        return f"{self.target}_{self.language}" if self.language else self.target


OFFICIAL: Mapping[str, Official] = {
    one.name: one
    for one in (
        Official(
            "sqlite",
            "pysigma-backend-sqlite",
            "sigma.backends.sqlite:sqliteBackend",
            "sqlite3",
            engines.sqlite,
            ("address-as-text",),
            options={"functions": "yes"},
        ),
        Official(
            "duckdb",
            "pysigma-backend-duckdb",
            "sigma_backend_duckdb:DuckDBBackend",
            "duckdb",
            engines.duckdb,
            ("missing-under-not", "case-of-whole-texts", "pattern-signs", "address-as-text"),
        ),
        Official(
            "clickhouse",
            "pysigma-backend-clickhouse",
            "sigma.backends.clickhouse:ClickhouseBackend",
            "chdb",
            engines.clickhouse,
            ("missing-under-not", "case-without-signs", "escapes-in-lists", "cased-found-anywhere"),
        ),
        Official(
            "opensearch",
            "pysigma-backend-opensearch",
            "sigma.backends.opensearch:OpensearchLuceneBackend",
            "osmem-server",
            engines.opensearch,
            (
                "case",
                "whole-regex",
                "anchors-as-letters",
                "groups-as-letters",
                "slashes-escaped-twice",
                "regex-operators",
                "address-as-word",
            ),
            "lucene",
        ),
        Official(
            "splunk",
            "pysigma-backend-splunk",
            "sigma.backends.splunk:SplunkBackend",
            "spl-model",
            engines.splunk,
            ("one-character",),
            options={
                "empties": "dropped",
                "elements": "json",
                "numbers": "plain",
                "characters": "utf8",
            },
            drops_empty=True,
        ),
        Official(
            "sentinel",
            "pysigma-backend-kusto",
            "sigma.backends.kusto:KustoBackend",
            "kusto",
            products.KustoTable,
            (
                "case-of-wildcards",
                "wildcards-found-anywhere",
                "wildcards-end-at-line-breaks",
                "dotted-names-as-texts",
            ),
            "kql",
            {"schema": "dcr"},
            drops_empty=True,
            values=engines.typed,
        ),
        Official(
            "databricks",
            "pysigma-backend-databricks",
            "sigma.backends.databricks:DatabricksBackend",
            "pyspark",
            products.SparkTable,
            ("missing-under-not", "case-of-fields"),
            ours=products.SparkLiterals,
        ),
        Official(
            "elasticsearch",
            "pysigma-backend-elasticsearch",
            "sigma.backends.elasticsearch:LuceneBackend",
            "osmem-elastic",
            products.elastic,
            (
                "case",
                "whole-regex",
                "anchors-as-letters",
                "groups-as-letters",
                "slashes-escaped-twice",
                "regex-operators",
            ),
            "lucene",
            drops_empty=True,
            language="lucene",
        ),
        Official(
            "elasticsearch",
            "pysigma-backend-elasticsearch",
            "sigma.backends.elasticsearch:EqlBackend",
            "eql",
            products.eql,
            ("missing-under-not", "whole-regex", "regex-without-case"),
            "eql",
            drops_empty=True,
            language="eql",
        ),
        Official(
            "panther",
            "pysigma-backend-panther",
            "sigma.backends.panther:PantherBackend",
            "panther",
            products.PantherRules,
            (
                "case",
                "keywords-as-letters",
                "keywords-in-json",
                "keywords-in-names",
                "escapes-kept",
                "one-character-as-letter",
                "missing-is-empty",
                "any-but-empty",
                "numbers-as-texts",
                "backslashes-doubled",
                "regex-at-start",
                "no-address-stops",
                "no-expression-stops",
                "patterns-not-escaped",
            ),
        ),
        Official(
            "crowdstrike",
            "pysigma-backend-crowdstrike",
            "sigma.backends.crowdstrike:LogScaleBackend",
            "logscale-model",
            models.texts(models.LOGSCALE),
            (),
            options={
                "empties": "dropped",
                "arrays": "negatable",
                "numbers": "plain",
                "characters": "utf8",
            },
            drops_empty=True,
            open="and-or-order",
        ),
        Official(
            "victorialogs",
            "pysigma-backend-victorialogs",
            "sigma.backends.victorialogs:VictoriaLogsBackend",
            "logsql-model",
            models.texts(models.VICTORIALOGS),
            ("case", "parts-are-words", "wildcards-end-at-line-breaks"),
            options={"empties": "dropped", "numbers": "plain"},
            drops_empty=True,
        ),
        Official(
            "loki",
            "pysigma-backend-loki",
            "sigma.backends.loki:LogQLBackend",
            "logql-model",
            models.texts(models.LOGQL, name=models.label),
            (
                "escaped-wildcards",
                "or-without-parentheses",
                "missing-address-or-number",
                "missing-is-empty",
                "whole-regex",
                "patterns-end-at-line-breaks",
            ),
            options={"empties": "dropped"},
            drops_empty=True,
            open="and-or-order",
        ),
        Official(
            "secops",
            "pysigma-backend-secops",
            "sigma.backends.secops:SecOpsBackend",
            "yaral-model",
            models.texts(models.YARAL),
            (
                "negation",
                "or-without-parentheses",
                "lists-as-expressions",
                "quoted-patterns",
                "regex-without-case",
                "backslashes-doubled",
                "case-of-enumerations",
            ),
            values=engines.flat_texts,
            drops_empty=True,
        ),
        Official(
            "qradar",
            "pysigma-backend-qradar-community",
            "sigma.backends.QRadarAQL:QRadarAQLBackend",
            "aql-model",
            models.texts(models.AQL),
            (
                "missing-under-not",
                "case-of-texts-without-wildcards",
                "pattern-signs",
                "placeholders-as-anything",
                "whole-regex",
            ),
            values=engines.flat_texts,
            drops_empty=True,
        ),
        Official(
            "sumologic",
            "pysigma-backend-sumologic",
            "sigma.backends.sumologic:SumoLogicCSEBackend",
            "sumo-model",
            models.texts(models.CLOUD_SIEM),
            (
                "escaped-wildcards",
                "quotation-marks-in-patterns",
                "address-as-text",
                "case",
                "space-before-sign",
                "wildcards-as-repetitions",
                "missing-under-not",
                "patterns-found-anywhere",
                "expressions-escaped",
                "whole-regex",
                "patterns-end-at-line-breaks",
            ),
            "cse_rule",
            values=engines.flat_texts,
            drops_empty=True,
        ),
    )
}
