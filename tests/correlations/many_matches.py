"""A scan in which every event is a base match: ``python many_matches.py KIND COUNT``.

Of what is ``counted`` references are kept, of what is ``summed`` all that is known. Events come in
any order.

Prints the findings and the peak of resident memory, in MiB, before the first event and at the end.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import jumpsigma

RULES = """
{{title: a, name: a, logsource: {{category: test}}, detection: {{s: {{k: a}}, condition: s}}}}
---
title: burst
correlation: {{type: {}, rules: [a], group-by: [g], timespan: 10s, condition: {{{}}}}}
"""
#: Five events in ten seconds, either way: their times are that high.
KINDS = {
    "counted": RULES.format("event_count", "gte: 5"),
    "summed": RULES.format("value_sum", "field: timestamp, gte: 8500000000"),
}
START = 1_700_000_000
GROUPS = 1000
#: Coprime to every count that has no prime factor but 2 and 5.
STEP = 7_654_321


def lines(count: int) -> Iterator[bytes]:
    """Events of a thousand groups, one each second; five in ten seconds are rare."""
    for place in range(count):
        number = place * STEP % count
        group = number % GROUPS if number % 100_000 >= 5 else 7
        yield b'{"id":"%d","timestamp":%d,"k":"a","g":"user %d"}' % (number, START + number, group)


def peak() -> float:
    """The peak so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(kind: str, count: int) -> None:
    """Scan, and tell what it took."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "r.yml").write_text(KINDS[kind], encoding="utf-8")
        matcher = jumpsigma.compile(jumpsigma.load_pack(folder), mapping="sigma")
    before, began = peak(), perf_counter()
    found = sum(1 for _ in matcher.scan(lines(count)))
    told = {
        "matches": count,
        "findings": found,
        "before": round(before),
        "peak": round(peak()),
        "seconds": round(perf_counter() - began, 1),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
