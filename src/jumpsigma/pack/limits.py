"""How large a hand-written file may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a hand-written YAML file may be.

    ``bytes`` on disk; ``depth`` of nesting, aliases expanded; ``alias_nodes``, the nodes that
    aliases add to those written out. The last is pySigma 2's own limit (``MAX_ALIAS_EXPANSION``):
    a higher one here would let pySigma 1.5.1 load what 2.x refuses.
    """

    bytes: int = 1024 * 1024
    depth: int = 64
    alias_nodes: int = 10_000


DEFAULT_LIMITS: Final = Limits()
