"""What a change of rules really does: which conditions mean something else, and on which events.

Two packs are compared rule by rule, by id. Conditions are compared in the intermediate
representation: by normal forms and structural rules where these decide, else by events that tell
them apart.
"""

from jumpsigma.changes.relation import Comparison, Relation, compare
from jumpsigma.changes.rules import (
    KINDS,
    Attribute,
    CorrelationChange,
    Kind,
    MappedChange,
    RuleChange,
)
from jumpsigma.changes.targets import TargetChange, TargetQuery

__all__ = [
    "KINDS",
    "Attribute",
    "Comparison",
    "CorrelationChange",
    "Kind",
    "MappedChange",
    "Relation",
    "RuleChange",
    "TargetChange",
    "TargetQuery",
    "compare",
]
