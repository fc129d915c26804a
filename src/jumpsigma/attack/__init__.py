"""MITRE ATT&CK for Enterprise: tactics and techniques by number, offline.

The table beside this module is version 19, made by :mod:`jumpsigma.attack.make`; a STIX bundle of
any other version can be read in its place. ATT&CK is a trademark of The MITRE Corporation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("enterprise.tsv")
VERSION: Final = "19"

#: The tactics of version 19 in the order of the matrix.
TACTICS: Final = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)

#: Tactics of earlier versions, with those that took their place.
FORMER_TACTICS: Final[Mapping[str, tuple[str, ...]]] = {
    "defense-evasion": ("stealth", "defense-impairment"),
}

_REVOKED: Final = "revoked"


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique: ``id`` is ``T1110`` or ``T1110.003``.

    ``revoked`` is also true of what is merely deprecated; ``successor`` is then the technique that
    took its place, None where there is none.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    revoked: bool = False
    successor: str | None = None

    @property
    def parent(self) -> str:
        """The technique that a sub-technique belongs to, else its own number."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Attack:
    """One version of ATT&CK. ``tactics`` are short names (``initial-access``)."""

    version: str
    tactics: tuple[str, ...]
    techniques: Mapping[str, Technique] = field(repr=False)

    def technique(self, tag: str) -> Technique | None:
        """The technique that a number in any case names: ``t1110.003``."""
        return self.techniques.get(tag.upper())

    def successor(self, technique: Technique) -> Technique | None:
        """The one that is in force today, following revocations; None where the trail ends."""
        seen: set[str] = set()
        current: Technique | None = technique
        while current is not None and current.revoked:
            if current.id in seen or current.successor is None:
                return None
            seen.add(current.id)
            current = self.techniques.get(current.successor)
        return current


@cache
def load_attack() -> Attack:
    """The table that ships with us."""
    techniques: dict[str, Technique] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        number, name, tactics, state = line.split("\t")
        techniques[number] = Technique(
            number,
            name,
            tuple(filter(None, tactics.split(","))),
            bool(state),
            None if state in ("", _REVOKED) else state,
        )
    return Attack(VERSION, TACTICS, techniques)


def table_line(technique: Technique) -> str:
    """A technique as a line of the table."""
    state = (technique.successor or _REVOKED) if technique.revoked else ""
    return "\t".join((technique.id, technique.name, ",".join(technique.tactics), state))


#: What a technique's number looks like.
NUMBER: Final = re.compile(r"T\d{4}(\.\d{3})?", re.IGNORECASE)

__all__ = [
    "FORMER_TACTICS",
    "NUMBER",
    "TABLE",
    "TACTICS",
    "VERSION",
    "Attack",
    "Technique",
    "load_attack",
    "table_line",
]
