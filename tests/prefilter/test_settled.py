"""Rules that hold where something is missing are settled by the bytes of most events."""

from __future__ import annotations

import pytest
from layouts import File
from material import rule
from scans import interpreted, needs_hyperscan, scanned, sizes

from jumpsigma.api.lowering import LoweredPack
from jumpsigma.api.rules import matcher_for, matcher_of
from jumpsigma.ir.correlations import CorrelationIR, Reference, Threshold
from jumpsigma.ir.nodes import Expr, Keyword, Network, Not, Or, Test, Text

pytestmark = needs_hyperscan

ABROAD = Not(Test("id.orig_h", Network("192.0.2.0/24")))
OTHER = Test("kind", Text(("other",)))
QUIET = b'{"kind":"quiet","n":1}'
#: Some of which it takes a parse to say whether the first rule holds.
SEEN = (
    b'{"id":{"orig_h":"192.0.2.7"}}',
    b'{"id.orig_h":"198.51.100.7"}',
    b'{"id":{"\\u006frig_h":"192.0.2.7"}}',
    b'{"kind":"other"}',
    b'{"id":{"orig_h":"192.0.2.7"},"id":1}',
)


def file_of(lines: list[bytes]) -> File:
    content = b"".join(line + b"\n" for line in lines)
    return File(content, tuple(lines), tuple(range(1, len(lines) + 1)))


@pytest.mark.parametrize(
    ("exprs", "parsed"),
    [
        ([ABROAD], 4),  # "kind" is nothing to it
        ([ABROAD, OTHER], 5),
        ([OTHER, Or((ABROAD, OTHER))], 5),
        ([Keyword(Text(("quiet",))), ABROAD], 104),
        ([ABROAD, Not(OTHER)], 5),
        ([ABROAD, Not(Test("kind", Text(("quiet",))))], 105),  # most events could deny it
    ],
)
def test_events_without_what_denies_a_rule_are_not_parsed(exprs: list[Expr], parsed: int) -> None:
    rules = [rule(expr, number, "sigma") for number, expr in enumerate(exprs)]
    lines = [QUIET] * 50 + [line for each in SEEN for line in (each, *[QUIET] * 10)]
    file = file_of(lines)
    with sizes():
        scan = scanned(matcher_for(rules), file.content)
    assert scan.told == interpreted(rules, file, {}, unwraps=False)
    assert scan.stats.parsed == parsed
    assert scan.stats.read == len(lines)


def test_what_is_no_event_has_no_finding() -> None:
    lines = [QUIET, b'{"kind":}', QUIET, b"", b'{"kind":"\xff"}', b"[1]", QUIET]
    with sizes():
        scan = scanned(matcher_for([rule(ABROAD, 0, "sigma")]), file_of(lines).content)
    assert [line for _, line, _, _ in scan.told] == [1, 3, 7]
    assert [line for line, _, _ in scan.rejects] == [2, 5, 6]
    assert (scan.stats.read, scan.stats.rejected) == (6, 3)


@pytest.mark.parametrize("silent", [False, True])
def test_what_a_correlation_counts_is_evaluated(*, silent: bool) -> None:
    base = rule(ABROAD, 0, "sigma")
    correlation = CorrelationIR(
        id=None,
        title="three in a second",
        path="c.yml",
        mapping="sigma",
        type="event_count",
        references=(Reference(base.title, base, ("kind",), ()),),
        timespan=1,
        condition=Threshold("gte", 3),
        group_by=("kind",),
        fields=(),
    )
    lines = [b'{"kind":"quiet","timestamp":"2023-11-14T22:13:20Z"}'] * 3
    pack = LoweredPack((base,), (correlation,), frozenset({0} if silent else ()))
    with sizes():
        scan = scanned(matcher_of(pack), file_of(lines).content)
    own = [] if silent else [("rule 0", line) for line in (1, 2, 3)]
    assert [each[:2] for each in scan.told] == [*own, ("three in a second", 3)]
