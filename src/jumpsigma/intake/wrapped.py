"""From what other systems make of a Directory Insights event back to the raw event.

Who exports from a SIEM gets the event inside that system's own document:

- Elasticsearch and OpenSearch put the document of a search hit under ``_source``.
- Elastic's JumpCloud integration keeps the raw text in ``event.original`` when told to, and moves
  the parsed event to ``jumpcloud.event``, from which it deletes what it has copied to ECS fields.
- Sekoia.io keeps the raw text in ``message``; so does Elastic before its ingest pipeline has run.
- JumpCloud's own app for Google Cloud, writing NDJSON, renames ``@version`` to ``_version``.

A raw event has ``event_type`` at its top, and none of those documents does. So a raw event is
never changed, whatever its ``message`` says (events of ``systems`` have one).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jumpsigma.intake.jsontext import NotAnEventError, decode_object

MAPPING = "jumpcloud"
"""The mapping whose rules want the raw event. The others want the document that it is in."""

# Where Elastic's ingest pipeline puts what it then deletes from `jumpcloud.event`: raw name, ECS
# name. From the integration's documented field mapping, dataset jumpcloud.events.
_MOVED = (
    ("timestamp", "@timestamp"),
    ("event_type", "event.action"),
    ("service", "event.module"),
    ("id", "event.id"),
    ("client_ip", "client.ip"),
    ("src_ip", "source.ip"),
    ("message", "message"),
    ("process_name", "process.name"),
    ("username", "user.name"),
    ("system.id", "host.id"),
    ("system.hostname", "host.hostname"),
    ("initiated_by.id", "source.user.id"),
    ("initiated_by.email", "source.user.email"),
    ("initiated_by.username", "source.user.name"),
    ("useragent.device", "user_agent.device.name"),
    ("useragent.name", "user_agent.name"),
    ("useragent.version", "user_agent.version"),
    ("useragent.os_name", "user_agent.os.name"),
    ("useragent.os_full", "user_agent.os.full"),
    ("useragent.os_version", "user_agent.os.version"),
)


def unwrap(event: dict[str, Any]) -> dict[str, Any]:
    """The raw Directory Insights event in ``event``; ``event`` itself when there is none.

    The argument is not changed. What a wrapper has dropped stays dropped: Elastic removes null and
    empty values, and the app for Google Cloud turns empty lists and objects into null.
    """
    if "event_type" in event:
        return _with_version(event) if "_version" in event else event
    document = event
    if "_index" in event and isinstance(event.get("_source"), dict):
        document = event["_source"]
    for candidate in _candidates(document):
        if candidate is not None and _is_raw(candidate):
            return unwrap(candidate)
    return event


def _candidates(document: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    """What may be the raw event, the most faithful first."""
    yield document
    yield _parsed(_at(document, "event.original"))
    yield _from_elastic(document)
    yield _parsed(document.get("message"))


def _is_raw(event: dict[str, Any]) -> bool:
    named = isinstance(event.get("event_type"), str)
    return named and ("service" in event or "organization" in event)


def _parsed(text: Any) -> dict[str, Any] | None:
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return None
    try:
        return decode_object(text.encode("utf-8", "surrogatepass"))
    except NotAnEventError:
        return None


def _from_elastic(document: dict[str, Any]) -> dict[str, Any] | None:
    event = _at(document, "jumpcloud.event")
    if not isinstance(event, dict):
        return None
    raw = {("@version" if key == "version" else key): value for key, value in event.items()}
    for name, moved_to in _MOVED:
        value = _at(document, moved_to)
        parent, _, child = name.rpartition(".")
        inner = raw.get(parent, {}) if parent else raw
        if value is None or not isinstance(inner, dict) or child in inner:
            continue
        if parent:
            raw[parent] = {**inner, child: value}
        else:
            raw[child] = value
    return raw


def _at(document: dict[str, Any], path: str) -> Any:
    """The value at a path, whose names may be joined by dots in the document at any place."""
    if path in document:
        return document[path]
    end = path.find(".")
    while end >= 0:
        inner = document.get(path[:end])
        if isinstance(inner, dict) and (value := _at(inner, path[end + 1 :])) is not None:
            return value
        end = path.find(".", end + 1)
    return None


def _with_version(event: dict[str, Any]) -> dict[str, Any]:
    if "@version" in event:
        return event
    return {("@version" if key == "_version" else key): value for key, value in event.items()}
