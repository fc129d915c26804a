"""From pySigma's rule objects to the IR: the only reader of its condition and type classes."""

from jumpsigma.lower.correlations import LoweredCorrelation, lower_correlation
from jumpsigma.lower.rule import Lowered, lower_rule

__all__ = ["Lowered", "LoweredCorrelation", "lower_correlation", "lower_rule"]
