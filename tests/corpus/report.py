"""What becomes of every rule of a corpus: loaded, lowered, refused; tried on events; compared.

python tests/corpus/report.py PATH [--mapping NAME] [--events]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from cases import SHARDS, Case, cases_of
from lowered import Corpus, digest, read_corpus, refusals
from oracle import agreement, backend_is_there
from witness import as_event

from jumpsigma.interpret import holds


def counts(corpus: Corpus) -> list[str]:
    """How many rules were loaded, lowered and refused, one number a line, then every refusal."""
    refused = refusals(corpus.outcomes)
    problems = Counter(each.code for each in corpus.pack.diagnostics)
    count, sha256 = digest(corpus.outcomes)
    return [
        f"files         {corpus.files}",
        f"rules loaded  {len(corpus.outcomes)}",
        f"lowered       {count}  (sha256 of their IR {sha256})",
        f"refused       {len(refused)}",
        *(f"  {code}  {number}" for code, number in sorted(Counter(refused.values()).items())),
        f"correlations  {corpus.correlations}",
        f"filters       {len(corpus.pack.filters)}",
        f"diagnostics   {len(corpus.pack.diagnostics)}",
        *(f"  {code}  {number}" for code, number in sorted(problems.items())),
        *(f"{code} {key}" for key, code in sorted(refused.items(), key=lambda each: each[::-1])),
    ]


def events(corpus: Corpus) -> list[str]:
    """How many events were made, and how many verdicts agree with SQLite's."""
    cases = [case for shard in range(SHARDS) for case in cases_of(corpus.outcomes[shard::SHARDS])]
    matched = sum(_matches_its_witness(case) for case in cases)
    leaves = sum(len(case.truths) for case in cases)
    turned = sum(len({mutation.leaf for mutation in case.mutations}) for case in cases)
    made = [
        f"witnesses     {sum(case.witness is not None for case in cases)}  ({matched} match)",
        f"leaves        {leaves}  ({turned} turned, by {_total(cases)} mutations)",
        f"events        {sum(len(case.rows) for case in cases)}",
    ]
    if not backend_is_there():
        return [*made, "sqlite        pysigma-backend-sqlite 2.x is not installed"]
    agreed = agreement(cases)
    differing = sum(map(len, agreed.differing.values()))
    return [
        *made,
        f"compared      {agreed.compared} verdicts with SQLite  ({agreed.matching} true there)",
        f"agreeing      {agreed.compared - differing}",
        f"differing     {differing}  (in {len(agreed.differing)} rules)",
        f"without SQL   {len(agreed.not_comparable)} rules",
    ]


def _matches_its_witness(case: Case) -> bool:
    return case.witness is not None and holds(case.expr, as_event(case.witness), case.lists)


def _total(cases: list[Case]) -> int:
    return sum(len(case.mutations) for case in cases)


def main() -> int:
    """Print the counts of the corpus that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("path", type=Path, help="a folder of Sigma rules")
    parser.add_argument("--mapping", default="sigma", help="whose words to lower them in")
    parser.add_argument("--events", action="store_true", help="make events, compare with SQLite")
    given = parser.parse_args()
    corpus = read_corpus(given.path, given.mapping)
    lines = counts(corpus)
    if given.events:
        lines += events(corpus)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
