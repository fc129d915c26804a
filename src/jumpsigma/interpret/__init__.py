"""The interpreter: what the IR means, evaluated on events without any cleverness."""

from jumpsigma.interpret.expressions import Trace, holds, matched, matched_entries, trace
from jumpsigma.interpret.fields import ABSENT, elements, event_time, exists, leaves, values_of
from jumpsigma.interpret.lists import Dated, DatedLists, Lists

__all__ = [
    "ABSENT",
    "Dated",
    "DatedLists",
    "Lists",
    "Trace",
    "elements",
    "event_time",
    "exists",
    "holds",
    "leaves",
    "matched",
    "matched_entries",
    "trace",
    "values_of",
]
