"""Events out of bytes, with the standard library alone.

The same texts are events here as in jumpsigma, which parses with orjson and tries once more with
``json`` what orjson refuses (S101-S103): NaN and the infinities, numbers beyond a double, lone
surrogates. Such a second try is bounded to fewer levels.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

MAX_EVENT_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 1024
MAX_SECOND_TRY_DEPTH = 500
BOM = b"\xef\xbb\xbf"

Reject = Callable[[int, str], None]

_STRING = re.compile(rb'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"')
_LONE = re.compile("[\ud800-\udfff]")
_ARRAY_ITEM = re.compile(r"[ \t\r\n]*")


class NotAnEventError(ValueError):
    """Why a line or element is no event."""


def decode(raw: bytes) -> dict[str, Any]:
    """Parse one event; raises :class:`NotAnEventError`."""
    if len(raw) > MAX_EVENT_BYTES:
        raise NotAnEventError("longer than an event may be")
    raw = raw.removeprefix(BOM)
    try:
        text, is_strict = raw.decode(), True
    except UnicodeDecodeError:
        is_strict = False
        try:
            text = raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise NotAnEventError(f"not UTF-8: byte 0x{raw[error.start]:02x}") from None
    deepest = depth_of(raw)
    if deepest > MAX_DEPTH:
        raise NotAnEventError("nested too deep")
    value, is_strict = _value_of(text, deepest, is_strict)
    if not is_strict and deepest > MAX_SECOND_TRY_DEPTH:
        raise NotAnEventError("not JSON")
    if not isinstance(value, dict):
        raise NotAnEventError("JSON, but no object")
    return value


def _value_of(text: str, deepest: int, is_strict: bool) -> tuple[Any, bool]:  # noqa: FBT001
    """The value of a text, and whether a strict reader would have taken it."""
    odd: list[str] = []
    decoder = json.JSONDecoder(
        parse_int=_integer,
        parse_float=lambda digits: _real(digits, odd),
        parse_constant=lambda name: _constant(name, odd),
    )
    limit = sys.getrecursionlimit()
    try:
        # The decoder recurses once a level, and the caller may stand deep already.
        sys.setrecursionlimit(limit + 2 * deepest)
        value = decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise NotAnEventError(f"not JSON: {error}") from None
    finally:
        sys.setrecursionlimit(limit)
    if "\\u" in text and _has_lone_surrogate(value):
        odd.append("surrogate")
    return value, is_strict and not odd


def _integer(digits: str) -> float:
    if len(digits) < 21:
        number = int(digits)
        if -(2**63) <= number < 2**64:
            return number
    return _real(digits, [])


def _real(digits: str, odd: list[str]) -> float:
    number = float(digits)
    if math.isinf(number):
        odd.append(digits)
    return number


def _constant(name: str, odd: list[str]) -> float:
    odd.append(name)
    return float(name.replace("Infinity", "inf"))


def _has_lone_surrogate(value: Any) -> bool:
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            if _LONE.search(node):
                return True
        elif isinstance(node, dict):
            stack.extend(node)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


def depth_of(raw: bytes) -> int:
    """How deep brackets nest outside strings, or more where that is far from any limit."""
    openings = raw.count(b"{") + raw.count(b"[")
    if openings < MAX_SECOND_TRY_DEPTH:
        return openings
    deepest = depth = 0
    for char in _STRING.sub(b"", raw):
        if char in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in b"}]":
            depth -= 1
    return deepest


def read(stream: BinaryIO, reject: Reject) -> Iterator[tuple[int, dict[str, Any]]]:
    """The events of NDJSON or of one JSON array, plain or gzip, each with its number from 1.

    Raises :class:`OSError` where the input cannot be read to its end.
    """
    source = io.BufferedReader(_Whole(stream))
    if source.peek(2)[:2] == b"\x1f\x8b":
        source = io.BufferedReader(_Whole(gzip.GzipFile(fileobj=source)))
    try:
        head = source.peek(4)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = source.read().decode("utf-16", "surrogatepass")
            source = io.BufferedReader(_Whole(io.BytesIO(text.encode("utf-8", "surrogatepass"))))
        if source.peek(4096).removeprefix(BOM).lstrip()[:1] == b"[":
            yield from _elements(source.read(), reject)
        else:
            yield from _lines(source, reject)
    except (EOFError, zlib.error) as error:
        raise OSError(f"the archive is damaged: {error}") from None


def _lines(source: BinaryIO, reject: Reject) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(source, start=1):
        if not line.strip():
            continue
        try:
            event = decode(line.removesuffix(b"\n"))
        except NotAnEventError as reason:
            reject(number, str(reason))
        else:
            yield number, event


def _elements(raw: bytes, reject: Reject) -> Iterator[tuple[int, dict[str, Any]]]:
    text = raw.removeprefix(BOM).decode("utf-8", "surrogateescape")
    decoder = json.JSONDecoder()
    at, number = _blank(text, 0) + 1, 0
    at = _blank(text, at)
    if text[at : at + 1] == "]":
        return
    while at < len(text):
        number += 1
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise OSError(f"element {number} of the array is not JSON") from None
        try:
            event = decode(text[at:end].encode("utf-8", "surrogateescape"))
        except NotAnEventError as reason:
            reject(number, str(reason))
        else:
            yield number, event
        at = _blank(text, end)
        if text[at : at + 1] != ",":
            break
        at = _blank(text, at + 1)
    if text[at : at + 1] != "]":
        raise OSError("the array is not closed")


def _blank(text: str, at: int) -> int:
    found = _ARRAY_ITEM.match(text, at)
    return at if found is None else found.end()


class _Whole(io.RawIOBase):
    """A stream that may give fewer bytes than asked for, as something to be buffered."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
