"""The reference pages about export targets: what they are, what they can say, what was proven."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.export import Feature, Support, Target, available_targets

RESULTS = Path(__file__).parent.parent / "tests" / "prove" / "results"
#: How the support matrix shows a verdict.
_MARKS = {
    Support.YES: "yes",
    Support.NOT_WRITTEN: "unwritten",
    Support.CANNOT: "no",
    Support.OPTION: "option",
    Support.LEFT: "left",
}

_TARGETS = """\
# Export targets

`jumpsigma export -t TARGET -o DIR` writes what is deployed, `jumpsigma compile RULES -t TARGET`
prints it. Each target is a folder below [backends](../../backends) with a README: how the
product stores JumpCloud's events, what is claimed, and what nobody has confirmed. Tier 1 is proven
by running the queries on an engine, tier 2 on a model of the product's documentation or by its
grammar: see [equivalence](equivalence.md).

"""
_MATRIX = """\
## What each can say

`no`: the product cannot say it (JS066). `unwritten`: jumpsigma does not write it (JS065). `option`:
with an option (JS067). `left`: the query returns more, and says what is left to the matcher. The
reasons stand with each target below. A `yes` may end at single values, such as an expression of a
dialect; the README of the target names them.
"""
_EQUIVALENCE = """\
# Equivalence: what exported queries return

`make prove` exports three packs, loads the same events as each product would store them, runs the
queries, and compares the ids with what the matcher finds. The events are those of every case of
every rule, of an invented company with its attacks, and some made near every rule by Hypothesis. A
pair is one query on one event.

What is relied on (no dots in keys, times in UTC and so on) is in the README of each target; events
outside of it are not compared.

- `shipped`: the rules that come with jumpsigma.
- `features`: rules written to be difficult, with everything that a rule can need.
- `asked`: three questions. `initiated_by.email` in an object, a sign-in to an application that
  failed, and `changes[totp_enabled].to: false`.
- `lists`: rules on lists of thousands of values, where the target has look-up tables. These are
  loaded from the files that the export writes; with `-O addresses=plain`.
- `conformance`: the tables that the interpreter is held to, where the target has their words.

A rule that only serves correlations which the target refuses is run here, though an export leaves
it out (JS068).

## On engines

"""
_MODELS = """\

## On models

No engine of these products can be had. What their documentation says of the words that are written
is programmed in `tests/prove/engines`, apart from the matcher; a mistake in reading it would be in
both the query and the model.

"""
_LEFT_OUT = """\

## What was left out

Of the shipped pack, by proof. A rule of a log source for which a target has no words (JS050), or
that needs a field that its place never has (JS051), is counted too.
"""

_UPSTREAM = """\
# Official backends beside ours: how often

What `tests/prove/upstream.py` counted over the rules of SigmaHQ. [Official backends beside
ours](../explanation/upstream.md) says what is compared, and shows each kind of difference.

## Rules

"""
#: Columns of the page, and what of the results is counted in each.
_UPSTREAM_COLUMNS = {
    "equal": ("equal",),
    "different": ("different, explained",),
    "not explained": ("different, not explained", "jumpsigma is not the matcher"),
    "only jumpsigma refuses": ("jumpsigma refuses",),
    "only the official one refuses": ("the official backend refuses",),
    "both refuse": ("both refuse",),
}
_COMPARED = {word for words in _UPSTREAM_COLUMNS.values() for word in words}
_KINDS = """\

## Kinds of difference

Rules; one may have several.

"""

#: Where an engine's words begin to be about the place in one query.
_PLACE = r"\(can be increased|: while executing|\. In scope|,? ?(?:at )?line[: ]?\d+|because some|;"
_NOT_RUN = """\

## Not run

Rules of which an engine, or the reading of a language here, does not take one of the two queries.

"""

Table = Callable[[Sequence[str], Iterable[Sequence[str]]], str]


def _targets() -> list[Target]:
    found = available_targets()
    wrong = [each for each in found if isinstance(each, Diagnostic)]
    assert not wrong, wrong
    return [each for each in found if isinstance(each, Target)]


def targets_page(table: Table) -> str:
    """Every target with its formats, mappings and options, and the support matrix."""
    targets = _targets()
    parts = [
        _TARGETS
        + table(
            ("target", "product", "tier", "names of fields", "formats"),
            (
                (f"[{t.name}](#{t.name})", t.title, str(t.tier), t.names, _codes(t.formats))
                for t in targets
            ),
        ),
        _matrix(targets, table),
    ]
    parts += [_target(target, table) for target in targets]
    return "\n".join(parts)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _matrix(targets: Sequence[Target], table: Table) -> str:
    parts = [
        _MATRIX,
    ]
    for tier in (1, 2):
        columns = [(t, name) for t in targets if t.tier == tier for name in t.languages]
        head = [_column(target, name) for target, name in columns]
        rows = (
            (f"`{each}`", *(_MARKS[t.languages[n].features[each].support] for t, n in columns))
            for each in Feature
        )
        parts.append(f"### Tier {tier}\n\n{table(('', *head), rows)}")
    return "\n".join(parts)


def _column(target: Target, language: str) -> str:
    return target.name if len(target.languages) == 1 else f"{target.name} {language}"


def _target(target: Target, table: Table) -> str:
    link = f"[{target.title}](../../backends/{target.name}/README.md)"
    parts = [
        f"## {target.name}\n\n{link}: {target.description}\n\n",
        table(
            ("format", "what", "files"),
            (
                (
                    f"`{each.name}`" + (" (default)" if each.name == target.default else ""),
                    each.description,
                    _codes(file.path for file in each.files),
                )
                for each in target.formats.values()
            ),
        ),
        "\n",
        table(
            ("log source", "mapping"),
            (
                (
                    ", ".join(f"{k}: {v}" for k, v in each.logsource.items()) or "any other",
                    f"`{each.use}`" if each.use else f"left out: {each.refuse}",
                )
                for each in target.mappings
            ),
        ),
    ]
    if target.options:
        rows = (
            (f"`{each.name}`", each.description, _default(each.default))
            for each in target.options.values()
        )
        parts += ["\n", table(("option", "what", "default"), rows)]
    for language in target.languages.values():
        reasons: dict[tuple[str, str], list[str]] = {}
        for feature, verdict in language.features.items():
            if verdict.support is not Support.YES:
                mark = _MARKS[verdict.support]
                if verdict.option:
                    mark = f"`-O {verdict.option}=…`"
                reasons.setdefault((mark, verdict.reason), []).append(str(feature))
        if reasons:
            name = "" if len(target.languages) == 1 else f" in {language.name}"
            rows = ((_codes(names), mark, why) for (mark, why), names in reasons.items())
            parts += ["\n", table((f"not said{name}", "", "why"), rows)]
    return "".join(parts)


def _default(value: str | None) -> str:
    return "none" if value is None else f"`{value}`" if value else "empty"


def equivalence_page(table: Table) -> str:
    """What the last ``make prove`` found."""
    results = [json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    engines = [each for each in results if not _is_model(each)]
    models = [each for each in results if _is_model(each)]
    proven = {each["target"] for each in results}
    missing = [target.name for target in _targets() if target.name not in proven]
    parts = [
        _EQUIVALENCE,
        _proofs(engines, table),
        _MODELS,
        _proofs(models, table),
    ]
    if missing:
        parts.append(f"\nNot run on anything: {_codes(missing)}.\n")
    parts.append(_LEFT_OUT)
    for each in results:
        rows = [
            (str(one["rules"]), one["code"], one["reason"])
            for one in sorted(
                each["packs"]["shipped"]["refused"], key=lambda one: (-one["rules"], one["reason"])
            )
        ]
        if rows:
            parts.append(f"\n### `{each['proof']}`\n\n{table(('rules', 'code', 'why'), rows)}")
    return "".join(parts)


def upstream_page(table: Table) -> str:
    """What the last run of official backends over a corpus of rules found."""
    results = [
        json.loads(path.read_text("utf-8")) | {"name": path.stem}
        for path in sorted((RESULTS / "upstream").glob("*.json"))
    ]
    rows = [
        (
            f"`{each['name']}`",
            each["backend"],
            each["engine"],
            f"{each['rules']:,}" + ("" if each["every"] == 1 else f" (1 of {each['every']})"),
            *(
                f"{sum(each['counts'].get(w, 0) for w in words):,}"
                for words in _UPSTREAM_COLUMNS.values()
            ),
            f"{sum(n for word, n in each['counts'].items() if word not in _COMPARED):,}",
            f"{each['events']:,}",
        )
        for each in results
    ]
    head = (
        "target",
        "official backend",
        "run on",
        "rules",
        *_UPSTREAM_COLUMNS,
        "not run",
        "events",
    )
    kinds = [
        (f"`{each['name']}`", f"`{kind}`", f"{count:,}")
        for each in results
        for kind, count in sorted(each["kinds"].items())
    ]
    reasons = Counter(
        (f"`{each['name']}`", *_reason(reason))
        for each in results
        for reason, count in each["not_taken"].items()
        for _ in range(count)
    )
    page = _UPSTREAM + table(head, rows) + _KINDS + table(("target", "kind", "rules"), kinds)
    counted = ((*key, f"{count:,}") for key, count in reasons.items())
    return page + _NOT_RUN + table(("target", "which", "why", "rules"), counted)


def _reason(reason: str) -> tuple[str, str]:
    """Whose query it is, and what the engine says, without where in which query."""
    whose, why = reason.split(": ", 1)
    return whose, f"`{re.split(_PLACE, why)[0].rstrip(' :,.…')}`"


def _is_model(result: dict[str, Any]) -> bool:
    return "model" in result["engine"]


def _proofs(results: Sequence[dict[str, Any]], table: Table) -> str:
    rows = []
    for each in results:
        for name, pack in each["packs"].items():
            rows.append(
                (
                    f"`{each['proof']}`",
                    f"{each['engine']} {each['version']}",
                    name,
                    f"{pack['exported']:,}",
                    f"{pack['left_out']:,}",
                    f"{pack['pairs']:,}",
                    f"{pack['differences']:,}" + (" (superset)" if each["superset"] else ""),
                )
            )
    head = ("proof", "engine", "pack", "written", "left out", "pairs", "differences")
    return table(head, rows)
