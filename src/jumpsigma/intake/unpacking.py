"""Decompressing gzip and zstd in bounded memory, whatever the compression ratio.

What stands before damage is delivered, to the last block. An archive that unpacks to a great
deal in which there is no event is not read on.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from zstandard import ZstdDecompressor, ZstdError

from jumpsigma.intake.records import Reading

STEP = 256 * 1024
"""The most that one step of gzip may put out. One of zstd puts out a block, at most 128 KiB."""

MAX_WINDOW = 128 * 1024 * 1024
"""How far back zstd data may refer, as the ``zstd`` command limits it by default: so much memory
must be held."""

MAX_IN_VAIN = 1024 * 1024 * 1024
"""Bytes that an archive may unpack to without one event among them; a decompression bomb is
ended there. (One byte of zstd can stand for 32 kB.)"""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"  # behind a byte from 0x50 to 0x5f; pzstd begins its files with one

MAGIC_SIZE = 4
"""Bytes at the beginning that :func:`unpacker_of` needs."""

_DAMAGE_HINT = "fetch or export the file again; the events before the damage were read"
_APPENDED_HINT = "is something appended to the file?"

Unpacker = Callable[[Iterator[bytes], Reading], Iterator[bytes]]


def unpacker_of(head: bytes) -> Unpacker | None:
    """What unpacks an input that begins with ``head``; None when it is not compressed."""
    if head.startswith(_GZIP):
        return gunzipped
    return unzstd if _is_zstd(head) else None


def gunzipped(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    """All members of a gzip file (RFC 1952). Notes JS073 when it is damaged, or a bomb."""
    return _not_in_vain(_gunzipped(blocks, reading), reading)


def unzstd(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    """All frames of a zstd file (RFC 8878). Notes JS073 when it is damaged, or a bomb."""
    return _not_in_vain(_unzstd(blocks, reading), reading)


def _is_zstd(head: bytes) -> bool:
    return head.startswith(_ZSTD) or (head[1:4] == _SKIPPABLE and head[0] >> 4 == 5)


def _not_in_vain(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    parsed, size = reading.stats.parsed, 0
    for block in blocks:
        if parsed != reading.stats.parsed:
            parsed, size = reading.stats.parsed, 0
        size += len(block)
        if size > MAX_IN_VAIN:
            megabytes = MAX_IN_VAIN // (1024 * 1024)
            message = f"unpacks to more than {megabytes} MiB without an event; not read on"
            reading.problem("JS073", message, hint="a decompression bomb? look at it by hand")
            return
        yield block


def _gunzipped(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    data = b""
    first = True
    while True:
        data = data.lstrip(b"\0")  # RFC 1952 allows padding after a member; tar and tapes add it
        while len(data) < len(_GZIP):
            block = next(blocks, b"")
            if not block:
                break
            data = (data + block).lstrip(b"\0") if not first else data + block
        if not data:
            return
        if not data.startswith(_GZIP):
            message = "what follows the compressed data is not gzip; it was not read"
            reading.problem("JS073", message, hint=_APPENDED_HINT)
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
                out = member.decompress(data, STEP)
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
                out = member.decompress(step, STEP)
            except zlib.error:
                return
            if out:
                yield out
            step = member.unconsumed_tail


def _unzstd(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    source = _Input(blocks)
    decompressor = ZstdDecompressor(max_window_size=MAX_WINDOW)
    while magic := source.peek(MAGIC_SIZE):
        if not _is_zstd(magic):
            message = "what follows the compressed data is not zstd; it was not read"
            reading.problem("JS073", message, hint=_APPENDED_HINT)
            return
        frame = decompressor.decompressobj()
        try:
            for part in _frame_parts(source):
                if out := frame.decompress(part):
                    yield out
        except ZstdError as error:
            reason = str(error).rpartition(": ")[2]
            reading.problem("JS073", f"damaged zstd: {reason}", hint=_DAMAGE_HINT)
            return
        if not frame.eof:
            reading.problem("JS073", "the zstd file ends early", hint=_DAMAGE_HINT)
            return


def _frame_parts(source: _Input) -> Iterator[bytes]:
    """Cut a frame into its header, its blocks and its checksum (RFC 8878, section 3.1).

    Each part puts out one block at most, and damage in one takes nothing from those before it.
    The decompressor itself knows no limit on what it puts out.
    """
    if not source.peek(MAGIC_SIZE).startswith(_ZSTD):
        size = 8 + int.from_bytes(source.peek(8)[4:], "little")
        while size and (part := source.take(min(size, STEP))):
            size -= len(part)
            yield part
        return
    flags = int.from_bytes(source.peek(5)[4:], "little")
    single_segment = flags >> 5 & 1
    content_size = (single_segment, 2, 4, 8)[flags >> 6]
    yield source.take(5 + (1 - single_segment) + (0, 1, 2, 4)[flags & 3] + content_size)
    is_last = False
    while not is_last:
        header = int.from_bytes(source.peek(3), "little")
        is_last = bool(header & 1)
        is_run = header >> 1 & 3 == 1  # one byte, repeated
        part = source.take(3 + (1 if is_run else header >> 3))
        if not part:
            return
        yield part
    if flags >> 2 & 1:
        yield source.take(4)


class _Input:
    """Blocks as a run of bytes to take from."""

    __slots__ = ("_blocks", "_held", "_start")

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""
        self._start = 0

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes, fewer at the end."""
        while len(self._held) - self._start < size and (block := next(self._blocks, b"")):
            self._held = self._held[self._start :] + block
            self._start = 0
        return self._held[self._start : self._start + size]

    def take(self, size: int) -> bytes:
        """As peek, and go on behind them."""
        taken = self.peek(size)
        self._start += len(taken)
        return taken
