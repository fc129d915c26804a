"""What Google SecOps extracts of a JumpCloud event: the text of the value at each path of names.

How the elements of a list are named, and how a number is spelled, Google does not say; lists are
left out here, and the text of a number is the one that JSON has.
"""

from stores.qradar import store

__all__ = ["store"]
