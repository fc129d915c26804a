"""A matcher as one file that needs only the standard library (``compile -t python``).

The file carries what it calls: the runtime of generated matchers, the reading of events, the
writing of findings. Regular expressions are translated to ``re``; a rule whose expression has
no exact counterpart is refused by name. The values of lists stand in the file, with their
sources and their times; a rule whose lists are too long for that is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from typing import Final

from jumpsigma._version import __version__
from jumpsigma.codegen.carry import merged, taken_apart
from jumpsigma.codegen.module import generate, render
from jumpsigma.codegen.regex import CannotTranslateError, translate
from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.ir.bind import TooManyValuesError, bind, placeholders
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Expr, Keyword, Regex, RuleIR, Test
from jumpsigma.ir.regex import source_of
from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.matcher.lists import IndicatorList
from jumpsigma.matcher.lookups import IndicatorLists

#: Modules of ours that the file carries, in this order.
CARRIED: Final = (
    ("jumpsigma.matcher", "runtime.py"),
    ("jumpsigma.codegen.carried", "jsonevents.py"),
    ("jumpsigma.intake", "wrapped.py"),
    ("jumpsigma.codegen.carried", "plainjson.py"),
)
#: And these, when a rule has a placeholder.
CARRIED_FOR_LISTS: Final = (
    ("jumpsigma.matcher", "indicators.py"),
    ("jumpsigma.matcher", "lists.py"),
    ("jumpsigma.matcher", "lookups.py"),
)
#: Values of a list in a file: some seconds to begin with, and some megabytes.
WRITTEN_LIMIT: Final = 100_000
#: Regular expressions that a placeholder is written out as.
EXPRESSIONS_LIMIT: Final = 1_000
_IMPORTS: Final = (
    "import os",
    "import sys",
    "from collections.abc import Callable, Iterable, Iterator, Sequence",
    "from contextlib import nullcontext",
    "from typing import Any, BinaryIO, cast",
)
#: What the sections of the module fill.
_TABLES: Final = """\
CONDITIONS: dict[int, Callable[[Holding], Any]] = {}
COLLECTORS: dict[int, Callable[..., dict[str, list[Any]]]] = {}
INDICATORS: dict[int, Callable[..., dict[Any, None]]] = {}
SLOTS: dict[int, Maker] = {}"""
_METADATA: Final = ("id", "title", "level", "status", "author", "license", "tags")


@dataclass(frozen=True, slots=True)
class Standalone:
    """The file's text, and the rules that it does not have, each with the reason."""

    source: str
    refused: tuple[Diagnostic, ...]


def generate_standalone(
    rules: Sequence[RuleIR],
    *,
    path_of: Callable[[str], str],
    unwraps: bool,
    lists: IndicatorLists | None = None,
) -> Standalone:
    """One Python file for some rules and their lists; the same always give the same bytes."""
    given = lists or IndicatorLists()
    kept: list[RuleIR] = []
    refused: list[Diagnostic] = []
    for rule in rules:
        try:
            written = _without_expressions(rule, given)
            _check_sizes(written, given)
            _check_expressions(written)
        except _RefusedError as refusal:
            refused.append(refusal.diagnostic)
        else:
            kept.append(written)
    names = sorted({name for rule in kept for name in placeholders(rule.condition)})
    module = generate(
        kept,
        prologue=_prologue(kept, [given.load(name) for name in names]),
        epilogue=render("standalone.py.j2", rules=[_metadata(r) for r in kept], unwraps=unwraps),
        regex_source=lambda value: translate(source_of(value)),
        path_of=path_of,
    )
    return Standalone(module.source, tuple(refused))


class _RefusedError(Exception):
    def __init__(self, code: str, message: str, hint: str, rule: RuleIR) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(
            code, message, span=Span(rule.path), rule_id=rule.id, hint=hint
        )


def _without_expressions(rule: RuleIR, lists: IndicatorLists) -> RuleIR:
    """The rule with the placeholders in its regular expressions written out.

    They are translated here, where the values must be known; so none may be bound to a time.
    """
    names = {name for each in _regexes(rule.condition) for name in placeholders(Test("", each))}
    if not names:
        return rule
    given = {name: sorted(lists.load(name)) for name in names}
    try:
        if any(not lists.load(name).is_timeless(v) for name in names for v in given[name]):
            raise _RefusedError(
                "JS041",
                f"the rule {rule.title!r} has a placeholder in a regular expression, "
                "whose values are bound to a time",
                "scan runs it; or use the placeholder without re",
                rule,
            )
        bound = bind(rule.condition, given, limit=EXPRESSIONS_LIMIT, kinds=Regex)
    except TooManyValuesError as error:
        raise _RefusedError(
            "JS041",
            f"the rule {rule.title!r} has a regular expression in which {error}",
            "scan runs it; or use the placeholder without re",
            rule,
        ) from None
    return replace(rule, condition=bound)


def _check_sizes(rule: RuleIR, lists: IndicatorLists) -> None:
    for name in placeholders(rule.condition):
        if (size := len(lists.load(name))) > WRITTEN_LIMIT:
            raise _RefusedError(
                "JS041",
                f"the list {name!r} of the rule {rule.title!r} has {size:,} values; "
                f"a file of its own takes {WRITTEN_LIMIT:,}",
                "scan runs it, from the indicator store",
                rule,
            )


def _check_expressions(rule: RuleIR) -> None:
    for regex in _regexes(rule.condition):
        try:
            translate(source_of(regex))
        except CannotTranslateError as error:
            raise _RefusedError(
                "JS040",
                f"the rule {rule.title!r} has a regular expression that Python's re cannot "
                f"keep exactly: {error}",
                "scan runs it with RE2; or write it without this construct",
                rule,
            ) from None


def _regexes(expr: Expr) -> Iterable[Regex]:
    if isinstance(expr, Test | Keyword) and isinstance(expr.value, Regex):
        yield expr.value
    for child in children(expr):
        yield from _regexes(child)


def _metadata(rule: RuleIR) -> list[tuple[str, str]]:
    return [(ascii(name), ascii(getattr(rule, name))) for name in _METADATA]


def _lists_source(lists: Sequence[IndicatorList]) -> str:
    """The statement that gives the file its lists, values with the same sources together."""
    lines = ["LISTS = IndicatorLists(GivenLists(("]
    for each in lists:
        groups: dict[str, list[str]] = {}
        for value in sorted(each):
            for found in each.details(value):
                groups.setdefault(_about(found), []).append(value)
        for about, values in groups.items():
            lines.append(f"    ({each.name!a}, (")
            lines += [f"        {value!a}," for value in values]
            lines.append(f"    ), {about}),")
    return "\n".join([*lines, ")))"]) + "\n"


def _about(indicator: MatchedIndicator) -> str:
    """What is known of an indicator as the source of a dict, without its list and value."""
    known = {
        name: value
        for name, value in indicator._asdict().items()
        if name not in ("list", "value") and value not in (None, ())
    }
    sources = {
        name: f"moment_of({value.isoformat()!a})" if isinstance(value, datetime) else ascii(value)
        for name, value in known.items()
    }
    return f"{{{', '.join(f'{name!a}: {source}' for name, source in sources.items())}}}"


def _prologue(rules: Sequence[RuleIR], lists: Sequence[IndicatorList]) -> str:
    carried = (*CARRIED, *(CARRIED_FOR_LISTS if lists else ()))
    sources = [files(package).joinpath(name).read_text("utf-8") for package, name in carried]
    imports = set(_IMPORTS)
    bodies = []
    for source in sources:
        found, body = taken_apart(source)
        imports |= found
        bodies.append(body)
    plain = sorted(line for line in imports if line.startswith("import "))
    lines = [
        '"""Sigma rules as a program: events in, findings out. Needs only the standard library.',
        "",
        f"Made by jumpsigma {__version__} from {len(rules)} rules; do not edit it, compile again.",
        "",
        "    python -I THIS_FILE events.json.gz      (or < events.ndjson)",
        "",
        "In a program: match(event), scan(lines or binary file), RULES.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        *plain,
        *merged(line for line in imports if line.startswith("from ")),
    ]
    bodies[0] += f"\n\n{_TABLES}\n"
    alias = "decode_object, compile_regex = decode, re.compile\n"
    if lists:
        bodies.append(_lists_source(lists))
    return "\n".join(lines) + "\n\n\n" + "\n\n".join([bodies[0], bodies[1], alias, *bodies[2:]])
