"""Panther: the rule's own module, called with Panther's event where panther-core is installed.

panther-core (AGPL: for tests only, and not needed) is the library that Panther hands events over
with; without it the rule gets plain dicts.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from engines.engine import QueryError, Stored

#: What Panther adds to an event; the texts are in no event of JumpCloud.
ADDED: dict[str, Any] = {
    "p_log_type": "Custom.JumpCloud.DirectoryInsights",
    "p_event_time": "2026-11-02 09:00:00.000000000",
    "p_row_id": "f0f1f2f3",
    "p_schema_version": 0,
    "p_enrichment": {"added by Panther": ["Payroll", "admin", True]},
}


class Panther:
    """The events as Panther gives them to a rule."""

    name = "panther"

    def __init__(self) -> None:
        self._events: dict[str, Mapping[str, Any]] = {}
        self._event: Callable[[dict[str, Any]], Mapping[str, Any]] = dict
        try:
            from panther_core import PantherEvent  # type: ignore[import-not-found]
        except ImportError:
            return
        self._event = PantherEvent

    def available(self) -> str | None:
        """The version of panther-core, or of Python where it is missing."""
        try:
            return f"panther-core {version('panther-core')}"
        except PackageNotFoundError:
            return f"Python {platform.python_version()}"

    def load(self, events: Stored) -> None:
        """Hold the events."""
        self._events = {key: self._event({**event, **ADDED}) for key, event in events.items()}

    def run(self, query: str) -> list[str]:
        """The ids of the events of which ``rule`` says True."""
        module: dict[str, Any] = {"__name__": "a_rule"}
        try:
            exec(compile(query, "rule.py", "exec"), module)
            answers = {key: module["rule"](event) for key, event in self._events.items()}
        except Exception as error:  # whatever the module raises
            raise QueryError(f"{type(error).__name__}: {error}") from error
        if wrong := [key for key, answer in answers.items() if type(answer) is not bool]:
            raise QueryError(f"rule returns no boolean for {wrong[0]}")
        return sorted(key for key, answer in answers.items() if answer)

    def close(self) -> None:
        """Forget the events."""
        self._events = {}
