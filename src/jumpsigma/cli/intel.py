"""``jumpsigma intel``: the store of threat indicators."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jumpsigma.cli.output import SHOWN, print_table, tell
from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity

if TYPE_CHECKING:
    from jumpsigma.intel.model import AddResult

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Threat indicators: fill the store that rules read as lists, and look into it.",
)

ADD_EXAMPLES = """Examples:

  jumpsigma intel add blocklist.txt --list dynamic_dns --expires 30d

  jumpsigma intel add https://feeds.example.com/bundle.json --tag phishing

Formats: STIX 2.1 bundles, MISP events and feeds, MISP warning lists, plain lists, CSV.
All but plain lists and CSV need: pip install 'jumpsigma[intel]'
"""
PULL_EXAMPLES = """Examples:

  jumpsigma intel pull https://taxii.example.com/taxii2/ --collection "Phishing"

Credentials come from the environment or the key ring: see the guide on threat indicators.
"""
UPDATE_EXAMPLES = """Examples:

  jumpsigma intel update --from warninglists
"""
MATCH_EXAMPLES = """Examples:

  jumpsigma intel match login.evil.example 192.0.2.7

Exits with 0 whether or not something matches; --format json is for programs.
"""
EXPIRE_EXAMPLES = """Examples:

  jumpsigma intel expire evil.example --list dynamic_dns

  jumpsigma intel expire --before 2026-01-01      (what no feed has named since)
"""
REMOVE_EXAMPLES = """Examples:

  jumpsigma intel remove --source feeds.example.com --dry-run
"""


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


class FeedFormat(StrEnum):
    """What a feed may be written in."""

    AUTO = "auto"
    STIX = "stix"
    MISP = "misp"
    WARNINGLIST = "warninglist"
    LIST = "list"
    CSV = "csv"


class Updater(StrEnum):
    """Where ``update`` takes lists from."""

    WARNINGLISTS = "warninglists"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]
ListOption = Annotated[
    str | None,
    typer.Option("--list", "-l", metavar="NAME", help="The list.  [default: intelligence_feed]"),
]
OnlyListOption = Annotated[
    str | None, typer.Option("--list", "-l", metavar="NAME", help="Only in this list.")
]
TagOption = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="Tag them. Repeatable.")
]
ExpiresOption = Annotated[
    str | None,
    typer.Option(metavar="DATE|30d", help="When those end that do not say it themselves."),
]
ConfidenceOption = Annotated[
    int | None,
    typer.Option(min=0, max=100, help="Of those that do not say it themselves: 0 to 100."),
]
SourceOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who says so, whomever the feed names.")
]
HttpOption = Annotated[
    bool,
    typer.Option(
        "--allow-http", help="Fetch unencrypted too: anybody on the way can change the feed."
    ),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print every problem, not the first few.")
]
ValuesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="VALUE", help="Domains, addresses, hashes, ...")
]


@app.command("add", epilog=ADD_EXAMPLES)
def add(
    places: Annotated[
        list[str],
        typer.Argument(metavar="FILE|URL", help="Files, MISP feed folders, URLs; - is stdin."),
    ],
    *,
    list_name: ListOption = None,
    tag: TagOption = None,
    expires: ExpiresOption = None,
    confidence: ConfidenceOption = None,
    source: SourceOption = None,
    form: Annotated[
        FeedFormat, typer.Option("--format", "-f", help="What it is written in.")
    ] = FeedFormat.AUTO,
    allow_http: HttpOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Add the indicators of feeds to the store.

    Each file or URL is added whole or not at all. A value that is no indicator is reported, and
    the others are added.
    """
    from jumpsigma import api

    problems = _Problems(verbose=verbose)
    for place in places:
        try:
            result = api.add_indicators(
                place,
                list=list_name,
                tags=tag or (),
                expires=expires,
                confidence=confidence,
                source=source,
                form=form.value,
                allow_http=allow_http,
                on_problem=problems.take,
            )
        except DiagnosticError as error:
            problems.take(error.diagnostic)
        else:
            _print_result(place, result)
    return problems.finish()


@app.command("pull", epilog=PULL_EXAMPLES)
def pull(
    server: Annotated[
        str, typer.Argument(metavar="SERVER", help="URL of a TAXII 2.1 server or API root.")
    ],
    *,
    collection: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Id or title.  [default: all that can be read]"),
    ] = None,
    list_name: ListOption = None,
    tag: TagOption = None,
    expires: ExpiresOption = None,
    confidence: ConfidenceOption = None,
    source: SourceOption = None,
    allow_http: HttpOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Add what a TAXII 2.1 server has new since the last pull."""
    from jumpsigma import api

    problems = _Problems(verbose=verbose)
    try:
        result = api.pull_indicators(
            server,
            collection,
            list=list_name,
            tags=tag or (),
            expires=expires,
            confidence=confidence,
            source=source,
            allow_http=allow_http,
            on_problem=problems.take,
        )
    except DiagnosticError as error:
        problems.take(error.diagnostic)
    else:
        _print_result(server, result)
    return problems.finish()


@app.command("update", epilog=UPDATE_EXAMPLES)
def update(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Only these.  [default: all]"),
    ] = None,
    *,
    origin: Annotated[Updater, typer.Option("--from", help="Where they come from.")],
    verbose: VerboseOption = False,
) -> int:
    """Fill the lists that an installed package serves."""
    from jumpsigma import api

    problems = _Problems(verbose=verbose)
    result = api.update_from_warninglists(names or (), on_problem=problems.take)
    _print_result(origin.value, result)
    return problems.finish()


@app.command("list")
def lists(*, form: FormatOption = Format.TABLE) -> None:
    """List what is in the store: its lists, how many indicators, from whom."""
    from jumpsigma import api

    _print_rows(
        api.list_indicators(),
        ("list", "count", "expired", "revoked", "kinds", "sources", "updated"),
        form,
    )


@app.command("match", epilog=MATCH_EXAMPLES)
def match(
    values: Annotated[
        list[str], typer.Argument(metavar="VALUE", help="Domains, addresses, URLs, hashes, ...")
    ],
    *,
    form: FormatOption = Format.TABLE,
) -> int:
    """Say which lists a value is in, and why."""
    from jumpsigma import api

    rows: list[dict[str, Any]] = []
    problems: list[Diagnostic] = []
    for value in dict.fromkeys(values):
        try:
            found = api.match_indicators(value)
        except DiagnosticError as error:
            problems.append(error.diagnostic)
        else:
            rows += found
            if not found and form is Format.TABLE:
                rows.append({"value": value, "reason": "is in no list"})
    columns = ("value", "reason", "list", "status", "source", "confidence", "valid_until", "tags")
    if rows or form is Format.JSON:
        _print_rows(rows, columns, form)
    tell(dict.fromkeys(problems))
    return 2 if problems else 0


@app.command("expire", epilog=EXPIRE_EXAMPLES)
def expire(
    values: ValuesArgument = None,
    *,
    list_name: OnlyListOption = None,
    before: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="All that no feed has named since DATE."),
    ] = None,
) -> None:
    """End the validity of indicators now; in older events they are still found."""
    from jumpsigma import api

    count = api.expire_indicators(*(values or ()), list=list_name, unseen_since=before)
    print(f"{count:,} {_noun(count)} expired")


@app.command("remove", epilog=REMOVE_EXAMPLES)
def remove(
    values: ValuesArgument = None,
    *,
    list_name: OnlyListOption = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only from this source.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
) -> None:
    """Delete the indicators that fit all that is given."""
    from jumpsigma import api

    count = api.remove_indicators(*(values or ()), list=list_name, source=source, dry_run=dry_run)
    print(f"{count:,} {_noun(count)} {'would be ' if dry_run else ''}removed")


def _noun(count: int) -> str:
    return "indicator" if count == 1 else "indicators"


class _Problems:
    """Tells of the first problems of each code, counts the rest, knows the exit code."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._seen = Counter[tuple[str, Severity]]()

    def take(self, problem: Diagnostic) -> None:
        from jumpsigma.intel.model import FeedProblem

        kind = (problem.code, problem.severity)
        self._seen[kind] += problem.times if isinstance(problem, FeedProblem) else 1
        if self._verbose or self._seen[kind] <= SHOWN or problem.is_error:
            tell([problem])

    def finish(self) -> int:
        for (code, severity), count in self._seen.items():
            if count > SHOWN and not self._verbose and severity is not Severity.ERROR:
                message = f"... and {count - SHOWN:,} more like these (--verbose)"
                tell([Diagnostic(code, message, severity)])
        return 2 if any(severity is Severity.ERROR for _, severity in self._seen) else 0


def _print_result(place: str, result: AddResult) -> None:
    from jumpsigma.intel.feeds import shown_place
    from jumpsigma.report.visible import visible

    lists = result.lists
    into = f" in {len(lists)} lists" if len(lists) > SHOWN else f" in {', '.join(lists)}"
    print(
        f"{visible(shown_place(place))}: {result.added:,} added, {result.updated:,} updated, "
        f"{result.unchanged:,} unchanged, {result.rejected:,} rejected{into if lists else ''}"
    )


def _print_rows(rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...], form: Format) -> None:
    if form is Format.JSON:
        print(json.dumps(list(rows), indent=2, ensure_ascii=False))
    else:
        print_table(rows, columns)
