"""Rules from the cache are the rules of their files, and nothing that counts can change unseen."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import jumpsigma
from jumpsigma.api import cache_keys
from jumpsigma.api.cached import CompiledRules, compile_paths
from jumpsigma.content import shipped
from jumpsigma.ir.nodes import RuleIR

RULE = """
title: {title}
id: {id}
status: test
level: {level}
author: Example Author
license: DRL-1.1
tags: [attack.t1110]
logsource: {{product: jumpcloud, service: {service}}}
detection:
    selection: {{event_type: {event}}}
    known:
        - client_ip|expand: '%known%'
        - client_ip|cidr: 198.51.100.0/24
    condition: selection and known
"""
CORRELATION = """
title: Several
id: 8d9c1f2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f
level: high
correlation:
    type: event_count
    rules: [c0ffee00-0000-4000-8000-000000000001]
    group-by: [event_type]
    timespan: 1h
    condition: {gte: 2}
    generate: true
"""
FILTER = """
title: Office
logsource: {product: jumpcloud}
filter:
    rules: any
    selection: {client_ip: 203.0.113.7}
    condition: not selection
"""
PACK = "id: example\ntitle: Example\nversion: '1'\nlicense: DRL-1.1\nlists: {known: known.txt}\n"
MAPPING = """
name: own
priority: 10
transformations:
    - id: names
      type: field_name_mapping
      mapping: {client_ip: source_ip}
"""
WRONG = "title: [\n"
EVENTS: list[dict[str, Any]] = [
    {
        "id": f"{event}-{number}",
        "timestamp": f"2026-01-05T00:0{number}:00Z",
        "event_type": event,
        "service": "directory" if event == "b" else "sso",
        "client_ip": address,
        "source_ip": address,
    }
    for number, address in enumerate(["192.0.2.1", "192.0.2.2", "198.51.100.9", "203.0.113.7"])
    for event in ("a", "b", "c")
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in the cache."""
    folder = tmp_path / "home"
    monkeypatch.setenv("JUMPSIGMA_HOME", str(folder))
    monkeypatch.delenv("JUMPSIGMA_CACHE", raising=False)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack of two rules, one of them wrong, a correlation and a list."""
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "pack.yaml").write_text(PACK)
    (pack / "known.txt").write_text("192.0.2.1\n")
    numbers = enumerate([("a", "high", "sso"), ("b", "low", "directory")], 1)
    for number, (event, level, service) in numbers:
        text = RULE.format(
            title=event,
            id=f"c0ffee00-0000-4000-8000-00000000000{number}",
            level=level,
            event=event,
            service=service,
        )
        (pack / f"{event}.yml").write_text(text)
    (pack / "several.yml").write_text(CORRELATION)
    (pack / "wrong.yml").write_text(WRONG)
    (pack.parent / "own.yml").write_text(MAPPING)
    return pack


class Loads:
    """Counts how often rules are read from their files."""

    count = 0


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    """The loads of packs from here on."""
    from jumpsigma.api import rules

    counted, load = Loads(), rules.load_pack

    def counting(*paths: str | Path, cases: bool = True) -> jumpsigma.Pack:
        counted.count += 1
        return load(*paths, cases=cases)

    monkeypatch.setattr(rules, "load_pack", counting)
    return counted


def afresh(*paths: str | Path, **asked: Any) -> CompiledRules:
    """The same without a cache."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("JUMPSIGMA_CACHE", "off")
        return compile_paths(*paths, **asked)


def assert_same(one: CompiledRules, other: CompiledRules, events: list[dict[str, Any]]) -> None:
    assert one.diagnostics == other.diagnostics
    assert one.files == other.files
    assert one.matcher.refused == other.matcher.refused
    assert one.matcher.rules == other.matcher.rules
    assert other.matcher.rules == one.matcher.rules
    assert one.matcher.correlations == other.matcher.correlations
    assert one.matcher.silent == other.matcher.silent
    assert one.matcher.unwraps == other.matcher.unwraps
    assert one.matcher.match_all(events) == other.matcher.match_all(events)
    assert [one.matcher.match(event) for event in events] == [
        other.matcher.match(event) for event in events
    ]


def test_the_second_time_nothing_is_read(folder: Path, loads: Loads) -> None:
    first, second = compile_paths(folder), compile_paths(folder)
    assert loads.count == 1
    assert len(second.matcher.match_all(EVENTS)) > 3
    assert any(finding.correlation for finding in second.matcher.match_all(EVENTS))
    assert any(finding.indicators for finding in second.matcher.match_all(EVENTS))
    assert [each.code for each in second.diagnostics] == ["JS002"]
    assert_same(second, first, EVENTS)
    assert_same(second, afresh(folder), EVENTS)


def _edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """A change that neither the size nor the time of the file shows."""

    def change(pack: Path) -> None:
        file = pack / path
        before, status = file.read_text(), file.stat()
        assert old in before
        assert len(old) == len(new)
        file.write_text(before.replace(old, new))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    return change


CHANGES: dict[str, Callable[[Path], object]] = {
    "a rule edited": _edit("a.yml", "event_type: a", "event_type: c"),
    "a title edited": _edit("a.yml", "title: a", "title: z"),
    "a level edited": _edit("a.yml", "level: high", "level: low "),
    "a correlation edited": _edit("several.yml", "gte: 2", "gte: 3"),
    "a wrong rule edited": _edit("wrong.yml", "[", "'"),
    "a rule taken out": lambda pack: (pack / "b.yml").unlink(),
    "a rule renamed": lambda pack: (pack / "b.yml").rename(pack / "d.yml"),
    "a filter added": lambda pack: (pack / "filter.yml").write_text(FILTER),
    "a list edited": _edit("known.txt", "192.0.2.1", "192.0.2.2"),
    "a list taken out": lambda pack: (pack / "known.txt").unlink(),
    "pack.yaml edited": _edit("pack.yaml", "lists: {known", "lists: {other"),
    "pack.yaml taken out": lambda pack: (pack / "pack.yaml").unlink(),
    "a broken link added": lambda pack: (pack / "link.yml").symlink_to("nowhere"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_of_a_pack_counts(
    folder: Path, loads: Loads, change: Callable[[Path], object]
) -> None:
    before = compile_paths(folder)
    change(folder)
    after = compile_paths(folder)
    assert loads.count == 2
    assert_same(after, afresh(folder), EVENTS)
    with pytest.raises(AssertionError):
        assert_same(after, before, EVENTS)


ASKED: dict[str, dict[str, Any]] = {
    "another mapping": {"mapping": "sigma"},
    "a mapping of one's own": {"mapping": "own.yml"},
    "a log source": {"logsource": {"product": "jumpcloud", "service": "sso"}},
    "a level": {"min_level": "high"},
    "lists": {"lists": {"known": ["192.0.2.2"]}},
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_what_is_asked_for_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    monkeypatch.chdir(folder.parent)
    before = compile_paths(folder)
    for _ in range(2):
        assert_same(compile_paths(folder, **asked), afresh(folder, **asked), EVENTS)
    with pytest.raises(AssertionError):
        assert_same(compile_paths(folder, **asked), before, EVENTS)


def test_a_mapping_that_was_edited_counts(folder: Path) -> None:
    mapping = folder.parent / "own.yml"
    before = compile_paths(folder, mapping=mapping)
    _edit("own.yml", "client_ip: source_ip", "client_ip: target_ip")(folder.parent)
    after = compile_paths(folder, mapping=mapping)
    assert after.matcher.rules != before.matcher.rules
    assert_same(after, afresh(folder, mapping=mapping), EVENTS)


def _own_file(patched: pytest.MonkeyPatch, tmp_path: Path) -> None:
    patched.setattr(cache_keys, "_PACKAGE", tmp_path)


def _installed(patched: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pysigma-99.dist-info").mkdir()
    patched.setattr(sys, "path", [*sys.path, str(tmp_path)])


VERSIONS: dict[str, Callable[[pytest.MonkeyPatch, Path], object]] = {
    "of this program": lambda patched, _: patched.setattr(cache_keys, "__version__", "99"),
    "of a file of this program": _own_file,
    "of what is installed": _installed,
    "of Python": lambda patched, _: patched.setattr(sys, "version", "99"),
}


@pytest.mark.parametrize("change", VERSIONS.values(), ids=VERSIONS.keys())
def test_versions_count(
    folder: Path,
    loads: Loads,
    tmp_path_factory: pytest.TempPathFactory,
    change: Callable[[pytest.MonkeyPatch, Path], object],
) -> None:
    compile_paths(folder)
    with pytest.MonkeyPatch.context() as patched:
        change(patched, tmp_path_factory.mktemp("versions"))
        compile_paths(folder)
        assert loads.count == 2
    compile_paths(folder)
    assert loads.count == 2


def test_a_file_of_this_program_counts_by_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    file = tmp_path / "below" / "code.py"
    seen = set()
    for text, time in [("one", 1), ("three", 1), ("three", 2)]:
        file.write_text(text)
        os.utime(file, (time, time))
        seen.add(tuple(cache_keys._own_files(tmp_path)))
    assert len(seen) == 3


def test_what_changes_while_it_is_compiled_is_not_kept(
    folder: Path, loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jumpsigma.api import lowering, rules

    mapping, lower = folder.parent / "own.yml", lowering.lower_pack

    def editing(*given: Any, **asked: Any) -> Any:
        lowered = lower(*given, **asked)
        mapping.write_text(MAPPING.replace("source_ip", "other_ip"))
        return lowered

    with monkeypatch.context() as patched:
        patched.setattr(rules, "lower_pack", editing)
        compile_paths(folder, mapping=mapping)
    mapping.write_text(MAPPING)
    compile_paths(folder, mapping=mapping)
    assert loads.count == 2


def test_a_pack_that_was_loaded_is_compiled_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jumpsigma.api import rules

    pack = jumpsigma.load_pack(folder)
    first = jumpsigma.compile(pack)
    with monkeypatch.context() as patched:
        patched.setattr(rules, "lower_pack", None)
        second = jumpsigma.compile(jumpsigma.load_pack(folder))
    assert second.rules == first.rules
    assert second.match_all(EVENTS) == first.match_all(EVENTS)


def test_of_a_part_of_a_pack_nothing_is_kept(folder: Path) -> None:
    pack = jumpsigma.load_pack(folder)
    assert len(jumpsigma.compile(pack).rules) == 2
    assert len(jumpsigma.compile(replace(pack, rules=pack.rules[:1])).rules) == 1


def _entries(home: Path) -> list[Path]:
    return sorted((home / "cache").glob("*.entry"))


@pytest.mark.parametrize("content", [b"", b"garbage", pickle.dumps([1]), pickle.dumps(EVENTS)])
def test_entries_that_say_something_else_are_made_anew(
    folder: Path, home: Path, content: bytes, loads: Loads
) -> None:
    from jumpsigma.api.cache import Cache

    before = compile_paths(folder)
    cache = Cache(home / "cache")
    for entry in _entries(home):
        good = entry.read_bytes()
        cache.write(entry.stem, content)
        assert_same(compile_paths(folder), before, EVENTS)
        assert entry.read_bytes() == good
    assert loads.count == 3


@pytest.mark.parametrize("share", [0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_damaged_entries_are_made_anew(folder: Path, home: Path, share: float) -> None:
    before = compile_paths(folder)
    for entry in _entries(home):
        good = entry.read_bytes()
        damaged = bytearray(good)
        damaged[int(len(good) * share)] ^= 0xFF
        entry.write_bytes(damaged)
        assert_same(compile_paths(folder), before, EVENTS)
        assert entry.read_bytes() == good


def test_a_folder_of_others_is_told_of_and_does_no_harm(folder: Path, home: Path) -> None:
    (home / "cache").mkdir(parents=True, mode=0o777)
    (home / "cache").chmod(0o777)
    compiled = compile_paths(folder)
    assert [each.code for each in compiled.diagnostics] == ["JS002", "JS092"]
    assert list((home / "cache").iterdir()) == []
    assert compiled.matcher.match_all(EVENTS) == afresh(folder).matcher.match_all(EVENTS)


def test_a_home_that_cannot_be_written_does_no_harm(folder: Path, home: Path) -> None:
    home.write_text("a file")
    assert_same(compile_paths(folder), afresh(folder), EVENTS)


def test_switched_off_it_leaves_nothing(folder: Path, home: Path) -> None:
    afresh(folder)
    assert not home.exists()


def test_rules_from_the_cache_are_rules(folder: Path) -> None:
    plain = compile_paths(folder).matcher.rules
    stored = compile_paths(folder).matcher.rules
    for one, other in zip(plain, stored, strict=True):
        assert type(one) is RuleIR
        assert isinstance(other, RuleIR)
        assert one == other
        assert other == one
        assert hash(one) == hash(other)
        assert other != replace(one, title="other")
        assert other.__eq__("rule") is NotImplemented
        assert replace(other, title="other") == replace(one, title="other")
        assert pickle.loads(pickle.dumps(other)) == one
        assert repr(other).partition("(")[2] == repr(one).partition("(")[2]
        with pytest.raises(AttributeError, match="colour"):
            _ = other.colour  # type: ignore[attr-defined]


def test_a_matcher_from_the_cache_goes_to_other_processes(folder: Path) -> None:
    compile_paths(folder)
    stored = compile_paths(folder).matcher
    again = pickle.loads(pickle.dumps(stored))
    assert again.match_all(EVENTS) == stored.match_all(EVENTS)


@pytest.fixture(scope="module")
def shipped_events() -> list[dict[str, Any]]:
    """The events of all cases of the shipped pack."""
    pack = jumpsigma.load_pack()
    return [event for file in pack.cases for case in file.cases for event in case.events]


@pytest.mark.parametrize(("mapping", "step"), [("jumpcloud", 1), ("sigma", 20), ("ecs", 5)])
def test_the_shipped_rules(
    mapping: str, step: int, shipped_events: list[dict[str, Any]], loads: Loads
) -> None:
    folder = shipped("sigma_rules")
    compile_paths(folder, mapping=mapping)
    stored = compile_paths(folder, mapping=mapping)
    assert loads.count == 1
    events = shipped_events[::step]
    assert len(stored.matcher.match_all(events)) > 30
    assert_same(stored, afresh(folder, mapping=mapping), events)


@pytest.mark.corpus
def test_the_rules_of_sigmahq(
    shared: Path, tmp_path: Path, shipped_events: list[dict[str, Any]], loads: Loads
) -> None:
    with tarfile.open(shared / "data" / "sigmahq" / "rules.tar.gz") as packed:
        packed.extraction_filter = getattr(tarfile, "data_filter", None)
        packed.extractall(tmp_path / "sigmahq")
    folder = tmp_path / "sigmahq" / "rules"
    made, stored = (compile_paths(folder, mapping="sigma") for _ in range(2))
    assert loads.count == 1
    assert len(stored.matcher.rules) > 3000
    assert_same(stored, made, shipped_events[::50])


@pytest.mark.parametrize("form", ["table", "ndjson", "json", "csv"])
def test_a_scan_with_rules_from_the_cache_imports_little(folder: Path, form: str) -> None:
    events = folder.parent / "events.ndjson"
    events.write_text(json.dumps(EVENTS[0]) + "\n")
    program = (
        "import sys\n"
        f"sys.argv = ['jumpsigma', 'scan', {str(events)!r}, '--rules', {str(folder / 'a.yml')!r},"
        f" '--format', {form!r}]\n"
        "from jumpsigma.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    done = [
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        for _ in range(2)
    ]
    assert all("1 finding " in each.stderr for each in done)
    first, second = (set(each.stdout.splitlines()[-1].split()) for each in done)
    assert {"sigma.rule", "jinja2", "yaml"} <= first
    heavy = {"sigma.rule", "pyparsing", "jinja2", "yaml", "rich", "pydantic", "httpx"}
    assert heavy & second == set()
