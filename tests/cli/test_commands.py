"""The other commands: list, test, explain, new, help, version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import run_command as run
from scan_events import ALL, KEY, LOCKED, QUIET, ndjson

HELP = [
    [],
    ["scan"],
    ["test"],
    ["explain"],
    ["list"],
    ["list", "rules"],
    ["list", "events"],
    ["list", "fields"],
    ["list", "services"],
    ["list", "mappings"],
    ["new"],
    ["new", "rule"],
]


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_says_what_and_how(command: list[str]) -> None:
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Usage: " in done.stdout
    if command in (["scan"], ["test"], ["explain"], ["new", "rule"]):
        assert "Examples:" in done.stdout
        assert f"jumpsigma {' '.join(command)}" in done.stdout


def test_version() -> None:
    assert run("--version").stdout.startswith("jumpsigma ")


def test_shell_completion_is_offered() -> None:
    script = run(env={"_JUMPSIGMA_COMPLETE": "source_bash"})
    assert "complete" in script.stdout
    words = {"COMP_WORDS": "jumpsigma sc", "COMP_CWORD": "1"}
    assert "scan" in run(env={"_JUMPSIGMA_COMPLETE": "complete_bash", **words}).stdout


def test_list_rules_contract() -> None:
    rows = json.loads(run("list", "rules", "--format", "json").stdout)
    assert {
        "Jumpcloud Account Locked",
        "Jumpcloud Api Key Updated",
        "Jumpcloud Policy Modified",
    } <= {row["title"] for row in rows}
    keys = "id title path level status product category service tags correlation"
    assert all(" ".join(row) == keys for row in rows)
    assert {type(row["correlation"]) for row in rows} == {bool}


LISTS = {
    "events": (["list", "events", "--format", "json"], "event_type", "user_lockout"),
    "events of a service": (
        ["list", "events", "--service", "radius", "--format", "json"],
        "event_type",
        "radius_auth_attempt",
    ),
    "events about a text": (
        ["list", "events", "lockout", "-f", "json"],
        "event_type",
        "admin_lockout",
    ),
    "fields": (["list", "fields", "--format", "json"], "field", "initiated_by.email"),
    "fields of a service": (
        ["list", "fields", "-s", "sso", "-f", "json"],
        "field",
        "sso_token_success",
    ),
    "services": (["list", "services", "--format", "json"], "service", "directory"),
    "mappings": (["list", "mappings", "--format", "json"], "name", "jumpcloud"),
}


@pytest.mark.parametrize("name", LISTS)
def test_list(name: str) -> None:
    command, key, value = LISTS[name]
    done = run(*command)
    assert done.returncode == 0
    assert value in [row[key] for row in json.loads(done.stdout)]
    table = run(*[each for each in command if each not in ("--format", "-f", "json")])
    assert value in table.stdout


def test_list_of_an_unknown_service_names_the_nearest() -> None:
    done = run("list", "events", "--service", "directry")
    assert done.returncode == 2
    assert "directory" in done.stderr


def test_shipped_rules_pass_their_cases() -> None:
    done = run("test")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].endswith("passed, 0 failed")


def test_a_failed_case_is_explained(tmp_path: Path) -> None:
    run("new", "rule", "Own Rule", "--folder", tmp_path, "--event-type", "admin_create")
    cases = tmp_path / "own_rule.cases.yaml"
    cases.write_text(cases.read_text().replace("event_type: admin_create\n", "event_type: other\n"))
    done = run("test", tmp_path)
    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert "own_rule.cases.yaml:4" in done.stdout
    assert "expected a match, the rule stayed silent" in done.stdout
    assert "false      event_type: 'admin_create'" in done.stdout
    report = json.loads(run("test", tmp_path, "--format", "json").stdout)
    assert (report["passed"], report["failed"]) == (1, 1)


def test_a_new_rule_passes_and_is_never_overwritten(tmp_path: Path) -> None:
    title = 'Odd: "Title" # with * YAML & %'
    done = run("new", "rule", title, "--folder", tmp_path / "deep", "--event-type", "yes")
    assert done.returncode == 0, done.stderr
    assert run("test", tmp_path).returncode == 0
    (row,) = json.loads(run("list", "rules", "-r", tmp_path, "-f", "json").stdout)
    assert row["title"] == title
    again = run("new", "rule", title, "--folder", tmp_path / "deep")
    assert again.returncode == 2
    assert "JS091" in again.stderr


@pytest.mark.parametrize(
    ("title", "file"),
    [("Übergabe (Zwei)", "übergabe_zwei.yml"), ("管理者 追加", "管理者_追加.yml")],
)
def test_a_title_in_any_script_names_a_file(title: str, file: str, tmp_path: Path) -> None:
    assert run("new", "rule", title, "--folder", tmp_path).returncode == 0
    assert (tmp_path / file).is_file()
    assert run("test", tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-e", "user_lockout"], ""),
        (["-s", "alert", "-e", "ldap_srch"], ""),
        (["-e", "user_lokout"], "'user_lokout' is known\n  hint: did you mean user_lockout?"),
        (["-s", "drectory"], "'drectory' is known\n  hint: did you mean directory?"),
        (["-e", "qqq"], "'qqq' is known\n  hint: see: jumpsigma list events"),
    ],
)
def test_a_new_rule_for_an_unknown_name_is_doubted(
    options: list[str], told: str, tmp_path: Path
) -> None:
    done = run("new", "rule", "Own", "--folder", tmp_path, *options)
    assert done.returncode == 0
    assert told in done.stderr
    assert bool(told) == bool(done.stderr)


RULE = "title: R\nlogsource: {product: jumpcloud}\ndetection: {s: {a: 1}, condition: s}\n"
CASES = "cases:\n  - name: c\n    expect: match\n    event: {a: 1}\n"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "nothing was tested: there is no rule"),
        ({"r.yml": RULE}, "the cases of r.yml to r.cases.yaml"),
        ({"r.yml": RULE, "s.yml": RULE, "s.cases.yaml": CASES}, None),
    ],
)
def test_where_no_rule_has_a_case_nothing_passes(
    files: dict[str, str], told: str | None, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for options in ((), ("--format", "json")):
        done = run("test", tmp_path, *options)
        assert done.returncode == (0 if told is None else 1)
        assert (told or "") in done.stderr
        assert ("nothing was tested" in done.stderr) == (told is not None)


def test_a_case_with_an_unknown_mapping_says_where_and_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(RULE)
    (tmp_path / "r.cases.yaml").write_text(f"{CASES}    mapping: jumpclud\n")
    done = run("test", tmp_path)
    assert done.returncode == 1
    place = f"{tmp_path / 'r.cases.yaml'}:5"
    assert f"{place}: there is no mapping 'jumpclud' (did you mean 'jumpcloud'?)" in done.stdout


def test_what_is_compiled_is_never_overwritten(tmp_path: Path) -> None:
    pack, mapping = tmp_path / "pack", tmp_path / "own.yml"
    pack.mkdir()
    mapping.write_text("transformations: []\n")
    files = {"r.yml": RULE, "r.cases.yaml": CASES, "wrong.yml": "- ", "pack.yaml": "- "}
    for name, text in files.items():
        (pack / name).write_text(text)
    (pack / "link.py").symlink_to("r.yml")
    for output in (*(pack / name for name in files), pack / "link.py", mapping):
        before = output.read_text()
        done = run("compile", pack, "-t", "python", "-m", mapping, "-o", output)
        assert done.returncode == 2
        assert "JS091: the result would overwrite what it is made of" in done.stderr
        assert output.read_text() == before
    assert run("compile", pack / "r.yml", "-t", "python", "-o", pack / "r.py").returncode == 2
    assert (pack / "r.py").is_file()  # 2: pack.yaml is wrong


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["scan", "-", "--rules", "shiped"], "shiped does not exist; did you mean shipped?"),
        (["test", "Shiped"], "Shiped does not exist; did you mean shipped?"),
        (["test", "qqq"], "qqq does not exist"),
        (["scan", "-", "--logsource", "product=a, product=b"], "gives an attribute twice"),
    ],
)
def test_wrong_use_is_told(command: list[str], told: str, tmp_path: Path) -> None:
    done = run(*command, cwd=tmp_path)
    assert done.returncode == 2
    words = " ".join(done.stderr.replace("│", " ").split())  # Typer wraps it in a box
    assert told in words
    assert ("shipped" in words) == ("shipped" in told)


def test_cases_in_the_place_of_a_rule_lead_to_it(tmp_path: Path) -> None:
    (tmp_path / "r.cases.yaml").write_text(CASES)
    for command in (("test",), ("list", "rules", "--rules")):
        done = run(*command, tmp_path / "r.cases.yaml")
        assert "hint: these are cases: name r.yml, their rule" in done.stderr


def test_titles_cannot_command_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(
        'title: "a \\e[31m b \\u202e"\nlogsource: {product: jumpcloud}\n'
        "detection: {s: {a: 1}, condition: s}\n"
    )
    for command in (("list", "rules", "-r", tmp_path), ("test", tmp_path)):
        assert "a \\x1b[31m b \\u202e" in run(*command).stdout


def test_explain_chooses_the_event_that_fires(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson(ALL))
    for name in ("jumpcloud_account_locked", "JUMPCLOUD ACCOUNT LOCKED"):
        done = run("explain", name, path)
        assert done.returncode == 0
        assert f"{path}:2: Jumpcloud Account Locked fires" in done.stdout


def test_explain_a_line_that_does_not_fire(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson([QUIET, LOCKED, KEY]))
    done = run("explain", "jumpcloud_api_key_updated", path, "--line", "2", "--format", "json")
    told = json.loads(done.stdout)
    assert told["fires"] is False
    assert told["source"] == {"path": str(path), "line": 2}
    assert run("explain", "jumpcloud_api_key_updated", path, "--line", "9").returncode == 2


def test_explain_what_cannot_be_read_has_one_reason(tmp_path: Path) -> None:
    (zipped := tmp_path / "e.zip").write_bytes(b"PK\x03\x04 and so on")
    for path in (tmp_path / "missing", zipped):
        done = run("explain", "jumpcloud_account_locked", path)
        assert done.returncode == 2
        assert done.stderr.count("error") == done.stderr.count("JS072") == 1


def test_explain_an_unknown_rule_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson([QUIET]))
    done = run("explain", "jumpcloud_acount_locked", path)
    assert done.returncode == 2
    assert "jumpcloud_account_locked" in done.stderr


def test_no_color_is_respected(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(ndjson(ALL) + b"broken\n")
    done = run("scan", path, env={"NO_COLOR": "1", "FORCE_COLOR": "1"})
    assert "\x1b" not in done.stdout + done.stderr
