"""When an event was, to the nanosecond (S803)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jumpsigma.matcher.correlate.rows import NANOSECONDS
from jumpsigma.matcher.runtime import TIME_PATHS, moment_of, values

_FRACTION = re.compile(r"\.(\d{1,9})\d*(?:[Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_IN_UTC = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d):([0-5]\d):(\d\d)(?:\.(\d+))?[Zz]?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST, _MOST = -(2**63), 2**63 - 1
_MILLISECONDS_FROM = 100_000_000_000


def time_of(event: dict[str, Any]) -> int | None:
    """The event's time in nanoseconds since 1970, None where none can be read."""
    usual = event.get("timestamp")  # the first of them
    if type(usual) is str and (found := nanoseconds(usual)) is not None:
        return found
    for path in TIME_PATHS:
        for value in values(event, path):
            found = nanoseconds(value)
            if found is not None:
                return found
    return None


def nanoseconds(value: Any) -> int | None:
    """A time of S355 with its fraction; None outside the years 1678 to 2261, as int64 has it."""
    if type(value) is str and (parts := _IN_UTC.fullmatch(value)) is not None:
        return _in_utc(*parts.groups())
    moment = moment_of(value)
    if moment is None:
        return None
    if isinstance(value, str):
        since = moment - _EPOCH
        found = (since.days * 86_400 + since.seconds) * NANOSECONDS
        fraction = _FRACTION.fullmatch(value, 19)
        if fraction is not None:
            found += int(fraction[1].ljust(9, "0"))
    else:
        number = Decimal(repr(value)) * NANOSECONDS
        found = round(number / 1000 if abs(value) >= _MILLISECONDS_FROM else number)
    return found if _LEAST <= found <= _MOST else None


def _in_utc(hour: str, minute: str, second: str, fraction: str | None) -> int | None:
    """The usual form, in a quarter of the time and with the same result."""
    begun = _seconds(hour)
    if begun is None:
        return None
    found = (begun + int(minute) * 60 + min(int(second), 59)) * NANOSECONDS
    if fraction:
        found += int(fraction[:9].ljust(9, "0"))
    return found if _LEAST <= found <= _MOST else None


@lru_cache(maxsize=4096)  # events of the same hour come together
def _seconds(hour: str) -> int | None:
    """A date with an hour as seconds since 1970."""
    try:
        moment = datetime.fromisoformat(f"{hour.upper()}:00").replace(tzinfo=UTC)
    except ValueError:
        return None
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds


def written(time: int) -> str:
    """A time as RFC 3339 in UTC, with the digits of the second that it needs."""
    seconds, fraction = divmod(time, NANOSECONDS)
    days, rest = divmod(seconds, 86_400)
    date = datetime.fromordinal(_EPOCH.toordinal() + days).date()
    digits = f".{fraction:09}".rstrip("0") if fraction else ""
    return f"{date}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}{digits}Z"
