"""Where things stand in a YAML document: key paths to lines and columns."""

from __future__ import annotations

from collections.abc import Hashable

from jumpsigma.diagnostics import Span

Mark = tuple[int, int, int, int]
"""Line, column, end line, end column; all 1-based, the end column exclusive."""

KeyPath = tuple[Hashable, ...]
"""Keys of mappings and indices of sequences from the root: ``("detection", "selection", 0)``."""


class Place:
    """The place of one YAML node, with the places of what it holds.

    ``keys`` are the places of a mapping's keys, ``children`` those of its values (by key) or of a
    sequence's items (by index). Scalars have neither.
    """

    __slots__ = ("children", "keys", "mark")

    def __init__(
        self,
        mark: Mark,
        children: dict[Hashable, Place] | list[Place] | None = None,
        keys: dict[Hashable, Mark] | None = None,
    ) -> None:
        self.mark = mark
        self.children = children
        self.keys = keys

    def child(self, step: Hashable) -> Place | None:
        """The place of the value under a key or index, or None where there is none."""
        match self.children:
            case dict() as values:
                return values.get(step)
            case list() as items:
                inside = type(step) is int and 0 <= step < len(items)
                return items[step] if inside else None  # type: ignore[call-overload]
            case None:
                return None


class Positions:
    """Answers "where is this key path?" for one document of one file."""

    __slots__ = ("path", "root")

    def __init__(self, path: str, root: Place) -> None:
        self.path = path
        self.root = root

    def span(self, path: KeyPath, *, key: bool = False) -> Span:
        """The place of the value at ``path``, or with ``key=True`` of the key that introduces it.

        A path that the document does not have gives its nearest ancestor, and that ancestor's
        key where it has one: a missing ``condition`` is a problem of the word ``detection``.
        """
        place, key_mark = self.root, None
        for step in path:
            child = place.child(step)
            if child is None:
                return self._span(key_mark or place.mark)
            key_mark = place.keys.get(step) if place.keys is not None else None
            place = child
        return self._span(key_mark if key and key_mark is not None else place.mark)

    def has(self, path: KeyPath) -> bool:
        """Whether the document has something at ``path``."""
        place: Place | None = self.root
        for step in path:
            place = place.child(step) if place is not None else None
        return place is not None

    def _span(self, mark: Mark) -> Span:
        return Span(self.path, *mark)
