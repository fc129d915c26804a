"""The one JSON contract of the house: which text is an event, and what its values are.

What orjson accepts is an event if it is an object. What orjson refuses gets one more try with
the standard library, which also reads ``NaN`` and ``Infinity``, numbers beyond a double (they
become infinite) and lone surrogates (escaped, or encoded as if they were characters). Both read
an integer outside 64 bits as a float, and of a key that is there twice the last one counts
(RFC 8259 leaves both open). Anything else is no event.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import orjson

from jumpsigma.intake.brackets import deeper_than

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""Longest line or element that is parsed. The largest real event we know of has 75 kB; parsed,
a hostile one takes some 30 times its bytes of memory."""

MAX_DEPTH = 1024
"""Deepest nesting, orjson's own limit."""

MAX_SECOND_TRY_DEPTH = 500
"""Deepest nesting of the second try: the standard library recurses once a level."""

BOM = b"\xef\xbb\xbf"


class NotAnEventError(ValueError):
    """Why a line or element is no event.

    A diagnostic code, a sentence, a hint, and the column (from 1, in bytes; 0 when there is no
    one place).
    """

    def __init__(
        self, code: str, message: str, *, column: int = 0, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.column = column
        self.hint = hint

    @classmethod
    def too_long(cls) -> NotAnEventError:
        """The reason for what exceeds :data:`MAX_EVENT_BYTES`."""
        megabytes = MAX_EVENT_BYTES // (1024 * 1024)
        hint = "is it one event? every event stands on its own line or is an element of an array"
        return cls("JS070", f"longer than an event may be ({megabytes} MiB)", hint=hint)


def decode_object(raw: bytes) -> dict[str, Any]:
    """Parse one event.

    :raises NotAnEventError: JS070 (no JSON, or longer than :data:`MAX_EVENT_BYTES`), JS071 (JSON,
        but no object), JS075 (nested too deep).
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise NotAnEventError.too_long()
    raw = raw.removeprefix(BOM)  # files with a BOM, put one behind the other
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        value = _second_try(raw, error)
    if type(value) is not dict:
        kind = _KINDS.get(type(value), "a number")
        raise NotAnEventError("JS071", f"an event is a JSON object, this is {kind}")
    return value


def objects_in(array: bytes) -> Sequence[bytes] | None:
    """The texts of an array's elements, told apart without making their values.

    None where this is no JSON, or where only a full parse would tell.
    """
    decode = _looking_through()
    try:
        if not array.isascii():
            array.decode()  # the strings that are stepped over are not looked at
        return decode(array)
    except (ValueError, RecursionError):
        return None


@cache
def _looking_through() -> Callable[[bytes], Sequence[bytes]]:
    import msgspec  # small inputs need it not

    return msgspec.json.Decoder(list[msgspec.Raw]).decode


_KINDS = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}


def _second_try(raw: bytes, error: json.JSONDecodeError) -> Any:
    depth_hint = "no Directory Insights event is nested more than a few levels"
    too_deep = NotAnEventError("JS075", "nested too deep", hint=depth_hint)
    if deeper_than(raw, MAX_DEPTH):
        raise too_deep from error
    reason = NotAnEventError("JS070", f"not JSON: {error.msg}", column=_column(raw, error))
    if raw.lstrip().startswith(b"{") and not raw.rstrip().endswith(b"}"):
        reason.hint = "the line does not end in }; was it cut off?"
    try:
        text = raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as failure:
        message = f"not UTF-8: byte 0x{raw[failure.start]:02x}"
        raise NotAnEventError("JS070", message, column=failure.start + 1) from error
    if deeper_than(raw, MAX_SECOND_TRY_DEPTH):
        # Nearly all that gets here is malformed; the little that is not would need a deep stack.
        raise reason from error
    try:
        return _LENIENT.decode(text)
    except RecursionError:
        raise too_deep from error
    except ValueError:
        raise reason from error


def _column(raw: bytes, error: json.JSONDecodeError) -> int:
    """Byte column of the error in a one-line text, 0 when the text has several lines."""
    if b"\n" in raw or error.pos > len(raw):
        return 0
    return error.pos + 1


def _integer(digits: str) -> int | float:
    """Read an integer as orjson does: exact within 64 bits, else a float."""
    if len(digits) < 21:  # 2**64 has 20 digits
        number = int(digits)
        if -(2**63) <= number < 2**64:
            return number
    return float(digits)


_LENIENT = json.JSONDecoder(parse_int=_integer)
