"""The file that ``compile -t python`` writes: alone, repeatable, and finding what scan finds."""

from __future__ import annotations

import ast
import gzip
import io
import json
import os
import re
import subprocess
import sys
import types
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from strategies import LISTS, pairs

from jumpsigma import api
from jumpsigma.api.lists import plain_lists
from jumpsigma.codegen.standalone import (
    CARRIED,
    CARRIED_FOR_LISTS,
    Standalone,
    generate_standalone,
)
from jumpsigma.interpret import matched, trace
from jumpsigma.ir.nodes import Expr, LogSource, Placeholder, Regex, RuleIR, Test
from jumpsigma.matcher.indicators import GivenLists
from jumpsigma.matcher.lookups import IndicatorLists

LOCKED = {"id": "1", "service": "directory", "event_type": "user_lockout", "resource": {}}


@pytest.fixture(autouse=True)
def _deep_json() -> Iterator[None]:
    """Findings hold events of any depth, and this side reads them with ``json``."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    yield
    sys.setrecursionlimit(limit)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compiled") / "matchers.py"
    path.write_text(api.compile_python(api.load_pack()).source, encoding="utf-8")
    return path


def run(compiled: Path, data: bytes, *names: str | Path) -> tuple[int, list[Any], str]:
    # -I: no environment, no user packages, nothing beside the file; -S: no site-packages at all.
    command = [sys.executable, "-I", "-S", str(compiled), *map(str, names)]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return (
        done.returncode,
        [json.loads(line) for line in done.stdout.splitlines()],
        done.stderr.decode(),
    )


def scanned(data: bytes) -> list[Any]:
    matcher = api.compile(api.load_pack())
    found = matcher.scan(io.BytesIO(data), on_problem=print)
    from jumpsigma.report.jsonout import to_json

    rows = [json.loads(to_json(finding.to_dict())) for finding in found]
    for row in rows:
        row["source"]["path"] = "-"
    return rows


def line(**fields: Any) -> bytes:
    return json.dumps(LOCKED | fields).encode()


HOSTILE = [
    line(),
    b"",
    b"not json",
    b'{"a": ',
    b"[1]",
    b"42",
    b"\xff\xfe{}",
    line(note="x" * 75_000),
    line(note="\x00\u2028\x1b[2J"),
    line().replace(b'"1"', b'"\xff"'),
    line().replace(b'"1"', b'"\\ud800"'),
    line().replace(b'"1"', b'"\xed\xa0\x80"'),
    line().replace(b'"1"', b"NaN"),
    line().replace(b'"1"', b"1e999"),
    line().replace(b'"1"', b"-Infinity"),
    line().replace(b'"1"', b"123456789012345678901234567890"),
    line().replace(b'"1"', b'"1", "id": "2"'),
    line(deep=1).replace(b'"deep": 1', b'"deep": ' + b"[" * 900 + b"]" * 900),
    line(deep=1).replace(b'"deep": 1', b'"deep": ' + b"[" * 1023 + b"]" * 1023),
    line(deep=1).replace(b'"deep": 1', b'"deep": ' + b"[" * 1024 + b"]" * 1024),
    line(deep=1).replace(b'"deep": 1', b'"deep": ' + b"[" * 600 + b"NaN" + b"]" * 600),
    line(deep=1).replace(b'"deep": 1', b'"deep": ' + b"[" * 400 + b"NaN" + b"]" * 400),
    b"[" * 100_000,
    b"{" + b'"a":{' * 100_000,
    line().replace(b"{", b"{\r\t "),
    line() + b"\r",
    b"\xef\xbb\xbf" + line(),
    line() + line(),
    line(event_type=["user_lockout", "x"], service=[["directory"]]),
    line(event_type="USER_LOCKOUT"),
    json.dumps({"_index": "i", "_source": {"message": line().decode()}}).encode(),
    json.dumps({"message": line().decode(), "event": {"kind": "event"}}).encode(),
    line(id=None, timestamp=5),
]


def test_hostile_lines_give_the_findings_of_scan(compiled: Path) -> None:
    data = b"\n".join(HOSTILE)
    code, found, errors = run(compiled, data)
    assert code == 0
    assert found == scanned(data)
    assert len(found) >= 18
    totals = re.search(r"(\d+) events, (\d+) lines that are no events", errors)
    assert totals is not None
    assert int(totals[1]) + int(totals[2]) == len(HOSTILE) - 1


def called(path: str, rows: list[Any]) -> list[Any]:
    """The findings as they are when the input has this name."""
    return [row | {"source": {**row["source"], "path": path}} for row in rows]


EVENTS = [json.loads(line()), {"event_type": "other"}, json.loads(line(id="2"))]
FORMS = {
    "ndjson": b"\n".join(json.dumps(e).encode() for e in EVENTS),
    "array": json.dumps(EVENTS).encode(),
    "pretty array": json.dumps(EVENTS, indent=2).encode(),
    "array, an event a line": b"[" + b",\n".join(json.dumps(e).encode() for e in EVENTS) + b"]",
    "utf-16": "\n".join(map(json.dumps, EVENTS)).encode("utf-16"),
    "empty": b"",
    "empty array": b"[ ]",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, compiled: Path, tmp_path: Path) -> None:
    data = FORMS[form]
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(data))
    code, found, _ = run(compiled, b"", path)
    assert code == 0
    assert found == called(str(path), scanned(data))
    assert run(compiled, data)[:2] == (0, called("-", found))


def test_damaged_inputs_give_what_came_before(compiled: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress((line() + b"\n") * 5000)[:-40])
    code, found, errors = run(compiled, b"", cut, tmp_path / "missing", cut)
    assert code == 2
    assert len(found) > 5000
    assert errors.count("the archive is damaged") == 2
    assert "missing" in errors
    assert run(compiled, json.dumps(EVENTS).encode()[:-1])[0] == 2


def test_made_events_with_every_attack(compiled: Path) -> None:
    events = b"".join(
        json.dumps(event).encode() + b"\n" for event in api.synthesize(3000, seed=3, attack=["all"])
    )
    found = run(compiled, events)[1]
    # The file has no windows, and the command tells that it leaves correlations out.
    assert found == [row for row in scanned(events) if "correlation" not in row]
    assert len({row["rule_title"] for row in found}) > 10


def test_the_same_bytes_everywhere(compiled: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jumpsigma", "compile", "shipped", "-t", "python"]
    for seed, folder in (("1", tmp_path), ("2", Path.cwd())):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            command, capture_output=True, check=True, cwd=folder, env=environment, timeout=60
        )
        assert done.stdout == compiled.read_bytes()
    assert str(Path.cwd()) not in compiled.read_text()


def loaded(compiled: Path) -> types.ModuleType:
    """The file, imported."""
    module = types.ModuleType("matchers")
    exec(compile(compiled.read_text(), "matchers.py", "exec"), module.__dict__)
    return module


def test_in_a_program(compiled: Path) -> None:
    module = loaded(compiled)
    (found,) = module.match(LOCKED)
    assert found["rule_title"] == "Jumpcloud Account Locked"
    assert found["source"] is None
    assert [f["source"] for f in module.scan([json.dumps(LOCKED)])] == [{"path": None, "line": 1}]
    matcher = api.compile(api.load_pack(cases=False))
    reporting = [rule for number, rule in enumerate(matcher.rules) if number not in matcher.silent]
    assert [rule["title"] for rule in module.RULES] == [rule.title for rule in reporting]
    assert all(rule["author"] and rule["license"] for rule in module.RULES)


@pytest.mark.parametrize("wrong", ['{"a": 1}', b"{}", [{"a": 1}], None])
def test_what_is_no_event_is_never_just_silent(wrong: Any, compiled: Path) -> None:
    module = loaded(compiled)
    for match in (module.match, api.compile(api.load_pack()).match):
        with pytest.raises(TypeError, match="an event is a dict, not "):
            match(wrong)


@pytest.mark.parametrize("wrong", ["export.json", b"{}", {"a": 1}])
def test_a_path_is_not_taken_for_lines(wrong: Any, compiled: Path) -> None:
    with pytest.raises(TypeError, match="a binary file or lines"):
        list(loaded(compiled).scan(wrong))


def test_what_cannot_be_kept_is_refused_by_name() -> None:
    condition = Test("a", Regex(("(?i)straße",)))
    rule = RuleIR("id", "Case of ß", "rule.yml", LogSource(), "sigma", condition)
    made = generate_standalone([rule], path_of=str, unwraps=False)
    (refused,) = made.refused
    assert refused.code == "JS040"
    assert "'Case of ß'" in refused.message
    assert "RULES: tuple[dict[str, Any], ...] = (\n)" in made.source


@settings(max_examples=150)
@given(pairs())
def test_as_interpreted(drawn: tuple[Any, dict[str, Any]]) -> None:
    expr, event = drawn
    rule = RuleIR("id", "t", "p", LogSource(), "sigma", expr)
    made = generate_standalone([rule], path_of=str, unwraps=False, lists=plain_lists(LISTS))
    module = types.ModuleType("matchers")
    exec(compile(made.source, "matchers.py", "exec"), module.__dict__)
    if made.refused:
        return
    judged = trace(expr, event, LISTS)
    assert repr([f["matched"] for f in module.match(event)]) == repr(
        [matched(judged)] if judged.holds else []
    )


def standalone(condition: Expr, lists: IndicatorLists) -> Standalone:
    rule = RuleIR("id", "Listed", "rule.yml", LogSource(), "sigma", condition)
    return generate_standalone([rule], path_of=str, unwraps=False, lists=lists)


IN_EXPRESSION = Test("a", Regex(("^x", Placeholder("words"))))
DATED = {"valid_until": datetime(2026, 2, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ([("words", [f"w{n}" for n in range(1_001)], {})], "as 1,001 values, more than 1,000"),
        ([("words", ["w"], DATED)], "values are bound to a time"),
    ],
)
def test_placeholders_in_expressions_that_are_not_written_out(
    groups: list[Any], reason: str
) -> None:
    (refused,) = standalone(IN_EXPRESSION, IndicatorLists(GivenLists(groups))).refused
    assert refused.code == "JS041"
    assert reason in refused.message


def test_placeholders_in_expressions_that_are_written_out() -> None:
    # The same value without a time counts for every event.
    given = IndicatorLists(GivenLists([("words", ["a.b", "c"], {}), ("words", ["c"], DATED)]))
    made = standalone(IN_EXPRESSION, given)
    assert made.refused == ()
    module = types.ModuleType("matchers")
    exec(compile(made.source, "matchers.py", "exec"), module.__dict__)
    assert [bool(module.match({"a": text})) for text in ("xa.b", "xc", "xaxb", "xd")] == [
        True,
        True,
        False,
        False,
    ]
    assert "class IndicatorLists" not in made.source


def test_carried_modules_fit_into_one_file() -> None:
    names: Counter[str] = Counter()
    for package, name in (*CARRIED, *CARRIED_FOR_LISTS):
        tree = ast.parse(files(package).joinpath(name).read_text("utf-8"))
        for node in tree.body:
            match node:
                case ast.FunctionDef(name=defined) | ast.ClassDef(name=defined):
                    names[defined] += 1
                case ast.Assign(targets=[ast.Name(id=defined)]):
                    names[defined] += 1
                case ast.AnnAssign(target=ast.Name(id=defined)):
                    names[defined] += 1
                case _:
                    pass
    assert [name for name, count in names.items() if count > 1] == []


def test_types(compiled: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(compiled)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=compiled.parent)
    assert done.returncode == 0, done.stdout


def test_the_lambda_of_the_how_to(
    compiled: Path,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (checkout / "docs" / "how-to" / "run-in-aws-lambda.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    code = "\n".join(each.removeprefix("   ") for each in found[1].split("\n"))
    key = "jc_directoryinsights_directory_2026-03-19T14-00-00Z_2026-03-19T14-07-30Z.json.gz"
    asked = []

    class S3:
        def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
            asked.append((Bucket, Key))
            return {"Body": io.BytesIO(gzip.compress(json.dumps(EVENTS, indent=2).encode()))}

    boto3 = types.ModuleType("boto3")
    monkeypatch.setattr(boto3, "client", lambda _: S3(), raising=False)
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    monkeypatch.syspath_prepend(str(compiled.parent))
    names: dict[str, Any] = {}
    exec(compile(code, "lambda_function.py", "exec"), names)
    record = {"s3": {"bucket": {"name": "logs"}, "object": {"key": key.replace(":", "%3A")}}}
    assert names["handler"]({"Records": [record]}, None) == {"findings": 2}
    assert asked == [("logs", key)]
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["source"]["line"] for row in rows] == [1, 3]
    monkeypatch.delitem(sys.modules, "matchers")
