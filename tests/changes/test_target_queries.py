"""``jumpsigma diff``: how the queries of the configured targets change, and where one is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from running import run_command as run
from running import run_process

import jumpsigma
from jumpsigma import DiagnosticError, api
from jumpsigma.api.configuration import read_configuration
from jumpsigma.changes import TargetChange, TargetQuery
from jumpsigma.content import shipped
from jumpsigma.report import diff as diff_report
from jumpsigma.report.diff import diff_markdown
from jumpsigma.report.diff_queries import MOST_CHARACTERS, MOST_LINES, news, query_difference

Rule = dict[str, Any]
UPDATE = {"event_type": "user_update"}
EXPRESSION = {"event_type|re": "^user_[a-z]+$"}
IDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(4)]


def rule(selection: Any, number: int = 1, **more: Any) -> Rule:
    return {
        "title": f"Rule {number}",
        "id": IDS[number],
        "logsource": {"product": "jumpcloud", "service": "directory"},
        "detection": {"selection": selection, "condition": "selection"},
        **more,
    }


def correlation(generate: bool = True, timespan: str = "5m", **more: Any) -> Rule:
    section = {
        "type": "event_count",
        "rules": [IDS[1]],
        "group-by": ["client_ip"],
        "timespan": timespan,
        "condition": {"gte": 5},
        "generate": generate,
    }
    return {"title": "Rule 2", "id": IDS[2], "correlation": section, **more}


FILTER = {
    "title": "Known",
    "id": IDS[3],
    "logsource": {"product": "jumpcloud", "service": "directory"},
    "filter": {"rules": [IDS[1]], "known": {"client_ip": "192.0.2.1"}, "condition": "not known"},
}
LISTED = rule({"client_ip|expand": "%bad%"})
PACK_FILE = "sigma_rules/pack.yaml"
PACK = {"id": "p", "title": "P", "version": "1", "license": "MIT", "lists": {"bad": "bad.txt"}}


def folders(tmp_path: Path, *sides: list[Rule], files: list[dict[str, str]] | None = None) -> Any:
    """Two folders of rules, and other files of theirs by name."""
    made = []
    for number, documents in enumerate(sides):
        folder = tmp_path / ("old", "new")[number]
        (folder / "sigma_rules").mkdir(parents=True)
        for at, document in enumerate(documents):
            (folder / "sigma_rules" / f"rule_{at}.yml").write_text(
                yaml.safe_dump(document, sort_keys=False)
            )
        for name, text in files[number].items() if files else ():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        made.append(str(folder))
    return made


def compared(places: list[str], *arguments: str) -> dict[str, list[dict[str, Any]]]:
    """What the JSON says of the targets of each rule, by title."""
    done = run("diff", *places, *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {each["title"]: each["targets"] for each in json.loads(done.stdout)["changes"]}


def brief(side: dict[str, Any] | None) -> str | None:
    """A side as one word: `query`, the codes of refusals, `silent`, or None."""
    if side is None:
        return None
    codes = " ".join(each["code"] for each in side["refusals"])
    assert bool(codes) <= (side["query"] is None)
    return "query" if side["query"] is not None else codes or "silent"


#: Rules before and after; of each changed rule: before, after, whether the query is another.
CASES: list[tuple[str, list[Rule], list[Rule], dict[str, tuple[Any, Any, bool]]]] = [
    ("added", [], [rule(UPDATE)], {"Rule 1": (None, "query", True)}),
    ("added, refused", [], [rule(EXPRESSION)], {"Rule 1": (None, "JS067", True)}),
    ("removed", [rule(UPDATE)], [], {"Rule 1": ("query", None, True)}),
    ("the same", [rule(UPDATE)], [rule(UPDATE)], {}),
    ("another level", [rule(UPDATE)], [rule(UPDATE, level="high")],
     {"Rule 1": ("query", "query", False)}),
    ("another value", [rule(UPDATE)], [rule({"event_type": "user_create"})],
     {"Rule 1": ("query", "query", True)}),
    ("now refused", [rule(UPDATE)], [rule(EXPRESSION)], {"Rule 1": ("query", "JS067", True)}),
    ("no longer refused", [rule(EXPRESSION)], [rule(UPDATE)],
     {"Rule 1": ("JS067", "query", True)}),
    ("refused for another reason", [rule(EXPRESSION)], [rule({"timestamp|hour": 3})],
     {"Rule 1": ("JS067", "JS065", True)}),
    ("still refused", [rule(EXPRESSION)], [rule(EXPRESSION, level="high")],
     {"Rule 1": ("JS067", "JS067", False)}),
    ("a filter", [rule(UPDATE)], [rule(UPDATE), FILTER], {"Rule 1": ("query", "query", True)}),
    ("a window", [rule(UPDATE), correlation()], [rule(UPDATE), correlation(timespan="1h")],
     {"Rule 2": ("query", "query", True)}),
    ("the rule below", [rule(UPDATE), correlation()], [rule({"success": True}), correlation()],
     {"Rule 1": ("query", "query", True), "Rule 2": ("query", "query", True)}),
    ("the rule below is refused", [rule(UPDATE), correlation()],
     [rule(EXPRESSION), correlation()],
     {"Rule 1": ("query", "JS067", True), "Rule 2": ("query", "JS067", True)}),
    ("a correlation speaks for it", [rule(UPDATE)], [rule(UPDATE), correlation(generate=False)],
     {"Rule 1": ("query", "silent", True), "Rule 2": (None, "query", True)}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "head", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_before_and_after(
    base: list[Rule], head: list[Rule], expected: dict[str, Any], tmp_path: Path
) -> None:
    found = compared(folders(tmp_path, base, head), "--target", "sqlite")
    seen = {}
    for title, (one,) in found.items():
        assert (one["target"], one["format"]) == ("sqlite", "sql")
        before, after = one["before"], one["after"]
        seen[title] = (brief(before), brief(after), before != after)
    assert seen == expected


def test_the_query_is_the_exported_one(tmp_path: Path) -> None:
    places = folders(tmp_path, [rule(UPDATE)], [rule({"event_type": "user_create"})])
    ((one,),) = compared(places, "-t", "elasticsearch:eql").values()
    for side, place in zip(("before", "after"), places, strict=True):
        made = api.export_queries(jumpsigma.load_pack(place), "elasticsearch", "eql")
        assert one[side] == {"query": made.queries[0].text, "refusals": []}


def mapping(value: str) -> dict[str, str]:
    """The shipped mapping, with another synonym of one event type."""
    text = (shipped("mappings") / "jumpcloud.yml").read_text()
    assert "&ldap_srch [ldap_srch, ldap_search]" in text
    return {
        "mappings/jumpcloud.yml": text.replace(
            "&ldap_srch [ldap_srch, ldap_search]", f"&ldap_srch [{value}]"
        )
    }


LDAP = rule({"event_type": "ldap_srch"}, logsource={"product": "jumpcloud", "service": "ldap"})
BELOW: list[tuple[str, list[Rule], list[dict[str, str]]]] = [
    ("mapping", [LDAP], [mapping("ldap_srch, ldap_search"), mapping("ldap_srch")]),
    ("list", [LISTED], [
        {PACK_FILE: yaml.safe_dump(PACK), "sigma_rules/bad.txt": "a.example\n"},
        {PACK_FILE: yaml.safe_dump(PACK), "sigma_rules/bad.txt": "a.example\nb.example\n"},
    ]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "files"), [case[1:] for case in BELOW], ids=[case[0] for case in BELOW]
)
def test_an_unchanged_rule_whose_query_changed_is_told(
    rules: list[Rule], files: list[dict[str, str]], tmp_path: Path
) -> None:
    places = folders(tmp_path, rules, rules, files=files)
    if "mappings" not in "".join(files[0]):
        assert compared(places) == {}
    ((one,),) = compared(places, "--target", "sqlite").values()
    assert one["cause"] == "below"
    assert brief(one["before"]) == brief(one["after"]) == "query"
    text = run("diff", *places, "--target", "sqlite").stdout
    assert "- **its queries changed under it**" in text
    assert "| query changed (sqlite:sql) | 1 |" in text


def said(text: str | None = None, *refusals: tuple[str, str]) -> TargetQuery:
    return TargetQuery(text, refusals)


WHY, OTHER = ("JS066", "no lists"), ("JS065", "no hours")


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (said("a"), said("a"), None),
        (said("a"), said("b"), None),
        (None, said("a"), None),
        (None, said(None, WHY), ("refuses it", "JS066 no lists")),
        (said("a"), None, None),
        (said("a"), said(None, WHY), ("now refused", "JS066 no lists")),
        (said("a"), said(None, WHY, OTHER), ("now refused", "JS066 no lists; JS065 no hours")),
        (said(None, WHY), said(None, WHY), None),
        (
            said(None, WHY),
            said(None, OTHER),
            ("still refused, for another reason", "JS065 no hours"),
        ),
        (said(None, WHY), said("a"), ("no longer refused", "")),
        (said("a"), said(), ("no query of its own any more", "a correlation speaks for it")),
        (said(), said("a"), ("now a query of its own", "")),
        (None, said(), None),
    ],
)
def test_what_is_said(
    base: TargetQuery | None, head: TargetQuery | None, expected: tuple[str, str] | None
) -> None:
    assert news(TargetChange("t", "f", base, head)) == expected


LONG = " AND ".join(f"field{number} = {number}" for number in range(20))
START = "--- base\n+++ head\n@@ "


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (said("a"), said("b"), START + "-1 +1 @@\n-a\n+b"),
        (None, said("b"), START + "-0,0 +1 @@\n+b"),
        (said(None, WHY), said("b"), START + "-0,0 +1 @@\n+b"),
        (said("a"), said("a"), ""),
        (said("a"), None, ""),
        (said("a"), said(None, WHY), ""),
        # Broken at its joints, so that the change shows and not the whole line.
        (
            said(LONG),
            said(LONG.replace("= 9", "= 99")),
            START + "-7,7 +7,7 @@\n AND field6 = 6\n AND field7 = 7\n AND field8 = 8\n"
            "-AND field9 = 9\n+AND field9 = 99\n"
            " AND field10 = 10\n AND field11 = 11\n AND field12 = 12",
        ),
        (
            None,
            said("\n".join("ab" for _ in range(MOST_LINES))),
            START + f"-0,0 +1,{MOST_LINES} @@\n" + "+ab\n" * (MOST_LINES - 3) + "… 3 more lines",
        ),
        (
            None,
            said("x" * (MOST_CHARACTERS + 1)),
            START + "-0,0 +1 @@\n+" + "x" * (MOST_CHARACTERS - 1) + "… 2 more characters",
        ),
    ],
)
def test_the_difference_of_queries(
    base: TargetQuery | None, head: TargetQuery | None, expected: str
) -> None:
    assert query_difference(TargetChange("t", "f", base, head)) == expected


def test_the_comment(tmp_path: Path) -> None:
    """Only targets whose query changed, in the order in which they were named."""
    places = folders(
        tmp_path,
        [rule(UPDATE), rule(UPDATE, 2)],
        [rule(EXPRESSION), rule(UPDATE, 2, level="high")],
    )
    chosen = ("--target", "sqlite", "--target", "elasticsearch:eql", "-t", "splunk")
    text = run("diff", *places, *chosen).stdout
    first, second = text.split("### Rule 2")
    for line in (
        "| now refused (sqlite:sql) | 1 |",
        "| query changed (elasticsearch:eql) | 1 |",
        "- `sqlite:sql` now refused: JS067 SQLite needs an option for this: ",
        "<details><summary>query, target elasticsearch:eql</summary>",
    ):
        assert line in first, line
    assert first.index("target elasticsearch:eql<") < first.index("target splunk:spl<")
    assert "target sqlite:sql<" not in first
    assert "target" not in second
    assert run("diff", *places, *chosen).stdout == text


def test_queries_are_left_out_before_rules_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment that would be too long names every rule rather than show the queries of some."""
    places = folders(
        tmp_path,
        [rule({"success": True}, number) for number in range(4)],
        [rule({"success": False}, number) for number in range(4)],
    )
    plain = diff_markdown(jumpsigma.diff(*places))
    found = jumpsigma.diff(*places, targets=["sqlite", "splunk"])
    whole = diff_markdown(found)
    assert whole.count("target sqlite:sql<") == 4
    monkeypatch.setattr(diff_report, "LIMIT", (len(plain) + len(whole)) // 2)
    text = diff_markdown(found)
    assert text.count("\n### ") == plain.count("\n### ") == 4
    assert 0 < text.count("target sqlite:sql<") < 4
    assert len(text) <= (len(plain) + len(whole)) // 2


CONFIGURED: list[tuple[str, str, list[str], Any]] = [
    ("jumpsigma.toml", "[diff]\ntargets = ['sqlite', 'splunk']\n", [],
     [("sqlite", "sql"), ("splunk", "spl")]),
    ("pyproject.toml", "[tool.jumpsigma.diff]\ntargets = ['elasticsearch:eql']\n", [],
     [("elasticsearch", "eql")]),
    ("jumpsigma.toml", "[diff]\ntargets = ['sqlite']\n", ["--target", "duckdb"],
     [("duckdb", "sql")]),
    ("jumpsigma.toml", "[diff]\ntargets = ['sqlite', 'sqlite:sql', 'sqlite']\n", [],
     [("sqlite", "sql")]),
    ("jumpsigma.toml", "[validate]\nselect = ['all']\n", [], []),
    ("pyproject.toml", "[project]\nname = 'x'\n", [], []),
    ("other.toml", "[diff]\ntargets = ['sqlite']\n", ["--config", "other.toml"],
     [("sqlite", "sql")]),
    ("other.toml", "[diff]\ntargets = ['sqlite']\n", [], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "arguments", "expected"), CONFIGURED)
def test_where_targets_are_configured(
    name: str, text: str, arguments: list[str], expected: Any, tmp_path: Path
) -> None:
    folders(tmp_path, [rule(UPDATE)], [rule({"event_type": "user_create"})])
    (tmp_path / name).write_text(text)
    done = run("diff", "old", "new", "--format", "json", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [tuple(each.values()) for each in document["targets"]] == expected
    (change,) = document["changes"]
    assert [(each["target"], each["format"]) for each in change["targets"]] == expected


def test_options_of_a_target_are_configured(tmp_path: Path) -> None:
    folders(tmp_path, [rule(UPDATE)], [rule(EXPRESSION)])
    (tmp_path / "jumpsigma.toml").write_text(
        "[diff]\ntargets = ['sqlite']\n[diff.options.sqlite]\nfunctions = 'yes'\n"
    )
    done = run("diff", "old", "new", "--format", "json", cwd=tmp_path)
    (one,) = json.loads(done.stdout)["changes"][0]["targets"]
    assert "REGEXP" in one["after"]["query"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[diff]\ntargts = []\n", 2, "[diff] has no key 'targts'"),
        ("[diff]\ntargets = 'sqlite'\n", 2, "targets must be a list of strings"),
        ("diff = 1\n", 1, "diff must be a table"),
        ("[diff]\noptions = 1\n", 2, "options must be a table"),
        ("[diff.options]\nsqlite = 1\n", 2, "sqlite must be a table"),
        ("[diff.options.sqlite]\nfunctions = true\n", 2, "NAME = 'value'"),
        ("[dif]\n", 1, "the file has no key 'dif'"),
    ],
)
def test_wrong_settings(text: str, line: int, says: str, tmp_path: Path) -> None:
    (tmp_path / "jumpsigma.toml").write_text(text)
    with pytest.raises(DiagnosticError) as error:
        read_configuration(tmp_path / "jumpsigma.toml")
    diagnostic = error.value.diagnostic
    assert says in diagnostic.message
    assert (diagnostic.code, diagnostic.span and diagnostic.span.line) == ("JS090", line)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "sqlit"], "there is no target 'sqlit'"),
        (["--target", "sqlite:kql"], "the target sqlite has no format 'kql'"),
        (["--target", "sqlite:"], "the target sqlite has no format ''"),
        (["--target", ""], "there is no target ''"),
        (["--config", "nowhere.toml"], "cannot read the file"),
    ],
)
def test_wrong_use(arguments: list[str], says: str, tmp_path: Path) -> None:
    folders(tmp_path, [rule(UPDATE)], [rule(UPDATE)])
    done = run("diff", "old", "new", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert not done.stdout


def test_nothing_is_written_where_no_target_is_named(tmp_path: Path) -> None:
    """Not even what writes queries is imported."""
    folders(tmp_path, [rule(UPDATE)], [rule(EXPRESSION)])
    code = (
        "import sys; from jumpsigma.cli.app import run; assert run(['diff', 'old', 'new']) == 0;"
        "assert not [name for name in sys.modules if name.startswith('jumpsigma.export')]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    text = run_process("diff", "old", "new", "-t", "sqlite", cwd=tmp_path).stdout
    assert "now refused" in text
