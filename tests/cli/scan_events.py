"""Events that fire each of the three shipped detections, and one that fires none."""

from __future__ import annotations

import json
from typing import Any

QUIET: dict[str, Any] = {
    "id": "64a000000000000000000001",
    "timestamp": "2026-11-19T08:00:00Z",
    "service": "directory",
    "event_type": "group_update",
    "initiated_by": {"type": "admin", "email": "admin@example.com"},
}
LOCKED = QUIET | {
    "id": "64a000000000000000000002",
    "event_type": "user_lockout",
    "resource": {"type": "user", "username": "jane.doe"},
    "client_ip": "203.0.113.7",
}
KEY = QUIET | {
    "id": "64a000000000000000000003",
    "event_type": "admin_update",
    "changes": [{"field": "firstname"}, {"field": "apiKeyUpdatedAt", "to": "now"}],
}
POLICY = QUIET | {
    "id": "64a000000000000000000004",
    "event_type": "policy_update",
    "resource": {"type": "policy", "name": 'FileVault [all] , "quoted" }]'},
}
ALL = [QUIET, LOCKED, KEY, POLICY]
TITLES = ["Jumpcloud Account Locked", "Jumpcloud Api Key Updated", "Jumpcloud Policy Modified"]


def ndjson(events: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)
