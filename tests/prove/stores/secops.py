"""What Google SecOps extracts of a JumpCloud event: the text of the value at each path of names.

The elements of a list have their number in the path. How a number is spelled Google does not say;
here its text is the one that JSON has.
"""

from stores.qradar import store

__all__ = ["store"]
