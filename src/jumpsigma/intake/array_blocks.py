"""Elements of an array many at a time, told apart without parsing what is in them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from jumpsigma.intake.blocks import Block
from jumpsigma.intake.records import Event, Reading

if TYPE_CHECKING:
    from msgspec import Raw
    from msgspec.json import Decoder

_OBJECT = b"{"[0]


class ArrayBlock(Block):
    """Objects with the same gap between any two of them."""

    __slots__ = ("_gap", "_starts")

    def __init__(
        self, reading: Reading, text: bytes, number: int, starts: list[int], gap: int
    ) -> None:
        super().__init__(reading, text, number, ())
        self._starts, self._gap = starts, gap

    @property
    def count(self) -> int:
        """See :attr:`Block.count`."""
        return len(self._starts)

    def locate(self, at: int) -> tuple[int, int, int]:
        """See :meth:`Block.locate`."""
        return self._place(bisect_right(self._starts, at) - 1)

    def places(self) -> Iterator[tuple[int, int, int]]:
        """See :meth:`Block.places`."""
        return map(self._place, range(len(self._starts)))

    def are_objects(self) -> bool:
        """See :meth:`Block.are_objects`; they are known to be."""
        return True

    def _place(self, index: int) -> tuple[int, int, int]:
        starts = self._starts
        is_last = index + 1 == len(starts)
        end = len(self.text) if is_last else starts[index + 1] - self._gap
        return self.number + index, starts[index], end

    def events(self) -> Iterator[Event]:
        """See :meth:`Block.events`."""
        number: int | None = self.number - 1
        try:
            for place in self.places():
                number = place[0]
                if (event := self.event(*place)) is not None:
                    yield event
            number = None
        finally:
            self.close(number)


def block_of(reading: Reading, text: bytes, gap: bytes, number: int) -> ArrayBlock | None:
    """The elements in ``text``, the first of which begins and the last of which ends it.

    ``number`` is that of the first. None unless it is certain that these are the elements: that
    they are objects, with exactly ``gap`` between any two of them.
    """
    decoder = _decoder()
    if decoder is None:
        return None
    try:
        elements = decoder.decode(b"[%b]" % text)
        if not text.isascii():
            text.decode()  # the decoder does not look into the strings that it passes over
    except (ValueError, RecursionError):
        return None
    if gap.join(elements) != text:
        return None
    starts = list(accumulate(map(len(gap).__add__, map(len, elements)), initial=0))
    starts.pop()
    if any(text[start] != _OBJECT for start in starts):
        return None
    return ArrayBlock(reading, text, number, starts, len(gap))


@cache
def _decoder() -> Decoder[list[Raw]] | None:
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec.json.Decoder(list[msgspec.Raw])
