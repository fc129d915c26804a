"""Large feeds: added in bounded memory, read as fast as a set can be filled.

JUMPSIGMA_MANY=1000000 runs these with a million and holds them to the promised figures, which
only say something on a machine that does nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MANY = int(os.environ.get("JUMPSIGMA_MANY", "50000"))
MILLION = 1_000_000

ADD = """
import json, resource, sys, time
from jumpsigma.intel.model import Entry
from jumpsigma.intel.store import open_store

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

many = int(sys.argv[2])
shapes = ("host{}.evil.example", "http://evil.example/{}", "{:064x}", "2001:db8:{:x}::{:x}")
numbers = (n * 7919 % many for n in range(many))
entries = (Entry(shapes[n % 4].format(n >> 16 if n % 4 == 3 else n, n & 0xFFFF)) for n in numbers)
with open_store(sys.argv[1], create=True) as store:
    base, begin, cpu = peak(), time.perf_counter(), time.process_time()
    result = store.add(entries, source="s", list="many")
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
found = {"added": result.added, "seconds": seconds, "cpu": cpu, "megabytes": peak() - base}
print(json.dumps(found))
"""
READ = """
import json, resource, sys, time
from jumpsigma.intel.store import open_store

with open_store(sys.argv[1]) as store:
    begin = time.perf_counter()
    values = set(store.values("many"))
    seconds = time.perf_counter() - begin
    found = all(store.details("many", value) for value in list(values)[:100])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"values": len(values), "seconds": seconds, "megabytes": peak, "found": found}))
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("many") / "home" / "indicators.sqlite"


def figures(script: str, *arguments: str | Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
def test_many_are_added_in_bounded_memory_and_read_fast(path: Path) -> None:
    added = figures(ADD, path, str(MANY))
    read = figures(READ, path)
    print(json.dumps({"add": added, "read": read}))  # noqa: T201 - shown with -s
    assert added["added"] == read["values"] == MANY
    assert read["found"]
    assert added["megabytes"] < 180  # two caches of 64 MiB, and some
    if MANY >= MILLION:
        assert added["seconds"] < 30
        assert read["seconds"] < 1
        assert read["megabytes"] < 250
