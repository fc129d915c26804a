"""The Panther target: files that run by themselves, and tests that Panther's own tool passes."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from jumpsigma import api, load_pack
from jumpsigma.api.export_files import export_files
from jumpsigma.pack import Pack

HEAD = "title: '{title}'\nid: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11\nstatus: test\n"
RULE = (
    HEAD + "logsource: {{product: jumpcloud}}\ndetection:\n  {detection}\n  condition: selection\n"
)
#: What Panther looks for in a module beside `rule` (its documentation, "auxiliary functions").
AUXILIARY = {
    "dedup", "description", "destinations", "reference", "runbook", "severity", "title", "unique",
}  # fmt: skip


class ReadOnly:
    """An event as Panther hands it over: no dict, but able to make one."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._event = event

    def to_dict(self) -> dict[str, Any]:
        return dict(self._event)


def pack_of(folder: Path, detection: str, title: str = "A rule") -> Pack:
    (folder / "r.yml").write_text(RULE.format(title=title, detection=detection), encoding="utf-8")
    return load_pack(folder)


def module(source: str) -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": "a_rule"}
    exec(compile(source, "rule.py", "exec"), found)
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panther")
    pack = load_pack()
    api.export_tree(api.export_queries(pack, "panther"), pack, folder)
    return folder


def test_each_rule_finds_its_cases_and_only_those(tree: Path) -> None:
    judged = 0
    for path in sorted((tree / "rules").glob("*.yml")):
        about = yaml.safe_load(path.read_text(encoding="utf-8"))
        source = (path.parent / about["Filename"]).read_text(encoding="utf-8")
        rule = module(source)["rule"]
        for case in about.get("Tests", []):
            for event in (case["Log"], ReadOnly(case["Log"])):
                assert rule(event) is case["ExpectedResult"], (path.name, case["Name"])
            judged += 1
    assert judged > 1000


def test_what_the_metadata_says(tree: Path) -> None:
    path = tree / "rules" / "jumpcloud_account_locked.yml"
    about = yaml.safe_load(path.read_text(encoding="utf-8"))
    tests = about.pop("Tests")
    assert {test["ExpectedResult"] for test in tests} == {True, False}
    assert about.pop("Description")
    assert about.pop("Runbook").startswith("False positives: ")
    assert about.pop("Reference").startswith("https://")
    assert about["Reports"]["MITRE ATT&CK"] == ["TA0040:T1531", "TA0006:T1110"]
    assert {key: about[key] for key in ("AnalysisType", "DisplayName", "Severity", "LogTypes")} == {
        "AnalysisType": "rule",
        "DisplayName": "Jumpcloud Account Locked",
        "Severity": "Medium",
        "LogTypes": ["Custom.JumpCloud.DirectoryInsights"],
    }
    assert (about["Enabled"], about["DedupPeriodMinutes"], about["Threshold"]) == (True, 60, 1)


def test_the_files_need_the_standard_library_alone_and_define_nothing_that_panther_calls(
    tree: Path,
) -> None:
    for path in (tree / "rules").glob("*.py"):
        nodes = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            name
            for node in ast.walk(nodes)
            for name in (
                [each.name for each in node.names]
                if isinstance(node, ast.Import)
                else [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert {name.partition(".")[0] for name in imported} <= {*sys.stdlib_module_names}
        defined = {node.name for node in nodes.body if isinstance(node, ast.FunctionDef)}
        assert {"rule", "alert_context"} <= defined
        assert not defined & AUXILIARY


def test_options_and_hostile_titles(tmp_path: Path) -> None:
    title = 'Say <"100%"> & coding: latin-1'
    pack = pack_of(tmp_path, "selection: {a: x}", title)
    options = {"log_type": "Custom.JC", "enabled": "false", "dedup_minutes": "15"}
    files = export_files(api.export_queries(pack, "panther", options=options), pack)
    (yml,) = [text for name, text in files.items() if name.endswith(".yml")]
    (python,) = [text for name, text in files.items() if name.endswith(".py")]
    about = yaml.safe_load(yml)
    assert about["DisplayName"] == "Say ('100 percent') and coding: latin-1"
    assert (about["LogTypes"], about["Enabled"], about["DedupPeriodMinutes"]) == (
        ["Custom.JC"], False, 15,
    )  # fmt: skip
    assert "Tests" not in about
    found = module(python)
    assert found["rule"]({"a": "X"}) is True
    assert found["alert_context"]({})["sigma_rule"] == "7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11"


def test_a_text_of_control_characters_stays_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(
        RULE.format(title="x", detection="selection: {a: x}").replace("title: 'x'\n", "")
        + 'title: "a\\0b\\nimport os\\r\\L"\nauthor: "c\\0\\"\\"\\""\n',
        encoding="utf-8",
    )
    pack = load_pack(tmp_path)
    files = export_files(api.export_queries(pack, "panther"), pack)
    (python,) = [text for name, text in files.items() if name.endswith(".py")]
    (yml,) = [text for name, text in files.items() if name.endswith(".yml")]
    found = module(python)
    assert "os" not in found
    assert found["alert_context"]({})["author"] == 'c"""'
    assert yaml.safe_load(yml)["DisplayName"] == "ab import os"


def test_what_panther_adds_is_not_searched(tmp_path: Path) -> None:
    made = api.export_queries(pack_of(tmp_path, "selection: [custom]"), "panther")
    rule = module(made.queries[0].text)["rule"]
    assert rule({"a": ["is custom"], "p_log_type": "none"}) is True
    assert rule({"a": "b", "p_log_type": "Custom.JumpCloud"}) is False


REFUSED = {
    "selection: {'a|re': '(?:a|ab)+c'}": ("JS066", "a regular expression that Python's re cannot"),
    "selection: {'a|expand': '%many%'}": ("JS065", "has too many values"),
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_is_refused(tmp_path: Path, detection: str) -> None:
    code, reason = REFUSED[detection]
    lists = {"many": [f"host{number}.example" for number in range(10_001)]}
    made = api.export_queries(pack_of(tmp_path, detection), "panther", lists=lists)
    assert [each.code for each in made.refused] == [code]
    assert reason in made.refused[0].message


def test_a_list_is_written_into_the_rule(tmp_path: Path) -> None:
    pack = pack_of(tmp_path, "selection: {'a|expand': '%few%'}")
    made = api.export_queries(pack, "panther", lists={"few": ["192.0.2.0/24", "b*.example"]})
    rule = module(made.queries[0].text)["rule"]
    told = [rule({"a": each}) for each in ("192.0.2.7", "B*.example", "bx.example")]
    assert told == [True, True, False]


def test_panthers_own_tool_passes_every_test(tree: Path) -> None:
    tool = os.environ.get("PANTHER_ANALYSIS_TOOL") or shutil.which("panther_analysis_tool")
    if tool is None:
        pytest.skip("panther_analysis_tool is not on the path")
    command = [tool, "--skip-version-check", "test", "--path", str(tree)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    rules = len(list((tree / "rules").glob("*.py")))
    assert f"Passed: {rules}\n" in done.stdout
