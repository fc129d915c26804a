"""Whether time grows with the bytes alone, and memory not at all.

Each size is scanned in a process of its own, whose greatest memory is then known.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.jumpcloud import SEED
from benchmarks.revisions import Revision, python
from jumpsigma.api import compile_paths
from jumpsigma.synth import event_lines

SHIPPED, SIGMAHQ = "shipped", "sigmahq"

#: A company that makes some gigabytes a year.
_PEOPLE: Final = 2000
_BYTES_EACH: Final = 776

#: Sets of rules, and how many megabytes a scan with them may take.
LIMITS: Final = {SHIPPED: 120, SIGMAHQ: 250}


@dataclass(frozen=True, slots=True)
class Grown:
    """A scan of one file in a fresh process. Sizes in bytes, memory in megabytes (10**6)."""

    rules: str
    revision: str
    size: int
    seconds: float
    findings: int
    loaded: float
    peak: float

    @property
    def is_within(self) -> bool:
        """Whether it took no more memory than it may."""
        return self.peak <= LIMITS[self.rules]


def made_file(folder: Path, gigabytes: float) -> Path:
    """A file of about that many 10**9 bytes, as ``jumpsigma synth`` makes events."""
    path = folder / f"growth-{gigabytes:g}.ndjson"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        growing = path.with_name(f"{path.name}.part")
        events = int(gigabytes * 1e9 / _BYTES_EACH)
        with growing.open("wb") as file:
            for line in event_lines(events, seed=SEED, people=_PEOPLE):
                file.write(line + b"\n")
        growing.replace(path)
    return path


def grow(rules: str, revision: Revision, path: Path, sigmahq: Path | None) -> Grown:
    """Scan a file in a process of its own, with rules from the cache, as every scan but the first.

    The caller sees to it that they are there.
    """
    revision.scratch.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(  # noqa: S603 - ourselves
        python("-m", "benchmarks.growth", rules, str(path), str(sigmahq or "")),
        env=revision.environment(dict(os.environ)),
        stdout=subprocess.PIPE,
        check=True,
    )
    made = json.loads(done.stdout)
    return Grown(rules, revision.name, path.stat().st_size, **made)


def _peak() -> float:
    """The greatest memory of this process so far, in megabytes.

    Linux hands the peak of whoever started a process on to it in ``ru_maxrss``; what
    ``/proc`` tells begins with the process's own program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def main() -> None:
    """Scan one file, and print what it took: the process that :func:`grow` starts."""
    rules, path, sigmahq = sys.argv[1:]
    place, mapping = (sigmahq, "sigma") if rules == SIGMAHQ else (SHIPPED, "jumpcloud")
    matcher = compile_paths(place, mapping=mapping).matcher
    loaded, begun = _peak(), time.perf_counter()
    findings = sum(1 for _ in matcher.scan(path))
    seconds = time.perf_counter() - begun
    made = {"seconds": seconds, "findings": findings, "loaded": loaded, "peak": _peak()}
    sys.stdout.write(json.dumps(made))


if __name__ == "__main__":
    main()
