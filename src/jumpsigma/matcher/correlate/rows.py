"""What a correlation remembers of an event, and in which order it sees events (S801-S806)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

NANOSECONDS = 1_000_000_000


class Entry(NamedTuple):
    """An event in one group of one correlation.

    ``slots`` has the bit of every reference whose rule the event satisfies. ``values`` (what is
    measured) and ``spelled`` (the group's values as the event has them) are JSON lists, ``group``
    is the JSON of the values as they compare.
    """

    correlation: int
    group: str
    slots: int
    values: str
    spelled: str


class Match(NamedTuple):
    """An event that satisfies a rule of a correlation, to be carried between processes.

    ``time`` is in nanoseconds since 1970. ``event_id`` is empty where the event has none, and so
    is ``path``. ``digest`` may be empty where there is an id and the event was read from bytes:
    it is made of the payload when it is needed. ``payload`` is what ``Payloads`` reads.
    """

    time: int
    event_id: bytes
    digest: bytes
    path: bytes
    line: int
    payload: bytes
    entries: tuple[Entry, ...]


class Row(NamedTuple):
    """One event in one group. Rows compare in the order in which a correlation sees them (S806).

    ``origin`` is empty for an event, else it says which finding of which correlation this is.
    ``number`` finds the payload. ``digest`` may be empty as in a match; that only matters between
    copies of an event, which :func:`placed` merges.
    """

    group: str
    time: int
    event_id: bytes
    origin: str
    digest: bytes
    path: bytes
    line: int
    slots: int
    values: str
    spelled: str
    number: int


class Placed(NamedTuple):
    """A row, or the copies of one event merged into one, and where they stand: [start, end)."""

    row: Row
    start: int
    end: int


def placed(
    rows: Iterable[Row], told_apart: Callable[[Row, Row], Iterable[Row]]
) -> Iterator[Placed]:
    """Rows in order, the copies of an event (S802) merged into the first of them.

    ``told_apart`` gives two copies whose order is that of S806.
    """
    held: Row | None = None
    start = end = 0
    for row in rows:
        if held is not None and same_event(held, row):
            held = merged(*told_apart(held, row))
        else:
            if held is not None:
                yield Placed(held, start, end)
            held, start = row, end
        end += 1
    if held is not None:
        yield Placed(held, start, end)


def same_event(one: Row, other: Row) -> bool:
    """Whether two rows of one correlation are one event of one group."""
    return bool(one.event_id) and one[:4] == other[:4]


def merged(one: Row, other: Row) -> Row:
    """Two copies of an event: the first in order, with what the other has besides (S802)."""
    first, second = sorted((one, other))
    values = first.values
    if second.values != values:
        values = json.dumps(union(json.loads(values), json.loads(second.values)))
    return first._replace(slots=first.slots | second.slots, values=values)


def union(one: list[object], other: list[object]) -> list[object]:
    """Each value as often as the list that has it more often."""
    return list((Counter(one) | Counter(other)).elements())


def inner_row(correlation: int, row: Row, entry: Entry, number: int) -> Row:
    """A finding of a correlation, completed by ``row``, as an event of a correlation above."""
    origin = f"{correlation} {row.group} {row.digest.hex()}"
    return row._replace(
        group=entry.group,
        origin=origin,
        slots=entry.slots,
        values=entry.values,
        spelled=entry.spelled,
        number=number,
    )


def rows_of(match: Match, number: int) -> Iterator[tuple[int, Row]]:
    """The rows of a match whose payload has a number, each with its correlation."""
    for entry in match.entries:
        yield (
            entry.correlation,
            Row(
                entry.group,
                match.time,
                match.event_id,
                "",
                match.digest,
                match.path,
                match.line,
                entry.slots,
                entry.values,
                entry.spelled,
                number,
            ),
        )
