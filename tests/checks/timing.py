"""How long `jumpsigma validate` takes beside stock `sigma check`, on the same files in one run.

python tests/checks/timing.py RULES [--sigma PATH] [--rounds N]

Both are started as commands, one after the other, on one core where the system can pin them. Stock
`sigma check` gets no validators that ask the network, as it would end without one.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ONLINE = ("attacktag", "d3_fendtag")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", type=Path)
    parser.add_argument("--sigma", default="sigma", help="the stock command")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yml"
        lines = ["validators:", "  - all", *(f"  - -{name}" for name in ONLINE)]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        commands = {
            "jumpsigma validate": [sys.executable, "-m", "jumpsigma", "validate", given.rules],
            "sigma check": [given.sigma, "check", "-c", config, given.rules],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(given.rounds):
            for name, command in commands.items():
                seconds[name].append(cpu_seconds([str(word) for word in command]))
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    files = sum(1 for _ in given.rules.rglob("*.yml"))
    print(f"{files} files, median CPU seconds of {given.rounds} rounds, taken in turn:")
    for name, median in medians.items():
        print(f"  {name:20} {median:6.2f}")
    ratio = medians["jumpsigma validate"] / medians["sigma check"]
    print(f"ratio {ratio:.2f}")
    return 0


def cpu_seconds(command: list[str]) -> float:
    """The CPU time of a command; what it finds does not count as a failure."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if b"Traceback" in done.stderr or done.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} failed:\n{done.stderr.decode(errors='replace')[-2000:]}")
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


if __name__ == "__main__":
    sys.exit(main())
