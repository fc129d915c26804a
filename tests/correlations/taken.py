"""Lines as the blocks in which correlations are given them."""

from __future__ import annotations

from collections.abc import Sequence

from jumpsigma.intake.blocks import LineBlock
from jumpsigma.intake.records import Reading, ReadStats
from jumpsigma.matcher.correlate import Taker
from jumpsigma.prefilter import Candidate


def take_lines(
    take: Taker,
    raws: Sequence[bytes],
    number: int = 1,
    offset: int | None = None,
    holding: bytes = b"",
) -> list[int]:
    """Have those lines taken that hold something; the numbers of those that are left.

    ``number`` is that of the first, ``offset`` where it begins in its file, if it can be read there
    again.
    """
    text = b"".join(raw + b"\n" for raw in raws)
    block = LineBlock(Reading(None, ReadStats()), text, number, offset)
    candidates: list[Candidate] = [
        (*place, None) for place in block.places() if holding in text[place[1] : place[2]]
    ]
    return [candidate[0] for candidate in take(block, candidates)] if candidates else []
