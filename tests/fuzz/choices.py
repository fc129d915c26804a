"""Bytes read as a row of choices, for targets whose input has a structure.

The same bytes give the same choices with and without the fuzzer, and no choice wastes a byte: a
byte that the fuzzer changes changes one choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Each choice takes one byte; when there are none left, the first alternative is chosen."""

    def __init__(self, data: bytes) -> None:
        self._bytes = iter(data)

    def number(self, below: int) -> int:
        """One of at most 256 numbers from 0."""
        return next(self._bytes, 0) % below

    def flag(self) -> bool:
        return self.number(2) == 1

    def one_of(self, items: Sequence[T]) -> T:
        return items[self.number(len(items))]

    def some(self, make: Callable[[], T], most: int) -> list[T]:
        """Up to ``most`` things."""
        return [make() for _ in range(self.number(most + 1))]
