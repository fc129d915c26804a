"""Raw events inside the documents of a SIEM."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest

from jumpsigma.intake.events import read_events
from jumpsigma.intake.wrapped import unwrap

RAW: dict[str, Any] = {
    "@version": "1",
    "id": "64a000000000000000000001",
    "timestamp": "2026-11-19T08:00:00.123Z",
    "service": "systems",
    "event_type": "login_attempt",
    "organization": "64a0000000000000000000ff",
    "message": "User jane.doe logged in",
    "client_ip": "192.0.2.7",
    "src_ip": "198.51.100.7",
    "process_name": "/usr/sbin/sshd",
    "username": "jane.doe",
    "success": False,
    "system": {"id": "64a0000000000000000000aa", "hostname": "host-1", "displayName": "Host 1"},
    "initiated_by": {"type": "user", "id": "1", "email": "jane@example.com", "username": "jane"},
    "useragent": {
        "device": "Mac",
        "name": "Chrome",
        "version": "114",
        "os_name": "Mac OS X",
        "os_full": "Mac OS X 10.15.7",
        "os_version": "10.15.7",
    },
    "changes": [{"field": "a", "from": False, "to": True}],
}
TEXT = json.dumps(RAW)

# What Elastic's pipeline leaves of RAW, written down from its documented field mapping.
ELASTIC: dict[str, Any] = {
    "@timestamp": "2026-11-19T08:00:00.123Z",
    "data_stream": {"dataset": "jumpcloud.events", "type": "logs"},
    "event": {
        "id": "64a000000000000000000001",
        "action": "login_attempt",
        "module": "systems",
        "outcome": "failure",
        "kind": "event",
    },
    "message": "User jane.doe logged in",
    "client": {"ip": "192.0.2.7", "geo": {"country_iso_code": "FR"}},
    "source": {
        "ip": "198.51.100.7",
        "user": {"id": "1", "email": "jane@example.com", "name": "jane"},
    },
    "process": {"name": "/usr/sbin/sshd"},
    "user": {"name": "jane.doe"},
    "host": {"id": "64a0000000000000000000aa", "hostname": "host-1"},
    "user_agent": {
        "device": {"name": "Mac"},
        "name": "Chrome",
        "version": "114",
        "os": {"name": "Mac OS X", "full": "Mac OS X 10.15.7", "version": "10.15.7"},
    },
    "jumpcloud": {
        "event": {
            "version": "1",
            "organization": "64a0000000000000000000ff",
            "success": False,
            "system": {"displayName": "Host 1"},
            "initiated_by": {"type": "user"},
            "changes": [{"field": "a", "from": False, "to": True}],
        }
    },
}


def flat(value: dict[str, Any], prefix: str = "", keep: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        path = prefix + key
        if isinstance(inner, dict) and path not in keep:
            found |= flat(inner, path + ".", keep)
        else:
            found[path] = inner
    return found


def hit(document: dict[str, Any]) -> dict[str, Any]:
    return {"_index": ".ds-logs-jumpcloud.events-1", "_id": "x", "_score": 1, "_source": document}


DUPLICATES_KEPT = {
    **ELASTIC,
    "jumpcloud": {"event": {"version" if k == "@version" else k: v for k, v in RAW.items()}},
    "event": {**ELASTIC["event"], "action": "changed by somebody's own pipeline"},
}
SEKOIA = {
    "message": TEXT,
    "event": {"action": "login_attempt", "category": ["authentication"]},
    "jumpcloud": {"event_type": "login_attempt", "id": RAW["id"]},
    "sekoiaio": {"intake": {"dialect": "jumpcloud"}},
}
WRAPPED: dict[str, dict[str, Any]] = {
    "Elastic, original kept": {**ELASTIC, "event": {**ELASTIC["event"], "original": TEXT}},
    "Elastic, original kept, flat": {"event.original": TEXT, "event.action": "login_attempt"},
    "Elastic, parsed only": ELASTIC,
    "Elastic, parsed only, flat": flat(ELASTIC, keep=("jumpcloud.event",)),
    "Elastic, duplicates kept": DUPLICATES_KEPT,
    "Elastic, before its pipeline": {"message": TEXT, "input": {"type": "httpjson"}},
    "Elastic, original cut off": {**ELASTIC, "event": {**ELASTIC["event"], "original": TEXT[:-9]}},
    "search hit of a raw event": hit(RAW),
    "search hit of a parsed event": hit(ELASTIC),
    "search hit with the original": hit({"event": {"original": TEXT}}),
    "Sekoia": SEKOIA,
    "Sekoia, flat": flat(SEKOIA),
    "message with spaces around": {"message": f" \n{TEXT}\n"},
    "GCS": {("_version" if key == "@version" else key): value for key, value in RAW.items()},
    "GCS, wrapped": {"message": TEXT.replace("@version", "_version")},
}


@pytest.mark.parametrize("name", WRAPPED)
def test_unwrap(name: str) -> None:
    before = copy.deepcopy(WRAPPED[name])
    assert unwrap(WRAPPED[name]) == RAW
    assert WRAPPED[name] == before


def test_names_keep_their_order_where_only_one_is_renamed() -> None:
    assert list(unwrap(WRAPPED["GCS"])) == list(RAW)


OTHER: dict[str, dict[str, Any]] = {
    "raw": RAW,
    "raw, its message is an event": {**RAW, "message": TEXT.replace("login", "other")},
    "raw, with what a wrapper would have": {**RAW, **hit(RAW), "event": {"original": TEXT}},
    "raw, event type is null": {"event_type": None, "message": TEXT},
    "raw, both versions": {**RAW, "_version": "2"},
    "no event type": {"message": '{"service": "systems"}'},
    "event type is no text": {"message": '{"event_type": 1, "service": "systems"}'},
    "neither service nor organization": {"message": '{"event_type": "x"}'},
    "message is text": {"message": "User jane.doe logged in"},
    "message is an array": {"message": f"[{TEXT}]"},
    "message is broken": {"message": TEXT[:-1]},
    "message is nested too deep": {"message": '{"event_type":' * 5000},
    "message is no text": {"message": RAW},
    "message has a lone surrogate": {"message": "{\ud800"},
    "source of no hit": {"_source": RAW},
    "source is text": {"_index": "x", "_source": TEXT},
    "hit in a hit": hit(hit(RAW)),
    "wrapped twice": {"message": json.dumps({"message": TEXT})},
    "Elastic, event is text": {"jumpcloud": {"event": TEXT}},
    "Elastic, no action": {"jumpcloud": {"event": {"success": True}}},
    "another product": {"event": {"action": "login"}, "user": {"name": "x"}},
    "empty": {},
}


@pytest.mark.parametrize("name", OTHER)
def test_what_is_no_wrapper_stays_as_it_is(name: str) -> None:
    assert unwrap(OTHER[name]) is OTHER[name]


def test_ecs_fields_do_not_stand_in_for_what_has_another_shape() -> None:
    document = copy.deepcopy(ELASTIC)
    document["jumpcloud"]["event"]["system"] = "host-1"
    assert unwrap(document)["system"] == "host-1"


def test_reading_unwraps_only_when_asked() -> None:
    content = b"".join(json.dumps(each).encode() + b"\n" for each in [RAW, *WRAPPED.values()])
    raw = content.splitlines()
    unwrapped = list(read_events(io.BytesIO(content), unwrap=True))
    assert all(event.data == RAW for event in unwrapped)
    assert [(event.line, event.raw) for event in unwrapped] == list(enumerate(raw, 1))
    as_read = [event.data for event in read_events(io.BytesIO(content))]
    assert as_read == [RAW, *WRAPPED.values()]


def test_real_documents_of_sekoia(shared: Path) -> None:
    folder = shared / "data/jumpcloud/sekoia"
    texts = [file.read_text(encoding="utf-8") for file in (folder / "tests").glob("*.json")]
    documents = [json.loads(text)["expected"] for text in texts]
    raw = [json.loads(line) for line in (folder / "raw_events.ndjson").read_bytes().splitlines()]
    assert len(documents) == len(raw)
    assert all(unwrap(each) in raw for each in documents)
