"""MISP feeds: a manifest and a file an event, in a folder or on a web server."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intel.feeds import add_feed
from jumpsigma.intel.store import Store

UUIDS = [f"5f0c3e5a-0000-4000-8000-00000000000{number}" for number in range(4)]


class Feed:
    """A feed that is written to a folder or put on a server."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"hashes.csv": b"not read"}
        self.manifest: dict[str, Any] = {}

    def put(self, number: int, *domains: str, timestamp: int = 1_767_225_600, **more: Any) -> None:
        uuid = UUIDS[number]
        attributes = [
            {"type": "domain", "value": each, "to_ids": True, "uuid": f"{uuid}/{index}"} | more
            for index, each in enumerate(domains)
        ]
        event = {"info": f"event {number}", "Orgc": {"name": "Example CERT"}, "uuid": uuid}
        self.files[f"{uuid}.json"] = json.dumps(
            {"Event": event | {"Attribute": attributes}}
        ).encode()
        self.manifest[uuid] = {"info": f"event {number}", "timestamp": str(timestamp)}

    def written(self) -> dict[str, bytes]:
        return {**self.files, "manifest.json": json.dumps(self.manifest).encode()}


@pytest.fixture
def feed() -> Feed:
    feed = Feed()
    feed.put(0, "a.example.com", "b.example.com")
    feed.put(1, "c.example.com")
    return feed


@pytest.fixture(params=["folder", "web", "manifest"])
def place(request: pytest.FixtureRequest, feed: Feed, web: Any, tmp_path: Path) -> Any:
    """Publishes the feed as it is when called; returns where."""
    folder = tmp_path / "feed"
    folder.mkdir()

    def publish() -> str:
        for name, data in feed.written().items():
            (folder / name).write_bytes(data)
            web.answers[f"/feed/{name}"] = web.reply(data)
        web.asked.clear()
        if request.param == "folder":
            return str(folder)
        return f"{web.url}/feed/" + ("manifest.json" if request.param == "manifest" else "")

    return publish


def values(store: Store) -> list[str]:
    return sorted(store.values("intelligence_feed"))


def test_a_feed_is_read(place: Any, store: Store) -> None:
    assert add_feed(store, place()).added == 3
    assert values(store) == ["a.example.com", "b.example.com", "c.example.com"]
    (found,) = store.details("intelligence_feed", "c.example.com")
    assert (found.source, found.note) == ("Example CERT", "event 1")


def test_only_events_that_changed_are_read_again(feed: Feed, place: Any, store: Store) -> None:
    add_feed(store, place())
    feed.put(1, "d.example.com", timestamp=1_767_225_601)
    feed.put(2, "e.example.com")
    feed.files[f"{UUIDS[0]}.json"] = b"this is not looked at"
    problems: list[Diagnostic] = []
    assert add_feed(store, place(), on_problem=problems.append).added == 2
    assert [problem.message for problem in problems] == ["not taken: events that did not change: 1"]
    assert {"d.example.com", "e.example.com"} <= set(values(store))


def test_another_end_reads_all_again_and_leaves_nothing_behind(place: Any, store: Store) -> None:
    for day in (1, 2, 2):
        add_feed(store, place(), valid_until=(end := datetime(2026, 12, day, tzinfo=UTC)))
        ends = [store.details("intelligence_feed", each)[0].valid_until for each in values(store)]
        assert ends == [end] * 3
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT count(*) FROM state").fetchone() == (1,)


def test_a_server_is_asked_for_what_changed_only(feed: Feed, web: Any, store: Store) -> None:
    def publish() -> None:
        web.answers = {f"/feed/{name}": web.reply(data) for name, data in feed.written().items()}
        web.asked.clear()

    publish()
    add_feed(store, f"{web.url}/feed/")
    assert web.paths == ["/feed/manifest.json", *(f"/feed/{uuid}.json" for uuid in UUIDS[:2])]
    feed.put(1, "d.example.com", timestamp=1_767_225_601)
    publish()
    add_feed(store, f"{web.url}/feed/")
    assert web.paths == ["/feed/manifest.json", f"/feed/{UUIDS[1]}.json"]


def test_a_deleted_attribute_revokes(feed: Feed, place: Any, store: Store) -> None:
    add_feed(store, place())
    feed.put(1, "c.example.com", timestamp=1_767_225_601, deleted=True)
    add_feed(store, place())
    assert values(store) == ["a.example.com", "b.example.com"]


def test_an_event_that_cannot_be_read_takes_no_other_and_comes_again(
    feed: Feed, place: Any, store: Store
) -> None:
    good = feed.files[f"{UUIDS[0]}.json"]
    feed.files[f"{UUIDS[0]}.json"] = good[:-20]
    problems: list[Diagnostic] = []
    add_feed(store, place(), on_problem=problems.append)
    assert "c.example.com" in values(store)
    assert any(problem.is_error for problem in problems)
    feed.files[f"{UUIDS[0]}.json"] = good
    add_feed(store, place())
    assert values(store) == ["a.example.com", "b.example.com", "c.example.com"]


def test_an_event_that_is_not_there(feed: Feed, place: Any, store: Store) -> None:
    feed.manifest[UUIDS[3]] = {"timestamp": "1"}
    problems: list[Diagnostic] = []
    add_feed(store, place(), on_problem=problems.append)
    assert values(store) == ["a.example.com", "b.example.com", "c.example.com"]
    (told,) = problems
    assert told.code in ("JS072", "JS088")
    assert UUIDS[3] in f"{told.message} {told.span}"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "https://example.com/a", f"{UUIDS[3]}/../x", "", "a\x00b"]
)
def test_what_a_manifest_must_not_name(feed: Feed, place: Any, store: Store, name: str) -> None:
    feed.manifest[name] = {"timestamp": "1"}
    problems: list[Diagnostic] = []
    assert add_feed(store, place(), on_problem=problems.append).added == 3
    assert [problem.message for problem in problems] == [f"no event: {name!r}"]


@pytest.mark.parametrize("manifest", [b"", b"[]", b"<html>", b'{"a": 1', b"\xff\xfe\xfd"])
def test_a_manifest_that_is_none(tmp_path: Path, store: Store, manifest: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(manifest)
    problems: list[Diagnostic] = []
    add_feed(store, str(tmp_path), on_problem=problems.append)
    assert any(problem.is_error for problem in problems)
    assert store.names() == ()


def test_a_folder_that_is_no_feed(tmp_path: Path, store: Store) -> None:
    with pytest.raises(DiagnosticError) as caught:
        add_feed(store, str(tmp_path))
    assert caught.value.diagnostic.code == "JS087"


def test_a_server_without_a_manifest(web: Any, store: Store) -> None:
    with pytest.raises(DiagnosticError) as caught:
        add_feed(store, f"{web.url}/feed/")
    assert caught.value.diagnostic.message == "cannot fetch: the server answers 404"
