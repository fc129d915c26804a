"""What is fetched, what is refused, and that no message holds a secret."""

from __future__ import annotations

import gzip
import logging
import os
import threading
import traceback
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intel import fetch
from jumpsigma.intel.credentials import Credentials, credentials_for, origin_of
from jumpsigma.intel.feeds import add_feed
from jumpsigma.intel.fetch import Fetcher, Scope, shown_url
from jumpsigma.intel.readers import content
from jumpsigma.intel.store import Store

SECRET = "s3cr3t-0123456789"


def refusal(url: str, **options: Any) -> str:
    """Why it is not fetched: the message of the diagnostic, which names no more than it may."""
    with pytest.raises(DiagnosticError) as caught, Fetcher(**options) as fetcher:
        fetcher.get(url)
    assert caught.value.diagnostic.code == "JS088"
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return caught.value.diagnostic.message


def test_what_is_fetched(web: Any) -> None:
    web.answers["/list.txt"] = web.reply(b"a.example.com\n", ETag='"1"')
    with Fetcher() as fetcher:
        fetched = fetcher.get(f"{web.url}/list.txt", params={"a": "b c"})
        assert fetched.file.read() == b"a.example.com\n"
        assert fetched.headers["etag"] == '"1"'
    assert fetched.file.closed
    (asked,) = web.asked
    assert asked.path == "/list.txt?a=b+c"
    assert asked.headers["user-agent"].startswith("jumpsigma/")
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "nothing is fetched over 'file'"),
        ("ftp://example.com/a", "nothing is fetched over 'ftp'"),
        ("example.com/a", "this is no URL"),
        ("http://192.0.2.1/a", "plain http to another machine"),
        (f"https://user:{SECRET}@example.com/a", "there are credentials in the URL"),
        (f"https://{SECRET}@example.com/a", "there are credentials in the URL"),
        ("https:///a", "there is no host"),
        (f"https://example.com:port/{SECRET}", "not a URL"),
        (f"https://[::1/{SECRET}", "not a URL"),
        (f"https://no-such-host.invalid/a?key={SECRET}", "there is no host 'no-such-host.invalid'"),
        (f"http://127.0.0.1:1/a?key={SECRET}", "the connection failed"),
    ],
)
def test_what_is_not_fetched(url: str, words: str) -> None:
    assert words in refusal(url)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("ftp://127.0.0.1/a", "redirected to 'ftp'"),
        ("file:///etc/passwd", "redirected to 'file'"),
        ("https://127.0.0.1/a", "redirected from http to https"),
        (f"http://user:{SECRET}@127.0.0.1/", "credentials in the URL"),
        ("http://[", "not a URL"),
        ("/loop", "more than 5 redirects"),
        ("", "more than 5 redirects"),
    ],
)
def test_redirects_that_are_not_followed(web: Any, location: str, words: str) -> None:
    web.answers["/loop"] = web.reply(status=302, Location=location)
    assert words in refusal(f"{web.url}/loop")


def test_five_redirects_are_followed(web: Any) -> None:
    for number, status in enumerate((301, 302, 303, 307, 308)):
        web.answers[f"/{number}"] = web.reply(status=status, Location=f"/{number + 1}")
    web.answers["/5"] = web.reply(b"here")
    with Fetcher() as fetcher:
        assert fetcher.get(f"{web.url}/0").file.read() == b"here"


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "192.168.1.1",
     "169.254.169.254", "[fe80::1]", "[fd00::1]", "100.64.0.1"],
)  # fmt: skip
def test_a_public_server_may_not_send_us_inside(
    web: Any, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    real = fetch._scope
    monkeypatch.setattr(
        fetch,
        "_scope",
        lambda each: Scope.PUBLIC if each == ip_address("127.0.0.1") else real(each),
    )
    web.answers["/"] = web.reply(status=302, Location=f"http://{host}:{web.port}/inside")
    assert "redirected to a private address" in refusal(f"{web.url}/", allow_http=True)
    assert web.paths == ["/"]


def test_a_name_that_changes_its_meaning_between_question_and_request(
    web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([Scope.PUBLIC, Scope.OURSELVES])  # of who answers; the name looks public twice
    monkeypatch.setattr(fetch, "_scope", lambda _: next(answers))
    monkeypatch.setattr(fetch, "_scopes_of", lambda *_, **__: {Scope.PUBLIC})
    web.answers["/"] = web.reply(status=302, Location="/inside")
    web.answers["/inside"] = web.reply(b"secret of the house")
    assert "redirected to a private address" in refusal(f"{web.url}/", allow_http=True)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 206, 304 + 1])
def test_other_answers(web: Any, status: int) -> None:
    web.answers["/"] = web.reply(b"no", status)
    assert refusal(f"{web.url}/") == f"cannot fetch: the server answers {status}"


def test_limits_of_size_and_time(web: Any) -> None:
    web.answers["/"] = web.reply(b"x" * 3_000_000)
    assert "larger than 1 MiB" in refusal(f"{web.url}/", max_bytes=1024 * 1024)
    assert "takes longer" in refusal(f"{web.url}/", max_seconds=-1.0)


def test_a_server_that_says_nothing(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MAX_SILENCE", 0.05)
    done = threading.Event()

    def wait(_: object) -> Any:
        done.wait(30)
        return web.reply()

    web.answers["/"] = wait
    try:
        assert "no answer within" in refusal(f"{web.url}/")
    finally:
        done.set()


def test_a_body_that_breaks_off(web: Any) -> None:
    web.answers["/"] = web.reply(b"x" * 1000, cut=10)
    assert "the connection failed" in refusal(f"{web.url}/")


def test_an_encoding_that_was_not_asked_for(web: Any) -> None:
    web.answers["/"] = web.reply(b"x", Content_Encoding="br")
    assert "encoded" in refusal(f"{web.url}/")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_compressed_feed_and_a_bomb(
    web: Any, store: Store, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    web.answers["/list"] = web.reply(gzip.compress(b"a.example.com\n"), Content_Encoding=encoding)
    assert add_feed(store, f"{web.url}/list").added == 1
    monkeypatch.setattr(content, "MAX_BYTES", 1024 * 1024)
    bomb = gzip.compress(b"b.example.com\n" + b"\n" * 100_000_000)
    web.answers["/bomb"] = web.reply(bomb, Content_Encoding=encoding)
    problems: list[Diagnostic] = []
    assert add_feed(store, f"{web.url}/bomb", on_problem=problems.append).added == 1
    assert any("unpacks to more than" in problem.message for problem in problems)


def test_an_unchanged_feed_is_not_sent_again(web: Any, store: Store) -> None:
    def answer(asked: Any) -> Any:
        if asked.headers.get("if-none-match") == '"1"':
            return web.reply(status=304)
        return web.reply(b"a.example.com\n", ETag='"1"', Last_Modified="yesterday")

    web.answers["/list"] = answer
    url = f"{web.url}/list?key={SECRET}"
    assert add_feed(store, url).added == 1
    problems: list[Diagnostic] = []
    assert add_feed(store, url, on_problem=problems.append).added == 0
    assert [problem.message for problem in problems] == ["not changed since it was last added"]
    assert web.asked[1].headers["if-modified-since"] == "yesterday"
    assert add_feed(store, url, list="another").added == 1  # of another list that is not known
    assert add_feed(store, url, tags=["t"]).updated == 1
    end = datetime(2026, 12, 1, tzinfo=UTC)
    assert add_feed(store, url, valid_until=end).updated == 1  # else it would not end then
    assert add_feed(store, url, valid_until=end).updated == 0
    assert SECRET.encode() not in b"".join(
        path.read_bytes() for path in store.path.parent.iterdir()
    )


def test_what_was_removed_is_sent_again(web: Any, store: Store) -> None:
    web.answers["/list"] = lambda asked: (
        web.reply(status=304)
        if "if-none-match" in asked.headers
        else web.reply(b"a.example.com\n", ETag='"1"')
    )
    assert add_feed(store, f"{web.url}/list").added == 1
    assert store.remove(list="intelligence_feed") == 1
    assert add_feed(store, f"{web.url}/list").added == 1


def test_a_feed_that_breaks_leaves_the_store_as_it_was(web: Any, store: Store) -> None:
    web.answers["/list"] = web.reply(b"a.example.com\n" * 1000, cut=100)
    with pytest.raises(DiagnosticError):
        add_feed(store, f"{web.url}/list")
    assert store.names() == ()


@pytest.mark.parametrize(
    ("variables", "header"),
    [
        ({"JUMPSIGMA_TAXII_TOKEN": "abc"}, "Bearer abc"),
        ({"JUMPSIGMA_TAXII_TOKEN": "Token abc"}, "Token abc"),
        ({"JUMPSIGMA_TAXII_USER": "u", "JUMPSIGMA_TAXII_PASSWORD": "p:q"}, "Basic dTpwOnE="),
        (
            {"JUMPSIGMA_TAXII_TOKEN": "abc", "JUMPSIGMA_TAXII_TOKEN_TAXII_EXAMPLE_COM": "own"},
            "Bearer own",
        ),
        ({"JUMPSIGMA_TAXII_TOKEN_OTHER_EXAMPLE_COM": "abc"}, None),
        ({"JUMPSIGMA_FEED_TOKEN": "abc"}, None),
    ],
)
def test_credentials_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], header: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = credentials_for("https://taxii.example.com/taxii2/", "TAXII")
    assert (None if found is None else found.header) == header
    if found is not None:
        assert found.header not in repr(found)
        assert found.origin == "https://taxii.example.com:443"


def test_credentials_of_a_feed_are_for_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUMPSIGMA_FEED_TOKEN", "abc")
    assert credentials_for("https://feeds.example.com/a", "FEED") is None
    monkeypatch.setenv("JUMPSIGMA_FEED_TOKEN_FEEDS_EXAMPLE_COM", "abc")
    assert credentials_for("https://feeds.example.com/a", "FEED") is not None


@pytest.mark.parametrize(
    "variables",
    [
        {"JUMPSIGMA_TAXII_TOKEN": SECRET, "JUMPSIGMA_TAXII_USER": "u"},
        {"JUMPSIGMA_TAXII_PASSWORD": SECRET},
        {"JUMPSIGMA_TAXII_USER": SECRET},
        {"JUMPSIGMA_TAXII_TOKEN": f"{SECRET}\r\nX-Other: 1"},
        {"JUMPSIGMA_TAXII_USER": f"u:{SECRET}", "JUMPSIGMA_TAXII_PASSWORD": SECRET},
    ],
)
def test_credentials_that_cannot_be(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DiagnosticError) as caught:
        credentials_for("https://taxii.example.com/", "TAXII")
    assert caught.value.diagnostic.code == "JS090"
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_credentials_in_a_key_ring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keyring.py").write_text(
        "from types import SimpleNamespace\n"
        "def get_credential(service, username):\n"
        "    assert username is None\n"
        "    return {'jumpsigma:a.example.com': SimpleNamespace(username='u', password='p'),\n"
        "            'jumpsigma:b.example.com': SimpleNamespace(username='token', password='t'),\n"
        "            }.get(service)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "keyring", raising=False)
    headers = [
        found.header
        if (found := credentials_for(f"https://{host}.example.com/", "TAXII"))
        else None
        for host in "abc"
    ]
    assert headers == ["Basic dTpw", "Bearer t", None]


def test_credentials_stay_with_their_server(web: Any) -> None:
    web.answers["/"] = web.reply(status=302, Location=f"http://localhost:{web.port}/elsewhere")
    web.answers["/elsewhere"] = web.reply(b"here")
    credentials = Credentials(f"Bearer {SECRET}", origin_of(web.url), "a test")
    with Fetcher(credentials=credentials) as fetcher:
        fetcher.get(f"{web.url}/")
    assert [asked.headers.get("authorization") for asked in web.asked] == [
        f"Bearer {SECRET}",
        None,
    ]


def test_credentials_are_not_sent_over_plain_http() -> None:
    credentials = Credentials(f"Bearer {SECRET}", "http://192.0.2.1:80", "a test")
    words = refusal("http://192.0.2.1/", allow_http=True, credentials=credentials)
    assert "credentials are not sent over plain http" in words


@pytest.mark.parametrize("status", [200, 401, 500])
def test_no_secret_in_any_message(
    web: Any,
    store: Store,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    status: int,
) -> None:
    os.environ["JUMPSIGMA_FEED_TOKEN_127_0_0_1"] = SECRET  # taken away again after each test
    web.answers["/list"] = web.reply(b"a.example.com\nno value\n", status)
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        try:
            add_feed(
                store,
                f"{web.url}/list?key={SECRET}#{SECRET}",
                on_problem=lambda each: told.append(repr(each)),
            )
        except DiagnosticError as error:
            told += traceback.format_exception(error)
    assert web.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    told += [record.getMessage() for record in caplog.records]
    told += capfd.readouterr()
    assert any("127.0.0.1" in each for each in told)
    assert SECRET not in "\n".join(told)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            f"https://u:{SECRET}@example.com:8443/a?b={SECRET}#{SECRET}",
            "https://example.com:8443/a?…",
        ),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("file:///a", "file:/a"),
        ("https://[::1/a", "a URL"),
        ("a/b", "a/b"),
    ],
)
def test_shown_urls(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_a_proxy_is_used_but_not_to_reach_ourselves(
    web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", web.url)
    web.answers["http://feeds.example.com/list"] = web.reply(b"by proxy")
    web.answers["http://feeds.example.com/moved"] = web.reply(
        status=302, Location="http://10.0.0.1/"
    )
    web.answers["/list"] = web.reply(b"direct")
    with Fetcher(allow_http=True) as fetcher:
        assert fetcher.get("http://feeds.example.com/list").file.read() == b"by proxy"
        assert fetcher.get(f"{web.url}/list").file.read() == b"direct"
    moved = refusal("http://feeds.example.com/moved", allow_http=True)
    assert "redirected to a private address" in moved
