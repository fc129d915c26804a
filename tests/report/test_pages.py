"""Pages of rules and the ATT&CK Navigator layer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import run_command

from jumpsigma import api
from jumpsigma.report.navigator import COLORS

MAIN = """\
title: Main
id: 00000000-0000-4000-8000-000000000001
description: What <happened>.
level: {level}
status: test
references: [https://example.com/a, "no link"]
falsepositives: [Tests]
tags: [attack.persistence, attack.t1098.001, attack.t1531, tlp.clear]
logsource: {{product: jumpcloud, service: directory}}
detection: {{s: {{event_type: x}}, condition: s}}
"""
SECOND = """\
title: Main - Second
id: 00000000-0000-4000-8000-000000000002
related: [{id: 00000000-0000-4000-8000-000000000001, type: similar}]
level: low
tags: [attack.t1531]
logsource: {category: dns}
detection: {s: {query: x}, condition: s}
"""
CASES = """\
cases:
  - {name: "a | b", expect: match, event: {event_type: x, service: directory}}
  - {name: two, expect: no_match, events: [{}, {event_type: y}]}
  - {name: counted, expect: match, fires: 1, events: [{}, {event_type: x, service: directory}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/main.yml").write_text(MAIN.format(level="high"))
    (tmp_path / "in/deep/main.cases.yaml").write_text(CASES)
    (tmp_path / "in/second.yml").write_text(SECOND)
    return tmp_path / "in"


def test_a_page(folder: Path) -> None:
    pages = api.rule_pages(api.load_pack(folder))
    assert sorted(pages) == ["deep/main.md", "second.md"]
    page = pages["deep/main.md"]
    for part in (
        "# Main\n\nWhat \\<happened\\>.\n",
        "| Level | high |",
        "| Log source | product `jumpcloud`, service `directory` |",
        (
            "| ATT&CK | Persistence, [T1098.001](https://attack.mitre.org/techniques/T1098/001/), "
            "[T1531](https://attack.mitre.org/techniques/T1531/), `tlp.clear` |"
        ),
        "## Logic\n\nThe rule fires on an event for which this holds: `s`.",
        "## False positives\n\n- Tests\n",
        "## Related rules\n\n- [Main - Second](../second.md)\n",
        "| a \\| b | fires | default |",
        "| two | stays silent on 2 events | default |",
        "| counted | fires once on 2 events | default |",
        "## References\n\n- <https://example.com/a>\n- no link\n",
    ):
        assert part in page
    assert "[Main](deep/main.md)" in pages["second.md"]


def test_pages_are_written(folder: Path, tmp_path: Path) -> None:
    done = run_command("report", "rules", "--rules", str(folder), "-o", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (0, "2 pages written\n")
    assert (tmp_path / "out/deep/main.md").read_text() == (
        api.rule_pages(api.load_pack(folder))["deep/main.md"]
    )


def test_navigator_layer(folder: Path) -> None:
    layer = api.navigator_layer(api.load_pack(folder), "A layer")
    assert (layer["name"], layer["domain"]) == ("A layer", "enterprise-attack")
    assert layer["versions"] == {"attack": "19", "navigator": "5.1.0", "layer": "4.5"}
    shown = {each["techniqueID"]: each for each in layer["techniques"]}
    assert list(shown) == ["T1098.001", "T1531", "T1098"]
    assert shown["T1531"]["color"] == COLORS["high"]
    assert shown["T1531"]["score"] == 4
    assert shown["T1531"]["comment"] == "Main (high)\nMain - Second (low)"
    assert shown["T1098"] == {"techniqueID": "T1098", "enabled": True, "showSubtechniques": True}


def test_navigator_command(folder: Path, tmp_path: Path) -> None:
    printed = run_command("report", "navigator", "--rules", str(folder), "--min-level", "high")
    layer = json.loads(printed.stdout)
    assert [each["comment"] for each in layer["techniques"] if "comment" in each] == [
        "Main (high)",
        "Main (high)",
    ]
    output = tmp_path / "layer.json"
    done = run_command(
        "report", "navigator", "--rules", str(folder), "--min-level", "high", "-o", str(output)
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(output.read_text()) == layer


@pytest.mark.parametrize(
    "words",
    [
        ("report", "navigator", "--min-level", "odd"),
        ("report", "navigator", "--rules", "nowhere"),
        ("report", "rules"),
    ],
)
def test_wrong_use(words: tuple[str, ...]) -> None:
    assert run_command(*words).returncode == 2


def test_nothing_that_was_read_is_overwritten(folder: Path) -> None:
    rule = folder / "second.yml"
    done = run_command("report", "navigator", "--rules", str(folder), "-o", str(rule))
    assert done.returncode == 2
    assert rule.read_text() == SECOND


def test_a_correlation_comes_before_what_it_counts(folder: Path) -> None:
    base = SECOND.replace("title: Main - Second", "title: Counted\nname: counted")
    counting = (
        "title: Counting\nid: 00000000-0000-4000-8000-000000000003\ncorrelation: "
        "{type: event_count, rules: [counted], timespan: 1h, condition: {gte: 2}}\n"
    )
    (folder / "second.yml").write_text(f"{base}---\n{counting}")
    page = api.rule_pages(api.load_pack(folder))["second.md"]
    assert [line for line in page.splitlines() if line.startswith("# ")] == [
        "# Counting",
        "# Counted",
    ]
