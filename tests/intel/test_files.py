"""The store as a file: damaged, foreign, writable by others, used by several at once."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from jumpsigma.diagnostics import DiagnosticError
from jumpsigma.intel import database
from jumpsigma.intel.model import DEFAULT_LIST, Entry
from jumpsigma.intel.place import store_path
from jumpsigma.intel.store import Store, open_store

posix = pytest.mark.skipif(os.name != "posix", reason="rights of files are kept elsewhere")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store with one indicator is, which nobody has open."""
    path = tmp_path / "home" / "indicators.sqlite"
    with open_store(path, create=True) as store:
        store.add([Entry("a.example")], source="s")
    return path


def code_of(path: Path) -> str:
    """The code of what is said about reading the store, which is also said about changing it."""
    with pytest.raises(DiagnosticError) as read:
        read_all(path)
    with pytest.raises(DiagnosticError) as changed:
        Store(path, create=True).add([Entry("b.example")], source="s")
    diagnostic = read.value.diagnostic
    assert changed.value.diagnostic == diagnostic
    assert diagnostic.hint
    assert diagnostic.span is not None
    return diagnostic.code


def read_all(path: Path) -> None:
    with open_store(path) as store:
        _ = (store.lists(), [*store.values(DEFAULT_LIST)], store.match("host7.example"))


# --- its place


def test_the_store_is_in_the_home_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUMPSIGMA_HOME", str(tmp_path))
    assert store_path() == tmp_path / "indicators.sqlite"


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms have other folders")
def test_the_store_is_among_the_data_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUMPSIGMA_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert store_path() == tmp_path / "jumpsigma" / "indicators.sqlite"


# --- rights


@posix
def test_only_its_owner_can_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with open_store(path) as store:
        assert store.names()
        for beside in path.parent.iterdir():
            assert beside.stat().st_mode & 0o077 == 0


@posix
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
@pytest.mark.parametrize("is_folder", [True, False])
def test_a_store_that_others_may_write_to_is_refused(
    path: Path, mode: int, *, is_folder: bool
) -> None:
    place = path.parent if is_folder else path
    place.chmod(mode)
    assert code_of(path) == "JS083"
    place.chmod(0o755)
    with open_store(path) as store:
        assert store.names()


@posix
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
def test_a_store_of_another_user_is_refused(path: Path) -> None:
    os.chown(path, 65534, 65534)
    assert code_of(path) == "JS083"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiagnosticError) as raised:
        open_store(tmp_path / "file" / "indicators.sqlite", create=True).add([], source="s")
    assert raised.value.diagnostic.code == "JS091"


@pytest.mark.parametrize("place", ["file/indicators.sqlite", "n" * 300, "a\0b"])
def test_a_store_that_cannot_be_seen_is_not_an_empty_one(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    assert code_of(tmp_path / place) == "JS091"


def test_a_store_in_a_folder_without_write_permission_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write anywhere, so the answer is given here; SQLite is to leave no file behind.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with open_store(path) as store:
        assert [*store.values(DEFAULT_LIST)] == ["a.example"]
        assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [("max_page_count = 1", "the disk is full"), ("query_only = ON", "readonly database")],
)
def test_what_cannot_be_written_leaves_the_store_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, reason: str
) -> None:
    connect = database._connect

    def connect_hampered(path: Path, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        connection.execute(f"PRAGMA main.{pragma}")
        return connection

    monkeypatch.setattr(database, "_connect", connect_hampered)
    many = [Entry(f"b{number}.example") for number in range(5000)]
    with open_store(path) as store, pytest.raises(DiagnosticError, match=reason) as raised:
        store.add([*many, Entry("a.example", confidence=9)], source="s", state={"turn": "1"})
    assert raised.value.diagnostic.code == "JS091"
    monkeypatch.undo()
    with open_store(path) as store:
        assert [*store.values(DEFAULT_LIST)] == ["a.example"]
        assert [each.confidence for each in store.details(DEFAULT_LIST, "a.example")] == [None]
        assert store.get_state("turn") is None


# --- damage


@pytest.mark.parametrize(
    "content",
    [b"no database at all", b"\0" * 100_000, b"SQLite format 3\0" + b"\xff" * 50_000],
)
def test_what_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert code_of(path) == "JS081"
    assert path.read_bytes() == content


def test_a_damaged_store_is_told_wherever_the_damage_is(tmp_path: Path) -> None:
    path = tmp_path / "indicators.sqlite"
    with open_store(path, create=True) as store:
        store.add([Entry(f"host{n}.example") for n in range(3000)], source="s")
    whole = path.read_bytes()
    outcomes: set[tuple[str, str | None] | None] = set()
    for start in range(0, len(whole), 4096):
        path.write_bytes(whole[:start] + b"\xa5" * 4096 + whole[start + 4096 :])
        try:
            read_all(path)
            outcomes.add(None)  # the page was none that the answers need
        except DiagnosticError as error:
            outcomes.add((error.diagnostic.code, error.diagnostic.hint))
    hint = "move the file away, then fill a new one: jumpsigma intel add FILE"
    assert ("JS081", hint) in outcomes
    assert {each[0] for each in outcomes if each is not None} == {"JS081"}


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.9])
def test_a_store_that_was_cut_off_is_told(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "indicators.sqlite"
    with open_store(path, create=True) as store:
        store.add([Entry(f"host{n}.example") for n in range(3000)], source="s")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(DiagnosticError, match="cannot be read"):
        read_all(path)


def test_an_empty_file_is_an_empty_store(path: Path) -> None:
    path.write_bytes(b"")
    with open_store(path, create=True) as store:
        assert not store.exists
        store.add([Entry("b.example")], source="s")
        assert [*store.values(DEFAULT_LIST)] == ["b.example"]


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    assert code_of(path) == "JS081"
    assert path.read_bytes() == before


def test_the_store_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {database.VERSION + 1}")
    before = path.read_bytes()
    assert code_of(path) == "JS082"
    assert path.read_bytes() == before


def test_a_folder_in_the_place_of_the_store_is_told(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)
    assert code_of(path) == "JS081"


@posix
def test_a_pipe_in_the_place_of_the_store_is_told(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
    assert code_of(path) == "JS081"


def test_what_no_store_of_ours_wrote_is_damage(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE indicator SET tags = '{'")
    with open_store(path) as store, pytest.raises(DiagnosticError, match="cannot be read"):
        store.details(DEFAULT_LIST, "a.example")


# --- several at once


def test_a_reader_sees_the_store_as_it_was_until_it_is_closed(path: Path) -> None:
    with open_store(path) as reader, open_store(path) as writer:
        assert [*reader.values(DEFAULT_LIST)] == ["a.example"]
        writer.add([Entry("b.example")], source="s")
        writer.remove(["a.example"])
        assert [*reader.values(DEFAULT_LIST)] == ["a.example"]
        assert reader.details(DEFAULT_LIST, "b.example") == []
        assert [*writer.values(DEFAULT_LIST)] == ["b.example"]
        reader.close()
        assert [*reader.values(DEFAULT_LIST)] == ["b.example"]


def test_reading_goes_on_while_another_adds(path: Path) -> None:
    seen: list[list[str]] = []

    def feed() -> Iterator[Entry]:
        for number in range(3):
            with open_store(path) as reader:
                seen.append([*reader.values(DEFAULT_LIST)])
            yield Entry(f"b{number}.example")

    with open_store(path) as store:
        store.add(feed(), source="s")
    assert seen == [["a.example"]] * 3


def test_a_writer_that_waits_too_long_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, open_store(path) as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DiagnosticError, match="another process has been writing") as raised:
            store.add([Entry("b.example")], source="s")
        assert raised.value.diagnostic.code == "JS084"
        other.execute("ROLLBACK")
        store.add([Entry("b.example")], source="s")


WRITER = """
import sys
from pathlib import Path
from jumpsigma.intel.model import Entry
from jumpsigma.intel.store import open_store
with open_store(Path(sys.argv[1]), create=True) as store:
    input()  # so that all begin together
    for part in range(5):
        hosts = [f"host{part}-{number}.{sys.argv[2]}.example" for number in range(100)]
        entries = map(Entry, [*hosts, "common.example"])
        store.add(entries, source="s", state={sys.argv[2]: str(part)})
"""


@pytest.mark.parametrize("change", ["add", "expire", "remove"])
def test_the_file_alone_holds_every_change(path: Path, tmp_path: Path, change: str) -> None:
    with open_store(path) as store:  # which opens a reader, as every command does
        if change == "add":
            store.add(_asking(store), source="s")
        else:
            getattr(store, change)(["a.example"])
        summary = store.lists()
    alone = tmp_path / "alone" / path.name
    alone.parent.mkdir(mode=0o700)
    alone.write_bytes(path.read_bytes())
    alone.chmod(0o600)
    with open_store(alone) as copied:
        assert copied.lists() == summary


def _asking(store: Store) -> Iterator[Entry]:
    """A feed that looks into the store on its way, as one from the web does."""
    assert store.get_state("feed") is None
    yield Entry("b.example")


def test_several_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "home" / "indicators.sqlite"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, f"w{number}"], stdin=subprocess.PIPE, text=True
        )
        for number in range(4)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.close()
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 4
    with open_store(path) as store:
        assert len(set(store.values(DEFAULT_LIST))) == 4 * 500 + 1
        assert [store.get_state(f"w{number}") for number in range(4)] == ["4"] * 4
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_threads_read_from_one_store(path: Path) -> None:
    with open_store(path) as store:
        store.add([Entry(f"h{number}.example") for number in range(2000)], source="s")
        expected = sorted(store.values(DEFAULT_LIST))

        def look(number: int) -> bool:
            name = f"h{number}.example"
            details = [each.value for each in store.details(DEFAULT_LIST, name)]
            return details == [name] and sorted(store.values(DEFAULT_LIST)) == expected

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(look, range(40)))


def test_a_store_goes_to_another_process_as_its_path(path: Path) -> None:
    with open_store(path) as store:
        assert [*store.values(DEFAULT_LIST)] == ["a.example"]
        with pickle.loads(pickle.dumps(store)) as other:
            assert other.path == path
            assert [*other.values(DEFAULT_LIST)] == ["a.example"]


FORKED = """
import os, sys
from pathlib import Path
from jumpsigma.intel.model import DEFAULT_LIST, Entry
from jumpsigma.intel.store import open_store
store = open_store(Path(sys.argv[1]))
before = [*store.values(DEFAULT_LIST)]
children = []
for number in range(4):
    child = os.fork()
    if not child:
        store.add([Entry(f"c{number}.example")], source="s")
        os._exit([*store.values(DEFAULT_LIST)].count(f"c{number}.example") - 1)
    children.append(child)
codes = [os.waitpid(child, 0)[1] for child in children]
assert [*store.values(DEFAULT_LIST)] == before, "the view of the parent moved"
store.close()
assert len([*store.values(DEFAULT_LIST)]) == 5
sys.exit(any(codes))
"""


@posix
def test_a_fork_opens_the_store_anew(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORKED, path], check=False, timeout=60)
    assert done.returncode == 0
