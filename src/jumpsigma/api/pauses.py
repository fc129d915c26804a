"""Reading, compiling and exporting rules without pauses for the search for cyclic garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Leave cyclic garbage alone in here.

    What is made of rules is kept, and made in millions of objects: Python would look through them
    again and again, which takes a third of the time, and find little.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
