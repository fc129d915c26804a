"""Prove targets on the engines that stand for their products; exit 1 on a difference."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# As a script it stands outside of pytest, which would know where the tables are.
sys.path.append(str(Path(__file__).parent.parent / "conformance"))

from engines.catalogue import ENGINES
from engines.engine import Engine
from targets import (
    PACKS,
    PROVEN,
    Outcome,
    Proven,
    prove,
    prove_conformance,
    prove_features,
    prove_lists,
)

from jumpsigma.export import load_target

#: What the last `make prove` found, a file a proof; docs/reference/equivalence.md is made of it.
RESULTS = Path(__file__).parent / "results"
#: Events made for each rule: the rules that are there to be difficult get more.
CONFORMANCE = "conformance"
#: The rules on long lists, for targets with look-up tables.
LISTS = "lists"
FEATURES = "features"
EACH = {"shipped": 8, FEATURES: 25, "asked": 200, LISTS: 100}


def main(arguments: Sequence[str]) -> int:
    """Prove what was chosen, all of it where nothing was, and say what came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="targets, or proofs as the output calls them")
    parser.add_argument("--engine", action="append", help="all that is proven on this engine")
    parser.add_argument("--light", action="store_true", help="all that needs nothing installed")
    parser.add_argument("--pack", choices=[*PACKS, LISTS, CONFORMANCE], action="append")
    parser.add_argument("--each", type=int, help="made events for each rule")
    parser.add_argument("--write", action="store_true", help="keep what came in results/")
    given = parser.parse_args(arguments)
    chosen = [each for each in PROVEN if _is_chosen(each, given)]
    if not chosen:
        sys.stderr.write(f"one of: {', '.join(each.name for each in PROVEN)}\n")
        return 2
    return max([_proven(one, given) for one in chosen])


def _is_chosen(proven: Proven, given: argparse.Namespace) -> bool:
    if given.engine or given.light:
        light = given.light and ENGINES[proven.engine].light
        return light or proven.engine in (given.engine or ())
    return not given.names or proven.name in given.names or proven.target in given.names


def _proven(proven: Proven, given: argparse.Namespace) -> int:
    engine = ENGINES[proven.engine].start()
    try:
        if (version := engine.available()) is None:
            print(f"{proven.name}: {proven.engine} is not installed")  # noqa: T201 - a script
            return 1
        own = [LISTS] if LISTS in load_target(proven.target).options else []
        own += [CONFORMANCE] if proven.conformance else []
        packs = given.pack or [*PACKS, *own]
        outcomes = {name: _outcome(proven, engine, name, version, given.each) for name in packs}
    finally:
        engine.close()
    if given.write:
        RESULTS.mkdir(exist_ok=True)
        document = as_json(proven, engine, version, outcomes)
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        (RESULTS / result_name(proven)).write_text(text, encoding="utf-8")
    return int(any(any(outcome.differences()) for outcome in outcomes.values()))


def _outcome(proven: Proven, engine: Engine, pack: str, version: str, each: int | None) -> Outcome:
    if pack == CONFORMANCE:
        with tempfile.TemporaryDirectory() as folder:
            outcome = prove_conformance(proven, engine, Path(folder, "rules"))
    else:
        made = EACH[pack] if each is None else each
        if pack == LISTS:
            outcome = prove_lists(proven, engine, each=made)
        elif pack == FEATURES:
            outcome = prove_features(proven, engine, each=made)
        else:
            outcome = prove(proven, engine, PACKS[pack](), each=made)
    differences = list(outcome.differences())
    print(  # noqa: T201
        f"{proven.name} on {engine.name} {version}, {pack}: {outcome.exported} written,"
        f" {len(outcome.refused_rules)} refused, {outcome.pairs} pairs,"
        f" {len(differences)} differences",
        flush=True,
    )
    for line in differences[:20]:
        print(f"  {line}")  # noqa: T201
    for (code, reason), count in outcome.refused.most_common():
        print(f"  {count:4d} {code} {reason}")  # noqa: T201
    return outcome


def result_name(proven: Proven) -> str:
    """The name of a proof's file."""
    return re.sub(r"[^a-z0-9]+", "_", proven.name.lower()).strip("_") + ".json"


def as_json(
    proven: Proven, engine: Engine, version: str, outcomes: dict[str, Outcome]
) -> dict[str, Any]:
    """What is kept of a proof."""
    return {
        "proof": proven.name,
        "target": proven.target,
        "format": proven.format,
        "options": dict(proven.options),
        "engine": engine.name,
        "version": version,
        "superset": proven.superset is not None,
        "packs": {name: _pack_json(outcome) for name, outcome in outcomes.items()},
    }


def _pack_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "exported": outcome.exported,
        "left_out": len(outcome.refused_rules),
        "queries": hashlib.sha256("\0".join(outcome.queries).encode()).hexdigest(),
        "refused": [
            {"code": code, "reason": reason, "rules": count}
            for (code, reason), count in sorted(outcome.refused.items())
        ],
        "events": sum(each.events for each in outcome.compared.values()),
        "pairs": outcome.pairs,
        "differences": len(list(outcome.differences())),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
