"""The commands and their common answers: version, errors, exit codes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from jumpsigma._version import __version__
from jumpsigma.cli import (
    cases,
    coverage,
    diff,
    explain,
    export,
    intel,
    listing,
    new,
    report,
    scan,
    synth,
    validate,
)
from jumpsigma.cli import compile as compiling
from jumpsigma.cli.output import fail, tell
from jumpsigma.cli.parameters import lighten
from jumpsigma.diagnostics import Diagnostic, DiagnosticError

#: What Typer makes of Ctrl-C.
INTERRUPTED = 130
#: Typer carries click inside and exports only the leaves of its exceptions.
USAGE_ERROR: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

app = typer.Typer(
    name="jumpsigma",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Sigma rules for JumpCloud Directory Insights: scan logs, test rules, see why they fire.",
    epilog="Try: jumpsigma scan export.json.gz    Each command has examples: jumpsigma scan --help",
)
app.command("scan", epilog=scan.EXAMPLES)(scan.scan)
app.command("test", epilog=cases.EXAMPLES)(cases.run)
app.command("compile", epilog=compiling.EXAMPLES)(compiling.compile_rules)
app.command("coverage", epilog=coverage.EXAMPLES)(coverage.coverage)
app.command("diff", epilog=diff.EXAMPLES)(diff.diff)
app.command("explain", epilog=explain.EXAMPLES)(explain.explain)
app.command("export", epilog=export.EXAMPLES)(export.export)
app.command("validate", epilog=validate.EXAMPLES)(validate.validate)
app.command("synth", epilog=synth.EXAMPLES)(synth.synth)
app.add_typer(intel.app, name="intel")
app.add_typer(listing.app, name="list")
app.add_typer(new.app, name="new")
app.add_typer(report.app, name="report")


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"jumpsigma {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Sigma rules for JumpCloud Directory Insights: scan logs, test rules, see why they fire."""


def run(arguments: list[str]) -> int:
    """Run the command line given and return its exit code; errors are told on stderr."""
    try:
        code = lighten(app)(arguments, prog_name="jumpsigma", standalone_mode=False)
    except USAGE_ERROR as error:
        error.show()
        return int(error.exit_code)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except DiagnosticError as error:
        return fail(error.diagnostic)
    except SystemExit as ended:
        # Typer answers a closed pipe with exit code 1; to us it is no failure.
        if isinstance(ended.__context__, OSError):
            raise BrokenPipeError from None
        raise
    except OSError as error:
        tell([Diagnostic("JS091", f"cannot write the results: {error.strerror or error}")])
        return 2
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0
