"""Where the events of JumpCloud are kept, and what is left of them there."""

from __future__ import annotations

from functools import cache

from jumpsigma.intake.schema import load_schema
from jumpsigma.reachability.carried import Intake


@cache
def raw_intake() -> Intake:
    """The events as the API and the vendor's export apps give them."""
    return Intake("raw", "Raw Directory Insights", load_schema())


def intake_for(mapping: str) -> Intake:
    """The place whose events a mapping is about."""
    del mapping
    return raw_intake()
