"""The interpreter: what the IR means, evaluated on events without any cleverness."""

from jumpsigma.interpret.expressions import Lists, Trace, holds, matched, trace
from jumpsigma.interpret.fields import ABSENT, elements, exists, leaves, values_of

__all__ = [
    "ABSENT",
    "Lists",
    "Trace",
    "elements",
    "exists",
    "holds",
    "leaves",
    "matched",
    "trace",
    "values_of",
]
