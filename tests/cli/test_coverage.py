"""``jumpsigma coverage``: the contract of its outputs, and the page in a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from running import run_command as run

import jumpsigma

RULES = """\
title: Seen <b>here</b>
id: 11111111-1111-4111-8111-111111111111
tags: [attack.persistence, attack.t1098]
logsource: {product: jumpcloud, service: directory}
detection: {selection: {event_type: user_update}, condition: selection}
level: high
---
title: Never
id: 22222222-2222-4222-8222-222222222222
tags: [attack.t1098, attack.t1078.004]
logsource: {product: jumpcloud, service: sso}
detection: {selection: {success: false}, condition: selection}
level: low
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yml"
    path.write_text(RULES)
    return path


def test_json_is_what_programs_rely_on(rules: Path) -> None:
    done = run("coverage", "--rules", rules, "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == [
        {
            "id": "11111111-1111-4111-8111-111111111111",
            "title": "Seen <b>here</b>",
            "mapping": "jumpcloud",
            "reachability": "reachable",
            "provenance": "seen",
            "services": ["directory"],
            "event_types": ["user_update"],
            "reasons": [],
        },
        {
            "id": "22222222-2222-4222-8222-222222222222",
            "title": "Never",
            "mapping": "jumpcloud",
            "reachability": "unreachable",
            "provenance": "documented",
            "services": [],
            "event_types": [],
            "reasons": [
                (
                    "events of sso have no success; it is in access_management, alerts, directory "
                    "and 7 more"
                )
            ],
        },
    ]


def test_a_witness_is_an_event_on_which_the_rule_fires(rules: Path, tmp_path: Path) -> None:
    done = run("coverage", "--rules", rules, "--witness", "--format", "json")
    seen, never = json.loads(done.stdout)
    assert never["witness"] == []
    events = tmp_path / "events.ndjson"
    events.write_text("".join(f"{json.dumps(event)}\n" for event in seen["witness"]))
    scanned = run("scan", events, "--rules", rules, "--format", "ndjson")
    assert [json.loads(line)["rule_id"] for line in scanned.stdout.splitlines()] == [seen["id"]]


def test_the_table_ends_in_totals_and_witnesses(rules: Path) -> None:
    done = run("coverage", "--rules", rules, "--witness")
    assert "1 reachable, 1 unreachable" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert json.loads(last)["event_type"] == "user_update"


def test_markdown_has_a_section_for_each_answer(rules: Path) -> None:
    done = run("coverage", "--rules", rules, "--format", "markdown", "--witness")
    heads = [line for line in done.stdout.splitlines() if line.startswith("#")]
    title = r"### Seen \<b\>here\</b\>"
    assert heads == ["# Coverage", "## reachable", title, "## unreachable"]


def test_a_bad_rule_hides_no_other(rules: Path) -> None:
    rules.write_text(RULES + "---\ntitle: Broken\n")
    done = run("coverage", "--rules", rules, "--format", "json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)) == 2
    assert "rules.yml:" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--mapping", "jumpclod"), "did you mean 'jumpcloud'"),
        (("--rules", "nowhere.yml"), "nowhere.yml does not exist"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], says: str) -> None:
    done = run("coverage", *arguments)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert not done.stdout


def test_the_rules_are_not_overwritten(rules: Path) -> None:
    done = run("coverage", "--rules", rules, "-o", rules)
    assert done.returncode == 2
    assert rules.read_text() == RULES


# --- the page


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture
def page(rules: Path, tmp_path: Path) -> Path:
    path = tmp_path / "site" / "coverage.html"
    done = run("coverage", "--rules", rules, "--format", "html", "-o", path)
    assert (done.returncode, done.stdout) == (0, "")
    return path


def test_the_page_loads_nothing_and_what_rules_hold_is_text(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tags = _Page(text).tags
    assert "Seen &lt;b&gt;here&lt;/b&gt;" in text
    assert not [attributes for _, attributes in tags if attributes.keys() & {"src", "srcset"}]
    assert {a.get("href") for _, a in tags if "href" in a} == {"#rules"}
    assert not re.search(r"https?://|@import|url\(", text)
    policy = next(a["content"] for tag, a in tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_the_matrix_has_every_technique_below_its_tactics(page: Path) -> None:
    cells = [a for tag, a in _Page(page.read_text(encoding="utf-8")).tags if tag == "button"]
    shown = [(a["data-technique"], a["class"]) for a in cells if "data-technique" in a]
    assert set(shown) == {("T1098", "cell reachable"), ("T1078.004", "cell unreachable sub")}
    # T1078.004 belongs to four tactics of version 19, T1098 to two.
    assert len(shown) == 6
    assert all(a.get("type") for a in cells)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def shown_in_browser(page: Path, link: str, profile: Path) -> tuple[str, list[str]]:
    """The count that the page tells, and the titles of the rows that are shown."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={profile}", f"{page.as_uri()}{link}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    rows = re.findall(r"<tr data-answer=[^>]*>\s*<th[^>]*>(.*?)<small>", done.stdout, re.DOTALL)
    hidden = re.findall(r"<tr data-answer=([^>]*)>", done.stdout)
    output = re.search(r'<output id="shown"[^>]*>(.*?)</output>', done.stdout)
    assert output is not None
    return output[1], [row for row, tag in zip(rows, hidden, strict=True) if "hidden" not in tag]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to look with")
@pytest.mark.parametrize(
    ("link", "count", "titles"),
    [
        ("", "2 of 2 rules", ["Seen &lt;b&gt;here&lt;/b&gt;", "Never"]),
        ("#answer=unreachable", "1 of 2 rules", ["Never"]),
        ("#technique=T1078.004", "1 of 2 rules with T1078.004", ["Never"]),
        ("#service=directory&level=high", "1 of 2 rules", ["Seen &lt;b&gt;here&lt;/b&gt;"]),
        ("#text=no+success", "1 of 2 rules", ["Never"]),
        ("#provenance=seen&technique=T1078.004", "0 of 2 rules with T1078.004", []),
    ],
)
def test_the_filters_work_in_a_browser(
    link: str, count: str, titles: list[str], page: Path, tmp_path: Path
) -> None:
    assert shown_in_browser(page, link, tmp_path / "profile") == (count, titles)


def test_the_function_gives_what_the_command_prints(rules: Path) -> None:
    found = jumpsigma.coverage(jumpsigma.load_pack(rules))
    assert [(each.rule.title, each.reach.reachability) for each in found] == [
        ("Seen <b>here</b>", "reachable"),
        ("Never", "unreachable"),
    ]
