"""The shipped rules on the events of their cases, oddly written: filtered, plain, interpreted.

``JUMPSIGMA_EXAMPLES`` multiplies how many spellings of each event are tried, for a nightly run.
"""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Any

import pytest
from layouts import File, Layout, laid_out
from scans import interpreted, scanned, sizes, without_hyperscan
from spelling import PLAIN, Spelling, random_spelling
from wrapping import WRAPPERS, wrap

import jumpsigma
from jumpsigma.intake import parts
from jumpsigma.intake.events import ReadStats
from jumpsigma.interpret import Lists
from jumpsigma.matcher import Finding, Matcher
from jumpsigma.pack import Pack
from jumpsigma.prefilter import database

Event = dict[str, Any]

TIMES = int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))
QUIET: Event = {"id": "q", "service": "directory", "event_type": "user_create", "success": True}


#: Ways to make an event none, most of them without a change of how it begins and ends.
DAMAGE: tuple[Callable[[bytes], bytes], ...] = (
    lambda text: text[: len(text) // 2],
    lambda _: b"[1]",
    lambda text: text + b"}",
    lambda text: b"\xff" + text,
    lambda text: b"{" + text,
    lambda text: text.replace(b":", b"", 1),
    lambda text: text.replace(b'"', b'"\x01', 1),
    lambda text: text.replace(b'"', b'"\xc1\xa1', 1),
    lambda text: text.replace(b'"', b'"\\q', 1),
    lambda text: text[:-1] + b',"n":01}',
    lambda text: text[:-1] + b",}",
    lambda text: text[:-1] + b',"deep":' + b"[" * 1500 + b"]" * 1500 + b"}",
    lambda _: b'{"a" "b"}',
    lambda _: b"{}{}",
)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return jumpsigma.load_pack()


@pytest.fixture(scope="module")
def matcher(pack: Pack) -> Matcher:
    return jumpsigma.compile(pack)


@pytest.fixture(scope="module")
def events(pack: Pack) -> list[Event]:
    """The events of all cases; where a case has many, the first two."""
    return [event for file in pack.cases for case in file.cases for event in case.events[:2]]


def lists_of(pack: Pack) -> Lists:
    return {each.name: each.values for settings in pack.settings for each in settings.lists}


def oddly(events: list[Event], rng: Random) -> Iterator[tuple[Event, Spelling]]:
    """Each event in one spelling by chance, one in four wrapped, with quiet ones in between."""
    for event in events:
        document = event
        if "event_type" in event and rng.random() < 0.25:
            document = wrap(event, rng.choice(WRAPPERS), random_spelling(rng))
        yield document, random_spelling(rng)
        for _ in range(rng.randint(0, 2)):
            yield QUIET, PLAIN


def said(findings: Iterator[Finding]) -> list[str]:
    """All that findings say, in their order, those of correlations included."""
    return [repr(finding.to_dict()) for finding in findings]


def test_scans_at_once(matcher: Matcher, events: list[Event]) -> None:
    """One matcher, several scans that are not finished, each of another input."""
    files = [laid_out(oddly(events[start::3], Random(start)), Layout()) for start in range(3)]
    with without_hyperscan():
        expected = [said(matcher.scan(io.BytesIO(file.content))) for file in files]
    found: list[list[str]] = [[] for _ in files]
    with sizes(warm_up=2000, block=4096):
        scans = [matcher.scan(io.BytesIO(file.content)) for file in files]
        for turn in zip_longest(*scans):
            for each, finding in zip(found, turn, strict=True):
                each.extend(said(iter([finding])) if finding is not None else [])
    assert found == expected


@pytest.mark.parametrize("seed", range(2 * TIMES))
def test_filtered_as_interpreted(pack: Pack, matcher: Matcher, seed: int) -> None:
    rng = Random(seed)
    singles = [c.events[0] for f in pack.cases for c in f.cases if len(c.events) == 1]
    some = rng.sample(singles, 400)
    layout = Layout(boms=seed % 2 == 1, crlf=seed % 2 == 1)
    file = laid_out(oddly(some, rng), layout)
    expected = interpreted(matcher.rules, file, lists_of(pack), unwraps=True)
    titles = {rule.title for rule in matcher.rules}
    with sizes(warm_up=4096, block=16384):
        scan = scanned(matcher, file.content)
    silent = {rule.title for number, rule in enumerate(matcher.rules) if number in matcher.silent}
    assert [each for each in scan.told if each[0] in titles] == [
        each for each in expected if each[0] not in silent
    ]
    assert len(matcher.rules) * len(file.texts) >= 50_000
    assert len(scan.told) >= 80
    assert scan.stats.parsed < 0.9 * scan.stats.read or database.load() is None


@pytest.mark.parametrize(
    "layout",
    [
        Layout(),
        Layout(crlf=True, blanks=True, boms=True, margins=True, unended=True),
        Layout("line each", "zstd"),
        Layout("pretty array", "gzip"),
        Layout("minified"),
        Layout("mixed array", "utf-16-le"),
    ],
    ids=lambda layout: f"{layout.form} {layout.coding}",
)
def test_filtered_as_unfiltered(matcher: Matcher, events: list[Event], layout: Layout) -> None:
    """With the sizes that a scan has, and with correlations."""
    file = laid_out(oddly(events, Random(layout.form)), layout)
    assert sum(map(len, file.texts)) > 1 << 20
    with without_hyperscan():
        expected = said(matcher.scan(io.BytesIO(file.content)))
    stats = ReadStats()
    assert said(matcher.scan(io.BytesIO(file.content), stats=stats)) == expected
    assert len(expected) >= 500
    assert stats.read == len(file.texts)
    assert said(matcher.scan(io.BytesIO(file.content), every=True)) == expected


@pytest.fixture(scope="module")
def sources(events: list[Event], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Lines, an archive of lines, an array, and lines with damage among them."""
    folder, rng = tmp_path_factory.mktemp("sources"), Random(1)
    lines: list[File] = [laid_out(oddly(events, rng), Layout()) for _ in range(2)]
    array = laid_out(oddly(events, rng), Layout("pretty array"))
    damaged = [rng.choice(DAMAGE)(text) if rng.random() < 0.06 else text for text in lines[0].texts]
    contents = {
        "a.ndjson": lines[0].content,
        "b.gz": gzip.compress(lines[1].content, 1),
        "c.json": array.content,
        "d.ndjson": b"\n".join(damaged),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def test_several_sources_and_processes(
    matcher: Matcher, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Correlations run over all of them, and their findings come last, in order."""
    monkeypatch.setattr(parts.parts_of, "__defaults__", (400_000,))
    with without_hyperscan():
        expected = said(matcher.scan_all(sources))
    assert said(matcher.scan_all(sources)) == expected
    assert said(matcher.scan_all(sources, jobs=2)) == expected
    assert said(matcher.scan_all(sources, jobs=2, every=True)) == expected


def test_rejects(matcher: Matcher, sources: list[Path]) -> None:
    """With ``every`` the same lines are rejected as without a prefilter, else some of them."""
    content = sources[-1].read_bytes()
    plain, strict = scanned(matcher, content), scanned(matcher, content, every=True)
    with without_hyperscan():
        expected = scanned(matcher, content)
    assert strict.rejects == expected.rejects
    assert len(expected.rejects) > 100
    assert plain.rejects
    assert set(plain.rejects) <= set(expected.rejects)
    assert plain.told == strict.told == expected.told
    assert plain.stats.read == strict.stats.read == expected.stats.read
    for scan in (plain, strict):
        assert scan.stats.rejected == len(scan.rejects)
