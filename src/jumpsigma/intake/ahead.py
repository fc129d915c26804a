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
        batches = _batches(blocks)
        coming = executor.submit(next, batches, b"")
        while block := coming.result():
            coming = executor.submit(next, batches, b"")
            yield block


def _batches(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks joined: each that is looked through costs something, whatever its size.

    Batches end with a line break where there are any, so that nobody has to copy them to have
    whole lines.
    """
    batch: list[bytes | memoryview] = []
    size = 0
    for block in blocks:
        size += len(block)
        if size < AHEAD:
            batch.append(block)
            continue
        end = block.rfind(b"\n") + 1 or len(block)
        batch.append(memoryview(block)[:end])
        yield b"".join(batch)
        batch = [block[end:]]
        size = len(block) - end
    if size:
        yield b"".join(batch)
