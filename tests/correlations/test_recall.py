"""Events that are read again: from where, within which limits, and what if they are not there."""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from dense import pack, stream
from taken import take_lines
from test_classes import (
    START,
    lines_of,
    matcher_over,
    parsing,
    plainer,
    slower,
    spread,
    taking,
    told,
)

import jumpsigma
from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.intake.events import Event as Read
from jumpsigma.matcher import Finding, Matcher, Source
from jumpsigma.matcher.correlate import Classes, Correlator, classes, recall, recognised, references
from jumpsigma.matcher.correlate.prospects import width_of
from jumpsigma.matcher.correlate.rows import NANOSECONDS
from jumpsigma.matcher.correlate.times import written
from jumpsigma.matcher.correlate.windows import Judged

RULES = """
{title: failed, name: failed, logsource: {category: test}, detection: {s: {k: f}, condition: s}}
---
title: many
name: many
correlation: {type: event_count, rules: [failed], group-by: [u], timespan: 1m, condition: {gte: 3}}
---
title: done
name: done
logsource: {category: test}
detection: {s: {k: d}, condition: s}
---
title: in
correlation: {type: temporal_ordered, rules: [many, done], group-by: [u], timespan: 1h}
"""
BOTH = (0, 1)
#: The lines of each rule, by what they hold. The second waits until the first have counted.
KINDS = (((0,), b'"f"'), ((1,), b'"d"'))


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "r.yml").write_text(RULES, encoding="utf-8")
    return jumpsigma.compile(jumpsigma.load_pack(folder), mapping="sigma")


@dataclass(frozen=True, slots=True)
class Log:
    """Some events in a file."""

    path: Path
    raws: list[bytes]

    def take(self, taking: Classes, *, kept: bool = False, start: int = 0, end: int = 99) -> None:
        """Have a part of the lines taken, numbered from its first; none may be left.

        ``kept``: they are what cannot be read again.
        """
        for rules, holding in KINDS:
            taker = taking.taker(rules, self.raws[0])
            assert taker is not None
            at, number = sum(len(raw) + 1 for raw in self.raws[:start]), 1
            raws = self.raws[start:end]
            for some in (raws[:7], raws[7:]):
                assert take_lines(taker, some, number, None if kept else at, holding) == []
                number, at = number + len(some), at + sum(len(raw) + 1 for raw in some)


def log(folder: Path, name: str, user: str) -> Log:
    """Four failures and a success of a user, and a success of each of many others."""
    events = [
        {"k": "d" if number == 4 else "f", "u": user, "second": number} for number in range(5)
    ]
    events += [{"k": "d", "u": f"{name} {number}", "second": number % 60} for number in range(40)]
    Random(name).shuffle(events)
    raws = [
        json.dumps(
            {
                "id": f"{name} {number}",
                "timestamp": f"2024-01-31T08:00:{event.pop('second'):02}Z",
                **event,
            }
        ).encode()
        for number, event in enumerate(events)
    ]
    path = folder / name
    path.write_bytes(b"".join(raw + b"\n" for raw in raws))
    return Log(path, raws)


@pytest.fixture
def logs(tmp_path: Path) -> list[Log]:
    return [log(tmp_path, name, user) for name, user in (("a", "mallory"), ("b", "trudy"))]


def parsed(matcher: Matcher, logs: list[Log]) -> list[Any]:
    """The findings when every event is parsed."""
    with matcher.correlator() as correlator:
        for each in logs:
            for line, raw in enumerate(each.raws, 1):
                read = Read(json.loads(raw), str(each.path), line, raw)
                matcher.match_read(read, correlator.add, correlator.left_out)
        return told(correlator.findings())


def take(taking: Classes, log: Log, *, kept: bool = False) -> None:
    """Take all lines of a file; see :meth:`Log.take`."""
    taking.begin(str(log.path))
    log.take(taking, kept=kept)


def found_in(correlator: Correlator) -> tuple[list[Any], list[tuple[str, str]]]:
    """The findings, and the codes and paths of problems."""
    findings = told(correlator.findings())
    problems = list(correlator.problems())
    return findings, [(each.code, each.span.path) for each in problems if each.span]


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("limit", [1, 1_000_000])
def test_events_are_read_again_from_where_they_were(
    matcher: Matcher, logs: list[Log], kept: bool, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "_BATCH", 8)
    expected = parsed(matcher, logs)
    assert len(expected) == 2
    assert {(each["source"]["path"]) for each in expected} == {str(each.path) for each in logs}
    with matcher.correlator(limit) as correlator:
        for each in logs:
            take(correlator.classes, each, kept=kept)
        assert found_in(correlator) == (expected, [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"", b""),  # nothing is left of it
        (b'"mallory"', b'"somebody"'),
        (b"mallory", b"MALLORX"),
        (b'"k": "f"', b'"k": "x"'),
        (b"{", b"["),
        (b"timestamp", b"timestomp"),
    ],
)
def test_an_input_that_has_changed_is_told(
    matcher: Matcher, logs: list[Log], old: bytes, new: bytes
) -> None:
    expected = parsed(matcher, logs[1:])
    with matcher.correlator() as correlator:
        for each in logs:
            take(correlator.classes, each)
        text = logs[0].path.read_bytes()
        logs[0].path.write_bytes(text.replace(old, new) if old else b"")
        assert found_in(correlator) == (expected, [("JS072", str(logs[0].path))])


def test_an_input_that_has_vanished_is_told(matcher: Matcher, logs: list[Log]) -> None:
    expected = parsed(matcher, logs[:1])
    with matcher.correlator() as correlator:
        for each in logs:
            take(correlator.classes, each)
        logs[1].path.unlink()
        assert found_in(correlator) == (expected, [("JS072", str(logs[1].path))])


def test_more_lines_behind_what_was_scanned_are_no_change(
    matcher: Matcher, logs: list[Log]
) -> None:
    expected = parsed(matcher, logs)
    with matcher.correlator() as correlator:
        for each in logs:
            take(correlator.classes, each)
        with logs[0].path.open("ab") as file:
            file.write(logs[1].raws[0])
        assert found_in(correlator) == (expected, [])


def test_what_cannot_be_kept_is_told(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at all")
    raw = b'{"timestamp":"2024-01-31T08:00:00Z","k":"f","u":"%s"}' % (b"x" * 100)
    with matcher.correlator(limit=1) as correlator:
        correlator.classes.begin(None)
        taker = correlator.classes.taker(BOTH, raw)
        assert taker is not None
        with pytest.raises(DiagnosticError, match="cannot keep the matches of corr") as caught:
            take_lines(taker, [raw])
        assert caught.value.diagnostic.code == "JS091"
        with pytest.raises(DiagnosticError):
            correlator.folder  # noqa: B018 - it is made when it is asked for


def test_who_explains_is_shown_the_windows_of_all_events(matcher: Matcher, logs: list[Log]) -> None:
    def judged(correlator: Correlator) -> list[tuple[int, Judged]]:
        seen: list[tuple[int, Judged]] = []
        list(correlator.findings(lambda number, window, _: seen.append((number, window))))
        return seen

    with matcher.correlator() as correlator:
        for each in logs:
            for line, raw in enumerate(each.raws, 1):
                read = Read(json.loads(raw), str(each.path), line, raw)
                matcher.match_read(read, correlator.add, correlator.left_out)
        expected = judged(correlator)
    with matcher.correlator() as correlator:
        for each in logs:
            take(correlator.classes, each)
        assert judged(correlator) == expected
    assert len(expected) > 80


def test_events_that_cannot_fire_are_not_read_again(
    matcher: Matcher, logs: list[Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    original = references.References.read

    def counted(self: Any, origin: Any, reference: Any) -> bytes:
        read.append(reference.line)
        return original(self, origin, reference)

    monkeypatch.setattr(references.References, "read", counted)
    with matcher.correlator() as correlator:
        for each in logs:
            take(correlator.classes, each)
        assert len(found_in(correlator)[0]) == 2
    # Four failures and a success of each of two. The 82 successes waited until then.
    assert len(read) == 10 + 82


# --- limits ---------------------------------------------------------------------------------


LIMITS: list[tuple[Any, str, int]] = [
    (classes, "MOST_CLASSES", 3),
    (classes, "_MOST_KNOWN", 1),
    (classes, "_MOST_SETS", 1),
    (recall, "_COUNTED", 2),
    (references, "_BATCH", 3),
]


@pytest.mark.parametrize(("module", "name", "most"), LIMITS, ids=[each[1] for each in LIMITS])
@pytest.mark.parametrize("factor", [1, 900])
def test_no_limit_changes_a_finding(
    module: Any, name: str, most: int, factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, most)
    fired = taken = 0
    for kind in ("event_count", "value_count", "temporal", "temporal_ordered"):
        for seed in range(20):
            rng = Random(f"{kind} {seed}")
            matcher = matcher_over(slower(pack(rng, kind), factor, more=True))
            lines = lines_of(plainer(rng, spread(stream(rng), factor)))
            expected = parsing(matcher, lines)
            found = taking(matcher, lines, 2)
            assert found[:2] == expected, (kind, seed)
            assert taking(matcher, lines, 2, limit=2)[:2] == expected, (kind, seed)
            assert taking(matcher, lines, 2, limit=2, defer=True)[0] == expected[0], (kind, seed)
            fired += bool(expected[0])
            taken += found[2]
    assert fired > 30
    assert taken > 50


# --- events that wait for others --------------------------------------------------------------


def logins(rng: Random) -> list[bytes]:
    """Failures and successes of a few users within some hours; some have no time, some two users.

    Which failures there are differs: few enough, often, that none of those who wait is read.
    """
    failing = rng.choice((0.1, 0.5))
    events: list[dict[str, Any]] = []
    for number in range(40):
        second = rng.choice((rng.randrange(90), rng.randrange(5 * 3600)))
        user = rng.choice(("a", "b", ["a", "B"], 7))
        event = {"k": "f" if rng.random() < failing else "d", "u": user}
        if rng.random() < 0.95:
            event["timestamp"] = written(START + second * NANOSECONDS)
        events.append({"id": f"{number}", **event} if rng.random() < 0.9 else event)
    return lines_of(events)


def test_what_waits_is_found_as_if_it_was_parsed(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = waiting = fired = 0
    wake = recall.Recall.wake

    def counted(self: recall.Recall, *arguments: Any) -> None:
        nonlocal woken, waiting
        deferred = self._ledger.deferred
        before = len(deferred)
        wake(self, *arguments)
        woken, waiting = woken + before - len(deferred), waiting + len(deferred)

    monkeypatch.setattr(recall.Recall, "wake", counted)
    monkeypatch.setattr(references, "_BATCH", 8)
    for seed in range(100):
        lines = logins(Random(seed))
        expected = parsing(matcher, lines)[0]
        assert taking(matcher, lines, 1, defer=True)[0] == expected, seed
        assert taking(matcher, lines, 1, limit=2, defer=True)[0] == expected, seed
        fired += bool(expected)
    assert fired > 20
    assert woken > 50
    assert waiting > 50


def successes(name: str, path: Path) -> Log:
    """Logins of many people, none of whom failed before."""
    raws = [
        b'{"id": "%s %d", "timestamp": "2024-01-31T08:00:00Z", "k": "d", "u": "%d"}'
        % (name.encode(), number, number)
        for number in range(20)
    ]
    path.write_bytes(b"\n".join(raws))
    return Log(path, raws)


def test_events_that_wait_in_vain_are_not_read(
    matcher: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = successes("one", tmp_path / "one")
    monkeypatch.setattr(recognised.Recognised, "classes_of", None)
    with matcher.correlator() as correlator:
        take(correlator.classes, one)
        one.path.unlink()
        assert found_in(correlator) == ([], [])


def test_events_that_waited_in_a_file_that_has_vanished_are_told(
    matcher: Matcher, logs: list[Log], tmp_path: Path
) -> None:
    one = successes("one", tmp_path / "one")
    expected = parsed(matcher, logs)
    with matcher.correlator() as correlator:
        for each in (*logs, one):
            take(correlator.classes, each)
        one.path.unlink()
        assert found_in(correlator) == (expected, [("JS072", str(one.path))])


def test_what_waits_and_is_no_event_is_no_change(matcher: Matcher, logs: list[Log]) -> None:
    expected = parsed(matcher, logs)
    broken = Log(logs[1].path, [*logs[1].raws, b'{"k": "d", nothing}'])
    broken.path.write_bytes(b"\n".join(broken.raws))
    with matcher.correlator() as correlator:
        for each in (logs[0], broken):
            take(correlator.classes, each)
        assert found_in(correlator) == (expected, [])


def test_a_line_that_is_no_event_is_told_when_every_line_is_to_be(
    matcher: Matcher, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    line = b'{"id": "%d", "timestamp": "2024-01-31T08:00:00Z", "k": "d", "u": "u"}\n'
    lines = [line % number for number in range(10_000)]
    lines[9_000] = b'{"id": "9000", "k": "d", nothing}\n'
    path.write_bytes(b"".join(lines))
    rejects: list[int] = []
    found = matcher.scan(path, every=True, on_reject=lambda each: rejects.append(each.line))
    assert list(found) == []
    assert rejects == [9_001]


# --- other processes ------------------------------------------------------------------------


@pytest.mark.parametrize("most", [2, 50_000])
@pytest.mark.parametrize(("kept", "processes"), [(False, 1), (False, 2), (True, 1), (True, 2)])
def test_what_other_processes_take_is_found_here(
    matcher: Matcher,
    logs: list[Log],
    most: int,
    kept: bool,
    processes: int,
) -> None:
    expected = parsed(matcher, logs)
    with matcher.correlator() as correlator, pytest.MonkeyPatch.context() as patch:
        folder = Path(correlator.folder)
        workers = [matcher.classes(str(folder)) for _ in range(processes)]
        results = []
        for place, (each, start) in enumerate(parts_of(logs)):
            worker = workers[place % processes]
            worker.begin(str(each.path))
            each.take(worker, kept=kept, start=start, end=start + 10)
            carried = pickle.loads(pickle.dumps(worker.collected()))
            results.append((carried, str(each.path), start))
        for worker in workers:
            worker.close()
        patch.setattr(classes, "MOST_CLASSES", most)
        for result in results:
            correlator.include(*result)
        assert len(list(folder.iterdir())) == (len(results) if kept else 0)
        assert found_in(correlator) == (expected, [])
    assert not folder.exists()


def parts_of(logs: list[Log]) -> Iterator[tuple[Log, int]]:
    """The logs in parts of ten lines."""
    for each in logs:
        for start in range(0, len(each.raws), 10):
            yield each, start


def moved(finding: Finding, lines: int) -> Finding:
    """The finding of an event that stands further down."""
    assert finding.source is not None
    return replace(finding, source=Source(finding.source.path, finding.source.line + lines))


def test_a_finding_has_the_line_in_the_whole_file(matcher: Matcher, logs: list[Log]) -> None:
    with matcher.correlator() as correlator:
        worker = matcher.classes(correlator.folder)
        take(worker, logs[0])
        correlator.include(worker.collected(), str(logs[0].path), 1000)
        worker.close()
        found = list(correlator.findings())
    with matcher.correlator() as correlator:
        take(correlator.classes, logs[0])
        expected = [moved(finding, 1000) for finding in correlator.findings()]
    assert len(expected) == 1
    assert told(found) == told(expected)


@pytest.mark.parametrize("timespan", [1, 1800, 3599, 3600, 3601, 7200, 86_399, 86_400, 2_629_746])
def test_a_window_is_never_in_more_than_two_spans(timespan: int) -> None:
    (correlation,) = slower(pack(Random("event_count 1"), "event_count")[:1], 1)
    width = width_of(replace(correlation, timespan=timespan))
    hour = 3600 * NANOSECONDS
    for begun in range(2 * width):
        for beyond in (0, 1, hour // 2, hour - 501, hour - 1):
            first = begun * hour + beyond
            last = first + timespan * NANOSECONDS + 500  # rounded to the next microsecond
            assert last // hour // width - first // hour // width in {0, 1}
