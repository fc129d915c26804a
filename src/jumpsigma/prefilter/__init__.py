"""Which events need not be parsed, by looking at their raw bytes.

From the condition of each rule :mod:`~jumpsigma.prefilter.needs` derives what must literally stand
in a matching event; :mod:`~jumpsigma.prefilter.choice` picks the rarest of it by a sample of the
input; :mod:`~jumpsigma.prefilter.filter` looks for that in blocks of many events at once, by
Hyperscan, and gives out the few that are worth parsing, each with the few rules that are worth
evaluating.
"""

from jumpsigma.prefilter.filter import Candidate, Prefilter, ValueLists
from jumpsigma.prefilter.rules import RuleNeeds

__all__ = ["Candidate", "Prefilter", "RuleNeeds", "ValueLists"]
