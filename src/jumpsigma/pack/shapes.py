"""Checks for the shape of our own YAML files; each complaint is a diagnostic at its key."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from difflib import get_close_matches
from typing import Any

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack.positions import KeyPath, Positions


class Shape:
    """Collects what is wrong with one document under one diagnostic code."""

    def __init__(self, code: str, positions: Positions) -> None:
        self.code = code
        self.positions = positions
        self.diagnostics: list[Diagnostic] = []

    def complain(
        self, message: str, path: KeyPath, *, key: bool = False, hint: str | None = None
    ) -> None:
        """Add an error at a path."""
        span = self.positions.span(path, key=key)
        self.diagnostics.append(Diagnostic(self.code, message, span=span, hint=hint))

    def mapping(self, value: Any, path: KeyPath, known: Collection[str]) -> Mapping[Hashable, Any]:
        """The value when it is a mapping, else an empty one; unknown keys are named."""
        if not isinstance(value, Mapping):
            self.complain(f"a mapping with the keys {', '.join(known)} belongs here", path)
            return {}
        for key in value:
            if key not in known:
                near = get_close_matches(str(key), known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(known)
                self.complain(f"the key {str(key)!r} is unknown", (*path, key), key=True, hint=hint)
        return value

    def text(
        self, data: Mapping[Hashable, Any], key: str, path: KeyPath, *, required: bool = False
    ) -> str | None:
        """The string under a key; None where it is absent or wrong."""
        value = data.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if key in data:
            hint = None if value is None or isinstance(value, (list, dict)) else "quote it"
            self.complain(f"{key} must be a string that is not empty", (*path, key), hint=hint)
        elif required:
            self.complain(f"{key} is missing", (*path, key))
        return None

    def texts(self, data: Mapping[Hashable, Any], key: str, path: KeyPath) -> tuple[str, ...]:
        """The list of strings under a key, one string counting as a list of one."""
        value = data.get(key)
        if key not in data:
            return ()
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list):
            self.complain(f"{key} must be a list of strings", (*path, key))
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str):
                hint = "quote it"
                self.complain(f"{key} must hold strings", (*path, key, index), hint=hint)
        return tuple(item for item in value if isinstance(item, str))
