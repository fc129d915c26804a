"""Correlations on events: base matches, sliding windows, findings (S801-S833)."""

from jumpsigma.matcher.correlate.batch import Correlator
from jumpsigma.matcher.correlate.classes import Classes, Collected, Ledger, Taker
from jumpsigma.matcher.correlate.matches import LeftOut
from jumpsigma.matcher.correlate.plan import Plan
from jumpsigma.matcher.correlate.rows import Match
from jumpsigma.matcher.correlate.store import DEFAULT_LIMIT

__all__ = [
    "DEFAULT_LIMIT",
    "Classes",
    "Collected",
    "Correlator",
    "Ledger",
    "LeftOut",
    "Match",
    "Plan",
    "Taker",
]
