"""``jumpsigma intel``: what it prints, where, and with which exit code."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from running import Done, run_command

from jumpsigma.api.intel import add_indicators, expire_indicators, parse_expiry, remove_indicators
from jumpsigma.cli.output import print_table
from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.intel.model import AddResult, Entry
from jumpsigma.intel.store import Store, open_store

FEED = b"""\
# a feed
evil[.]example
192.0.2.0/24
1.2.3
hxxps://EVIL.example/Path
"""
OF_YARA = '{"type": "indicator", "pattern_type": "yara", "pattern": "x"}'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.txt"
    path.write_bytes(FEED)
    return path


def intel(home: Path, *arguments: str | Path, stdin: bytes = b"") -> Done:
    return run_command("intel", *arguments, stdin=stdin, env={"JUMPSIGMA_HOME": str(home)})


def listed(home: Path) -> dict[str, Any]:
    rows = json.loads(intel(home, "list", "--format", "json").stdout)
    return {row.pop("list"): row for row in rows}


def matched(home: Path, *values: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        intel(home, "match", *values, "--format", "json").stdout
    )
    return rows


@pytest.mark.parametrize(
    "command", ["", "add", "pull", "update", "list", "match", "expire", "remove"]
)
def test_help_says_what_and_how(home: Path, command: str) -> None:
    done = intel(home, *command.split(), "--help")
    assert done.returncode == 0
    assert f"Usage: jumpsigma intel {command}".strip() in done.stdout
    if command not in ("", "list"):
        assert f"  jumpsigma intel {command} " in done.stdout
    assert not home.exists()


def test_add_says_what_it_did_and_what_is_no_indicator(home: Path, feed: Path) -> None:
    done = intel(home, "add", feed)
    assert done.returncode == 0
    assert done.stdout == (
        f"{feed}: 3 added, 0 updated, 0 unchanged, 1 rejected in intelligence_feed\n"
    )
    assert f"{feed}:4: warning JS080: '1.2.3' is neither an address nor a domain" in done.stderr
    again = intel(home, "add", feed)
    assert "0 added, 0 updated, 3 unchanged, 1 rejected" in again.stdout


def test_add_keeps_what_it_is_told(home: Path, feed: Path) -> None:
    options = ["--list", "dynamic_dns", "--tag", "x", "--tag", "y", "--confidence", "80"]
    options += ["--expires", "2026-12-31", "--source", "Example Org", "--format", "list"]
    assert intel(home, "add", feed, *options).returncode == 0
    (found,) = matched(home, "evil.example")
    assert found == {
        "value": "evil.example",
        "reason": "is the domain",
        "list": "dynamic_dns",
        "indicator": "evil.example",
        "kind": "domain",
        "status": found["status"],  # the clock decides
        "source": "Example Org",
        "confidence": 80,
        "tags": ["x", "y"],
        "valid_from": None,
        "valid_until": "2026-12-31T00:00:00Z",
        "reference": None,
        "note": None,
    }


def test_add_reads_standard_input(home: Path) -> None:
    done = intel(home, "add", "-", stdin=FEED)
    assert "3 added" in done.stdout
    assert listed(home)["intelligence_feed"]["sources"] == ["standard input"]


def test_a_feed_that_cannot_be_read_stops_no_other(home: Path, feed: Path) -> None:
    done = intel(home, "add", feed.with_name("missing.txt"), feed)
    assert done.returncode == 2
    assert "missing.txt" in done.stderr
    assert f"{feed}: 3 added" in done.stdout


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("", "error JS090: the place of a feed is empty"),
        ("n" * 5000, "error JS072: cannot open: File name too long"),
        (f"http://127.0.0.1:1/{'n' * 5000}", "error JS088: cannot fetch: the connection failed"),
    ],
    ids=["empty", "long path", "long URL"],
)
def test_a_place_that_is_none_stops_no_other(
    home: Path, feed: Path, place: str, words: str
) -> None:
    done = intel(home, "add", place, feed)
    assert done.returncode == 2
    assert words in done.stderr
    assert f"{feed}: 3 added" in done.stdout


def test_many_problems_are_counted_or_shown_at_will(home: Path, feed: Path) -> None:
    feed.write_text("".join(f"1.2.{n}\n" for n in range(12)) + "evil.example\n")
    few = intel(home, "add", feed)
    assert few.stderr.count("is neither an address nor a domain") == 5
    assert "... and 7 more like these (--verbose)" in few.stderr
    everything = intel(home, "add", feed, "--verbose")
    assert everything.stderr.count("is neither an address nor a domain") == 12
    assert few.returncode == everything.returncode == 0


@pytest.mark.parametrize(
    ("content", "counts", "more"),
    [
        (
            "a b\n" * 1000,
            "0 added, 0 updated, 0 unchanged, 1,000 rejected",
            "JS080: ... and 995 more",
        ),
        (
            "1.2.3\n" * 1000,
            "0 added, 0 updated, 0 unchanged, 1,000 rejected",
            "JS080: ... and 995 more",
        ),
        (
            f'{{"objects": [{",".join([OF_YARA] * 1000)}]}}',
            "0 added, 0 updated, 0 unchanged, 1,000 rejected",
            "JS086: ... and 995 more",
        ),
        (
            "value,confidence,valid_until\na.example,high!,soon\n",
            "1 added, 0 updated, 0 unchanged, 0 rejected",
            "",
        ),
        ("", "0 added, 0 updated, 0 unchanged, 0 rejected", "error JS087"),
    ],
    ids=["lines", "values", "patterns", "fields that are ignored", "nothing"],
)
def test_what_is_rejected_is_counted_one_by_one(
    home: Path, feed: Path, content: str, counts: str, more: str
) -> None:
    feed.write_text(content)
    done = intel(home, "add", feed)
    assert counts in done.stdout
    assert more in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--list", "a-b"], "'a-b' is no name for a list"),
        (["--expires", "soon"], "'soon' is no time"),
        (["--confidence", "101"], "--confidence"),
        (["--format", "pdf"], "pdf"),
    ],
)
def test_wrong_use_is_told_and_changes_nothing(
    home: Path, feed: Path, options: list[str], message: str
) -> None:
    done = intel(home, "add", feed, *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert not home.exists()


def test_list_sums_up(home: Path, feed: Path) -> None:
    assert intel(home, "list").stdout == "nothing to list\n"
    intel(home, "add", feed)
    intel(home, "add", feed, "--list", "dynamic_dns", "--source", "b")
    intel(home, "expire", "evil.example", "--list", "dynamic_dns")
    lists = listed(home)
    assert [*lists] == ["dynamic_dns", "intelligence_feed"]
    updated = lists["dynamic_dns"].pop("updated")
    assert datetime.now(UTC) - datetime.fromisoformat(updated) < timedelta(minutes=5)
    assert lists["dynamic_dns"] == {
        "count": 3,
        "expired": 1,
        "revoked": 0,
        "kinds": ["domain", "cidr", "url"],
        "sources": ["b"],
    }
    table = intel(home, "list").stdout
    assert "dynamic_dns" in table
    assert "intelligence_feed" in table


def test_match_names_what_is_found_and_what_cannot_be_looked_for(home: Path, feed: Path) -> None:
    intel(home, "add", feed)
    done = intel(home, "match", "a b", "login.evil.example", "198.51.100.1")
    assert done.returncode == 2
    assert "'a b' has spaces" in done.stderr
    assert "is below evil.example" in done.stdout
    (nothing,) = [line for line in done.stdout.splitlines() if line.startswith("198.51.100.1")]
    assert nothing.split(maxsplit=1)[1] == "is in no list"
    assert matched(home, "198.51.100.1") == []
    assert intel(home, "match", "198.51.100.1").returncode == 0


def test_match_says_nothing_of_a_store_that_it_cannot_read(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "indicators.sqlite").mkdir()
    done = intel(home, "match", "a.example", "b.example")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("JS081") == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("no_color", ["", "1"])
def test_tables_are_as_wide_as_the_terminal(no_color: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    print_table([{"list": "a", "sources": "a source with a long name " * 5}], ["list", "sources"])
    shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    assert 70 < max(map(len, shown.splitlines())) <= 80


def test_match_tells_how_an_indicator_stands(home: Path) -> None:
    now = datetime.now(UTC)
    with open_store(home / "indicators.sqlite", create=True) as store:
        entries = [
            Entry("a.example", valid_from=now - timedelta(days=1)),
            Entry("b.example", valid_until=now - timedelta(days=1)),
            Entry("c.example", valid_from=now + timedelta(days=1)),
            Entry("d.example", valid_until=now - timedelta(days=1), revoked=True),
        ]
        store.add(entries, source="s")
    found = matched(home, "a.example", "b.example", "c.example", "d.example")
    assert [row["status"] for row in found] == ["valid", "expired", "not yet valid", "revoked"]


def test_what_a_feed_says_cannot_rewrite_the_screen(home: Path) -> None:
    with open_store(home / "indicators.sqlite", create=True) as store:
        store.add([Entry("a.example", source="\x1b[2J", tags=("\r\u202e",))], source="s")
    for command in (["list"], ["match", "a.example"]):
        shown = intel(home, *command).stdout
        assert "\\x1b[2J" in shown
        assert not any(char in shown for char in "\x1b\r\u202e")


def test_expire_and_remove_say_how_many(home: Path, feed: Path) -> None:
    intel(home, "add", feed)
    assert intel(home, "expire", "evil.example").stdout == "1 indicator expired\n"
    assert intel(home, "expire", "--before", "2000-01-01").stdout == "0 indicators expired\n"
    wrong = intel(home, "expire", "--before", "30d")  # from now on? before now?
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "hint: write 2026-12-31, or 2026-12-31T08:00:00Z" in wrong.stderr
    dry = intel(home, "remove", "--list", "intelligence_feed", "--dry-run")
    assert dry.stdout == "3 indicators would be removed\n"
    assert intel(home, "remove", "--source", feed.name).stdout == "3 indicators removed\n"
    assert listed(home) == {}


@pytest.mark.parametrize("command", ["expire", "remove"])
def test_changing_everything_takes_a_word(home: Path, feed: Path, command: str) -> None:
    intel(home, "add", feed)
    done = intel(home, command)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"nothing to {command} is named" in done.stderr
    assert listed(home)["intelligence_feed"]["expired"] == 0


@pytest.mark.parametrize(
    "command",
    [["list"], ["match", "a.example"], ["add", "feed.txt"], ["expire", "a.example"]],
    ids=" ".join,
)
def test_a_store_that_cannot_be_used_is_told(
    home: Path, feed: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(feed.parent)
    home.mkdir(mode=0o700)
    (home / "indicators.sqlite").write_bytes(b"no store" * 1000)
    done = intel(home, *command)
    assert done.returncode == 2
    assert "JS081" in done.stderr
    assert "hint: move the file away" in done.stderr


def test_pull_tells_why_a_server_cannot_be_asked(home: Path) -> None:
    pytest.importorskip("taxii2client")
    done = intel(home, "pull", "ftp://taxii.example.com/", "--collection", "x")
    assert done.returncode == 2
    assert "error JS" in done.stderr
    assert listed(home) == {}


def test_pull_asks_for_what_it_is_told_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def pull(store: Store, server: str, collection: str | None, **options: Any) -> AddResult:
        asked.append((server, collection, options.pop("on_problem") is not None, options))
        return store.add([Entry("a.example")], source="s", list=options["list"])

    monkeypatch.setattr("jumpsigma.intel.taxii.pull", pull)
    server = "https://taxii.example.com/"
    options = ["--list", "mine", "--tag", "x", "--expires", "2026-12-31", "--confidence", "7"]
    done = intel(
        home, "pull", server, "--collection", "c", *options, "--source", "me", "--allow-http"
    )
    assert done.stdout == f"{server}: 1 added, 0 updated, 0 unchanged, 0 rejected in mine\n"
    expected = {
        "list": "mine",
        "tags": ("x",),
        "valid_until": datetime(2026, 12, 31, tzinfo=UTC),
        "confidence": 7,
        "source": "me",
        "origin": "me",
        "keep_sources": False,
        "allow_http": True,
    }
    assert asked == [(server, "c", True, expected)]


def test_update_fills_the_lists_that_the_package_serves(home: Path) -> None:
    pytest.importorskip("pymispwarninglists")
    done = intel(home, "update", "dynamic-dns", "--from", "warninglists")
    assert done.returncode == 0
    assert "in dynamic_dns" in done.stdout
    assert listed(home)["dynamic_dns"]["count"] > 100
    wrong = intel(home, "update", "no-such-list", "--from", "warninglists")
    assert wrong.returncode == 2
    assert "no-such-list" in wrong.stderr


# --- as functions


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        (None, None),
        (NOON, NOON),
        (NOON.replace(tzinfo=None), NOON),
        ("30d", NOON + timedelta(days=30)),
        (" 12H ", NOON + timedelta(hours=12)),
        ("2w", NOON + timedelta(days=14)),
        ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-12-31T10:00:00+02:00", datetime(2026, 12, 31, 8, tzinfo=UTC)),
        ("2026-12-31T10:00:00Z", datetime(2026, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_time_or_a_period(text: datetime | str | None, when: datetime | None) -> None:
    assert parse_expiry(text, NOON) == when


@pytest.mark.parametrize("text", ["", "d", "-3d", "3y", "1234567d", "yesterday", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(DiagnosticError, match="is no time"):
        parse_expiry(text)


def test_functions_take_a_store_of_their_own(tmp_path: Path, feed: Path) -> None:
    store = tmp_path / "own" / "x.sqlite"
    assert add_indicators(feed, store=store, tags="one").added == 3
    assert expire_indicators("evil.example", store=store) == 1
    with pytest.raises(DiagnosticError, match="'pdf' is no format"):
        add_indicators(feed, store=store, form="pdf")
    with pytest.raises(DiagnosticError, match="999 is no confidence"):
        add_indicators(feed, store=store, confidence=999)
    with open_store(store) as opened:
        assert opened.details("intelligence_feed", "evil.example")[0].tags == ("one",)
    assert remove_indicators(list="intelligence_feed", store=store) == 3
