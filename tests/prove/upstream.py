"""The official backend of a product beside ours, over a folder of rules such as SigmaHQ's.

``python tests/prove/upstream.py FOLDER TARGET …`` converts every rule with both (mapping ``sigma``,
no pipeline), runs both queries on events made near the rule, and counts where they return the same
ones. A difference is explained by the kinds of ``upstream_kinds.py`` or is not. With ``--write``
the counts become ``results/upstream/TARGET.json``, of which docs/explanation/upstream.md has its
table. Backends differ in which pySigma they take; each runs where it is installed.

``tests/prove``, ``tests/corpus`` and ``tests/sigma_cli`` have to be on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import upstream_engines as engines
from engines.catalogue import ENGINES
from engines.engine import QueryError
from events import made_for
from reading import Row, judge, leaves_of
from sigma.rule import SigmaRule
from spaces import _plain
from upstream_kinds import explained
from upstream_official import OFFICIAL, Official
from witness import witness

from jumpsigma.api import export_queries, load_pack
from jumpsigma.api.lowering import lower_pack
from jumpsigma.ir.nodes import Keyword, RuleIR
from jumpsigma.pack import LoadedRule, Pack

RESULTS = Path(__file__).parent / "results" / "upstream"
#: Events made for each rule, before those that do not fit are left out.
EACH = 5
#: More rows for a rule are not kept.
_MOST = 24
_WRONG = ("different, not explained", "jumpsigma is not the matcher")
#: Where the events have what keywords look for (near.py).
_KEYWORDS = ("message", "resource.name", "n")


@dataclass(slots=True)
class Found:
    """What came of every rule of a target.

    ``satisfied``: rules that some of their events satisfy. ``shown``: differences without an
    explanation, and of each kind the first. ``not_taken``: why the engine did not take a query.
    """

    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    not_taken: Counter[str] = field(default_factory=Counter)
    events: int = 0
    satisfied: int = 0
    shown: list[str] = field(default_factory=list)


def official_queries(backend: Any, rule: LoadedRule) -> list[str]:
    """What the official backend writes, a query for each condition; whatever it raises."""
    sigma = rule.to_sigma()
    assert isinstance(sigma, SigmaRule)
    found = backend.convert_rule(sigma)
    return [found] if isinstance(found, str) else [str(query) for query in found]


def backend_of(official: Official) -> Any:
    """The backend without a pipeline.

    Raises :class:`ImportError` where it is not installed.
    """
    module, _, name = official.backend.partition(":")
    return getattr(import_module(module), name)()


def rows_of(rule: RuleIR, columns: engines.Columns, each: int) -> list[Row]:
    """An event that satisfies a rule and others near it, and variants of each.

    They fit a table, and are in letters that every engine lowers alike.
    """
    rows: list[Row] = []
    sure = witness(rule.condition, {}, rule.path.rpartition("/")[2])
    events = [] if sure is None else [engines.documents({"": sure})[""]]
    for event in [*events, *made_for([rule], {}, {}, each)]:
        row = engines.row_of(event, columns)
        for one in [] if row is None else [row, *_variants(row)]:
            if (
                one not in rows
                and len(rows) < _MOST
                and _plain(json.dumps(one, ensure_ascii=False))
            ):
                rows.append(one)
    return rows


def _variants(row: Row) -> Iterator[Row]:
    """The row without each of its fields, and with the letters of each in the other case."""
    for name, value in row.items():
        yield {key: item for key, item in row.items() if key != name}
        if isinstance(value, str):
            yield {**row, name: value.swapcase()}


class Comparison:
    """One target: the queries of both sides, where they run, and what came of it."""

    def __init__(self, official: Official, pack: Pack) -> None:
        exported = export_queries(
            pack, official.target, official.format, options=official.options, mapping="sigma"
        )
        self.official, self.found = official, Found()
        self._ours = {query.rule.path: query.text for query in exported.queries}
        self._backend = backend_of(official)
        self._engine = (official.ours or ENGINES[official.engine].start)()
        self._upstream = official.upstream()

    def close(self) -> None:
        """Stop the engine."""
        self._engine.close()

    def rule(self, loaded: LoadedRule, rule: RuleIR, rows: Callable[[], list[Row]]) -> None:
        """Count what comes of a rule; ``rows`` are its events."""
        self.found.counts[self._judged(loaded, rule, rows)] += 1

    def _judged(self, loaded: LoadedRule, rule: RuleIR, rows: Callable[[], list[Row]]) -> str:
        ours, theirs = self._ours.get(loaded.path), list[str]()
        try:
            theirs = official_queries(self._backend, loaded)
        except Exception as error:  # noqa: BLE001 - a backend may raise anything
            self.found.refused[f"{type(error).__name__}: {str(error)[:70]}"] += 1
        if ours is None or not theirs:
            both = "both refuse" if ours is None and not theirs else "jumpsigma refuses"
            return "the official backend refuses" if ours is not None else both
        try:
            columns = columns_for(rule)
        except engines.NotComparableError as error:
            return f"not compared: {error}"
        found = [_full(row) for row in rows()] if self.official.drops_empty else rows()
        numbered = {f"e{number:03}": row for number, row in enumerate(found)}
        return self._compared(rule, (ours, theirs), numbered, columns)

    def _compared(
        self,
        rule: RuleIR,
        queries: tuple[str, list[str]],
        rows: dict[str, Row],
        columns: engines.Columns,
    ) -> str:
        ours, theirs = queries
        self.found.events += len(rows)
        try:
            stored = self.official.values(rows, columns) if self.official.values else rows
            self._engine.load(engines.documents(stored))
            mine = frozenset(self._engine.run(ours))
        except QueryError as error:
            return self._not_taken("jumpsigma's query", rule, ours, error)
        if not mine <= rows.keys():
            why = QueryError("it asks for the field that tells events apart here")
            return self._not_taken("jumpsigma's query", rule, ours, why)
        wanted = {key for key, row in rows.items() if judge(rule.condition, row, {})}
        self.found.satisfied += bool(wanted)
        if mine != wanted:
            _show(self.found, "OURS", rule, ours, rows[min(mine ^ wanted)])
            return "jumpsigma is not the matcher"
        try:
            self._upstream.load(rows, columns)
            runs = [self._upstream.run(query) for query in theirs]
        except QueryError as error:
            return self._not_taken("the official query", rule, theirs[0], error)
        others = [frozenset().union(*each) for each in zip(*runs, strict=True)]
        kinds = {other: self._kinds(rule, rows, other) for other in others if other != mine}
        half = len(others) // 2
        if self.official.open and any(
            all(kinds.get(other, True) for other in each) for each in (others[:half], others[half:])
        ):
            kinds = {other: found or (self.official.open,) for other, found in kinds.items()}
        for other, found in kinds.items():
            key = min(mine ^ other)
            if not found:
                _show(self.found, "UNEXPLAINED", rule, theirs, (key in other, rows[key]))
                return "different, not explained"
            for kind in found:
                _show(self.found, kind, rule, theirs, rows[key], most=1)
        self.found.kinds.update({kind for found in kinds.values() for kind in found})
        return "different, explained" if kinds else "equal"

    def _kinds(self, rule: RuleIR, rows: dict[str, Row], other: frozenset[str]) -> tuple[str, ...]:
        """What explains an answer; none where nothing does."""
        verdicts = [key in other for key in rows]
        return explained(rule.condition, [*rows.values()], verdicts, self.official.kinds) or ()

    def _not_taken(self, whose: str, rule: RuleIR, query: str, error: QueryError) -> str:
        reason = _reason(error)
        self.found.not_taken[f"{whose}: {reason}"] += 1
        _show(self.found, f"{whose}: {reason}", rule, query, error, most=1)
        return f"the engine does not take {whose}"


def _reason(error: QueryError) -> str:
    """The beginning of what an engine says, without the texts of this rule."""
    line, *more = str(error).split("\n")
    if line.startswith("Error at line") and more:
        line = more[0]
    if nested := re.search(r'"reason":"([^"]+)', line):
        line = nested[1]
    line = re.split(r": while executing|\. In scope| at line | in the text: ", line)[0]
    return re.sub(r"""'[^']*'?|"[^"]*"?|`[^`]*`?""", "…", line)[:90].rstrip(" :")


def columns_for(rule: RuleIR) -> dict[str, engines.Column]:
    """The columns that a rule needs.

    Raises :class:`engines.NotComparableError`.
    """
    columns = engines.columns_of(rule.condition)
    if any(isinstance(leaf, Keyword) for leaf in leaves_of(rule.condition)):
        columns |= dict.fromkeys(_KEYWORDS, "text")
    return columns


def _full(row: Row) -> Row:
    return {key: value for key, value in row.items() if value not in (None, "")}


def compare_all(
    officials: Sequence[Official], folder: Path, *, each: int = EACH, step: int = 1
) -> list[Comparison]:
    """Every rule of a folder, or every so many-th, by ours and by the official backends."""
    pack = load_pack(folder)
    lowered = {rule.path: rule for rule in lower_pack(pack, "sigma").rules}
    comparisons = [Comparison(official, pack) for official in officials]
    try:
        for rule in [rule for rule in pack.rules if rule.kind == "rule"][::step]:
            node = lowered[rule.path]
            rows = cache(lambda node=node: rows_of(node, columns_for(node), each))
            for comparison in comparisons:
                comparison.rule(rule, node, rows)
    finally:
        for comparison in comparisons:
            comparison.close()
    return comparisons


def _show(found: Found, word: str, rule: RuleIR, query: Any, what: Any, *, most: int = 99) -> None:
    if sum(line.startswith(f"{word}: ") for line in found.shown) < most:
        found.shown.append(f"{word}: {rule.path}\n  {str(query)[:1500]}\n  {what}")


def as_json(official: Official, found: Found) -> dict[str, Any]:
    """The counts as results/upstream keeps them."""
    return {
        "target": official.target,
        "format": official.format,
        "options": dict(official.options),
        "backend": f"{official.package} {version(official.package)}",
        "engine": official.engine,
        "rules": found.counts.total(),
        "events": found.events,
        "satisfied": found.satisfied,
        "counts": dict(sorted(found.counts.items())),
        "kinds": dict(sorted(found.kinds.items())),
        "not_taken": dict(sorted(found.not_taken.items())),
    }


def main(arguments: Sequence[str]) -> int:
    """Compare targets, print what came; 1 where a difference is not explained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of rules")
    parser.add_argument("targets", choices=[*OFFICIAL], nargs="+")
    parser.add_argument("--each", type=int, default=EACH, help="made events for each rule")
    parser.add_argument("--step", type=int, default=1, help="every so many-th rule")
    parser.add_argument("--write", action="store_true", help="keep the counts in results/upstream")
    given = parser.parse_args(arguments)
    worst = 0
    officials = [OFFICIAL[name] for name in given.targets]
    for comparison in compare_all(officials, given.folder, each=given.each, step=given.step):
        official, found = comparison.official, comparison.found
        document = as_json(official, found) | {"every": given.step}
        text = json.dumps(document, indent=2, ensure_ascii=False)
        print("\n".join([*found.shown, text, *map(str, found.refused.most_common(20))]))  # noqa: T201
        if given.write:
            RESULTS.mkdir(parents=True, exist_ok=True)
            (RESULTS / f"{official.name}.json").write_text(text + "\n", encoding="utf-8")
        worst = max(worst, *(int(word in found.counts) for word in _WRONG))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
