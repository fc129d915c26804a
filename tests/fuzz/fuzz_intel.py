"""Any bytes as a feed: never an exception, bounded words, the same in any blocks."""

from __future__ import annotations

import io
from typing import Any

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intake import unpacking
from jumpsigma.intel.model import Entry
from jumpsigma.intel.readers import FORMATS, Content, read_content
from jumpsigma.intel.readers.stix_patterns import UnsupportedPatternError, _parsed, _quick

WHOLE = 1 << 18
MAX_WORDS = 1000


class Chopped(io.BytesIO):
    """Gives at most ``size`` bytes at a time, as a pipe may."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self.size = size

    def read1(self, _size: int | None = -1, /) -> bytes:
        return super().read(self.size)


def one_input(data: bytes) -> None:
    for form in ("auto", *FORMATS):
        whole = told(data, WHOLE, form)
        # What damage in an archive hides depends on the blocks that it comes in.
        if unpacking.unpacker_of(data[: unpacking.MAGIC_SIZE]) is None:
            assert told(data, 1, form) == whole
            assert told(data, 7, form) == whole
    same_pattern(data.decode("utf-8", "replace"))


def told(data: bytes, size: int, form: str) -> list[Any]:
    given = list(read_content(Content("feed", Chopped(data, size)), form))
    for each in given:
        if isinstance(each, Diagnostic):
            assert len(each.message) < MAX_WORDS
        else:
            assert isinstance(each, Entry)
            assert each.confidence is None or 0 <= each.confidence <= 100
            assert all(
                moment is None or moment.tzinfo for moment in (each.valid_until, each.modified)
            )
    return given


def same_pattern(text: str) -> None:
    """What is read of a pattern without the grammar is what the grammar says."""
    answers: list[object] = []
    for read in (_quick, _parsed):
        try:
            answers.append(read(text))
        except UnsupportedPatternError:
            answers.append("unsupported")
        if answers[0] is None:
            return
    assert answers[0] == answers[1]
