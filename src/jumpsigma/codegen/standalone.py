"""A matcher as one file that needs only the standard library (``compile -t python``).

The file carries what it calls: the runtime of generated matchers, the reading of events, the
writing of findings. Regular expressions are translated to ``re``; a rule whose expression has
no exact counterpart is refused by name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from jumpsigma._version import __version__
from jumpsigma.codegen.module import generate, render
from jumpsigma.codegen.regex import CannotTranslateError, translate
from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Expr, Keyword, Regex, RuleIR, Test
from jumpsigma.ir.regex import source_of

#: Modules of ours that the file carries, in this order.
CARRIED: Final = (
    ("jumpsigma.matcher", "runtime.py"),
    ("jumpsigma.codegen.carried", "jsonevents.py"),
    ("jumpsigma.intake", "wrapped.py"),
    ("jumpsigma.codegen.carried", "plainjson.py"),
)
_IMPORTS: Final = (
    "import os",
    "import sys",
    "from collections.abc import Callable, Iterable, Iterator, Sequence",
    "from contextlib import nullcontext",
    "from typing import Any, BinaryIO, cast",
)
_METADATA: Final = ("id", "title", "level", "status", "author", "license", "tags")


@dataclass(frozen=True, slots=True)
class Standalone:
    """The file's text, and the rules that it does not have, each with the reason."""

    source: str
    refused: tuple[Diagnostic, ...]


def generate_standalone(
    rules: Sequence[RuleIR], *, path_of: Callable[[RuleIR], str], unwraps: bool
) -> Standalone:
    """One Python file for rules without placeholders; the same rules always give the same bytes."""
    kept: list[RuleIR] = []
    refused: list[Diagnostic] = []
    for rule in rules:
        reason = _untranslatable(rule)
        if reason is None:
            kept.append(rule)
        else:
            refused.append(reason)
    module = generate(
        kept,
        prologue=_prologue(kept),
        epilogue=render("standalone.py.j2", rules=[_metadata(r) for r in kept], unwraps=unwraps),
        regex_source=lambda value: translate(source_of(value)),
        path_of=path_of,
    )
    return Standalone(module.source, tuple(refused))


def _untranslatable(rule: RuleIR) -> Diagnostic | None:
    for regex in _regexes(rule.condition):
        try:
            translate(source_of(regex))
        except CannotTranslateError as error:
            return Diagnostic(
                "JS040",
                f"the rule {rule.title!r} has a regular expression that Python's re cannot "
                f"keep exactly: {error}",
                span=Span(rule.path),
                rule_id=rule.id,
                hint="scan runs it with RE2; or write it without this construct",
            )
    return None


def _regexes(expr: Expr) -> Iterable[Regex]:
    if isinstance(expr, Test | Keyword) and isinstance(expr.value, Regex):
        yield expr.value
    for child in children(expr):
        yield from _regexes(child)


def _metadata(rule: RuleIR) -> list[tuple[str, str]]:
    return [(ascii(name), ascii(getattr(rule, name))) for name in _METADATA]


def _prologue(rules: Sequence[RuleIR]) -> str:
    sources = [files(package).joinpath(name).read_text("utf-8") for package, name in CARRIED]
    imports = set(_IMPORTS)
    bodies = []
    for source in sources:
        found, body = _taken_apart(source)
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
        *_merged(line for line in imports if line.startswith("from ")),
    ]
    alias = "decode_object, compile_regex = decode, re.compile\n"
    return "\n".join(lines) + "\n\n\n" + "\n\n".join([bodies[0], bodies[1], alias, *bodies[2:]])


def _taken_apart(source: str) -> tuple[set[str], str]:
    """The imports of a module that are not of ours, and what is left without its docstring."""
    tree = ast.parse(source)
    lines = source.splitlines()
    imports: set[str] = set()
    dropped: set[int] = set()
    for node in tree.body:
        span = range(node.lineno - 1, node.end_lineno or node.lineno)
        if isinstance(node, ast.Import | ast.ImportFrom):
            dropped.update(span)
            module = getattr(node, "module", None) or ""
            if module != "__future__" and not module.startswith("jumpsigma"):
                imports.add(ast.unparse(node))
    first = tree.body[0]
    if isinstance(first, ast.Expr):
        dropped.update(range(first.end_lineno or 0))
    kept = [line for number, line in enumerate(lines) if number not in dropped]
    return imports, "\n".join(kept).strip() + "\n"


def _merged(imports: Iterable[str]) -> list[str]:
    """``from`` imports, one for each module, in order."""
    names: dict[str, set[str]] = {}
    for line in imports:
        module, _, listed = line.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).update(listed.split(", "))
    return [f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names)]
