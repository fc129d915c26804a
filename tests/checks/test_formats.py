"""Problems as SARIF, GitHub annotations, JUnit and Markdown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from fragments import write

import jumpsigma
from jumpsigma.diagnostics import Diagnostic, Severity, Span
from jumpsigma.diagnostics.outlets import to_github, to_junit, to_markdown
from jumpsigma.diagnostics.sarif import to_sarif

PLAIN = Diagnostic("JS011", "no modifier 'endwith'", Severity.ERROR, Span("a b.yml", 3, 5, 3, 9))
HOSTILE = Diagnostic(
    "JS010",
    "a|b `c` <img src=x> [x](y)\n::error::no,\x1b[31m @somebody *",
    Severity.WARNING,
    Span("rules/x,y:z%.yml", 7, 1, 9, 4),
    "5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11",
    "do this",
)
WHOLE = Diagnostic("JS018", "the folder holds no *.yml file", Severity.INFO, Span("rules"))
NOWHERE = Diagnostic("JS090", "nothing was checked", Severity.INFO)
EVERY = [PLAIN, HOSTILE, WHOLE, NOWHERE]


def results() -> list[dict[str, Any]]:
    log = to_sarif(EVERY)
    found: list[dict[str, Any]] = log["runs"][0]["results"]
    return found


@pytest.mark.parametrize(
    ("number", "level", "region"),
    [
        (0, "error", {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9}),
        (1, "warning", {"startLine": 7, "startColumn": 1, "endLine": 9, "endColumn": 4}),
        (2, "note", None),
    ],
)
def test_sarif_says_where(number: int, level: str, region: dict[str, int] | None) -> None:
    result = results()[number]
    assert result["level"] == level
    assert result["locations"][0]["physicalLocation"].get("region") == region


def test_a_sarif_path_is_a_uri_relative_to_the_repository() -> None:
    place = results()[0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "a%20b.yml", "uriBaseId": "%SRCROOT%"}
    elsewhere = Diagnostic("JS001", "x", span=Span("/nowhere/ü.yml", 1, 1, 1, 2))
    result = to_sarif([elsewhere])["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "file:///nowhere/%C3%BC.yml"}


def test_a_sarif_result_points_to_its_rule() -> None:
    run = to_sarif(EVERY)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert len(rules) == len({rule["id"] for rule in rules})


def test_a_problem_without_a_file_has_no_location() -> None:
    assert "locations" not in results()[3]


def test_a_fingerprint_outlives_a_move() -> None:
    def fingerprint(line: int) -> str:
        moved = Diagnostic("JS011", "x", span=Span("a.yml", line, 1, line, 2))
        found: str = to_sarif([moved])["runs"][0]["results"][0]["partialFingerprints"][
            "jumpsigma/v1"
        ]
        return found

    assert fingerprint(1) == fingerprint(2)


@pytest.mark.parametrize(
    ("diagnostic", "line"),
    [
        (
            PLAIN,
            (
                "::error file=a b.yml,line=3,col=5,endLine=3,endColumn=9,"
                "title=JS011 unknown modifier::no modifier 'endwith'"
            ),
        ),
        (
            HOSTILE,
            (
                "::warning file=rules/x%2Cy%3Az%25.yml,line=7,col=1,endLine=9,"
                "title=JS010 invalid rule::"
                "a|b `c` <img src=x> [x](y)%0A::error::no,\x1b[31m @somebody *%0Ado this"
            ),
        ),
        (NOWHERE, "::notice title=JS090 wrong use::nothing was checked"),
    ],
)
def test_github_takes_each_problem_as_one_command(diagnostic: Diagnostic, line: str) -> None:
    assert to_github([diagnostic]) == line + "\n"


def test_junit_has_a_case_for_each_file() -> None:
    suite = ET.fromstring(to_junit(EVERY, ["clean.yml", "a b.yml"]).encode())[0]
    failed = {case.get("name"): case.find("failure") is not None for case in suite}
    assert failed == {
        "clean.yml": False,
        "a b.yml": True,
        "rules/x,y:z%.yml": True,
        "rules": False,
        "": False,
    }
    assert (suite.get("tests"), suite.get("failures")) == ("5", "2")


def test_markdown_opens_nothing_that_a_stranger_wrote() -> None:
    text = to_markdown([HOSTILE])
    row = text.splitlines()[-1]
    assert row.count("|") == 5
    assert not any(char in row.replace("*do this*", "") for char in "<>`[]@*\x1b")


def test_markdown_counts_and_names_files() -> None:
    text = to_markdown([PLAIN, PLAIN, WHOLE])
    assert text.startswith("### jumpsigma validate: 2 errors, 1 info\n")
    assert "| 3 | error | JS011 | no modifier 'endwith' |" in text
    assert to_markdown([]) == "### jumpsigma validate: nothing to complain about\n"


def test_sarif_of_a_broken_folder_is_json(tmp_path: Path) -> None:
    write("lvel: high\n", tmp_path)
    found = jumpsigma.validate(jumpsigma.load_pack(tmp_path))
    assert json.loads(json.dumps(to_sarif(found.diagnostics)))["version"] == "2.1.0"
