"""Reading events from anything: NDJSON, JSON arrays, gzip, stdin, file objects, lines.

The content decides, never the file's name. Bad lines and elements are rejected one by one and
never stop the reading; memory stays bounded whatever the input. The formats are those of
JumpCloud's own exports (its AWS app writes gzip of one array, indented or one event per line;
its GCP app also NDJSON) and of what people make of them (``jq``, PowerShell's UTF-16).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TypeGuard

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake.arrays import ArrayReader
from jumpsigma.intake.blocks import Block, line_blocks
from jumpsigma.intake.inputs import expand_inputs
from jumpsigma.intake.jsontext import BOM
from jumpsigma.intake.ndjson import line_events, pretty_events, split_lines
from jumpsigma.intake.opening import BinarySource, open_blocks, to_bytes
from jumpsigma.intake.opening import line_blocks as gathered
from jumpsigma.intake.records import Event, Reading, ReadStats, Reject

Source = str | Path | BinarySource | Iterable[bytes] | Iterable[str]

# Iterables all the same: a parsed event's keys would be read as lines.
_NO_LINES = (bytes, bytearray, memoryview, Mapping)

_MAX_SNIFF = 1024 * 1024
# An array whose first element is an object, text, an array, or a literal that should not be there.
_array_start = re.compile(rb'\[\s*+(?:[{"\[\]]|(?:null|true|false|-?[0-9]+(?:\.[0-9]+)?)\s*+,)')


def read_events(
    source: Source,
    *,
    stats: ReadStats | None = None,
    on_reject: Callable[[Reject], None] | None = None,
    on_problem: Callable[[Diagnostic], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
    unwrap: bool = False,
) -> Iterator[Event]:
    """Yield the events of one source in input order.

    :param source: a path (``"-"`` is stdin), a binary file object, or an iterable of lines as
        bytes or str. ``Event.path`` is the path as given, None for the other two.
    :param stats: totals to add to.
    :param on_reject: told of each line or element that is no event (JS070 no JSON, JS071 no
        object, JS075 nested too deep, JS074 cut off by the end of an array that is not closed).
        Without it they are only counted.
    :param on_problem: told, after the events, what is wrong with the source as a whole (JS072
        cannot be opened or read, JS073 damaged archive, JS074 array not closed).
    :param on_progress: told, once a block, how many bytes of a path or file were read by then (as
        they are stored: of a compressed file, compressed ones).
    :param unwrap: whether to deliver the raw Directory Insights event where a SIEM has wrapped one
        (:func:`jumpsigma.intake.wrapped.unwrap`).
    :raises DiagnosticError: on such a problem when there is no ``on_problem``.
    :raises TypeError: when ``source`` is none of the above, or a line is neither bytes nor str.
    """
    path = str(source) if isinstance(source, str | Path) else None
    stats = ReadStats() if stats is None else stats
    reading = Reading(path, stats, on_reject, on_problem, on_progress, unwraps=unwrap)
    return _parsed(_read(source, reading, in_blocks=False))


def _parsed(items: Iterator[Event | Block]) -> Iterator[Event]:
    for item in items:
        if isinstance(item, Event):
            yield item
        else:
            yield from item.events()


def read_blocks(
    source: Source,
    *,
    stats: ReadStats | None = None,
    on_reject: Callable[[Reject], None] | None = None,
    on_problem: Callable[[Diagnostic], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
    unwrap: bool = False,
) -> Iterator[Event | Block]:
    """As :func:`read_events`, with the parsing of most events left to the caller.

    A block has to be dealt with before the next item is asked for.
    """
    path = str(source) if isinstance(source, str | Path) else None
    stats = ReadStats() if stats is None else stats
    reading = Reading(path, stats, on_reject, on_problem, on_progress, unwraps=unwrap)
    return _read(source, reading, in_blocks=True)


def _read(source: Source, reading: Reading, *, in_blocks: bool) -> Iterator[Event | Block]:
    if isinstance(source, str | Path) or _is_binary_file(source):
        blocks = open_blocks(source, reading)
        return _told(_items(blocks, reading, in_blocks=in_blocks), reading)
    if isinstance(source, _NO_LINES) or not isinstance(source, Iterable):
        raise TypeError(
            "events are read from a path, a binary file object or an iterable of lines, "
            f"not from {type(source).__name__}"
        )
    return _told(_iterable_items(source, reading), reading)


def _is_binary_file(source: object) -> TypeGuard[BinarySource]:
    """Text files are iterables of lines."""
    return hasattr(source, "read") and not isinstance(source, io.TextIOBase)


def _told(items: Iterator[Event | Block], reading: Reading) -> Iterator[Event | Block]:
    yield from items
    reading.tell_problems()


def _items(
    blocks: Iterator[bytes], reading: Reading, *, in_blocks: bool = False
) -> Iterator[Event | Block]:
    head = _read_head(blocks)
    number = 0
    while _is_array(head):  # several when exports were put one behind the other
        array = ArrayReader(reading, head.lstrip(), blocks, number)
        reading.plain_from = None
        yield from array.items() if in_blocks else array.events()
        number = array.number
        blocks = chain([array.rest], blocks)
        head = _read_head(blocks)
    reading.unit = "line"
    if _is_pretty(head):
        yield from pretty_events(reading, split_lines(chain([head], blocks)), number)
    else:
        yield from line_blocks(reading, chain([head], blocks), number)


def _read_head(blocks: Iterator[bytes]) -> bytes:
    """As much of the beginning as it takes to know the format (and not more: it may be a pipe).

    That is the first line that is not blank, when it may be the beginning of a pretty-printed
    object also the beginning of the next one. Leading blank lines stay, they count.
    """
    head = b""
    while len(head) < _MAX_SNIFF:
        line, line_break, after = head.lstrip().partition(b"\n")
        if (line_break and not _is_opening(line)) or after.strip() or _array_start.match(line):
            break
        block = next(blocks, b"")
        if not block:
            break
        head += block
    return head


def _is_array(head: bytes) -> bool:
    """Whether an array begins here; ``[2024-01-01] started`` is a line of a log."""
    line = head.lstrip().partition(b"\n")[0].rstrip()
    return (
        line == b"["
        or _array_start.match(line) is not None
        or (line.startswith(b"[") and line.endswith(b","))
    )


def _is_opening(line: bytes) -> bool:
    """Whether the line may be the first of an object that is printed over several lines."""
    line = line.rstrip()
    return line.startswith(b"{") and line.endswith((b"{", b"[", b",", b":"))


def _is_pretty(head: bytes) -> bool:
    line, _, after = head.lstrip().partition(b"\n")
    return _is_opening(line) and not after.lstrip().startswith(b"{")


def _iterable_items(lines: Iterable[bytes | str], reading: Reading) -> Iterator[Event | Block]:
    """Events of an iterable: each item a line, unless the first says that it is more.

    Items are not gathered: one that is an event is delivered before the next is asked for.
    """
    reading.stats.files += 1
    items = iter(lines)
    first: list[bytes] = []
    for item in items:
        raw = to_bytes(item)
        first.append(raw if first else raw.removeprefix(BOM))
        if first[-1].strip():
            break
    head = b"".join(first)
    rest = chain(first, items)
    if head.lstrip().startswith(b"[") or _is_opening(head.strip()):
        yield from _items(gathered(rest), reading)
        return
    yield from line_events(reading, ([_without_line_break(item)] for item in rest))


def _without_line_break(item: bytes | str) -> bytes:
    return to_bytes(item).removesuffix(b"\n")


__all__ = [
    "Block",
    "Event",
    "ReadStats",
    "Reject",
    "Source",
    "expand_inputs",
    "read_blocks",
    "read_events",
]
