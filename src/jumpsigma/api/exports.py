"""Rules as queries of other products: which are written, which are refused and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jumpsigma.api.lists import lists_for
from jumpsigma.api.lowering import lower_by, require_pack, speakers
from jumpsigma.api.pauses import no_garbage_collection
from jumpsigma.api.selection import select
from jumpsigma.diagnostics import Diagnostic, Severity
from jumpsigma.export import Converter, Format, Target, chosen_format, chosen_options, load_target
from jumpsigma.export.convert import Query, refused_log_source
from jumpsigma.export.lookup_tables import LookupTable
from jumpsigma.interpret import Lists
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
    tables: tuple[LookupTable, ...] = ()
    """The look-up tables that the query asks."""


_Made = ExportedQuery | tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of the chosen rules, in the order of the pack.

    ``refused`` says for each rule that has no query why (JS03x, JS05x, JS065 to JS068).
    """

    target: Target
    format: Format
    options: Mapping[str, str]
    queries: tuple[ExportedQuery, ...]
    refused: tuple[Diagnostic, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many rules are ``written``, ``refused``, or else ``left_out``.

        Those that are left out do not apply to the product, or only serve others (S831).
        """
        whose = [(each.rule_id or str(each.span), each.severity) for each in self.refused]
        refused = {rule for rule, severity in whose if severity is not Severity.INFO}
        left_out = {rule for rule, _ in whose} - refused
        return {"written": len(self.queries), "refused": len(refused), "left_out": len(left_out)}

    @property
    def tables(self) -> tuple[LookupTable, ...]:
        """The look-up tables that queries ask, each once, by name."""
        found = {table.name: table for query in self.queries for table in query.tables}
        return tuple(found[name] for name in sorted(found))


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
    bases: bool = False,
) -> Exported:
    """Write the rules of a pack in the query language of a product.

    A query returns exactly the events that :func:`jumpsigma.compile` finds over the same events
    as that product stores them; a rule of which that cannot be said is refused. ``mapping``
    stands in for those that the target names by log source. A rule for which only correlations
    speak (S831) has no query of its own: it would alert each time that something is counted.
    Where none of them is written it is refused (JS068); with ``bases`` it is written then.

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
        bases=bases,
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
    bases: bool = False,
) -> list[tuple[LoadedRule, ExportedQuery | tuple[Diagnostic, ...] | None]]:
    """What becomes of each of some rules: its query, why there is none, or None (S831).

    ``find`` gives the place of a mapping that the target names; ``bases`` as in
    :func:`export_queries`.
    """
    names = Names(pack.rules, ())
    made: list[tuple[LoadedRule, _Made]] = []
    with no_garbage_collection():
        for rule, node in lower_by(pack, _choice(converter, mapping, names, find), chosen):
            query = node if isinstance(node, tuple) else converter.convert(node)
            if isinstance(query, Query):
                written = ExportedQuery(rule, query.text, query.rule.mapping, query.tables)
                made.append((rule, written))
            else:
                reasons = (query,) if isinstance(query, Diagnostic) else query
                made.append((rule, tuple(_placed(each, rule) for each in reasons)))
    serving = speakers(pack.rules, names)
    speaking = [r for r, each in made if isinstance(each, ExportedQuery) and id(r) not in serving]
    spoken_for = _spoken_for(speaking, names)

    def told(rule: LoadedRule, each: _Made) -> _Made | None:
        if isinstance(each, tuple) or id(rule) not in serving:
            return each
        if id(rule) in spoken_for:
            return None
        return each if bases else (_only_serves(rule, serving[id(rule)]),)

    return [(rule, told(rule, each)) for rule, each in made]


def _placed(reason: Diagnostic, rule: LoadedRule) -> Diagnostic:
    """With a line, where it has none: the correlation's type, the log source or the condition."""
    if reason.span is not None and (reason.span.line or reason.span.path != rule.path):
        return reason
    if rule.kind == "correlation":
        return replace(reason, span=rule.span(("correlation", "type")))
    if reason.code == "JS050":
        return replace(reason, span=rule.span(("logsource",), key=True))
    return replace(reason, span=rule.span(("detection", "condition")))


def _spoken_for(rules: Iterable[LoadedRule], names: Names) -> set[int]:
    """What rules refer to, and what that refers to, by the identity of the loaded rule."""
    found: set[int] = set()
    waiting = list(rules)
    while waiting:
        for base in map(names.find, waiting.pop().refers_to):
            if base is not None and id(base) not in found:
                found.add(id(base))
                waiting.append(base)
    return found


def _only_serves(rule: LoadedRule, correlations: Sequence[LoadedRule]) -> Diagnostic:
    """Why a rule of which a query could be written has none."""
    titles = ", ".join(repr(each.title) for each in correlations)
    many = len(correlations) > 1
    return Diagnostic(
        "JS068",
        f"the rule only serves the correlation{'s' if many else ''} {titles}, "
        f"{'none of ' if many else ''}which {'are' if many else 'is not'} written",
        Severity.INFO,
        rule.span(("title",)),
        rule.id,
        "jumpsigma scan runs correlations",
    )


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
