"""What ``export`` and ``compile`` say to somebody who uses them for the first time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import run_command as run

from jumpsigma import api

RULE = """
title: {title}
id: 00000000-0000-4000-8000-0000000000{number}
name: rule{number}
status: test
author: A
license: DRL-1.1
date: 2026-01-01
logsource: {{product: {product}}}
detection: {{selection: {{{detection}}}, condition: selection}}
level: low
"""
CORRELATION = """
title: Many
id: 00000000-0000-4000-8000-000000000099
status: test
author: A
date: 2026-01-01
correlation:
  type: event_count
  rules: [rule10]
  group-by: [initiated_by.id]
  timespan: 10m
  condition: {gte: 5}
level: low
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for number, (product, detection) in enumerate(
        [("jumpcloud", "a: x"), ("jumpcloud", "b: y"), ("windows", "c: z")], start=10
    ):
        text = RULE.format(
            title=f"Rule {number}", number=number, product=product, detection=detection
        )
        (folder / f"r{number}.yml").write_text(text, encoding="utf-8")
    (folder / "many.yml").write_text(CORRELATION, encoding="utf-8")
    return folder


def test_the_index_counts_what_the_last_line_counts(rules: Path, tmp_path: Path) -> None:
    out, target = tmp_path / "out", api.new_target("acme", tmp_path)  # writes no correlations
    done = run("export", "-t", target, "--rules", rules, "-o", out)
    assert done.stderr.splitlines()[-1].endswith(
        "1 rules for acme in " + f"{out}: 3 files written, 0 unchanged, 0 removed;"
        " 1 refusals, 2 that do not apply or only serve others"
    )
    index = json.loads((out / "index.json").read_text(encoding="utf-8"))
    assert index["counts"] == {"written": 1, "refused": 1, "left_out": 2}
    assert {each["title"]: (each["code"], each["severity"]) for each in index["refused"]} == {
        "Rule 12": ("JS050", "info"),
        "Many": ("JS065", "warning"),
        "Rule 10": ("JS068", "info"),
    }


NO_RULE = {
    ("--logsource", "product=jumpclod"): "such as product=jumpcloud",
    ("--logsource", "service=directory"): "such as product=",
    ("--min-level", "critical"): "take a lower level",
    ("--logsource", "product=windows", "--min-level", "high"): "take a lower level",
}


@pytest.mark.parametrize("options", NO_RULE)
@pytest.mark.parametrize("target", ["splunk", "python"])
def test_options_that_no_rule_fits(rules: Path, options: tuple[str, ...], target: str) -> None:
    done = run("compile", rules, "-t", target, *options)
    assert done.returncode == 0
    assert f"warning JS090: no rule fits {' '.join(options)}" in done.stderr
    assert NO_RULE[options] in done.stderr


def test_every_command_that_chooses_rules_says_so(rules: Path, tmp_path: Path) -> None:
    chosen = ("--min-level", "critical", "--rules", rules)
    for command in (
        ("export", "-t", "splunk", "-o", tmp_path / "out"),
        ("report", "navigator", "-o", tmp_path / "layer.json"),
    ):
        done = run(*command, *chosen)
        assert done.returncode == 0
        assert "no rule fits --min-level critical" in done.stderr
        assert "no rule fits" not in run(*command, "--rules", rules).stderr
