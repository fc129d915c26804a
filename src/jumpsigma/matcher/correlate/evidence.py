"""Which events of a window made the condition hold, and which of them completed it (S809, S819)."""

from __future__ import annotations

from collections.abc import Sequence

from jumpsigma.ir.correlations import CorrelationIR, Threshold, sequences
from jumpsigma.matcher.correlate.rows import Row


def evidence(correlation: CorrelationIR, rows: Sequence[Row]) -> list[Row]:
    """The rows that made it: all of the window, or the earliest sequence of an ordered one."""
    if correlation.type != "temporal_ordered":
        return list(rows)
    condition = correlation.condition
    if isinstance(condition, Threshold):
        return _longest(rows, len(correlation.references)) or list(rows)
    seen = [row.slots for row in rows]
    for way in sequences(condition):
        found = _in_order(rows, way.seen)
        if found is not None and not any(s >> slot & 1 for s in seen for slot in way.unseen):
            return found or list(rows)
    return list(rows)


def completing(rows: Sequence[Row], made: Sequence[Row]) -> Row:
    """The last event of the window's last instant, of those that made it if there is one."""
    last = [row for row in made if row.time == rows[-1].time]
    return last[-1] if last else rows[-1]


def _in_order(rows: Sequence[Row], slots: Sequence[int]) -> list[Row] | None:
    """The earliest rows that have these slots one after another, strictly later each."""
    found: list[Row] = []
    for row in rows:
        if len(found) == len(slots):
            break
        if row.slots >> slots[len(found)] & 1 and (not found or row.time > found[-1].time):
            found.append(row)
    return found if len(found) == len(slots) else None


def _longest(rows: Sequence[Row], count: int) -> list[Row]:
    """Of the longest runs in the listed order, the one that ends first; ties to earlier slots."""
    # ends[n][i]: the row with which a run of n + 1 that ends with slot i ends earliest.
    ends: list[list[Row | None]] = [[None] * count for _ in range(count)]
    for row in rows:
        for slot in range(count):
            if not row.slots >> slot & 1:
                continue
            for length in range(count):
                if ends[length][slot] is None and (
                    length == 0 or _before(ends[length - 1][:slot], row.time) is not None
                ):
                    ends[length][slot] = row
    for length in reversed(range(count)):
        if any(ends[length]):
            return _traced(ends, length)
    return []


def _traced(ends: list[list[Row | None]], length: int) -> list[Row]:
    found: list[Row] = []
    slot, time = len(ends), 2**70
    for step in reversed(range(length + 1)):
        slot = _before(ends[step][:slot], time) or 0
        row = ends[step][slot]
        assert row is not None  # noqa: S101 - a run of this length was there
        found.append(row)
        time = row.time
    return found[::-1]


def _before(rows: Sequence[Row | None], time: int) -> int | None:
    """The slot of the earliest row that is before a time, the first of equal ones."""
    known = [(row.time, slot) for slot, row in enumerate(rows) if row is not None]
    best = min(known, default=None)
    return best[1] if best is not None and best[0] < time else None
