"""What indicators cost a scan: loading a million, and a scan with a million against one with ten.

Run it from the checkout: ``python tests/intel/report.py`` (``--events 200000 --rounds 5``). It
makes the events and the lists in a folder of its own, and prints what it measured. Scans are
measured in time of the processor, in turns, so that what else the machine does counts for little.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from jumpsigma import api
from jumpsigma.matcher import Matcher

MILLION, FEW = 1_000_000, 10
RULES = """\
title: Address in a feed
id: 8a9d8f5e-6a0c-4c53-9d0e-0d6a1e5f3c01
logsource: {product: jumpcloud}
detection: {sel: {client_ip|expand: '%intelligence_feed%'}, condition: sel}
---
title: Domain in a feed
id: 8a9d8f5e-6a0c-4c53-9d0e-0d6a1e5f3c02
logsource: {product: jumpcloud}
detection:
  sel:
    - initiated_by.email|endswith|expand: ['@%intelligence_feed%', '.%intelligence_feed%']
    - resource.email|endswith|expand: '@%intelligence_feed%'
    - resource.hostname|expand: '%intelligence_feed%'
    - resource.hostname|endswith|expand: ['.%intelligence_feed%', '.%intelligence_feed%.']
  condition: sel
"""


def indicators(count: int) -> Iterator[str]:
    """Domains, addresses, networks and hashes in the shares of an ordinary feed."""
    made = random.Random(count)
    for number in range(count):
        match number % 10:
            case 0 | 1:
                yield f"240.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            case 2:
                yield f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::/64"
            case 3:
                yield f"{made.getrandbits(256):064x}"
            case _:
                yield f"{made.getrandbits(40):x}.host{number}.example"


def say(line: str) -> None:
    """Write a line, and at once: a reader may be waiting."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def matcher(store: Path, rules: Path) -> Matcher:
    """The rules with the indicators of a store."""
    return api.compile(api.load_pack(rules), indicators=api.StoredLists(store))


def load(store: Path, rules: Path) -> None:
    """What a process of its own spends on loading; printed."""
    pack = api.load_pack(rules)
    api.compile(pack)
    memory, before, worked = peak(), time.perf_counter(), time.process_time()
    compiled = api.compile(pack, indicators=api.StoredLists(store))
    seconds, work = time.perf_counter() - before, time.process_time() - worked
    sizes = ", ".join(f"{len(each):,} in {name}" for name, each in compiled.lists.loaded.items())
    say(
        f"loading {sizes}: {seconds:.2f} s, {work:.2f} s of the processor; "
        f"the process {memory} MB at most, then {peak()} MB"
    )


def peak() -> int:
    """The most memory that this process ever had, in MB (Linux)."""
    # Not getrusage: what it says survives an exec, and begins with the memory of the parent.
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) >> 10


def timed(compiled: Matcher, events: Path) -> tuple[float, int]:
    """Seconds of the processor for a scan, and its findings."""
    before = time.process_time()
    findings = sum(1 for _ in compiled.scan(events))
    return time.process_time() - before, findings


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--load", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        load(*arguments.load)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rules, events = folder / "rules.yml", folder / "events.ndjson"
        rules.write_text(RULES, encoding="utf-8")
        command = [sys.executable, "-m", "jumpsigma", "synth", "-n", str(arguments.events)]
        subprocess.run([*command, "-o", str(events)], check=True)
        stores = {}
        for count in (FEW, MILLION):
            feed = folder / f"{count}.txt"
            feed.write_text("\n".join(indicators(count)), encoding="utf-8")
            stores[count] = folder / f"{count}.sqlite"
            before = time.perf_counter()
            api.add_indicators(feed, store=stores[count], expires="90d")
            say(f"adding {count:,} indicators: {time.perf_counter() - before:.1f} s")
        again = [sys.executable, __file__, "--load", str(stores[MILLION]), str(rules)]
        for _ in range(arguments.rounds):
            subprocess.run(again, check=True)
        few, many = (matcher(stores[count], rules) for count in (FEW, MILLION))
        ratios = []
        for _ in range(arguments.rounds):
            (one, found), (other, found_too) = timed(few, events), timed(many, events)
            ratios.append(other / one)
            say(
                f"{arguments.events:,} events: {one:.2f} s with {FEW} indicators, {found} found; "
                f"{other:.2f} s with {MILLION:,}, {found_too}: {ratios[-1]:.2f}"
            )
        say(f"median of the ratios: {statistics.median(ratios):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
