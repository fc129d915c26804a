"""Prove targets: ``prove.py [NAME...] [--pack shipped|features] [--each N]``, exit 1 on a difference."""

from __future__ import annotations

import argparse
import sys

from engines.catalogue import ENGINES
from targets import PACKS, PROVEN, Proven, prove


def main(arguments: list[str]) -> int:
    """Prove the targets of these names (all of them where none is given), and say what came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--pack", choices=[*PACKS], action="append")
    parser.add_argument("--each", type=int, default=25, help="made events for each rule")
    given = parser.parse_args(arguments)
    chosen = [each for each in PROVEN if not given.names or each.name in given.names]
    chosen = chosen or [each for each in PROVEN if each.target in given.names]
    if not chosen:
        sys.stderr.write(f"one of: {', '.join(each.name for each in PROVEN)}\n")
        return 2
    return max([_said(one, given.pack or [*PACKS], given.each) for one in chosen])


def _said(proven: Proven, packs: list[str], each: int) -> int:
    engine = ENGINES[proven.engine].start()
    if (version := engine.available()) is None:
        print(f"{proven.name}: {proven.engine} is not installed")  # noqa: T201 - a script
        return 1
    different = 0
    try:
        for name in packs:
            outcome = prove(proven, engine, PACKS[name](), each=each)
            differences = list(outcome.differences())
            different += len(differences)
            print(  # noqa: T201
                f"{proven.name} on {engine.name} {version}, {name}: {outcome.exported} written,"
                f" {sum(outcome.refused.values())} refused, {outcome.pairs} pairs,"
                f" {len(differences)} differences"
            )
            for line in differences[:20]:
                print(f"  {line}")  # noqa: T201
            for (code, reason), count in outcome.refused.most_common(30):
                print(f"  {count:4d} {code} {reason}")  # noqa: T201
    finally:
        engine.close()
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
