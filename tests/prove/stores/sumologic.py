"""What a query of Sumo Logic sees of a JumpCloud event: the text of the value at each key.

The message is kept as it came. Of lists, JSONPath gives one element by its number, or all as one
text; what stands in a list is no value of an element here.
"""

from stores.qradar import store

__all__ = ["store"]
