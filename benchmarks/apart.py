"""Parts of a scan by themselves. The only module here that knows how a scan is made.

Each function does all that the one before it does, so that differences say what a part costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Final

from benchmarks.jumpcloud import SEED
from jumpsigma.matcher import Matcher

#: What a scan reads at once.
_BLOCK: Final = 256 * 1024
_LITERALS: Final = 500


class Looking:
    """The first parts of a scan; what earlier ones have learned is kept, as a matcher does."""

    def __init__(self, matcher: Matcher, paths: Iterable[str]) -> None:
        self._matcher, self._paths = matcher, tuple(paths)
        self._prefilter = matcher.prefilter()

    def run(self, *, parse: bool) -> int:
        """Read files and find the events that may matter, how many; with ``parse``, parse those.

        Events that only correlations could want are left to these: they parse in a way of their
        own.
        """
        # Here, because revisions before the prefilter have no blocks, and are measured without
        # parts.
        from jumpsigma.intake.blocks import Block
        from jumpsigma.intake.events import read_blocks

        prefilter, silent = self._prefilter, self._matcher.silent
        found = 0
        for path in self._paths:
            for item in read_blocks(path, unwrap=self._matcher.unwraps):
                if not isinstance(item, Block):
                    found += 1
                elif not prefilter.wants(item):
                    found += sum(1 for _ in item.events())
                else:
                    for number, start, end, rules in prefilter.candidates(item):
                        found += 1
                        if parse and (rules is None or not silent.issuperset(rules)):
                            item.event(number, start, end)
                    item.close()
        return found


def split_lines(path: str) -> int:
    """The floor below every reader of lines."""
    with open(path, "rb") as file:  # noqa: PTH123 - as everybody writes it
        return sum(1 for _ in file)


def hyperscan_alone(path: str) -> int:
    """The floor below every prefilter: 500 texts that are not there, in blocks of a file."""
    import hyperscan

    draw = Random(SEED)  # noqa: S311 - repeatable
    database = hyperscan.Database()
    database.compile(
        expressions=[f"{draw.getrandbits(64):016x}".encode() for _ in range(_LITERALS)],
        ids=list(range(_LITERALS)),
        elements=_LITERALS,
        flags=[hyperscan.HS_FLAG_CASELESS] * _LITERALS,
    )
    hits: list[int] = []

    def on_hit(number: int, *_: object) -> None:
        hits.append(number)

    with open(path, "rb") as file:  # noqa: PTH123
        while block := file.read(_BLOCK):
            database.scan(block, match_event_handler=on_hit)
    return len(hits)
