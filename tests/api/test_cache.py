"""The folder of the cache: what was written is read, or nothing is; and nothing ever raises."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jumpsigma.api import cache as caches
from jumpsigma.api.cache import Cache, user_cache

KEY, OTHER = "a" * 64, "b" * 64
CONTENT = bytes(range(256)) * 4


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """A cache with one entry."""
    found = Cache(tmp_path / "home" / "cache")
    found.write(KEY, CONTENT)
    return found


def entry(cache: Cache, key: str = KEY) -> Path:
    return cache.folder / f"{key}.entry"


def test_what_was_written_is_read(cache: Cache) -> None:
    assert cache.read(KEY) == CONTENT
    assert cache.read(OTHER) is None
    cache.write(KEY, b"")
    assert cache.read(KEY) == b""
    assert cache.problem is None


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    assert Cache(tmp_path / "cache").read(KEY) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_it_is_the_users_own(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        cache = Cache(tmp_path / "cache")
        cache.write(KEY, CONTENT)
    finally:
        os.umask(before)
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert entry(cache).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", [0, 1, 31, 32, 33, 500, -1])
def test_one_wrong_byte_is_enough(cache: Cache, place: int) -> None:
    damaged = bytearray(entry(cache).read_bytes())
    damaged[place] ^= 1
    entry(cache).write_bytes(damaged)
    assert cache.read(KEY) is None
    cache.write(KEY, CONTENT)
    assert cache.read(KEY) == CONTENT


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 500, -1])
def test_a_part_is_not_enough(cache: Cache, size: int) -> None:
    entry(cache).write_bytes(entry(cache).read_bytes()[:size])
    assert cache.read(KEY) is None


def test_more_is_too_much(cache: Cache) -> None:
    with entry(cache).open("ab") as stream:
        stream.write(b"\0")
    assert cache.read(KEY) is None


def test_an_entry_counts_under_its_own_name_alone(cache: Cache) -> None:
    entry(cache).rename(entry(cache, OTHER))
    assert cache.read(OTHER) is None


@pytest.mark.parametrize("mode", [0o701, 0o702, 0o704, 0o710, 0o720, 0o740, 0o755, 0o777])
def test_a_folder_that_is_open_to_others_is_left_aside(cache: Cache, mode: int) -> None:
    cache.folder.chmod(mode)
    assert cache.read(KEY) is None
    _expect_refused(cache, "is open to other users")


def test_a_link_to_a_folder_is_left_aside(cache: Cache, tmp_path: Path) -> None:
    link = Cache(tmp_path / "link")
    link.folder.symlink_to(cache.folder)
    assert link.read(KEY) is None
    _expect_refused(link, "is a link")


def test_the_folder_of_another_user_is_left_aside(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    assert cache.read(KEY) is None
    _expect_refused(cache, "belongs to another user")


@pytest.mark.parametrize(("mode", "is_used"), [(0o777, False), (0o757, False), (0o1777, True)])
def test_a_folder_that_others_may_exchange_is_left_aside(
    cache: Cache, mode: int, *, is_used: bool
) -> None:
    cache.folder.parent.chmod(mode)
    assert (cache.read(KEY) == CONTENT) == is_used
    if not is_used:
        _expect_refused(cache, "lies where other users may exchange it")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_folder_in_one_of_another_user_is_left_aside(cache: Cache) -> None:
    os.chown(cache.folder.parent, 12345, -1)
    assert cache.read(KEY) is None
    _expect_refused(cache, "lies where other users may exchange it")


def _expect_refused(cache: Cache, reason: str) -> None:
    problem = cache.problem
    assert problem is not None
    assert (problem.code, problem.severity) == ("JS092", "warning")
    assert reason in problem.message
    assert "JUMPSIGMA_CACHE=off" in str(problem.hint)
    before = entry(cache).read_bytes()
    refused = Cache(cache.folder)
    refused.write(KEY, b"new")
    refused.write(OTHER, b"new")
    assert refused.problem == problem
    assert entry(cache).read_bytes() == before
    assert not entry(cache, OTHER).exists()


def _linked(path: Path) -> None:
    path.rename(path.parent / "elsewhere")
    path.symlink_to("elsewhere")


def _piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


ENTRIES: dict[str, Callable[[Path], object]] = {
    "a link": _linked,
    "a pipe": _piped,
    "a folder": _folder,
    "writable by the group": lambda path: path.chmod(0o620),
    "writable by others": lambda path: path.chmod(0o602),
}


@pytest.mark.parametrize("change", ENTRIES.values(), ids=ENTRIES.keys())
def test_an_entry_that_another_may_have_written_is_not_read(
    cache: Cache, change: Callable[[Path], object]
) -> None:
    change(entry(cache))
    assert cache.read(KEY) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_entry_of_another_user_is_not_read(cache: Cache) -> None:
    os.chown(entry(cache), 12345, -1)
    assert cache.read(KEY) is None


@pytest.mark.parametrize("name", ["file", "file/cache", "x" * 300])
def test_a_folder_that_cannot_be_is_no_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("file")
    cache = Cache(tmp_path / name)
    cache.write(KEY, CONTENT)
    assert cache.read(KEY) is None
    assert cache.problem is None


@pytest.mark.parametrize("call", ["open", "mkdir", "replace", "scandir", "fstat", "unlink"])
@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_system_that_refuses_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    cache = Cache(tmp_path / "cache")
    with monkeypatch.context() as patched:
        patched.setattr(os, call, refuse)
        cache.write(KEY, CONTENT)
        assert cache.read(KEY) in (None, CONTENT)
    assert cache.problem is None
    assert cache.read(KEY) in (None, CONTENT)
    assert not list(tmp_path.rglob("*.unfinished"))


def test_where_files_have_no_owners_nobody_is_asked(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches, "_HAS_OWNERS", False)
    monkeypatch.setattr(caches, "KEPT_ENTRIES", 1)
    cache.folder.chmod(0o755)
    assert cache.read(KEY) == CONTENT
    cache.write(OTHER, b"new")
    assert cache.read(OTHER) == b"new"
    assert [path.name for path in cache.folder.iterdir()] == [entry(cache, OTHER).name]
    assert cache.problem is None


def _write_aged(cache: Cache, keys: str, size: int = 10) -> None:
    """Write entries, each used a second after the one before it, long ago."""
    for age, key in enumerate(keys):
        cache.write(key, b"x" * size)
        os.utime(entry(cache, key), (age, age))


def _kept(cache: Cache) -> str:
    return "".join(sorted(path.stem for path in cache.folder.glob("*.entry")))


def test_only_so_many_entries_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "KEPT_ENTRIES", 3)
    cache = Cache(tmp_path)
    tmp_path.chmod(0o700)
    _write_aged(cache, "abcde")
    assert _kept(cache) == "cde"
    cache.read("c")
    cache.write("f", b"")
    assert _kept(cache) == "cef"


def test_only_so_many_bytes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path / "cache")
    _write_aged(cache, "abc", size=1000)
    monkeypatch.setattr(caches, "KEPT_BYTES", 2500)
    cache.write("d", b"x" * 1000)
    assert _kept(cache) == "cd"


def test_what_is_not_ours_stays_and_what_was_given_up_goes(cache: Cache) -> None:
    for name in ("notes.txt", "old.unfinished", "new.unfinished"):
        (cache.folder / name).write_text("text")
    os.utime(cache.folder / "old.unfinished", (0, 0))
    cache.write(OTHER, CONTENT)
    names = {path.name for path in cache.folder.iterdir()}
    assert names == {"notes.txt", "new.unfinished", entry(cache).name, entry(cache, OTHER).name}


def test_writers_at_the_same_time_leave_one_whole_entry(cache: Cache) -> None:
    contents = [bytes([number]) * 100_000 for number in range(8)]

    def write_and_read(number: int) -> bool:
        own = Cache(cache.folder)
        own.write(KEY, contents[number % 8])
        return own.read(KEY) in contents

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write_and_read, range(200)))
    assert [path.name for path in cache.folder.iterdir()] == [entry(cache).name]


@pytest.mark.parametrize(
    ("value", "is_on"),
    [("off", False), ("OFF", False), ("no", False), ("0", False), ("", True), ("on", True)],
)
def test_it_can_be_switched_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, is_on: bool
) -> None:
    monkeypatch.setenv("JUMPSIGMA_HOME", str(tmp_path))
    monkeypatch.setenv("JUMPSIGMA_CACHE", value)
    found = user_cache()
    assert (found is not None) == is_on
    assert found is None or found.folder == tmp_path / "cache"


def test_without_a_home_of_our_own_it_is_where_the_platform_has_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JUMPSIGMA_HOME")
    monkeypatch.delenv("JUMPSIGMA_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = user_cache()
    assert found is not None
    assert found.folder.name == "jumpsigma"


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUMPSIGMA_HOME")
    monkeypatch.delenv("JUMPSIGMA_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert user_cache() is None
