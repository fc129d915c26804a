"""``jumpsigma list rules``: which rules an option leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import run_command

RULES = """\
title: Sign-in refused
level: low
description: An account was LOCKED.
tags: [attack.credential-access, attack.t1110.003]
logsource: {product: jumpcloud, service: directory}
detection: {s: {event_type: a}, condition: s}
---
title: Lockout of a device
level: high
tags: [attack.t1531]
logsource: {product: jumpcloud, service: systems}
detection: {s: {event_type: b}, condition: s}
---
title: A name looked up
level: high
tags: [attack.t1110]
logsource: {category: dns}
detection: {s: {query: c}, condition: s}
"""
REFUSED, DEVICE, NAME = "Sign-in refused", "Lockout of a device", "A name looked up"


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        ([], [REFUSED, DEVICE, NAME]),
        (["lock"], [REFUSED, DEVICE]),
        (["LOCKED"], [REFUSED]),
        (["--level", "high"], [DEVICE, NAME]),
        (["--level", "high", "--level", "low"], [REFUSED, DEVICE, NAME]),
        (["--level", "critical"], []),
        (["--tag", "attack.t1110"], [REFUSED, NAME]),
        (["--tag", "T1110.003"], [REFUSED]),
        (["--tag", "t111"], []),
        (["--tag", "t1531", "--tag", "credential-access"], [REFUSED, DEVICE]),
        (["--service", "systems"], [DEVICE]),
        (["--level", "high", "--tag", "t1110"], [NAME]),
    ],
)
def test_filters(tmp_path: Path, options: list[str], titles: list[str]) -> None:
    (tmp_path / "r.yml").write_text(RULES)
    done = run_command("list", "rules", *options, "--rules", tmp_path, "--format", "json")
    assert done.returncode == 0
    assert [row["title"] for row in json.loads(done.stdout)] == titles


def test_a_level_that_does_not_exist() -> None:
    done = run_command("list", "rules", "--level", "worst")
    assert done.returncode == 2
    assert "informational, low, medium, high, critical" in done.stderr
