"""OpenSearch, as osmem-server re-implements it: a server on the loopback interface."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engines.engine import QueryError, Stored

_INDEX = "events"


def index_template() -> dict[str, Any]:
    """The mapping of the template that the target writes for its users."""
    from jumpsigma.export import chosen_options, load_target
    from jumpsigma.export.render import render_template

    target = load_target("opensearch")
    options = chosen_options(target, {})
    made = json.loads(render_template(target, "index_template.json.j2", {"options": options}))
    mappings: dict[str, Any] = made["template"]["mappings"]
    return mappings


def elastic_mapping() -> dict[str, Any]:
    """The types that Elastic's integration gives to fields, as the target relies on them."""
    from stores.elastic import kinds_of_fields

    types = {
        "boolean": "boolean",
        "number": "double",
        "address": "ip",
        "date": "date",
        "words": "text",
    }
    kinds = kinds_of_fields()
    keyword = {"type": "keyword", "ignore_above": 1024}
    # What is flattened there are keywords here: both are asked for whole texts only.
    properties = {field: {"type": types[kind]} for field, kind in kinds.exact.items()}
    templates = [
        {kind: {"match_mapping_type": kind, "mapping": keyword}}
        for kind in ("string", "long", "double", "boolean")
    ]
    return {
        "date_detection": False,
        "dynamic_templates": templates,
        "properties": _nested(properties),
    }


def _nested(properties: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, mapping in properties.items():
        *before, last = field.split(".")
        place = found
        for part in before:
            place = place.setdefault(part, {"properties": {}})["properties"]
        place[last] = mapping
    return found


class OpenSearch:
    """The events in one index.

    A query that is a JSON object is the body of a search; any other is the text of a
    ``query_string``, which is Lucene's syntax.
    """

    name = "osmem-server"

    def __init__(self, mappings: Mapping[str, Any] | None = None) -> None:
        self._mappings = dict(mappings or index_template())
        self._server: Any = None
        self._count = 0

    def available(self) -> str | None:
        """The version of the package."""
        try:
            return version("osmem-server")
        except PackageNotFoundError:
            return None

    def _ask(self, method: str, path: str, body: bytes = b"") -> Any:
        if self._server is None:
            from osmem_server import OsmemServer  # type: ignore[import-not-found]

            self._server = OsmemServer.start()
        request = urllib.request.Request(
            f"{self._server.url}/{path}",
            method=method,
            data=body or None,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise QueryError(error.read().decode(errors="replace")) from error

    def load(self, events: Stored) -> None:
        """Hold the events."""
        if self._count:
            self._ask("DELETE", _INDEX)
        self._count = len(events)
        settings = {"index.mapping.total_fields.limit": 20_000, "index.max_result_window": 10**6}
        index = {"settings": settings, "mappings": self._mappings}
        self._ask("PUT", _INDEX, json.dumps(index).encode())
        lines = [
            json.dumps(part)
            for key, event in events.items()
            for part in ({"index": {"_id": key}}, event)
        ]
        answer = self._ask("POST", f"{_INDEX}/_bulk?refresh=true", "\n".join([*lines, ""]).encode())
        failed = [item for item in answer["items"] if "error" in item["index"]]
        if failed:
            raise QueryError(f"{len(failed)} events are not taken, the first: {failed[0]}")

    def hold(self, files: Mapping[str, str]) -> None:
        """Look-up documents by their ids."""
        for path, text in files.items():
            name = f"jumpsigma_lists/_doc/{Path(path).stem}?refresh=true"
            self._ask("PUT", name, text.encode())

    def run(self, query: str) -> list[str]:
        """The ids of the documents."""
        if query.lstrip().startswith("{"):
            body = json.loads(query)
        else:
            body = {"query": {"query_string": {"query": query}}}
        body |= {"size": max(self._count, 1), "_source": False}
        answer = self._ask("POST", f"{_INDEX}/_search", json.dumps(body).encode())
        return sorted(hit["_id"] for hit in answer["hits"]["hits"])

    def close(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.close()
            self._server = None


class Elastic(OpenSearch):
    """The same with the types that Elastic's integration gives to fields."""

    def __init__(self) -> None:
        super().__init__(elastic_mapping())
