"""Decompressing gzip and zstd in bounded memory, whatever the compression ratio.

What stands before damage is delivered, to the last block. An archive that unpacks to a great
deal in which there is no event is not read on.
"""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Callable, Iterator

from jumpsigma.intake.records import Reading, ReadStats

STEP = 1024 * 1024
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

_PIECE = 64 * 1024  # of gzip data; what is behind the end of a member is copied each time

MAGIC_SIZE = 4
"""Bytes at the beginning that :func:`unpacker_of` needs."""

_DAMAGE_HINT = "fetch or export the file again; the events before the damage were read"
_APPENDED_HINT = "is something appended to the file?"

Reread = Callable[[int], Iterator[bytes]]
"""Gives the compressed data once more, from an offset on."""


Unpacker = Callable[[Iterator[bytes], Reading, ReadStats, Reread | None], Iterator[bytes]]
"""Yields what compressed blocks unpack to.

Notes JS073 when they are damaged, or a bomb: when there are no events in what they unpack to, by
the totals of who reads it. With the last argument, gzip goes faster.
"""


def unpacker_of(head: bytes) -> Unpacker | None:
    """What unpacks an input that begins with ``head``; None when it is not compressed."""
    if head.startswith(_GZIP):
        return gunzipped
    return unzstd if _is_zstd(head) else None


def gunzipped(
    blocks: Iterator[bytes], reading: Reading, stats: ReadStats, reread: Reread | None
) -> Iterator[bytes]:
    """All members of a gzip file (RFC 1952); an :class:`Unpacker`."""
    return _not_in_vain(_gunzipped(blocks, reading, reread), reading, stats)


def unzstd(
    blocks: Iterator[bytes], reading: Reading, stats: ReadStats, _reread: Reread | None
) -> Iterator[bytes]:
    """All frames of a zstd file (RFC 8878); an :class:`Unpacker`."""
    return _not_in_vain(_unzstd(blocks, reading), reading, stats)


def _is_zstd(head: bytes) -> bool:
    return head.startswith(_ZSTD) or (head[1:4] == _SKIPPABLE and head[0] >> 4 == 5)


def _not_in_vain(blocks: Iterator[bytes], reading: Reading, stats: ReadStats) -> Iterator[bytes]:
    events, size = stats.read - stats.rejected, 0
    for block in blocks:
        if events != (now := stats.read - stats.rejected):
            events, size = now, 0
        size += len(block)
        if size > MAX_IN_VAIN:
            megabytes = MAX_IN_VAIN // (1024 * 1024)
            message = f"unpacks to more than {megabytes} MiB without an event; not read on"
            reading.problem("JS073", message, hint="a decompression bomb? look at it by hand")
            return
        yield block


class _DamageError(Exception):
    """Where a member cannot be unpacked any further; the text says why."""


def _gunzipped(blocks: Iterator[bytes], reading: Reading, reread: Reread | None) -> Iterator[bytes]:
    """ISA-L is more than twice as fast as zlib, but what it holds when it meets damage is lost.

    So it is used where zlib can unpack the same member once more, and have the last word.
    """
    source = _Input(blocks)
    inflated = _quickly_inflated if reread is not None and _has_isal() else _inflated
    while head := source.peek(len(_GZIP)):
        if head != _GZIP:
            message = "what follows the compressed data is not gzip; it was not read"
            reading.problem("JS073", message, hint=_APPENDED_HINT)
            return
        start, given = source.position, 0
        try:
            for out in inflated(source):
                given += len(out)
                yield out
        except _DamageError as damage:
            if reread is not None and inflated is _quickly_inflated:
                yield from _behind(given, _gunzipped(reread(start), reading, None))
            else:
                reading.problem("JS073", str(damage), hint=_DAMAGE_HINT)
            return
        source.skip(b"\0")  # RFC 1952 allows padding after a member; tar and tapes add it


def _has_isal() -> bool:
    return importlib.util.find_spec("isal") is not None


def _quickly_inflated(source: _Input) -> Iterator[bytes]:
    """One member, by ISA-L. What stands close before damage or an early end is not given."""
    from isal import isal_zlib

    refusal: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub is wrong
    member = isal_zlib.decompressobj(wbits=31)
    data = out = b""
    while not member.eof:
        if not data and len(out) < STEP:  # else it may hold more of what it was given
            data = source.some()
            if not data:
                raise _DamageError
        try:
            out = member.decompress(data, STEP)
        except refusal as error:
            raise _DamageError from error
        data = member.unconsumed_tail
        if out:
            yield out
    source.give_back(member.unused_data)


def _inflated(source: _Input) -> Iterator[bytes]:
    """One member, to the last byte before the damage."""
    member = zlib.decompressobj(wbits=31)
    data = out = b""
    while not member.eof:
        if not data and len(out) < STEP:
            data = source.some()
            if not data:
                raise _DamageError("the gzip file ends early")
        before = member.copy()
        try:
            out = member.decompress(data, STEP)
        except zlib.error as error:
            yield from _salvaged(before, data)
            raise _DamageError(f"damaged gzip: {error}") from error
        data = member.unconsumed_tail
        if out:
            yield out
    source.give_back(member.unused_data)


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


def _behind(given: int, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """What comes behind the first ``given`` bytes."""
    for block in blocks:
        if given < len(block):
            yield block[given:]
        given = max(given - len(block), 0)


def _unzstd(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    from zstandard import ZstdDecompressor, ZstdError

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

    __slots__ = ("_blocks", "_end", "_held", "_start")

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""
        self._start = 0
        self._end = 0  # of what is held, in the input

    @property
    def position(self) -> int:
        """How many bytes were taken."""
        return self._end - len(self._held) + self._start

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes, fewer at the end."""
        while len(self._held) - self._start < size and self._more():
            pass
        return self._held[self._start : self._start + size]

    def take(self, size: int) -> bytes:
        """As peek, and go on behind them."""
        taken = self.peek(size)
        self._start += len(taken)
        return taken

    def some(self) -> bytes:
        """Take what is there, at most _PIECE bytes; empty at the end."""
        if self._start == len(self._held):
            self._more()
        return self.take(min(len(self._held) - self._start, _PIECE))

    def give_back(self, data: bytes) -> None:
        """Go back before ``data``, the last bytes of what :meth:`some` gave last."""
        self._start -= len(data)

    def skip(self, byte: bytes) -> None:
        """Go on behind all that follow of a byte."""
        while True:
            rest = self._held[self._start :].lstrip(byte)
            self._start = len(self._held) - len(rest)
            if rest or not self._more():
                return

    def _more(self) -> bool:
        block = next(self._blocks, b"")
        self._held = self._held[self._start :] + block
        self._start = 0
        self._end += len(block)
        return bool(block)
