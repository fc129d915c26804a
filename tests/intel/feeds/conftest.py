"""A web server on this machine that says what a test tells it to, and remembers who asked."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jumpsigma.intel.store import Store, open_store


@dataclass
class Asked:
    """A request: its path with the query, and its headers by their names in lower case."""

    path: str
    headers: dict[str, str]


@dataclass
class Answer:
    """What the server sends; ``cut`` closes the connection after so many bytes of the body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class Web:
    """The server. ``answers`` has an answer, or what makes one, by path (without the query)."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Callable[[Asked], Answer]] = {}
        self.asked: list[Asked] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [each.path for each in self.asked]

    @staticmethod
    def reply(
        body: bytes = b"", status: int = 200, *, cut: int | None = None, **headers: str
    ) -> Answer:
        """An answer; an underscore in the name of a header is a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(body, status, named, cut)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        found = self.answers.get(asked.path.partition("?")[0], Answer(b"not here", 404))
        return found if isinstance(found, Answer) else found(asked)


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = web.answer(Asked(self.path, headers))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            with suppress(ConnectionError):  # a client may have seen enough
                self.wfile.write(answer.body[: answer.cut])
            self.close_connection = answer.cut is not None

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield web
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    with open_store(folder / "indicators.sqlite", create=True) as store:
        yield store


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment of the test's user has must not change what is tested."""
    ours = ("JUMPSIGMA_TAXII_", "JUMPSIGMA_FEED_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and not name.lower().endswith("_proxy")
    }
    monkeypatch.setattr(os, "environ", kept)
