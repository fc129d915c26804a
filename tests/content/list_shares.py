"""How much of the reference lists the short lists of the pack cover.

``python tests/content/list_shares.py [FOLDER] [--missed]``: ``FOLDER`` is the folder ``shared`` of
the reference corpus. A name is covered when it, or a name that it is below, is in our list.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
LISTS: Final = CHECKOUT / "sigma_rules" / "lists"

#: Our list, the reference list.
PAIRS: Final = (
    ("dynamic_dns", "dynamic_dns"),
    ("cryptomining", "cryptomining_pool_domains"),
    ("cryptomining", "cryptomining_domains"),
    ("iplookup", "iplookup_domains"),
    ("exfiltration", "exfiltration_domains"),
    ("exfiltration", "tunneling_domains"),
    ("exfiltration", "exfiltration_cloud_storage_domains"),
    ("remote_access", "remote_access_tool_domains"),
    ("tor_domains", "tor_gateways_domains"),
    ("tor_domains", "tor_project_domains"),
)


@dataclass(frozen=True, slots=True)
class Share:
    """What our list ``ours`` covers of the reference list ``reference``."""

    ours: str
    reference: str
    total: int
    missed: tuple[str, ...]

    @property
    def covered(self) -> float:
        """The share that is covered, 0 to 1."""
        return 1 - len(self.missed) / self.total


def read_names(path: Path) -> list[str]:
    """The values of a list file, in order, as they are written."""
    lines = (line.split(" #")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def shares(shared: Path) -> list[Share]:
    """One share for each of ``PAIRS``."""
    return [_share(ours, reference, shared) for ours, reference in PAIRS]


def _share(ours: str, reference: str, shared: Path) -> Share:
    known = set(read_names(LISTS / f"{ours}.txt"))
    names = read_names(shared / "data" / "lists" / f"{reference}.txt")
    missed = tuple(name for name in names if not known.intersection(_and_parents(name)))
    return Share(ours, reference, len(names), missed)


def _and_parents(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[index:]) for index in range(len(labels))]


def main() -> None:
    """Print the shares, and with ``--missed`` the names that are not covered."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = os.environ.get("JUMPSIGMA_SHARED") or CHECKOUT.parent / "shared"
    parser.add_argument("folder", nargs="?", type=Path, default=Path(default))
    parser.add_argument("--missed", action="store_true", help="print the names not covered")
    options = parser.parse_args()
    for share in shares(options.folder):
        count = share.total - len(share.missed)
        of_all = f"{count:4} of {share.total:4} {share.covered:4.0%}"
        sys.stdout.write(f"{share.ours:14} {share.reference:36} {of_all}\n")
        if options.missed:
            sys.stdout.writelines(f"    {name}\n" for name in share.missed)


if __name__ == "__main__":
    main()
