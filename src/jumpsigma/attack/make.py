"""Make the table of techniques anew: ``python -m jumpsigma.attack.make CLUSTER > enterprise.tsv``.

CLUSTER is ``clusters/mitre-attack-pattern.json`` of MISP galaxy (CC0), which carries ATT&CK with
the revocations of every version and fits into memory many times over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from jumpsigma.attack import NUMBER, TACTICS, VERSION, Technique, table_line

_OTHERS: Final = ("mobile-attack-", "pre-attack")
_HEAD: Final = (
    f"# ATT&CK {VERSION} for Enterprise: number, name, tactics; behind a fourth tab, of what is",
    "# revoked, its successor. Made by jumpsigma.attack.make from MISP galaxy (CC0).",
    "# ATT&CK is a trademark of The MITRE Corporation.",
)


def techniques(values: Iterable[Mapping[str, Any]]) -> Iterator[Technique]:
    """The techniques of Enterprise in a galaxy cluster's ``values``, by number."""
    listed = list(values)
    numbers = {each["uuid"]: str(each["meta"]["external_id"]) for each in listed}
    found: dict[str, Technique] = {}
    for each in listed:
        number = numbers[each["uuid"]]
        phases = each["meta"].get("kill_chain") or []
        if not NUMBER.fullmatch(number) or not phases or str(phases[0]).startswith(_OTHERS):
            continue
        named = {str(phase).rpartition(":")[2] for phase in phases}
        successor = next(
            (
                numbers.get(link["dest-uuid"])
                for link in each.get("related", ())
                if link["type"] == "revoked-by"
            ),
            None,
        )
        revoked = bool(each.get("revoked"))
        if number in found and revoked:
            continue
        found[number] = Technique(
            number,
            str(each["value"]).removesuffix(f" - {number}"),
            tuple(tactic for tactic in TACTICS if tactic in named),
            revoked,
            successor if revoked else None,
        )
    yield from (found[number] for number in sorted(found))


def main(arguments: list[str]) -> int:
    """Print the table that is made from the file given."""
    if len(arguments) != 1:
        print("usage: python -m jumpsigma.attack.make CLUSTER", file=sys.stderr)  # noqa: T201
        return 2
    cluster = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    lines = [*_HEAD, *map(table_line, techniques(cluster["values"]))]
    print("\n".join(lines))  # noqa: T201 - a script
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
