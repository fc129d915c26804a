"""Plain values of the command line mean what they mean to typer, without its import of pydantic."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from jumpsigma.cli.parameters import lighten


class Form(StrEnum):
    """Some choices."""

    TABLE = "table"
    JSON = "json"


def application(change: Callable[[typer.Typer], typer.Typer]) -> typer.Typer:
    """An application with a parameter of each kind that we have, a command deep."""
    app, below = typer.Typer(), typer.Typer()

    @below.command("do")
    def do(
        paths: Annotated[list[str], typer.Argument()],
        *,
        rules: Annotated[list[str], typer.Option("--rules")] = ["shipped"],  # noqa: B006
        form: Annotated[Form, typer.Option("--form")] = Form.TABLE,
        level: Annotated[str | None, typer.Option("--level")] = None,
        jobs: Annotated[int, typer.Option("--jobs", min=1, max=99)] = 1,
        line: Annotated[int | None, typer.Option("--line")] = None,
        share: Annotated[float, typer.Option("--share")] = 0.5,
        strict: Annotated[bool, typer.Option("--strict")] = False,
    ) -> None:
        values = (paths, rules, form, level, jobs, line, share, strict)
        typer.echo(json.dumps([[type(value).__name__, value] for value in values]))

    @below.command("other")
    def other() -> None: ...

    app.add_typer(below, name="below")
    return change(app)


LINES = [
    "a",
    "a b - c",
    "",
    "--help",
    "a --rules x --rules y",
    "a --rules=",
    "a --form json",
    "a --form JSON",
    "a --form xml",
    "a --form",
    "a --level high",
    "a --level=",
    "a --jobs 2",
    "a --jobs 02",
    "a --jobs +2",
    "a --jobs ' 2'",
    "a --jobs 0",
    "a --jobs 100",
    "a --jobs -1",
    "a --jobs 2.0",
    "a --jobs two",
    "a --jobs ٢",
    "a --jobs 99999999999999999999",
    "a --line 0",
    "a --line 1_0",
    "a --share 0.25",
    "a --share 1",
    "a --share x",
    "a --strict",
    "a --strict --strict",
    "a --strict=1",
    "a --unknown",
]


@pytest.mark.parametrize("line", LINES)
def test_every_line_means_what_it_means_to_typer(line: str) -> None:
    arguments = ["below", "do", *(word.strip("'") for word in line.split())]
    if "' 2'" in line:
        arguments = ["below", "do", "a", "--jobs", " 2"]
    plain, light = (
        CliRunner().invoke(application(change), arguments) for change in (_as_it_is, lighten)
    )
    assert (light.exit_code, light.output) == (plain.exit_code, plain.output)


def _as_it_is(app: typer.Typer) -> typer.Typer:
    return app


LIGHT: dict[str, tuple[Any, ...]] = {
    "help": ("--help",),
    "help of a command": ("scan", "--help"),
    "the version": ("--version",),
}


@pytest.mark.parametrize("arguments", LIGHT.values(), ids=LIGHT.keys())
def test_nothing_that_takes_long_is_imported_to_say_what_there_is(
    arguments: tuple[str, ...],
) -> None:
    assert imported(*arguments) == set()


def imported(*arguments: str) -> set[str]:
    """Which of some modules a run of the command imports."""
    program = (
        "import sys; sys.argv[0] = 'jumpsigma'\n"
        "from jumpsigma.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    names = {"sigma", "pydantic", "rich", "jinja2", "yaml", "orjson", "re2", "httpx"}
    return names & set(done.stderr.split())
