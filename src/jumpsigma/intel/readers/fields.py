"""Fields of a feed's objects, of whatever type they are: the value, or None and a problem told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jumpsigma.intel.readers.problems import Problems, shown

MAX_TEXT = 500
"""Characters of a name or note that are kept."""

MAX_TAGS = 64
"""Tags of one indicator that are kept; each up to :data:`MAX_TAG` characters."""

MAX_TAG = 200


class Fields:
    """The object at ``pointer`` of a document."""

    __slots__ = ("_data", "_line", "_problems", "pointer")

    def __init__(
        self, data: Mapping[str, Any], pointer: str, problems: Problems, *, line: int = 0
    ) -> None:
        """``line`` is the place of what stands in a text, and no pointer is told then."""
        self._data = data
        self._problems = problems
        self._line = line
        self.pointer = pointer

    def text(self, key: str) -> str | None:
        """A string that is not empty."""
        value = self._data.get(key)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self._ignored(key, "text")
            return None
        return value

    def flag(self, key: str) -> bool:
        """True, ``1`` and ``"1"`` are true (MISP writes all three); absent is false."""
        value = self._data.get(key)
        if value in (None, False, 0, "0", "false", ""):
            return False
        if value in (True, 1, "1", "true"):
            return True
        self._ignored(key, "true or false")
        return False

    def percent(self, key: str) -> int | None:
        """A whole number from 0 to 100."""
        value = self._data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
            self._ignored(key, "a whole number from 0 to 100")
            return None
        return value

    def moment(self, key: str) -> datetime | None:
        """A time, aware: RFC 3339, or seconds since 1970 as a number or its digits."""
        value = self._data.get(key)
        if value is None or value == "":
            return None
        moment = to_moment(value)
        if moment is None:
            self._ignored(key, "a time")
        return moment

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; those of another type are left out."""
        value = self._data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._ignored(key, "a list of texts")
        return to_tags(value) if isinstance(value, list) else ()

    def objects(self, key: str) -> list[dict[str, Any]]:
        """A list of objects; what is of another type is left out."""
        value = self._data.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._ignored(key, "a list of objects")
        return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

    def _ignored(self, key: str, wanted: str) -> None:
        self._problems.tell(
            "JS080",
            f"{key!r} is not {wanted} but {shown(self._data[key])}; it is ignored",
            sort="fields of a wrong type",
            kept=True,
            pointer=None if self._line else f"{self.pointer}/{key}",
            line=self._line,
        )


def to_moment(value: object) -> datetime | None:
    """The aware time that a feed's value stands for, or None. Without a zone it is UTC."""
    try:
        if isinstance(value, str) and not value.strip().isdecimal():
            text = value.strip().removesuffix("UTC").rstrip()  # as abuse.ch writes it
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, str):
            value = int(value[:20])
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            return None
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def to_tags(values: list[Any]) -> tuple[str, ...]:
    """The texts among ``values``, each once, in order, cut to what is kept."""
    texts = (clean(each, MAX_TAG) for each in values if isinstance(each, str))
    return tuple(dict.fromkeys(text for text in texts if text))[:MAX_TAGS]


def clean(text: str, size: int = MAX_TEXT) -> str:
    """Text on one line, without what cannot be stored (lone surrogates) or should not be shown."""
    kept = text[: size * 2].encode("utf-8", "replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in kept).split())[:size]


def note_of(*texts: str | None) -> str | None:
    """One note of what there is among ``texts``."""
    return clean(": ".join(text for text in texts if text)) or None
