"""From any source to blocks of UTF-8 bytes: opening, decompressing and transcoding by content.

Nothing here looks at a file's name. What is wrong with a source is noted in the
:class:`~jumpsigma.intake.records.Reading`; the blocks before the damage are delivered first.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Protocol

from jumpsigma.intake.ahead import read_ahead
from jumpsigma.intake.jsontext import BOM
from jumpsigma.intake.ndjson import up_to_line_break
from jumpsigma.intake.records import Reading, ReadStats
from jumpsigma.intake.unpacking import Reread, unpacker_of

BLOCK = 1024 * 1024
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
    # Archives are read ahead in a thread, and totals and callbacks belong to the reader.
    opened = Reading(reading.path, ReadStats())
    if not isinstance(source, str | Path):
        reading.stats.files += 1
        yield from _told(_decoded(source, opened, reading), opened, reading)
        return
    try:
        stream = _open(str(source))
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reading.problem("JS072", f"cannot open: {_reason(error)}", unreadable=True)
        return
    reading.stats.files += 1
    try:
        yield from _told(_decoded(stream, opened, reading), opened, reading)
    finally:
        if str(source) != STDIN:
            stream.close()


def _told(
    blocks: Generator[bytes, None, None], opened: Reading, reading: Reading
) -> Iterator[bytes]:
    """Pass blocks on, and how far the source is read, and what is wrong with it."""
    with closing(blocks):
        for block in blocks:
            reading.bytes_read = opened.bytes_read
            reading.advance()
            yield block
    reading.bytes_read = opened.bytes_read
    reading.stats.unreadable += opened.stats.unreadable
    reading.problems += opened.problems
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


def _decoded(
    stream: BinarySource, opened: Reading, reading: Reading
) -> Generator[bytes, None, None]:
    reread = _rereader(stream, opened)
    head, blocks = _peek(_raw_blocks(stream, opened), _HEAD)
    is_packed = False
    for _ in range(_MAX_LAYERS):
        if (unpacked := unpacker_of(head)) is None:
            break
        head, blocks = _peek(unpacked(blocks, opened, reading.stats, reread), _HEAD)
        reread = None  # there is no way back in what is itself unpacked
        is_packed = True
    for what, magic in _FOREIGN:
        if magic.match(head):
            opened.problem("JS072", f"this is {what}", unreadable=True)
            return
    encoding, mark = _encoding_of(head)
    is_file = _is_regular(stream)
    if is_file and not is_packed and not encoding and reading.path not in (None, STDIN):
        reading.plain_from = mark
    with closing(read_ahead(blocks)) if is_file and is_packed else nullcontext(blocks) as coming:
        text = _without_prefix(coming, mark) if mark else coming
        yield from _transcoded(text, encoding) if encoding else text


def _encoding_of(head: bytes) -> tuple[str | None, int]:
    """The encoding of a text, None for UTF-8, and the length of its byte order mark."""
    if head.startswith(BOM):
        return None, len(BOM)
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", 2
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", 2
    if head.startswith((b"{\0", b"[\0")):  # JSON begins with ASCII (RFC 4627, section 3)
        return "utf-16-le", 0
    if head.startswith((b"\0{", b"\0[")):
        return "utf-16-be", 0
    return None, 0


def _raw_blocks(stream: BinarySource, opened: Reading, position: int = 0) -> Iterator[bytes]:
    # read1 gives what a pipe has now; read would wait for a whole block of it.
    read: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
    file = stream if isinstance(stream, io.FileIO) and _is_regular(stream) else None
    while True:
        try:
            block = read(BLOCK if file is None else up_to_line_break(file, BLOCK))
        except OSError as error:
            if not opened.problems:  # else it failed before, and is read once more
                opened.problem("JS072", f"cannot read on: {_reason(error)}", unreadable=True)
            return
        if not block:
            return
        position += len(block)
        opened.bytes_read = max(position, opened.bytes_read)
        yield block


def _rereader(stream: BinarySource, opened: Reading) -> Reread | None:
    """What reads a stream once more, from an offset to where it begins now; None for a pipe."""
    if not isinstance(stream, io.IOBase) or not stream.seekable():
        return None
    start = stream.tell()

    def reread(offset: int) -> Iterator[bytes]:
        try:
            stream.seek(start + offset)
        except OSError as error:
            opened.problem("JS072", f"cannot read again: {_reason(error)}", unreadable=True)
            return
        yield from _raw_blocks(stream, opened, offset)

    return reread


def _is_regular(stream: BinarySource) -> bool:
    """Whether it is a file on a disk: to read from anything else may take for ever."""
    if not isinstance(stream, io.FileIO | io.BufferedReader):
        return False
    try:
        return S_ISREG(os.fstat(stream.fileno()).st_mode)
    except OSError:  # there is no file below it
        return False


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
