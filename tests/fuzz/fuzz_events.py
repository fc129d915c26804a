"""Any bytes as a source of events: never an exception, nothing lost, the same in any blocks."""

from __future__ import annotations

import io
from typing import Any
from unittest.mock import patch

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import unpacking
from jumpsigma.intake.events import ReadStats, Reject, read_events

# A bomb is found out after a megabyte instead of a gigabyte, or the fuzzer would find only bombs.
IN_VAIN = 1024 * 1024
WHOLE = 1 << 18


class Chopped(io.BytesIO):
    """Gives at most ``size`` bytes at a time, as a pipe may."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self.size = size

    def read1(self, _size: int | None = -1, /) -> bytes:
        return super().read(self.size)


def one_input(data: bytes) -> None:
    with patch.object(unpacking, "MAX_IN_VAIN", IN_VAIN):
        whole, problems = told(data, WHOLE)
        told(data, WHOLE, unwrap=True)
        for size in (1, 7):
            chopped, problems_too = told(data, size)
            if unpacking.unpacker_of(data[: unpacking.MAGIC_SIZE]) is None:
                assert (chopped, problems_too) == (whole, problems)
            elif not problems and not problems_too:
                assert chopped == whole


def told(data: bytes, size: int, *, unwrap: bool = False) -> tuple[list[Any], list[Diagnostic]]:
    """What reading in blocks of ``size`` gives: events and rejects in order, and problems."""
    stats = ReadStats()
    given: list[Any] = []
    problems: list[Diagnostic] = []

    def reject(one: Reject) -> None:
        given.append((one.line, one.raw + b"".join(one.rest), one.diagnostic))

    for event in read_events(
        Chopped(data, size),
        stats=stats,
        on_reject=reject,
        on_problem=problems.append,
        unwrap=unwrap,
    ):
        assert type(event.data) is dict
        given.append((event.line, event.raw, repr(event.data)))  # repr: NaN is not NaN

    assert stats.read == stats.parsed + stats.rejected == len(given)
    assert stats.rejected == sum(isinstance(one[2], Diagnostic) for one in given)
    assert stats.files == 1
    assert bool(stats.unreadable) <= bool(problems)
    return given, problems
