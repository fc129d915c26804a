"""The stock `sigma` command and our files: a right query or an error for every shipped rule."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.packaging.conftest import Environment, Make

pytestmark = pytest.mark.packaging

TARGETS = ("splunk", "lucene")

# One process for all conversions: a rule a process takes half a second each.
DRIVER = """\
import json, sys
from click.testing import CliRunner
from sigma.cli.convert import convert

pipeline, targets, rules = json.load(open(sys.argv[1], encoding="utf-8"))
rows = {}
for rule in rules:
    for target in targets:
        words = ["-t", target, "-p", pipeline, rule]
        done = CliRunner().invoke(convert, words)
        rows[f"{target} {rule}"] = [done.exit_code, done.output]
json.dump(rows, sys.stdout)
"""

# A virtual field such as `changes[totp_enabled].to`, which no stock transformation can express.
VIRTUAL = re.compile(r"\[[^\]]*\]")


@pytest.fixture(scope="session")
def stock(make_environment: Make) -> Environment:
    """The stock converter without us."""
    backends = ["pysigma-backend-splunk", "pysigma-backend-elasticsearch"]
    return make_environment("stock", "sigma1", ["sigma-cli", *backends])


@pytest.fixture(scope="session", params=["wheel", "editable"])
def beside(request: pytest.FixtureRequest, make_environment: Make, checkout: Path) -> Environment:
    """The stock converter with us beside it."""
    if request.param == "editable":
        ours: list[str | Path] = ["-e", f"{checkout}[sigma-cli]"]
    else:
        ours = [f"{request.getfixturevalue('wheel')}[sigma-cli]"]
    return make_environment(f"beside-{request.param}", "sigma1", [*ours, "pysigma-backend-splunk"])


def expected() -> dict[str, dict[str, Any]]:
    """The table beside this file: rule -> target -> query, or `error:` and part of its message."""
    table = Path(__file__).with_name("stock_queries.yaml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Any]] = yaml.safe_load(table)
    return rows


def rules_of(checkout: Path) -> dict[str, Path]:
    folder = checkout / "sigma_rules"
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.yml"))}


@pytest.fixture(scope="session")
def converted(stock: Environment, checkout: Path) -> dict[str, dict[str, Any]]:
    """For each shipped rule and target: the query, or `{"error": message}`."""
    return convert(stock, checkout, rules_of(checkout))


def convert(
    stock: Environment, checkout: Path, rules: dict[str, Path]
) -> dict[str, dict[str, Any]]:
    request = [
        str(checkout / "mappings" / "jumpcloud.yml"),
        TARGETS,
        list(map(str, rules.values())),
    ]
    (stock.cwd / "request.json").write_text(json.dumps(request), encoding="utf-8")
    answer = json.loads(stock.output("python", "-c", DRIVER, "request.json"))
    return {
        name: {target: outcome(*answer[f"{target} {path}"]) for target in TARGETS}
        for name, path in rules.items()
    }


def outcome(exit_code: int, output: str) -> Any:
    text = output.replace("Parsing Sigma rules\n", "").strip()
    return text if exit_code == 0 else {"error": text}


def test_we_are_not_in_the_stock_environment(stock: Environment) -> None:
    assert stock.run("python", "-c", "import jumpsigma").returncode != 0
    assert "jumpcloud" not in stock.output("sigma", "list", "pipelines")


def test_every_row_is_a_shipped_rule(checkout: Path) -> None:
    """The table has what was read by eye; test_stock_cases.py runs the queries of all rules."""
    assert set(expected()) <= set(rules_of(checkout))


# Every validator but those that ask the network for ATT&CK and D3FEND.
CHECKS = """\
validators: [all, -attacktag, -d3_fendtag]
"""


def test_the_stock_command_reads_the_whole_folder(stock: Environment, checkout: Path) -> None:
    (stock.cwd / "checks.yml").write_text(CHECKS, encoding="utf-8")
    done = stock.run(
        "sigma", "check", "-c", "checks.yml", "--fail-on-error", checkout / "sigma_rules"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Found 0 errors, 0 condition errors" in done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(expected()))
def test_query_or_error(name: str, converted: dict[str, dict[str, Any]]) -> None:
    for target, want in expected()[name].items():
        got = converted[name][target]
        if isinstance(want, dict):
            assert isinstance(got, dict), f"{target}: a query where an error is due: {got}"
            assert want["error"] in got["error"]
        else:
            assert got == want


RULE = """\
title: A rule of the test
id: 00000000-0000-4000-8000-{number:012d}
status: test
logsource: {logsource}
detection:
  selection: {selection}
  condition: selection
"""

# What the shipped rules do not show yet: log source, selection, Splunk query or part of the error.
SYNTHETIC: dict[str, tuple[str, str, str | dict[str, str]]] = {
    "service": (
        "{product: jumpcloud, service: sso}",
        "{event_type: sso_auth, success: false}",
        'service="sso" event_type="sso_auth" success=false',
    ),
    "no service, two spellings": (
        "{product: jumpcloud}",
        "{event_type: ldap_search}",
        'event_type IN ("ldap_srch", "ldap_search")',
    ),
    "two spellings of a service": (
        "{product: jumpcloud, service: alert}",
        "{event_type: alert_raised}",
        'service IN ("alerts", "alert") event_type="alert_raised"',
    ),
    "sign-in process": (
        "{product: linux, category: process_creation}",
        "{Image|endswith: /sshd}",
        'service="systems" process_name="*/sshd"',
    ),
    "virtual field": (
        "{product: jumpcloud}",
        '{"changes[totp_enabled].to": false}',
        {"error": "only jumpsigma understands"},
    ),
    "field not carried": (
        "{product: windows, category: process_creation}",
        "{CommandLine|contains: mimikatz}",
        {"error": "JumpCloud reports only"},
    ),
    "log source not carried": (
        "{product: windows, service: security}",
        "{EventID: 4625}",
        {"error": "JumpCloud events hold no such log source"},
    ),
    "category of jumpcloud": (
        "{product: jumpcloud, category: dns}",
        "{event_type: a}",
        {"error": "services, no categories"},
    ),
}


@pytest.fixture(scope="session")
def converted_synthetic(stock: Environment, checkout: Path) -> dict[str, dict[str, Any]]:
    rules = {}
    for number, (name, (logsource, selection, _)) in enumerate(SYNTHETIC.items()):
        rules[name] = stock.cwd / f"{number}.yml"
        text = RULE.format(number=number, logsource=logsource, selection=selection)
        rules[name].write_text(text, encoding="utf-8")
    return convert(stock, checkout, rules)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_synthetic_rule(name: str, converted_synthetic: dict[str, dict[str, Any]]) -> None:
    want = SYNTHETIC[name][2]
    row = converted_synthetic[name]
    if isinstance(want, dict):
        assert all(want["error"] in row[target]["error"] for target in TARGETS)
    else:
        assert row["splunk"] == want
        assert isinstance(row["lucene"], str)


def test_what_stock_tools_cannot_say_is_an_error(
    converted: dict[str, dict[str, Any]], checkout: Path
) -> None:
    """Whatever the table says: a query that names a virtual field would never match."""
    for name, path in rules_of(checkout).items():
        documents = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        keys = [key for document in documents for key in keys_of(document.get("detection"))]
        if VIRTUAL.search(" ".join(keys)):
            assert all("error" in converted[name][target] for target in TARGETS), name


def keys_of(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [key for name, value in node.items() for key in (str(name), *keys_of(value))]
    if isinstance(node, list):
        return [key for item in node for key in keys_of(item)]
    return []


@pytest.mark.parametrize("pipeline", ["jumpcloud_raw", "jumpcloud_ecs"])
def test_our_pipelines_are_listed_beside_us(beside: Environment, pipeline: str) -> None:
    assert pipeline in beside.output("sigma", "list", "pipelines")


def test_our_pipeline_converts_like_our_file(
    beside: Environment, checkout: Path, converted: dict[str, dict[str, Any]]
) -> None:
    name = next(name for name, row in converted.items() if isinstance(row["splunk"], str))
    rule = rules_of(checkout)[name]
    out = beside.output("sigma", "convert", "-t", "splunk", "-p", "jumpcloud_raw", rule)
    assert outcome(0, out) == converted[name]["splunk"]


def test_we_work_beside_the_stock_converter(beside: Environment) -> None:
    assert json.loads(beside.output("jumpsigma", "list", "rules", "--format", "json"))
