"""From any source to blocks of UTF-8 bytes: opening, decompressing and transcoding by content.

Nothing here looks at a file's name. What is wrong with a source is noted in the
:class:`~jumpsigma.intake.records.Reading`; the blocks before the damage are delivered first.
"""

from __future__ import annotations

import codecs
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from jumpsigma.intake.jsontext import BOM
from jumpsigma.intake.records import Reading

BLOCK = 256 * 1024
"""Bytes asked for at a time, and the most that one decompression step may put out."""

STDIN = "-"

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

_DAMAGE_HINT = "fetch or export the file again; the events before the damage were read"


class BinarySource(Protocol):
    """The part of a binary file object that reading needs."""

    def read(self, size: int, /) -> bytes | None:
        """Up to ``size`` bytes, empty at the end."""


def open_blocks(source: str | Path | BinarySource, reading: Reading) -> Iterator[bytes]:
    """Yield the content of a path (``-`` is stdin) or of a binary file object.

    The blocks are UTF-8, and none is empty.

    Notes JS072 when the source cannot be opened or read, JS073 when it is damaged.
    """
    if not isinstance(source, str | Path):
        reading.stats.files += 1
        yield from _decoded(source, reading)
        return
    try:
        stream = _open(str(source))
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reading.problem("JS072", f"cannot open: {_reason(error)}", unreadable=True)
        return
    reading.stats.files += 1
    try:
        yield from _decoded(stream, reading)
    finally:
        if str(source) != STDIN:
            stream.close()


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
    """UTF-8 bytes of one line of an iterable; lone surrogates are kept as such."""
    if isinstance(line, str):
        return line.encode("utf-8", "surrogatepass")
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
    blocks = _raw_blocks(stream, reading)
    head, blocks = _peek(blocks, len(ZSTD_MAGIC))
    if head.startswith(GZIP_MAGIC):
        blocks = _gunzipped(blocks, reading)
        head, blocks = _peek(blocks, len(ZSTD_MAGIC))
    if head.startswith(ZSTD_MAGIC):
        reading.problem(
            "JS072", "zstd input is not supported; decompress it first", unreadable=True
        )
        return
    if head.startswith(BOM):
        yield from _without_prefix(blocks, len(BOM))
    elif head.startswith(codecs.BOM_UTF16_LE):
        yield from _transcoded(_without_prefix(blocks, 2), "utf-16-le")
    elif head.startswith(codecs.BOM_UTF16_BE):
        yield from _transcoded(_without_prefix(blocks, 2), "utf-16-be")
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


def _gunzipped(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    """Decompress all members, at most BLOCK bytes a step, whatever the compression ratio."""
    data = b""
    first = True
    while True:
        data = data.lstrip(b"\0")  # RFC 1952 allows padding after a member; tar and tapes add it
        while len(data) < len(GZIP_MAGIC):
            block = next(blocks, b"")
            if not block:
                break
            data = (data + block).lstrip(b"\0") if not first else data + block
        if not data:
            return
        if not data.startswith(GZIP_MAGIC):
            message = "what follows the compressed data is not gzip; it was not read"
            reading.problem("JS073", message, hint="is something appended to the file?")
            return
        first = False
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            data = data or next(blocks, b"")
            if not data:
                reading.problem("JS073", "the gzip file ends early", hint=_DAMAGE_HINT)
                return
            before = member.copy()
            try:
                out = member.decompress(data, BLOCK)
            except zlib.error as error:
                yield from _salvaged(before, data)
                reading.problem("JS073", f"damaged gzip: {error}", hint=_DAMAGE_HINT)
                return
            data = member.unconsumed_tail
            if out:
                yield out
        data = member.unused_data


def _salvaged(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What can be decompressed of ``data`` before the damage, found by feeding single bytes."""
    for index in range(len(data)):
        step = data[index : index + 1]
        while step:
            try:
                out = member.decompress(step, BLOCK)
            except zlib.error:
                return
            if out:
                yield out
            step = member.unconsumed_tail
