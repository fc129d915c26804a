"""Correlations in the IR: the same nodes on both pySigma majors, in the words of the events."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import jumpsigma
from jumpsigma.ir.correlations import dump_correlation

RULES = """
title: Process
name: process
logsource: {product: windows, category: process_creation}
detection: {s: {CommandLine: x}, condition: s}
---
title: Query
name: query
logsource: {category: dns_query}
detection: {s: {QueryName: x}, condition: s}
---
"""


@pytest.mark.parametrize(
    ("mapping", "section", "expected"),
    [
        (
            "sigma",
            "type: event_count\nrules: [process]\ntimespan: 5m\ncondition: {gte: 3}\n",
            "event_count in 300 s\n  gte: 3\n  process: 'Process'\n",
        ),
        (
            "ecs",
            (
                "type: value_count\nrules: [process, query]\ngroup-by: [User, who]\ntimespan: 1h\n"
                "aliases: {who: {process: Image, query: QueryName}}\n"
                "condition: {gt: 2, field: [who, User]}\ngenerate: true\n"
            ),
            (
                "value_count of who, User by User, who in 3600 s, generate\n"
                "  gt: 2\n"
                "  process: 'Process' (by user.name, process.executable; of process.executable,"
                " user.name)\n"
                "  query: 'Query' (by user.name, dns.question.name; of dns.question.name,"
                " user.name)\n"
            ),
        ),
        (
            "sigma",
            (
                "type: value_percentile\nrules: process\ntimespan: 1d\n"
                "condition: {lte: 2, field: n, percentile: 95}\n"
            ),
            "value_percentile of n at 95% in 86400 s\n  lte: 2\n  process: 'Process' (of n)\n",
        ),
        (
            "sigma",
            (
                "type: temporal_ordered\ntimespan: 1w\ngroup-by: User\n"
                "condition: process and (query or not process)\n"
            ),
            (
                "temporal_ordered by User in 604800 s\n"
                "  (process and (query or not process))\n"
                "  process: 'Process' (by User)\n"
                "  query: 'Query' (by User)\n"
            ),
        ),
        (
            "sigma",
            "type: temporal\nrules: [query, process]\ntimespan: 1s\n",
            "temporal in 1 s\n  gte: 2\n  query: 'Query'\n  process: 'Process'\n",
        ),
    ],
)
def test_ir(mapping: str, section: str, expected: str, tmp_path: Path) -> None:
    document = yaml.safe_dump({"title": "t", "correlation": yaml.safe_load(section)})
    (tmp_path / "r.yml").write_text(RULES + document, encoding="utf-8")
    matcher = jumpsigma.compile(jumpsigma.load_pack(tmp_path), mapping)
    assert matcher.refused == ()
    (correlation,) = matcher.correlations
    assert dump_correlation(correlation) == expected


@pytest.mark.parametrize(("depth", "refused"), [(20, 0), (40, 8)])
def test_correlations_may_be_nested_but_not_without_end(
    depth: int, refused: int, tmp_path: Path
) -> None:
    """Each names the one below eight times: what is done once is not done 8 ** 20 times."""
    documents: list[dict[str, object]] = []
    for level in range(depth):
        below = [f"c{level - 1}" if level else "query"] * 8
        section = {"type": "temporal", "group-by": ["User"], "timespan": "1m", "rules": below}
        documents.append({"title": f"c{level}", "name": f"c{level}", "correlation": section})
    for order in (documents, documents[::-1]):
        _check(order, depth, refused, tmp_path)


def _check(documents: list[dict[str, object]], depth: int, refused: int, folder: Path) -> None:
    (folder / "r.yml").write_text(RULES + yaml.safe_dump_all(documents), encoding="utf-8")
    pack = jumpsigma.load_pack(folder)
    assert pack.diagnostics == ()
    matcher = jumpsigma.compile(pack, "sigma", logsource={"category": "dns_query"})
    assert len(matcher.refused) == refused
    assert len(matcher.correlations) == depth - refused
