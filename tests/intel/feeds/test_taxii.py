"""Pulling from a TAXII 2.1 server: a real one (medallion), and one that does not behave."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import medallion
import pytest

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intel import taxii
from jumpsigma.intel.store import Store
from jumpsigma.intel.taxii import pull

SECRET = "s3cr3t-0123456789"
COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
OTHER = "52892447-4d7e-4f70-b94d-d7f22742ff63"
MEDIA_TYPE = "application/taxii+json;version=2.1"


def identity() -> dict[str, Any]:
    return {"type": "identity", "id": "identity--1", "name": "Example CERT"} | VERSION


VERSION = {
    "spec_version": "2.1",
    "created": "2026-01-01T00:00:00.000Z",
    "modified": "2026-01-01T00:00:00.000Z",
}


def indicator(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator",
        "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
        "created_by_ref": "identity--1",
        "pattern_type": "stix",
        "pattern": f"[domain-name:value = 'd{number}.example.com']",
        "valid_from": "2026-01-01T00:00:00Z",
        **VERSION,
        **more,
    }


class Medallion:
    """The reference server, with its data in memory, pages of three and a user ``u``."""

    def __init__(self, folder: Path) -> None:
        from flask import Flask
        from medallion.exceptions import ProcessingError
        from werkzeug.serving import make_server

        self._time = 0
        collections = [
            self._collection(COLLECTION, "Indicators", can_read=True),
            self._collection(OTHER, "Closed", can_read=False),
        ]
        data = {
            "/discovery": {"title": "A server", "api_roots": ["/root/"], "default": "/root/"},
            "root": {
                "information": {
                    "title": "A root",
                    "versions": [MEDIA_TYPE],
                    "max_content_length": 9999,
                },
                "status": [],
                "collections": collections,
            },
        }
        path = folder / "medallion.json"
        path.write_text(json.dumps(data))
        app = Flask("medallion")
        config = {
            "users": {"u": SECRET},
            "taxii": {"max_page_size": 3},
            "backend": {
                "module": "medallion.backends.memory_backend",
                "module_class": "MemoryBackend",
                "filename": str(path),
            },
        }
        for name in config:
            medallion.set_config(app, name, config)
        medallion.register_blueprints(app)
        app.register_error_handler(ProcessingError, medallion.handle_processing_error)
        app.before_request(self._before)
        self.on_request: Callable[[int], None] = lambda _: None
        self.requests: list[str] = []
        self.backend = app.medallion_backend  # type: ignore[attr-defined]
        self.server = make_server("127.0.0.1", 0, app, threaded=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/taxii2/"

    def add(self, *objects: dict[str, Any]) -> None:
        collection = self.backend.data["root"]["collections"][0]
        for each in objects:
            self._time += 1
            added = f"2026-01-02T00:{self._time // 60:02d}:{self._time % 60:02d}.000Z"
            collection["objects"].append(each)
            collection["manifest"].append(
                {"id": each["id"], "date_added": added, "version": each["modified"],
                 "media_type": "application/stix+json;version=2.1"}
            )  # fmt: skip

    def _before(self) -> None:
        from flask import request

        self.requests.append(request.full_path)
        self.on_request(len(self.requests))

    @staticmethod
    def _collection(id_: str, title: str, *, can_read: bool) -> dict[str, Any]:
        return {
            "id": id_,
            "title": title,
            "can_read": can_read,
            "can_write": False,
            "media_types": ["application/stix+json;version=2.1"],
            "objects": [],
            "manifest": [],
        }


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Medallion]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    monkeypatch.setattr(
        "medallion.backends.memory_backend.SessionChecker",
        lambda *_: SimpleNamespace(start=lambda: None),  # a thread that nothing ever stops
    )
    server = Medallion(tmp_path)
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("JUMPSIGMA_TAXII_USER", "u")
    monkeypatch.setenv("JUMPSIGMA_TAXII_PASSWORD", SECRET)
    yield server
    server.server.shutdown()
    thread.join()
    server.server.server_close()


def values(store: Store) -> list[str]:
    return sorted(store.values("intelligence_feed"))


def domains(*numbers: int) -> list[str]:
    return sorted(f"d{number}.example.com" for number in numbers)


def test_all_pages_are_pulled_then_only_what_is_new(server: Medallion, store: Store) -> None:
    server.add(identity(), *(indicator(number) for number in range(7)))
    assert pull(store, server.url).added == 7
    assert values(store) == domains(*range(7))
    pages = [each for each in server.requests if "/objects/" in each]
    assert len(pages) == 3
    assert not any("added_after" in each for each in pages)
    (found,) = store.details("intelligence_feed", "d6.example.com")
    assert found.source == "Example CERT"

    server.requests.clear()
    assert pull(store, server.url).added == 0
    server.add(indicator(7), indicator(8))
    assert pull(store, server.url).added == 2
    assert values(store) == domains(*range(9))
    pages = [each for each in server.requests if "/objects/" in each]
    assert len(pages) == 2
    assert all("added_after=2026-01-02T00" in each for each in pages)
    (found,) = store.details("intelligence_feed", "d8.example.com")
    assert found.source == "Example CERT"  # whose name came with the first pull


def test_what_is_revoked_later(server: Medallion, store: Store) -> None:
    server.add(indicator(1), indicator(2))
    pull(store, server.url)
    server.add(indicator(1, modified="2026-01-03T00:00:00.000Z", revoked=True))
    pull(store, server.url)
    assert values(store) == domains(2)


def test_another_end_pulls_all_again_and_leaves_nothing_behind(
    server: Medallion, store: Store
) -> None:
    server.add(indicator(1), indicator(2))
    for day, updated in ((1, 0), (2, 2), (2, 0)):
        end = datetime(2026, 12, day, tzinfo=UTC)
        assert pull(store, server.url, valid_until=end).updated == updated
        (found,) = store.details("intelligence_feed", "d1.example.com")
        assert found.valid_until == end
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT count(*) FROM state").fetchone() == (1,)


def test_each_list_is_pulled_for_itself(server: Medallion, store: Store) -> None:
    server.add(indicator(1))
    assert pull(store, server.url).added == 1
    assert pull(store, server.url, list="another").added == 1


@pytest.mark.parametrize(
    "path", ["", "/", "/taxii2", "/taxii2/", "/root/", f"/root/collections/{COLLECTION}/"]
)
@pytest.mark.parametrize("collection", [None, COLLECTION, "Indicators"])
def test_ways_to_name_a_collection(
    server: Medallion, store: Store, path: str, collection: str | None
) -> None:
    server.add(indicator(1))
    assert pull(store, server.url.removesuffix("/taxii2/") + path, collection).added == 1


def test_a_collection_that_is_not_there_or_closed(server: Medallion, store: Store) -> None:
    for name in ("nothing", "Closed", OTHER):
        with pytest.raises(DiagnosticError) as caught:
            pull(store, server.url, name)
        assert caught.value.diagnostic.code == "JS090"
        assert f"{COLLECTION} ('Indicators')" in caught.value.diagnostic.message
        assert "Closed" not in caught.value.diagnostic.message


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"JUMPSIGMA_TAXII_TOKEN": SECRET},
        {"JUMPSIGMA_TAXII_USER": "u", "JUMPSIGMA_TAXII_PASSWORD": "no"},
    ],
)
def test_wrong_credentials(
    server: Medallion, store: Store, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    monkeypatch.delenv("JUMPSIGMA_TAXII_USER")
    monkeypatch.delenv("JUMPSIGMA_TAXII_PASSWORD")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DiagnosticError) as caught:
        pull(store, server.url)
    told = caught.value.diagnostic
    assert (told.code, told.message) == ("JS088", "cannot fetch: the server answers 401")
    assert told.hint is not None
    assert "credentials" in told.hint


@pytest.mark.parametrize("request_number", [1, 2, 3, 4, 5])
def test_a_server_that_dies_in_the_middle(
    server: Medallion, store: Store, request_number: int
) -> None:
    server.add(indicator(100))
    pull(store, server.url)
    server.add(*(indicator(number) for number in range(7)))
    server.requests.clear()

    def die(number: int) -> None:
        if number == request_number:
            raise ConnectionAbortedError

    server.on_request = die
    with pytest.raises(DiagnosticError) as caught:
        pull(store, server.url)
    assert caught.value.diagnostic.code == "JS088"
    store.close()  # look anew
    assert values(store) == domains(100)
    server.on_request = lambda _: None
    assert pull(store, server.url).added == 7  # nothing was missed
    assert values(store) == domains(*range(7), 100)


_PULL = """
import sys
from jumpsigma.intel.store import open_store
from jumpsigma.intel.taxii import pull
print(pull(open_store(sys.argv[1]), sys.argv[2]).added)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is nothing to kill with")
def test_a_pull_that_is_killed_in_the_middle(server: Medallion, store: Store) -> None:
    server.add(indicator(100))
    pull(store, server.url)
    server.add(*(indicator(number) for number in range(7)))
    env = {**os.environ, "JUMPSIGMA_TAXII_USER": "u", "JUMPSIGMA_TAXII_PASSWORD": SECRET}
    for request_number in (2, 3, 4, 5):
        server.requests.clear()
        started = subprocess.Popen([sys.executable, "-c", _PULL, store.path, server.url], env=env)

        def kill(number: int, at: int = request_number, pid: int = started.pid) -> None:
            if number == at:
                os.kill(pid, signal.SIGKILL)

        server.on_request = kill
        assert started.wait(60) == -signal.SIGKILL
        store.close()  # look anew
        assert values(store) == domains(100)
    server.on_request = lambda _: None
    assert pull(store, server.url).added == 7


def test_the_password_is_nowhere(
    server: Medallion,
    store: Store,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    server.add(indicator(1, pattern="[url:value LIKE 'a']"), indicator(2))
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        pull(store, server.url, on_problem=lambda each: told.append(repr(each)))
        with pytest.raises(DiagnosticError) as caught:
            pull(store, server.url, "nothing")
    told += traceback.format_exception(caught.value)
    told += [record.getMessage() for record in caplog.records]
    told += capfd.readouterr()
    held = [path.read_bytes() for path in store.path.parent.iterdir()]
    assert len(told) > 3
    assert SECRET not in "\n".join(told)
    assert SECRET.encode() not in b"".join(held)


class Script:
    """A TAXII server of one collection whose pages are what a test says."""

    def __init__(self, web: Any) -> None:
        self._web = web
        self.says("/taxii2/", {"title": "A server", "api_roots": [f"{web.url}/root/"]})
        self.says("/root/collections/", {"collections": [self.collection()]})

    def collection(self, **more: Any) -> dict[str, Any]:
        return {
            "id": COLLECTION,
            "title": "Indicators",
            "can_read": True,
            "can_write": False,
        } | more

    def says(self, path: str, what: object, **headers: str) -> None:
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        self._web.answers[path] = self._web.reply(body, Content_Type=MEDIA_TYPE, **headers)

    def pages(self, *pages: object, **headers: str) -> None:
        """The pages; ``next`` is the number of the one that follows."""

        def answer(asked: Any) -> Any:
            number = int(asked.path.partition("next=")[2].partition("&")[0] or 0)
            body = pages[number]
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            return self._web.reply(raw, Content_Type=MEDIA_TYPE, **headers)

        self._web.answers[f"/root/collections/{COLLECTION}/objects/"] = answer


@pytest.fixture
def script(web: Any) -> Script:
    return Script(web)


DATED = {"X_TAXII_Date_Added_Last": "2026-01-02T00:00:00.000Z"}


def envelope(*objects: object, more: int | None = None) -> dict[str, Any]:
    return {"objects": list(objects)} | ({} if more is None else {"more": True, "next": str(more)})


def test_a_damaged_page_gives_what_is_good_and_comes_again(
    web: Any, script: Script, store: Store
) -> None:
    broken = json.dumps(envelope(indicator(2), "X", indicator(3), more=2)).encode()
    broken = broken.replace(
        b'"X"', b'{"deep":' + b"[" * 50_000 + b"NaN, \xff" + b"]" * 50_000 + b"}"
    )
    script.pages(envelope(indicator(1), more=1), broken, envelope(indicator(4)), **DATED)
    problems: list[Diagnostic] = []
    assert pull(store, web.url, on_problem=problems.append).added == 4
    assert values(store) == domains(1, 2, 3, 4)
    assert [problem.code for problem in problems] == ["JS080"]

    script.pages(json.dumps(envelope(indicator(5), indicator(6))).encode()[:-50], **DATED)
    problems.clear()
    pull(store, web.url, on_problem=problems.append)
    assert "d5.example.com" in values(store)
    assert any(problem.is_error for problem in problems)
    script.pages(envelope(indicator(5), indicator(6)), **DATED)
    assert pull(store, web.url).added == 1
    assert values(store) == domains(1, 2, 3, 4, 5, 6)


def test_a_server_that_does_not_say_when(web: Any, script: Script, store: Store) -> None:
    script.pages(envelope(indicator(1)))
    problems: list[Diagnostic] = []
    pull(store, web.url, on_problem=problems.append)
    assert [problem.code for problem in problems] == ["JS089"]
    assert pull(store, web.url).unchanged == 1
    assert not any("added_after" in path for path in web.paths)


@pytest.mark.parametrize("header", ["never", "2026-01-02", "9" * 1000, "2026-01-02T00:00:00Z; x"])
def test_a_date_that_is_none_is_not_sent_back(
    web: Any, script: Script, store: Store, header: str
) -> None:
    script.pages(envelope(indicator(1)), X_TAXII_Date_Added_Last=header)
    pull(store, web.url)
    pull(store, web.url)
    assert not any("added_after" in path for path in web.paths)


def test_pages_without_end(
    web: Any, script: Script, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taxii, "MAX_PAGES", 5)
    script.pages(envelope(indicator(1), more=0))
    with pytest.raises(DiagnosticError) as caught:
        pull(store, web.url)
    assert "more than 5 pages" in caught.value.diagnostic.message
    assert store.names() == ()


def test_roots_on_other_servers_are_not_asked(
    web: Any, script: Script, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUMPSIGMA_TAXII_TOKEN", SECRET)
    elsewhere = f"http://localhost:{web.port}/root/"
    script.says("/taxii2/", {"title": "A server", "api_roots": [elsewhere, "http://[", 5]})
    with pytest.raises(DiagnosticError):
        pull(store, web.url)
    assert web.paths == ["/taxii2/"]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/taxii2/", b"<html>"),
        ("/taxii2/", b"[]"),
        ("/taxii2/", {"title": "A server", "api_roots": 5}),
        ("/taxii2/", {"can_read": True}),
        ("/root/collections/", {"collections": 5}),
        ("/root/collections/", {"collections": [{"id": 5}]}),
        ("/root/collections/", {"collections": [{"id": "../../x"}]}),
        ("/root/collections/", {"collections": [None]}),
        ("/root/collections/", b'{"collections": [' + b"[" * 100_000),
        (f"/root/collections/{COLLECTION}/objects/", {"more": True, "next": 5}),
        (f"/root/collections/{COLLECTION}/objects/", {"more": True}),
    ],
)
def test_a_server_that_does_not_keep_to_the_protocol(
    web: Any, script: Script, store: Store, path: str, answer: object
) -> None:
    script.pages(envelope())
    script.says(path, answer)
    with pytest.raises(DiagnosticError) as caught:
        pull(store, web.url)
    assert caught.value.diagnostic.code in ("JS088", "JS090")
    assert store.names() == ()


def test_a_server_that_speaks_another_language(web: Any, store: Store) -> None:
    web.answers["/taxii2/"] = web.reply(b"{}", Content_Type="text/html")
    with pytest.raises(DiagnosticError) as caught:
        pull(store, web.url)
    assert "does not answer in TAXII 2.1 but as 'text/html'" in caught.value.diagnostic.message
