"""Compiled rules on events: the matcher, and what it finds."""

from jumpsigma.matcher.engine import Matcher
from jumpsigma.matcher.findings import Finding, Source

__all__ = ["Finding", "Matcher", "Source"]
