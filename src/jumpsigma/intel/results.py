"""Results of several additions as one."""

from __future__ import annotations

from jumpsigma.intel.model import AddResult


def summed(one: AddResult, other: AddResult) -> AddResult:
    """What two additions did together."""
    return AddResult(
        added=one.added + other.added,
        updated=one.updated + other.updated,
        unchanged=one.unchanged + other.unchanged,
        rejected=one.rejected + other.rejected,
        lists=tuple(sorted({*one.lists, *other.lists})),
    )
