"""Whether an event of this intake can ever satisfy a rule.

The answer rests on the schema of the intake: a witness event proves that a rule is reachable,
conditions folded over the fields that no event carries prove that it is not. See
``docs/reference/coverage.md``.
"""

from jumpsigma.reachability.carried import Intake, View
from jumpsigma.reachability.places import Place, elastic, intake_for, raw_intake, sekoia
from jumpsigma.reachability.sequences import reach_correlation
from jumpsigma.reachability.verdict import REACHABILITIES, Reach, Reachability, Witness, reach

__all__ = [
    "REACHABILITIES",
    "Intake",
    "Place",
    "Reach",
    "Reachability",
    "View",
    "Witness",
    "elastic",
    "intake_for",
    "raw_intake",
    "reach",
    "reach_correlation",
    "sekoia",
]
