"""Where things stand in a YAML document: key paths to lines and columns."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from jumpsigma.diagnostics import Span

Mark = tuple[int, int, int, int]
"""Line, column, end line, end column; all 1-based, the end column exclusive."""

KeyPath = tuple[Hashable, ...]
"""Keys of mappings and indices of sequences from the root: ``("detection", "selection", 0)``."""


class Branch:
    """The place of a mapping or a sequence, with the places of what it holds.

    ``children`` are those of a mapping's values (by key) or of a sequence's items (by index),
    ``keys`` those of a mapping's keys.
    """

    __slots__ = ("children", "keys", "mark")

    def __init__(
        self,
        mark: Mark,
        children: dict[Hashable, Place] | list[Place],
        keys: dict[Hashable, Mark] | None = None,
    ) -> None:
        self.mark = mark
        self.children = children
        self.keys: dict[Hashable, Mark] = {} if keys is None else keys

    def child(self, step: Hashable) -> Place | None:
        """The place of the value under a key or index, or None where there is none."""
        if isinstance(self.children, dict):
            return self.children.get(step)
        if type(step) is int and 0 <= step < len(self.children):
            return self.children[step]
        return None


# A scalar's place is a bare tuple of numbers: a pack has hundreds of thousands of them, and the
# garbage collector need not look at those.
Place = Branch | Mark


def mark_of(place: Place) -> Mark:
    """The lines and columns of a place."""
    return place.mark if isinstance(place, Branch) else place


class Positions:
    """Answers "where is this key path?" for one document of one file."""

    __slots__ = ("path", "root")

    def __init__(self, path: str, root: Place) -> None:
        self.path: Final = path
        self.root: Final = root

    def span(self, path: KeyPath, *, key: bool = False) -> Span:
        """The place of the value at ``path``, or with ``key=True`` of the key that introduces it.

        A path that the document does not have gives its nearest ancestor, and that ancestor's
        key where it has one: a missing ``condition`` is a problem of the word ``detection``.
        """
        place, key_mark = self.root, None
        for step in path:
            child = place.child(step) if isinstance(place, Branch) else None
            if child is None or not isinstance(place, Branch):
                return Span(self.path, *(key_mark or mark_of(place)))
            key_mark = place.keys.get(step)
            place = child
        return Span(self.path, *(key_mark if key and key_mark else mark_of(place)))
