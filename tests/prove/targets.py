"""Which target is proven on which engine, and what a proof of one says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engines.engine import Engine, Tabled
from engines.jumpcloud_model import is_documented, leaves_something
from near import Event
from proof import Compared, Space, Written, compare
from spaces import (
    LISTS,
    Folding,
    asked,
    conformance,
    conformance_space,
    features,
    lists_for,
    long_lists,
    no_integral,
    plain_addresses,
    shipped,
    spaces,
    whole_numbers,
)
from stores.elastic import without_lists
from stores.flat_text import claimed, claimed_plain

from jumpsigma.api import export_queries
from jumpsigma.api.export_files import list_files
from jumpsigma.api.exports import Exported
from jumpsigma.export import load_target
from jumpsigma.pack import Pack

#: The packs that are exported, by the name that results give them.
PACKS = {"shipped": shipped, "features": features, "asked": asked}


@dataclass(frozen=True, slots=True)
class Proven:
    """A format of a target and the engine that stands for the product.

    ``folding``: which letters the product lowers as Python does (the target's README says so).
    ``keeps``: a module of ``stores``, where a product has the names of a mapping and keeps less.
    ``superset``: says of a query whether it may return more than the rule's events; it returns at
    least those. ``only``: the events of which the target claims anything at all.
    """

    target: str
    engine: str
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    folding: Folding = "unicode"
    keeps: str | Mapping[str, str] | None = None
    superset: Callable[[str], bool] | None = None
    only: Callable[[Event], bool] | None = None
    conformance: bool = False
    """Whether its words are those of the conformance tables, so that these are proven too."""

    def kept_of(self, mapping: str) -> str | None:
        """The module of ``stores`` for events in the words of a mapping."""
        return self.keeps.get(mapping) if isinstance(self.keeps, Mapping) else self.keeps

    @property
    def name(self) -> str:
        """What it is called on the command line and in results."""
        parts = [self.target, self.format or "", *(f"{k}={v}" for k, v in self.options.items())]
        return ":".join(part for part in parts if part)


PROVEN: tuple[Proven, ...] = (
    Proven("qradar", "aql-model", folding="ascii", keeps="qradar"),
    Proven(
        "qradar",
        "aql-model",
        options={"log_source_type": "JumpCloud", "elements": "20"},
        folding="ascii",
        keeps="qradar",
    ),
    Proven("sumologic", "sumo-model", folding="ascii", keeps="sumologic"),
    Proven(
        "sumologic",
        "sumo-model",
        options={"elements": "20"},
        folding="ascii",
        keeps="sumologic",
    ),
    Proven("sumologic", "sumo-model", "cse_rule", folding="ascii", keeps="sumologic"),
    Proven("secops", "yaral-model", folding="ascii", keeps="secops"),
    Proven("secops", "yaral-model", options={"elements": "20"}, folding="ascii", keeps="secops"),
    Proven("secops", "yaral-model", options={"fields": "udm"}, folding="ascii", keeps="secops"),
    Proven("sqlite", "sqlite3", options={"functions": "yes"}, folding="ascii", conformance=True),
    Proven("duckdb", "duckdb", folding="simple", conformance=True),
    Proven("clickhouse", "chdb", folding="simple", only=no_integral, conformance=True),
    Proven("databricks", "pyspark", folding="simple", only=no_integral, conformance=True),
    Proven("postgres", "postgresql", folding="simple", conformance=True),
    Proven("panther", "panther", conformance=True),
    Proven("sekoia", "sekoia", folding="ascii"),
    *(
        Proven("sentinel", "kusto", kind, {"schema": schema}, folding="simple")
        for kind in ("kql", "analytics_rule")
        for schema in ("collector", "dcr")
    ),
    Proven("opensearch", "osmem-server", folding="simple", keeps="opensearch"),
    Proven("opensearch", "osmem-server", "query_dsl", folding="simple", keeps="opensearch"),
    Proven(
        "elasticsearch",
        "osmem-elastic",
        "lucene",
        folding="simple",
        keeps={"ecs": "elastic_ecs"},
    ),
    Proven(
        "elasticsearch",
        "eql",
        "eql",
        folding="ascii",
        keeps={"ecs": "elastic_ecs"},
        only=without_lists,
    ),
    *(
        Proven(
            "jumpcloud",
            "jumpcloud",
            options=options,
            folding="ascii",
            superset=leaves_something,
            only=is_documented,
        )
        for options in ({}, {"negation": "schema"})
    ),
    # Models made from the documentation: no engine of these products can be had.
    Proven("splunk", "spl-model", keeps="splunk", only=claimed),
    Proven(
        "splunk",
        "spl-model",
        options={
            "empties": "dropped",
            "elements": "json",
            "numbers": "plain",
            "characters": "utf8",
        },
        keeps="splunk_dropped",
        only=claimed_plain,
    ),
    Proven("crowdstrike", "logscale-model", keeps="logscale", only=claimed),
    Proven(
        "crowdstrike",
        "logscale-model",
        options={
            "empties": "dropped",
            "arrays": "negatable",
            "numbers": "plain",
            "characters": "utf8",
        },
        keeps="logscale_dropped",
        only=claimed_plain,
    ),
    Proven("loki", "logql-model", keeps="loki", only=claimed),
    Proven(
        "loki",
        "logql-model",
        options={"empties": "dropped"},
        keeps="loki_dropped",
        only=claimed,
    ),
    Proven("victorialogs", "logsql-model", keeps="victorialogs", only=claimed),
    Proven(
        "victorialogs",
        "logsql-model",
        options={"empties": "dropped", "numbers": "plain"},
        keeps="victorialogs_dropped",
        only=claimed_plain,
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one pack: queries that were written, what was refused (code and reason), differences."""

    exported: int
    refused: Counter[tuple[str, str]]
    refused_rules: tuple[str, ...]
    compared: Mapping[str, Compared]
    """By mapping."""
    queries: tuple[str, ...] = ()

    @property
    def pairs(self) -> int:
        """How many pairs of a query and an event were compared."""
        return sum(each.pairs for each in self.compared.values())

    def differences(self) -> Iterator[str]:
        """Each difference as text."""
        for mapping, compared in self.compared.items():
            for each in compared.differences:
                what = each.error or f"missing {each.missing[:5]}, surplus {each.surplus[:5]}"
                yield f"{mapping}: {each.rule}: {what}\n  {each.query}\n  {each.event}"


def prove_conformance(proven: Proven, engine: Engine, folder: Path) -> Outcome:
    """The rows of the conformance tables, each a rule with its events, as they stand there."""
    pack, events = conformance(folder)
    exported = export_queries(
        pack, proven.target, proven.format, options=proven.options, mapping="sigma"
    )
    space = _claimed(conformance_space(pack, events, proven.folding), proven.only)
    return _outcome(exported, {"sigma": compare(engine, written(exported), space)})


def prove_lists(proven: Proven, engine: Engine, *, each: int = 25) -> Outcome:
    """Rules on lists that are too long to be written into queries.

    With ``-O addresses=plain`` where a target has it, and of the events only those that it claims.
    """
    promised = _promised(proven, "addresses", "plain", plain_addresses)
    return prove(promised, engine, long_lists(), each=each)


def prove_features(proven: Proven, engine: Engine, *, each: int = 25) -> Outcome:
    """Rules with all that a rule can need, with ``-O measured=whole`` where a target has it."""
    promised = _promised(proven, "measured", "whole", whole_numbers)
    return prove(promised, engine, features(), each=each)


def _promised(proven: Proven, option: str, value: str, only: Callable[[Event], bool]) -> Proven:
    """The proof with an option that promises something of events, and those that keep it."""
    if option not in load_target(proven.target).options:
        return proven
    before = proven.only or (lambda _: True)
    return replace(
        proven,
        options={**proven.options, option: value},
        only=lambda event: before(event) and only(event),
    )


def written(exported: Exported, superset: Callable[[str], bool] | None = None) -> list[Written]:
    """The queries of an export as a proof takes them."""
    return [
        Written(
            q.rule.id or q.rule.title,
            q.rule.title,
            q.text,
            superset=superset is not None and superset(q.text),
        )
        for q in exported.queries
    ]


def prove(proven: Proven, engine: Engine, pack: Pack, *, each: int = 25) -> Outcome:
    """Export a pack, and run what was written on the events of every mapping that was used.

    What only serves refused correlations is run too: nobody deploys it, but it is a query.
    """
    exported = export_queries(
        pack,
        proven.target,
        proven.format,
        options=proven.options,
        lists={**lists_for(pack)},
        bases=True,
    )
    if files := list_files(exported):
        assert isinstance(engine, Tabled), f"{engine.name} has no look-up tables"
        engine.hold(files)
    compared: dict[str, Compared] = {}
    for mapping in sorted({query.mapping for query in exported.queries}):
        some = [q for q in written(exported, proven.superset) if q.key in _keys(exported, mapping)]
        found = [
            compare(engine, some, _claimed(space, proven.only))
            for space in spaces(
                pack, mapping, proven.folding, each=each, keeps=proven.kept_of(mapping)
            )
        ]
        compared[mapping] = Compared(
            sum(one.events for one in found),
            sum(one.pairs for one in found),
            tuple(difference for one in found for difference in one.differences),
        )
    return _outcome(exported, compared)


def _outcome(exported: Exported, compared: Mapping[str, Compared]) -> Outcome:
    refused = Counter((one.code, one.message) for one in exported.refused)
    rules = tuple(sorted({str(one.rule_id) for one in exported.refused}))
    queries = tuple(query.text for query in exported.queries)
    return Outcome(len(queries), refused, rules, compared, queries)


def _claimed(space: Space, only: Callable[[Event], bool] | None) -> Space:
    if only is None:
        return space
    return replace(space, events={key: e for key, e in space.events.items() if only(e)})


def _keys(exported: Exported, mapping: str) -> set[str]:
    return {q.rule.id or q.rule.title for q in exported.queries if q.mapping == mapping}


__all__ = ["LISTS", "PACKS", "PROVEN", "Outcome", "Proven", "prove", "written"]
