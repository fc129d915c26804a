"""A process that is killed while it adds leaves the store as before or after, never between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

#: More runs, for a night: JUMPSIGMA_KILLS=1000.
KILLS = int(os.environ.get("JUMPSIGMA_KILLS", "30"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is of POSIX")
@pytest.mark.timeout(60 + KILLS * 10)
def test_a_killed_add_leaves_the_store_as_before_or_after(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path, "0", str(KILLS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert sum(outcomes.values()) == KILLS
    assert outcomes["before"] > KILLS / 10
