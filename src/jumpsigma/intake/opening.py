"""From any source to blocks of UTF-8 bytes: opening, decompressing and transcoding by content.

Nothing here looks at a file's name. What is wrong with a source is noted in the
:class:`~jumpsigma.intake.records.Reading`; the blocks before the damage are delivered first.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from jumpsigma.intake.jsontext import BOM
from jumpsigma.intake.records import Reading
from jumpsigma.intake.unpacking import unpacker_of

BLOCK = 256 * 1024
"""Bytes asked for at a time."""

STDIN = "-"

_MAX_LAYERS = 2  # some transfers compress once more what is compressed already

# Files of these kinds come from where events come from, and none of them can be JSON.
_FOREIGN = (
    ("a zip archive; unpack it first", re.compile(rb"PK\x03\x04")),
    ("a 7z archive; unpack it first", re.compile(rb"7z\xbc\xaf\x27\x1c")),
    ("bzip2; decompress it first", re.compile(rb"BZh[1-9]1AY")),
    ("xz; decompress it first", re.compile(rb"\xfd7zXZ\x00")),
    ("a Parquet file; convert it to NDJSON first", re.compile(rb"PAR1")),
    ("an Avro file; convert it to NDJSON first", re.compile(rb"Obj\x01")),
    ("a Windows event log; convert it to NDJSON first", re.compile(rb"ElfFile")),
    ("a program, not a log", re.compile(rb"\x7fELF|MZ\x90\x00")),
)
_HEAD = 7  # as long as the longest of them, and no longer: a pipe may hold one short event


class BinarySource(Protocol):
    """The part of a binary file object that reading needs."""

    def read(self, size: int, /) -> bytes | None:
        """Up to ``size`` bytes, empty at the end."""


def open_blocks(source: str | Path | BinarySource, reading: Reading) -> Iterator[bytes]:
    """Yield the content of a path (``-`` is stdin) or of a binary file object.

    The blocks are UTF-8, and none is empty.

    Notes JS072 when the source cannot be opened or read or is of a foreign kind, JS073 when it
    is damaged.
    """
    if not isinstance(source, str | Path):
        reading.stats.files += 1
        yield from _told(_decoded(source, reading), reading)
        return
    try:
        stream = _open(str(source))
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reading.problem("JS072", f"cannot open: {_reason(error)}", unreadable=True)
        return
    reading.stats.files += 1
    try:
        yield from _told(_decoded(stream, reading), reading)
    finally:
        if str(source) != STDIN:
            stream.close()


def _told(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    for block in blocks:
        reading.advance()
        yield block
    reading.advance()


def line_blocks(lines: Iterable[bytes | str]) -> Iterator[bytes]:
    """Gather an iterable of lines, with or without their line breaks, into blocks."""
    parts: list[bytes] = []
    size = 0
    for line in lines:
        raw = to_bytes(line)
        parts.append(raw if raw.endswith(b"\n") else raw + b"\n")
        size += len(raw)
        if size >= BLOCK:
            yield b"".join(parts)
            parts.clear()
            size = 0
    if parts:
        yield b"".join(parts)


def to_bytes(line: bytes | str) -> bytes:
    """UTF-8 bytes of one line of an iterable; lone surrogates are kept as such.

    Raises ``TypeError`` for anything else, such as an event that is parsed already.
    """
    if isinstance(line, str):
        return line.encode("utf-8", "surrogatepass")
    if not isinstance(line, bytes | bytearray | memoryview):
        raise TypeError(
            f"a line is bytes or str, not {type(line).__name__}; Matcher.match() takes a dict"
        )
    return bytes(line)


def _open(path: str) -> BinaryIO | io.FileIO:
    if path != STDIN:
        return Path(path).open("rb", buffering=0)
    if sys.stdin is None:
        raise OSError("there is no standard input")
    return sys.stdin.buffer


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _decoded(stream: BinarySource, reading: Reading) -> Iterator[bytes]:
    head, blocks = _peek(_raw_blocks(stream, reading), _HEAD)
    for _ in range(_MAX_LAYERS):
        if (unpacked := unpacker_of(head)) is None:
            break
        head, blocks = _peek(unpacked(blocks, reading), _HEAD)
    for what, magic in _FOREIGN:
        if magic.match(head):
            reading.problem("JS072", f"this is {what}", unreadable=True)
            return
    if head.startswith(BOM):
        yield from _without_prefix(blocks, len(BOM))
    elif head.startswith(codecs.BOM_UTF16_LE):
        yield from _transcoded(_without_prefix(blocks, 2), "utf-16-le")
    elif head.startswith(codecs.BOM_UTF16_BE):
        yield from _transcoded(_without_prefix(blocks, 2), "utf-16-be")
    elif head.startswith((b"{\0", b"[\0")):  # JSON begins with ASCII (RFC 4627, section 3)
        yield from _transcoded(blocks, "utf-16-le")
    elif head.startswith((b"\0{", b"\0[")):
        yield from _transcoded(blocks, "utf-16-be")
    else:
        yield from blocks


def _raw_blocks(stream: BinarySource, reading: Reading) -> Iterator[bytes]:
    # read1 gives what a pipe has now; read would wait for a whole block of it.
    read: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
    while True:
        try:
            block = read(BLOCK)
        except OSError as error:
            reading.problem("JS072", f"cannot read on: {_reason(error)}", unreadable=True)
            return
        if not block:
            return
        reading.bytes_read += len(block)
        yield block


def _peek(blocks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first ``size`` bytes (fewer at the end), and the blocks with those still in them."""
    head = b""
    while len(head) < size:
        block = next(blocks, b"")
        if not block:
            break
        head += block
    return head, _chained(head, blocks)


def _chained(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from blocks


def _without_prefix(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    first = next(blocks)[size:]
    return _chained(first, blocks)


def _transcoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for block in blocks:
        if text := decoder.decode(block):
            yield text.encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:  # half a character at the end of the input
        yield "\ufffd".encode()
