"""Rules as queries of other products: which are written, which are refused and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jumpsigma.api.lists import lists_for
from jumpsigma.api.lowering import lower_by, require_pack
from jumpsigma.api.selection import select
from jumpsigma.diagnostics import Diagnostic
from jumpsigma.export import Converter, Format, Target, chosen_format, chosen_options, load_target
from jumpsigma.export.convert import refused_log_source
from jumpsigma.interpret import Lists
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.mapping import Mapping as EventMapping
from jumpsigma.mapping import load_mapping
from jumpsigma.matcher.indicators import ListProvider
from jumpsigma.pack import LoadedRule, Pack
from jumpsigma.pack.references import Names


@dataclass(frozen=True, slots=True)
class ExportedQuery:
    """A rule and its query; ``mapping`` is the one in whose words it is written."""

    rule: LoadedRule
    text: str
    mapping: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of the chosen rules, in the order of the pack.

    ``refused`` says for each rule that has no query why (JS03x, JS05x, JS065, JS066, JS067).
    """

    target: Target
    format: Format
    options: Mapping[str, str]
    queries: tuple[ExportedQuery, ...]
    refused: tuple[Diagnostic, ...]


def export_queries(
    pack: Pack,
    target: str | Path | Target,
    format_name: str | None = None,
    *,
    options: Mapping[str, str] | None = None,
    mapping: str | Path | None = None,
    logsource: Mapping[str, str] | None = None,
    min_level: str | None = None,
    lists: Lists | None = None,
    indicators: ListProvider | None = None,
) -> Exported:
    """Write the rules of a pack in the query language of a product.

    A query returns exactly the events that :func:`jumpsigma.compile` finds over the same events
    as that product stores them; a rule of which that cannot be said is refused. ``mapping``
    stands in for those that the target names by log source. A rule that only a written
    correlation speaks for (S831) has no query of its own.

    Raises :class:`DiagnosticError` for a target that is not found or wrong (JS061, JS062), a
    format or an option that it does not have (JS090), and as :func:`jumpsigma.compile` does.
    """
    require_pack(pack)
    found = target if isinstance(target, Target) else load_target(target)
    format_ = chosen_format(found, format_name)
    settings = chosen_options(found, options or {})
    chosen = select(pack.rules, logsource=logsource, min_level=min_level)
    made = write_each(
        pack,
        Converter(found, format_, settings, lists_for(pack, lists, indicators)),
        chosen,
        mapping=mapping,
    )
    queries = tuple(each for _, each in made if isinstance(each, ExportedQuery))
    refused = tuple(why for _, each in made if isinstance(each, tuple) for why in each)
    return Exported(found, format_, settings, queries, refused)


def write_each(
    pack: Pack,
    converter: Converter,
    chosen: Iterable[LoadedRule],
    *,
    mapping: str | Path | None = None,
    find: Callable[[str], str | Path] = str,
) -> list[tuple[LoadedRule, ExportedQuery | tuple[Diagnostic, ...] | None]]:
    """What becomes of each of some rules: its query, why there is none, or None (S831).

    ``find`` gives the place of a mapping that the target names.
    """
    names = Names(pack.rules, ())
    choice = _choice(converter, mapping, names, find)
    made: list[tuple[LoadedRule, ExportedQuery | tuple[Diagnostic, ...]]] = []
    spoken_for: set[int] = set()
    for rule, node in lower_by(pack, choice, chosen):
        if isinstance(node, tuple):
            made.append((rule, node))
            continue
        query = converter.convert(node)
        if isinstance(query, Diagnostic):
            made.append((rule, (query,)))
            continue
        made.append((rule, ExportedQuery(rule, query.text, node.mapping)))
        if isinstance(node, CorrelationIR) and not node.generate:
            spoken_for |= {id(names.find(each)) for each in rule.refers_to}
    return [
        (rule, None if isinstance(each, ExportedQuery) and id(rule) in spoken_for else each)
        for rule, each in made
    ]


def _choice(
    converter: Converter,
    mapping: str | Path | None,
    names: Names,
    find: Callable[[str], str | Path],
) -> Callable[[LoadedRule], EventMapping | Diagnostic]:
    """The mapping of each rule: the one given, else the target's choice."""
    target, options = converter.target, converter.language.options
    loaded: dict[str, EventMapping] = {}
    if mapping is not None:
        given = load_mapping(mapping)
        return lambda _: given

    def choose(rule: LoadedRule, depth: int = 0) -> EventMapping | Diagnostic:
        below = [names.find(each) for each in rule.refers_to] if depth < 32 else []
        if below and (first := below[0]) is not None:
            found = choose(first, depth + 1)
            # What is said of the rule below is said of the correlation too, under its own name.
            if isinstance(found, Diagnostic):
                span = rule.span(("correlation",), key=True)
                found = replace(found, rule_id=rule.id, span=span)
            return found
        source = rule.logsource
        choice = target.mapping_of(
            {"product": source.product, "category": source.category, "service": source.service},
            options,
        )
        span = rule.span(("logsource",), key=True)
        if choice is None or choice.use is None:
            reason = f"{target.title} has no words for this log source"
            reason = reason if choice is None or choice.refuse is None else choice.refuse
            return refused_log_source(reason, rule.id, span)
        if choice.use not in loaded:
            loaded[choice.use] = load_mapping(find(choice.use))
        return loaded[choice.use]

    return choose


def list_targets() -> list[dict[str, Any]]:
    """The targets, one plain row each, as ``list targets`` prints them."""
    from jumpsigma.export import available_targets

    rows: list[dict[str, Any]] = []
    for each in available_targets():
        if isinstance(each, Diagnostic):
            place = each.span.path if each.span else ""
            rows.append({"name": place, "title": each.message, "tier": None, "names": None,
                         "formats": [], "options": []})  # fmt: skip
        else:
            rows.append(
                {"name": each.name, "title": each.title, "tier": each.tier, "names": each.names,
                 "formats": list(each.formats), "options": list(each.options)}
            )  # fmt: skip
    return rows
