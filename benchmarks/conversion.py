"""How long rules take to become queries, beside the official backend of the same product.

``python -m benchmarks.conversion FOLDER TARGET …`` converts the rules of a folder, SigmaHQ's for
instance, with both, in turn, in one process. Both begin with rules that are read and not yet
pySigma's objects, so that making these is in both times. Backends are
taken where they are installed: SQLite's with pySigma 2, the others with pySigma 1, which is in
``.venv-sigma1``.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final

from sigma.exceptions import SigmaError

from jumpsigma.api import export_queries, load_pack
from jumpsigma.pack import Pack

#: Target: module and class of the official backend, and the format that is written of both.
OFFICIAL: Final = {
    "elasticsearch": ("sigma.backends.elasticsearch", "LuceneBackend", "lucene"),
    "splunk": ("sigma.backends.splunk", "SplunkBackend", "spl"),
    "sqlite": ("sigma.backends.sqlite", "sqliteBackend", "sql"),
}
#: Alternating rounds; their median counts.
ROUNDS: Final = 3


def timed(job: Callable[[], object]) -> float:
    """Seconds of processor time."""
    start = process_time()
    job()
    return process_time() - start


def convert_all(backend: Any, pack: Pack) -> int:
    """How many rules the official backend converts, each for itself."""
    done = 0
    for rule in pack.rules:
        if rule.kind != "rule":
            continue
        try:
            done += bool(backend.convert_rule(rule.to_sigma()))
        except (SigmaError, NotImplementedError):
            continue
    return done


def compared(folder: str, target: str) -> float:
    """Our time as a multiple of the official backend's."""
    module, name, format_ = OFFICIAL[target]
    backend = getattr(import_module(module), name)()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        pack = load_pack(folder, cases=False)
        theirs.append(timed(lambda pack=pack: convert_all(backend, pack)))  # type: ignore[misc]
        pack = load_pack(folder, cases=False)
        ours.append(
            timed(lambda pack=pack: export_queries(pack, target, format_, mapping="sigma"))  # type: ignore[misc]
        )
    return median(ours) / median(theirs)


def main() -> int:
    """Print a line for each target; 1 where one could not be compared."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("targets", nargs="+", choices=sorted(OFFICIAL))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    missing = 0
    for target in options.targets:
        try:
            sys.stdout.write(f"{target}: {compared(str(options.folder), target):.2f}\n")
        except ImportError as error:
            sys.stderr.write(f"{target}: {error}\n")
            missing = 1
    return missing


if __name__ == "__main__":
    sys.exit(main())
