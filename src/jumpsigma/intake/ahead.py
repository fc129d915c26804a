"""Making the next blocks in a thread while those before them are worked on."""

from __future__ import annotations

from collections.abc import Generator, Iterator

START = 1024 * 1024
"""Bytes that are made without a thread: most inputs end before."""

AHEAD = 1024 * 1024
"""Bytes that are made at a time, at least."""


def read_ahead(blocks: Iterator[bytes]) -> Generator[bytes, None, None]:
    """Yield what ``blocks`` hold in larger blocks, of which the next is being made meanwhile.

    That pays where making them releases the interpreter's lock, as decompression does. The thread
    ends with this generator, also when it is closed early. Errors are raised where the block
    would come.
    """
    made = 0
    for block in blocks:
        yield block
        made += len(block)
        if made >= START:
            break
    else:
        return
    from concurrent.futures import ThreadPoolExecutor

    # Asked for one batch after the other, the thread never waits for room, so that a reader who
    # stops in the middle does not keep the program from ending.
    with ThreadPoolExecutor(1, "jumpsigma-ahead") as executor:
        coming = executor.submit(_joined, blocks)
        while block := coming.result():
            coming = executor.submit(_joined, blocks)
            yield block


def _joined(blocks: Iterator[bytes]) -> bytes:
    """The next blocks as one: each that is looked through costs something, whatever its size."""
    batch: list[bytes] = []
    size = 0
    for block in blocks:
        batch.append(block)
        size += len(block)
        if size >= AHEAD:
            break
    return b"".join(batch)
