"""The objects of an array in a feed, and those that damage beside them would take along.

Behind a malformed element :class:`jumpsigma.intake.arrays.ArrayReader` goes on where the printer's
layout says that the next begins. On one line there is none, and an element whose brackets do not
add up reaches to the end. The objects within it that can be told are taken out of it here.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jumpsigma.intake.brackets import BROKEN, ElementScanner
from jumpsigma.intake.jsontext import NotAnEventError, decode_object
from jumpsigma.intake.records import Reject
from jumpsigma.intel.readers.problems import Problems, teller
from jumpsigma.intel.readers.walk import Walk

MAX_SALVAGED = 64 * 1024 * 1024
"""Bytes of one array that are looked through for objects in damaged elements, and bytes that may
be looked at for that in each: where brackets mislead, again and again the same."""

_MAX_OBJECT = 64 * 1024  # bytes of an object that is taken out of damage
# Where another object of the array may begin: behind a comma. (Behind damage, any may.)
_next_object = re.compile(rb",\s*+(?=\{)")


def objects_of(
    walk: Walk, pointer: str, problems: Problems, marks: tuple[bytes, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object of the array that begins here, with its JSON pointer.

    Other elements are told. ``marks`` are keys, in quotes: an object in which one of them stands
    twice is refused, for which counts is open (RFC 8259, section 4).
    """
    damaged: list[Reject] = []
    tell = teller(problems, pointer)
    looked_at = 0

    def reject(one: Reject) -> None:
        nonlocal looked_at
        tell(one)
        if _next_object.search(one.raw, 1) and looked_at + len(one.raw) <= MAX_SALVAGED:
            looked_at += len(one.raw)
            damaged.append(one)

    walk.reading.on_reject = reject
    for event in walk.elements():
        while damaged:
            yield from _salvaged(damaged.pop(0), pointer)
        here = f"{pointer}/{event.line - 1}"
        if any(event.raw.count(mark) > 1 for mark in marks) and (key := _repeated(event.raw)):
            message = f"the key {key!r} stands twice"
            problems.tell("JS080", message, sort="repeated keys", pointer=here)
            continue
        yield here, event.data
    for each in damaged:
        yield from _salvaged(each, pointer)


def _salvaged(reject: Reject, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects in an element whose brackets do not add up."""
    raw = reject.raw + b"]"
    if ElementScanner().find_end(raw, 0) == len(raw) - 1:
        return  # one value, however malformed; what is within it is its own
    budget = MAX_SALVAGED
    position = 0
    while budget > 0 and (found := _next_object.search(raw, position)) is not None:
        position = found.end()
        near = raw[position : position + _MAX_OBJECT]
        scanner = ElementScanner()
        size = scanner.find_end(near, 0)
        budget -= size if size >= 0 else scanner.broken_at if size == BROKEN else len(near)
        if size < 0:
            continue
        try:
            data = decode_object(near[:size].rstrip())
        except NotAnEventError:
            continue
        yield f"{pointer}/{reject.line - 1}", data
        position += size


def _repeated(raw: bytes) -> str | None:
    """A key that stands twice at the top of an object."""
    decoder = json.JSONDecoder(object_pairs_hook=list)
    try:
        pairs: list[tuple[str, Any]] = decoder.decode(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    counts = Counter(key for key, _ in pairs)
    return next((key for key, count in counts.items() if count > 1), None)
