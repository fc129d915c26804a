"""Hyperscan: many expressions over raw bytes in one pass.

There are wheels for the usual platforms. Where there is none, or the processor lacks what it needs,
:func:`load` gives None, and every event is parsed: the same answers come more slowly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

#: What is told of a match: the number of the expression, and the index behind its last byte.
Hit = tuple[int, int]

_CASELESS, _DOT_ALL = 1, 2


@cache
def load() -> Any:
    """The module ``hyperscan``, None where it cannot be used."""
    try:
        import hyperscan

        hyperscan.Database().compile(expressions=[b"a"], ids=[0], elements=1, flags=[0])
    except Exception:  # noqa: BLE001 - whatever keeps it from working, there is another way
        return None
    return hyperscan


class Database:
    """Compiled expressions with their own scratch space: for one thread at a time."""

    def __init__(self, patterns: Sequence[tuple[str, bool]]) -> None:
        """``patterns``: expressions over bytes, each with whether ASCII letters match in any case.

        Raises :class:`ValueError` when Hyperscan does not take one, or is not there.
        """
        module = load()
        if module is None:
            raise ValueError("Hyperscan is not available")
        self._database = module.Database()
        self._ended = module.ScanTerminated
        try:
            self._database.compile(
                expressions=[pattern.encode("ascii") for pattern, _ in patterns],
                ids=list(range(len(patterns))),
                elements=len(patterns),
                flags=[_DOT_ALL | (_CASELESS if caseless else 0) for _, caseless in patterns],
            )
        except module.error as error:
            raise ValueError(str(error)) from None

    def scan(self, text: bytes, on_hit: Callable[[int, int, int, int, Any], bool | None]) -> bool:
        """Tell ``on_hit`` of every match: expression, 0, index behind the match, 0, None.

        It ends the scan when it returns true; then this returns false.
        """
        try:
            self._database.scan(text, match_event_handler=on_hit)
        except self._ended:
            return False
        return True
