"""``jumpsigma validate``: check rules before they are merged."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jumpsigma.cli.output import has_color, load_rules, tell
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span

if TYPE_CHECKING:
    from jumpsigma.api.validation import Validation
    from jumpsigma.checks import Result
    from jumpsigma.pack import Pack

EXAMPLES = """Examples:

  jumpsigma validate my_rules/

  jumpsigma validate my_rules/ --select default,JS205 --fail-on warning

  jumpsigma validate my_rules/ --fix --diff

  jumpsigma validate --changed-since origin/main --format sarif --output out.sarif my_rules/

  jumpsigma validate --explain JS154
"""


class Format(StrEnum):
    """How problems are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    JUNIT = "junit"
    MARKDOWN = "markdown"


class Schema(StrEnum):
    """Files of ours that editors can check."""

    CASES = "cases"
    PACK = "pack"
    JUMPSIGMA = "jumpsigma"
    BACKEND = "backend"


def validate(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Rules or folders of rules; default: shipped."),
    ] = None,
    *,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            metavar="CHECKS",
            help="Checks to run: codes, beginnings of codes, families, `default`, `all`.",
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CODES", help="Codes that are not reported."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write there, not to the screen.")
    ] = None,
    fail_on: Annotated[
        Severity, typer.Option("--fail-on", help="Exit with 1 from this severity on.")
    ] = Severity.ERROR,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is mechanical.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --fix would change, and change nothing.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings; default: the nearest jumpsigma.toml."),
    ] = None,
    changed_since: Annotated[
        str | None,
        typer.Option(
            "--changed-since",
            metavar="REF",
            help="Report changed files only, while the whole pack is seen.",
        ),
    ] = None,
    attack: Annotated[
        Path | None,
        typer.Option("--attack", metavar="FILE", help="A STIX bundle of ATT&CK to go by."),
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="CODE", help="What a check is about.")
    ] = None,
    schema: Annotated[
        Schema | None, typer.Option("--schema", help="Print the JSON schema of a kind of file.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the checks.")] = False,
) -> int:
    """Check rules: what is wrong with them, where, and what to do about it."""
    from jumpsigma.api.changes import changes_since
    from jumpsigma.api.configuration import Configuration, read_configuration
    from jumpsigma.api.configuration_place import find_configuration
    from jumpsigma.api.validation import validate as run_checks

    if schema is not None:
        return _print_schema(schema)
    if listing or explain is not None:
        return _page(explain)
    with _no_garbage():
        pack = load_rules(paths or ["shipped"])
        found_at = config or find_configuration(pack.roots)
        given = read_configuration(found_at) if found_at is not None else Configuration()
        settings = given.choose(_words(select), _words(ignore))
        changes = None
        if changed_since is not None:
            changes = changes_since(changed_since, pack.roots[0] if pack.roots else ".")
        found = run_checks(
            pack,
            settings=settings,
            only=changes.files if changes is not None else None,
            before=changes.documents if changes is not None else None,
            attack=attack or given.attack,
        )
    if diff:
        return _show_fixes(found)
    if fix:
        mended = _fix(found)
        if mended:
            found = found.without(mended)
    _print(found, pack, form, output)
    if not pack.rules and not pack.filters and not found.results:
        tell([Diagnostic("JS090", "nothing was checked: there is no rule")])
        return 1
    order = list(Severity)
    worst = found.worst
    return 1 if worst is not None and order.index(worst) <= order.index(fail_on) else 0


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Do not look for garbage: rules and what is known of them live until the end.

    It would take a third of the time to find none.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _words(given: list[str] | None) -> list[str]:
    return [word.strip() for each in given or () for word in each.split(",") if word.strip()]


def _print_schema(name: Schema) -> int:
    from jumpsigma.api.schemas import schemas

    print(json.dumps(schemas()[name], indent=2))
    return 0


def _page(code: str | None) -> int:
    from jumpsigma.checks import CHECKS, chosen
    from jumpsigma.diagnostics.codes import CODES

    if code is None:
        for check in chosen(["all"]):
            aside = "" if check.default else ", not by default"
            print(f"{check.code}  {check.name} ({check.family}, {check.severity}{aside})")
            print(f"       {check.title}")
        return 0
    known = CODES.get(code.upper())
    if known is not None and code.upper() not in CHECKS:
        print(f"{code.upper()} {known.title}\n\n{known.explanation}")
        return 0
    check = CHECKS.get(code.upper()) or chosen([code])[0]
    aside = "" if check.default else "; runs only when it is selected"
    print(f"{check.code} {check.name} ({check.family}, {check.severity}{aside})\n\n{check.page}")
    return 0


def _show_fixes(found: Validation) -> int:
    """Print the diff of all fixes; 1 when there is anything to mend, as `diff` does."""
    from jumpsigma.checks.fix import fixed

    changes = fixed(found.results)
    for change in changes:
        print(change.diff, end="")
    return 1 if changes else 0


def _fix(found: Validation) -> list[Result]:
    """Mend what is mechanical, say what was done, and return what is mended."""
    from jumpsigma.checks.fix import fixed, write
    from jumpsigma.report.visible import visible

    mended: list[Result] = []
    for change in fixed(found.results):
        try:
            write(change)
        except OSError as error:
            message = f"cannot write the file: {error.strerror or error}"
            raise DiagnosticError(Diagnostic("JS091", message, span=Span(change.path))) from None
        for result in change.results:
            diagnostic = result.diagnostic
            line = diagnostic.span.line if diagnostic.span is not None else 0
            told = f"fixed {change.path}:{line}: {diagnostic.code}: {diagnostic.message}"
            print(visible(told), file=sys.stderr)
        mended += change.results
    return mended


def _print(found: Validation, pack: Pack, form: Format, output: Path | None) -> None:
    text = _text(found, pack, form, color=output is None and has_color(sys.stdout))
    if output is None:
        print(text, end="")
        return
    from jumpsigma.report.outputs import write_report

    write_report(output, text, pack.files)


def _text(found: Validation, pack: Pack, form: Format, *, color: bool) -> str:
    from jumpsigma.diagnostics import outlets
    from jumpsigma.diagnostics.render import to_json, to_text
    from jumpsigma.diagnostics.sarif import to_sarif

    match form:
        case Format.JSON:
            return json.dumps(to_json(found.diagnostics), indent=2, ensure_ascii=False) + "\n"
        case Format.SARIF:
            return json.dumps(to_sarif(found.diagnostics), indent=2, ensure_ascii=False) + "\n"
        case Format.GITHUB:
            return outlets.to_github(found.diagnostics)
        case Format.JUNIT:
            return outlets.to_junit(found.diagnostics, pack.files)
        case Format.MARKDOWN:
            return outlets.to_markdown(found.diagnostics)
        case Format.TEXT:
            counts = [f"{found.count(each)} {each}" for each in Severity if found.count(each)]
            mend = sum(bool(result.edits) for result in found.results)
            aside = f" ({mend} can be mended with --fix)" if mend else ""
            told = ", ".join(counts) or "nothing to complain about"
            rules = "1 rule" if found.rules == 1 else f"{found.rules} rules"
            summary = f"{rules} checked: {told}{aside}\n"
            return to_text(found.diagnostics, color=color) + summary
