"""Each way to install gives a command that lists the shipped rules and scans, anywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from tests.packaging.conftest import Environment, Make

pytestmark = pytest.mark.packaging

EVENTS = [
    {
        "id": "65f0a0000000000000000001",
        "service": "directory",
        "event_type": "user_lockout",
        "timestamp": "2026-03-01T10:00:00.000Z",
        "success": False,
        "client_ip": "192.0.2.7",
        "username": "alice",
        "resource": {"id": "65f0a00000000000000000aa", "type": "user", "username": "alice"},
    },
    {
        "id": "65f0a0000000000000000002",
        "service": "directory",
        "event_type": "association_change",
        "timestamp": "2026-03-01T10:01:00.000Z",
        "success": True,
        "client_ip": "192.0.2.8",
    },
]

CONSUMER = """\
import jumpsigma

pack = jumpsigma.load_pack()
matcher = jumpsigma.compile(pack, mapping="jumpcloud")
findings: list[jumpsigma.Finding] = matcher.match({"event_type": "user_lockout"})
for finding in findings:
    line: int | None = finding.source.line if finding.source is not None else None
    print(finding.rule_title.upper(), line)
for diagnostic in pack.diagnostics:
    print(diagnostic.code.lower())
"""


@pytest.fixture(scope="session", params=["wheel", "sdist", "editable", "lowest"])
def installed(
    request: pytest.FixtureRequest, make_environment: Make, checkout: Path
) -> Environment:
    """Us alone; `lowest` has of each dependency the oldest version that pyproject.toml allows."""
    kind: str = request.param
    if kind == "lowest":
        # Of a folder, unlike of a wheel, uv takes the dependencies for direct ones.
        words: list[str | Path] = ["--resolution", "lowest-direct", checkout]
        return make_environment("installed-lowest", None, words)
    packages: list[str | Path]
    packages = ["-e", checkout] if kind == "editable" else [request.getfixturevalue(kind)]
    return make_environment(f"installed-{kind}", "sigma2", packages)


def shipped_ids(checkout: Path) -> set[str]:
    documents = (
        document
        for path in (checkout / "sigma_rules").rglob("*.yml")
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    )
    return {document["id"] for document in documents if "filter" not in document}


def test_lists_every_shipped_rule(installed: Environment, checkout: Path) -> None:
    listed = json.loads(installed.output("jumpsigma", "list", "rules", "--format", "json"))
    assert {rule["id"] for rule in listed} == shipped_ids(checkout)
    assert listed


def test_scans(installed: Environment) -> None:
    events = installed.cwd / "events.ndjson"
    events.write_text("".join(json.dumps(event) + "\n" for event in EVENTS), encoding="utf-8")
    out = installed.output("jumpsigma", "scan", "--format", "ndjson", "events.ndjson")
    findings = [json.loads(line) for line in out.splitlines()]
    assert [(each["rule_title"], each["event_id"], each["source"]) for each in findings] == [
        ("Jumpcloud Account Locked", EVENTS[0]["id"], {"path": "events.ndjson", "line": 1})
    ]


def test_pysigma_is_the_one_meant_and_brings_no_command(installed: Environment) -> None:
    program = "import importlib.metadata as m; print(m.version('pysigma'))"
    expected = "1.5.1" if installed.root.name == "installed-lowest" else "2."
    assert installed.output("python", "-c", program).startswith(expected)
    assert not (installed.python.parent / "sigma").exists()


def test_runs_from_where_it_was_installed(installed: Environment, checkout: Path) -> None:
    program = "import jumpsigma; print(jumpsigma.__file__)"
    file = Path(installed.output("python", "-c", program).strip())
    home = checkout if installed.root.name == "installed-editable" else installed.root
    assert file.resolve().is_relative_to(home.resolve())


@pytest.mark.parametrize(
    ("program", "error"),
    [
        (CONSUMER, None),
        # The types must be real: a lazy export that is `Any` to mypy would accept this.
        (CONSUMER.replace("rule_title.upper()", "rule_titel"), "attr-defined"),
        (CONSUMER.replace('mapping="jumpcloud"', "mapping=1"), "arg-type"),
    ],
    ids=["right", "misspelt", "ill-typed"],
)
def test_a_consumer_type_checks(installed: Environment, program: str, error: str | None) -> None:
    path = installed.cwd / "consumer.py"
    path.write_text(program, encoding="utf-8")
    words = ("-m", "mypy", "--strict", "--python-executable", installed.python, path)
    done = installed.run(sys.executable, *words)
    assert done.returncode == (0 if error is None else 1), done.stdout + done.stderr
    assert error is None or f"[{error}]" in done.stdout
