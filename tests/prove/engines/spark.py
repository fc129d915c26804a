"""Spark SQL, the engine behind Databricks SQL, in a JVM of its own on this machine."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engines.engine import TABLE, QueryError, Stored, ids_of


class Spark:
    """The events as a view, each as JSON text in a column of the type STRING."""

    name = "pyspark"

    def __init__(self) -> None:
        self._session: Any = None

    def available(self) -> str | None:
        """The version of the package; it needs a Java runtime besides."""
        try:
            package = version("pyspark")
            self._started()
        except (PackageNotFoundError, OSError, RuntimeError):  # no package; no java
            return None
        return package

    def _started(self) -> Any:
        if self._session is None:
            from pyspark.sql import SparkSession  # type: ignore[import-not-found]

            settings = {
                "spark.ui.enabled": "false",
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.sql.session.timeZone": "UTC",
                "spark.sql.shuffle.partitions": "1",
                "spark.sql.ansi.enabled": "true",  # as Databricks SQL has it
                "spark.log.level": "OFF",
            }
            builder = SparkSession.builder.master("local[1]").appName("prove")
            for key, value in settings.items():
                builder = builder.config(key, value)
            self._session = builder.getOrCreate()
        return self._session

    def load(self, events: Stored) -> None:
        """Hold the events."""
        rows = [(key, json.dumps(event, ensure_ascii=False)) for key, event in events.items()]
        frame = self._started().createDataFrame(rows, "id STRING, event STRING").coalesce(1)
        frame.cache().createOrReplaceTempView(TABLE)

    def hold(self, files: Mapping[str, str]) -> None:
        """Load CSV files."""
        with tempfile.TemporaryDirectory() as folder:
            for number, text in enumerate(files.values()):
                Path(folder, f"{number}.csv").write_text(text, encoding="utf-8")
            frame = self._started().read.csv(
                folder, "list STRING, value STRING", header=True, escape='"'
            )
            frame = frame.fillna("")  # what is empty is read as null
            frame.cache().createOrReplaceTempView("jumpsigma_lists")
            frame.count()  # read before the files go

    def run(self, query: str) -> list[str]:
        """The ids of the rows."""
        from pyspark.errors import PySparkException  # type: ignore[import-not-found]

        try:
            frame = self._started().sql(query)
            columns = [name for name in frame.columns if name.lower() == "id"]
            return ids_of(columns or frame.columns, frame.select(*columns).collect())
        except PySparkException as error:
            raise QueryError(str(error)) from error

    def close(self) -> None:
        """Stop the JVM."""
        if self._session is not None:
            self._session.stop()
            self._session = None
