"""Raw Directory Insights events inside the documents that other systems make of them."""

from __future__ import annotations

from typing import Any, Literal

from spelling import PLAIN, Spelling, spelled

from jumpsigma.intake import wrapped

Event = dict[str, Any]
Wrapper = Literal[
    "none", "hit", "original", "flat original", "elastic", "message", "version", "hit of original"
]

WRAPPERS: tuple[Wrapper, ...] = (
    "none",
    "hit",
    "original",
    "flat original",
    "elastic",
    "message",
    "version",
    "hit of original",
)


def wrap(event: Event, wrapper: Wrapper, inner: Spelling = PLAIN) -> Event:
    """The document that a system makes of an event; where it keeps the text, in this spelling."""
    match wrapper:
        case "none":
            return event
        case "hit":
            return {"_index": "logs-1", "_id": "x1", "_source": event}
        case "original":
            return {
                "@timestamp": "2026-11-19T08:00:00Z",
                "event": {"original": _text(event, inner)},
            }
        case "flat original":
            return {"event.original": _text(event, inner), "event": {"kind": "event"}}
        case "elastic":
            return _elastic(event)
        case "message":
            return {"message": _text(event, inner), "sekoiaio": {"intake": {"key": "k"}}}
        case "version":
            return {("_version" if key == "@version" else key): v for key, v in event.items()}
        case "hit of original":
            return wrap(wrap(event, "original", inner), "hit")


def _text(event: Event, spelling: Spelling) -> str:
    return spelled(event, spelling).decode("utf-8", "surrogatepass")


def _elastic(event: Event) -> Event:
    """What Elastic's pipeline leaves in `jumpcloud.event`, and what it moves out of there."""
    kept = {("version" if key == "@version" else key): value for key, value in event.items()}
    document: Event = {}
    for name, moved_to in wrapped._MOVED:
        parent, _, child = name.rpartition(".")
        inner = kept.get(parent) if parent else kept
        if not isinstance(inner, dict) or child not in inner:
            continue
        inner = dict(inner)
        _set(document, moved_to, inner.pop(child))
        if parent:
            kept[parent] = inner
        else:
            kept = inner
    return {**document, "jumpcloud": {"event": kept}}


def _set(document: Event, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        document = document.setdefault(parent, {})
    document[last] = value
