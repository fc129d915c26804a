"""What ``jumpsigma scan`` makes of inputs that are damaged, huge, foreign, or meant to do harm.

Run as a script, this module prints the table: input, exit code, codes, what was found beside.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import IO
from unittest import mock

import pytest
import zstandard
from running import run_command
from scan_events import LOCKED, ndjson

from jumpsigma.cli.app import run
from jumpsigma.intake import events, opening, unpacking

GOOD = ndjson([LOCKED])  # one rule fires on it
TEXT = GOOD.decode().strip()
DEEP = b'{"a":' * 100_000
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scan left: exit code, findings, what it said, and the kept rejects."""

    code: int
    found: int
    said: str
    kept: bytes = b""

    @property
    def codes(self) -> list[str]:
        """The different codes that it named."""
        return sorted(set(re.findall(r"\bJS\d{3}\b", self.said)))


@dataclass(frozen=True, slots=True)
class Hostile:
    """An input and what has to come of it; ``kept`` holds every reject byte for byte.

    ``content`` is one file, several by name, or what makes them in a folder.
    """

    content: bytes | dict[str, bytes] | Callable[[Path], None]
    code: int
    codes: list[str]
    found: int
    kept: bytes | Callable[[], bytes] = b""
    name: str = "{}"  # of what is scanned; the file of `content`, or its folder
    while_running: Callable[[Path], AbstractContextManager[object]] = nullcontext
    keep: bool = True


def lines(*bad: bytes) -> bytes:
    """Bad lines between two good ones."""
    return GOOD + b"".join(line + b"\n" for line in bad) + GOOD


def rejected(code: str, *bad: bytes, name: str = "{}") -> Hostile:
    """Bad lines are told, kept, and hide nothing."""
    return Hostile(lines(*bad), 0, [code], 2, b"".join(line + b"\n" for line in bad), name)


def zstd_blocks(*parts: bytes) -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
    return b"".join(packer.compress(part) + packer.flush(flush) for part in parts)


def stored_gzip(content: bytes, kept: int) -> bytes:
    """Gzip without compression (RFC 1951, 3.2.4), cut off behind ``kept`` bytes of content."""
    return gzip.compress(content, 0)[: 10 + 5 + kept]


def long_line() -> bytes:
    return b'{"a":"' + b"x" * 200_000_000 + b'"}\n'


def folder_with_a_long_line(folder: Path) -> None:
    (folder / "events.json").write_bytes(GOOD + long_line() + GOOD)


def folder_with_a_bomb(folder: Path, *, pack: Callable[[bytes], bytes]) -> None:
    """One event, and then more than an archive may unpack to without an event."""
    size = 64 * MIB
    times = unpacking.MAX_IN_VAIN // size + 1
    (folder / "events.json").write_bytes(pack(GOOD) + pack(bytes(size)) * times)


def folder_with_a_link_to_nowhere(folder: Path) -> None:
    (folder / "good.json").write_bytes(GOOD)
    (folder / "bad.json").symlink_to(folder / "gone")


def folder_with_a_pipe(folder: Path) -> None:
    (folder / "good.json").write_bytes(GOOD)
    os.mkfifo(folder / "bad.json")


def folder_that_holds_itself(folder: Path) -> None:
    (folder / "good.json").write_bytes(GOOD)
    (folder / "again").symlink_to(folder, target_is_directory=True)


@contextmanager
def locked(_: Path) -> Iterator[None]:
    """One folder must not be listed: not by this user, who may be root and list everything."""
    real = os.scandir

    def scandir(path: str | int) -> object:
        if not isinstance(path, int) and Path(path).name == "locked":  # an open folder is a number
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    with mock.patch.object(os, "scandir", scandir):
        yield


@contextmanager
def vanishing(folder: Path) -> Iterator[None]:
    """One file goes between the listing and the reading."""
    real = events.expand_inputs

    def expand(paths: list[str]) -> object:
        inputs = real(paths)
        (folder / "bad.json").unlink()
        return inputs

    with mock.patch.object(events, "expand_inputs", expand):
        yield


@contextmanager
def growing(folder: Path) -> Iterator[None]:
    """Somebody appends an event during each of the first three reads."""
    (file,) = folder.iterdir()

    class Grown(io.FileIO):
        times = 3

        def read(self, size: int | None = -1, /) -> bytes:
            block = super().read(size) or b""
            if Grown.times:
                Grown.times -= 1
                with file.open("ab") as more:
                    more.write(GOOD)
            return block

    with mock.patch.object(opening, "_open", Grown):
        yield


@contextmanager
def shrinking(folder: Path) -> Iterator[None]:
    """Somebody empties the file after the first read of events, as log rotation does."""
    (file,) = folder.iterdir()

    class Shrunk(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            block = super().read(min(size or 0, len(GOOD))) or b""
            if block:
                os.truncate(file, 0)
            return block

    with mock.patch.object(opening, "_open", Shrunk):
        yield


BIG = json.dumps(LOCKED | {"fill": "x" * 75_000}).encode() + b"\n"
CUT = json.dumps(LOCKED).encode()[:50]

INPUTS: dict[str, Hostile] = {
    # lines
    "malformed lines": rejected("JS070", b"not json", b'{"a": ', b"}{", b'{"a":1}{"b":2}'),
    "JSON that is no object": rejected("JS071", b"[1]", b"42", b"null", b'"text"', b"true"),
    "a log with brackets": Hostile(
        b"[2026-01-01] started\n" + GOOD, 0, ["JS070"], 1, b"[2026-01-01] started\n"
    ),
    "invalid UTF-8": rejected("JS070", b'{"a":"\xff"}', b"\xc3", b'{"\xe2\x82":1}'),
    "NUL bytes": rejected("JS070", b'{"a":"\0"}', bytes(5000)),
    "nested 100,000 deep": rejected("JS075", DEEP + b"1" + b"}" * 100_000),
    "nested 100,000 deep, not closed": rejected("JS075", DEEP),
    "100,000 brackets": rejected("JS075", b"[" * 100_000),
    "a line of 200 MB": Hostile(folder_with_a_long_line, 0, ["JS070"], 2, long_line),
    "an event of 75 kB": Hostile(BIG, 0, [], 1),
    "duplicate keys": Hostile(TEXT.encode().replace(b"{", b'{"event_type":1,', 1), 0, [], 1),
    "NaN and Infinity": Hostile(TEXT.encode().replace(b"{", b'{"a":[NaN,-Infinity],'), 0, [], 1),
    "a number of 100,000 digits": Hostile(
        TEXT.encode().replace(b"{", b'{"a":' + b"9" * 100_000 + b",", 1), 0, [], 1
    ),
    "lone surrogates, escaped": Hostile(
        TEXT.encode().replace(b"{", b'{"a":"\\ud800",', 1), 0, [], 1
    ),
    "lone surrogates, encoded": Hostile(
        TEXT.encode().replace(b"{", b'{"a":"\xed\xa0\x80",', 1), 0, [], 1
    ),
    "mixed line ends": Hostile(GOOD + b"\r\n\r\n" + TEXT.encode() + b"\r\n" + GOOD, 0, [], 3),
    "no line end at the end": Hostile(GOOD + TEXT.encode(), 0, [], 2),
    "an empty file": Hostile(b"", 0, [], 0),
    "only white space": Hostile(b" \r\n\t\n" * 1000, 0, [], 0),
    # encodings
    "UTF-8 with BOM": Hostile(b"\xef\xbb\xbf" + GOOD, 0, [], 1),
    "UTF-16 with BOM": Hostile((TEXT + "\n" + TEXT).encode("utf-16"), 0, [], 2),
    "UTF-16 without BOM": Hostile((TEXT + "\n" + TEXT).encode("utf-16-le"), 0, [], 2),
    "UTF-16 big endian without BOM": Hostile((TEXT + "\n" + TEXT).encode("utf-16-be"), 0, [], 2),
    "UTF-16 that ends within a character": Hostile(
        (TEXT + "\n").encode("utf-16") + b"{", 0, ["JS070"], 1, "\ufffd\n".encode()
    ),
    # arrays
    "an array that is not closed": Hostile(b"[" + GOOD + b"," + GOOD, 2, ["JS074"], 2),
    "an array that is cut off": Hostile(b"[" + GOOD + b"," + CUT, 2, ["JS074"], 1, CUT + b"\n"),
    "an array with bad elements": Hostile(
        b"[\n" + GOOD + b",\n[1],\n{oops},\n" + GOOD + b"]",
        0,
        ["JS070", "JS071"],
        2,
        b"[1]\n{oops}\n",
    ),
    # archives
    "gzip without its end": Hostile(gzip.compress(GOOD * 2)[:-8], 2, ["JS073"], 2),
    "gzip that is cut off": Hostile(
        stored_gzip(GOOD * 2, len(GOOD) + 30), 2, ["JS070", "JS073"], 1, GOOD[:30] + b"\n"
    ),
    "gzip with text behind it": Hostile(gzip.compress(GOOD) + b"text", 2, ["JS073"], 1),
    "zstd without its end": Hostile(zstd_blocks(GOOD, GOOD), 2, ["JS073"], 2),
    "zstd that is cut off": Hostile(zstd_blocks(GOOD, GOOD)[:-3], 2, ["JS073"], 1),
    "zstd of several frames": Hostile(zstandard.compress(GOOD) * 3, 0, [], 3),
    "zstd with text behind it": Hostile(zstandard.compress(GOOD) + b"text", 2, ["JS073"], 1),
    # 1 GiB of a bomb is one reject; nobody wants to keep it.
    "a gzip bomb": Hostile(
        partial(folder_with_a_bomb, pack=gzip.compress),
        2,
        ["JS070", "JS073"],
        1,
        keep=False,
    ),
    "a zstd bomb": Hostile(
        partial(folder_with_a_bomb, pack=zstandard.compress),
        2,
        ["JS070", "JS073"],
        1,
        keep=False,
    ),
    "a zip archive": Hostile(b"PK\x03\x04" + GOOD, 2, ["JS072"], 0),
    "a Parquet file": Hostile(b"PAR1\x15\x04", 2, ["JS072"], 0),
    "a program": Hostile(b"\x7fELF\x02\x01\x01" + bytes(50), 2, ["JS072"], 0),
    "binary of no known kind": rejected("JS070", bytes(range(11, 256)) * 4),
    # files and folders
    "a file that is not there": Hostile({"good.json": GOOD}, 2, ["JS072"], 0, name="{}/bad.json"),
    "a pattern that matches nothing": Hostile({"good.json": GOOD}, 2, ["JS072"], 0, name="{}/*.gz"),
    "a pattern": Hostile({"a.json": GOOD, "b/c.json": GOOD}, 0, [], 2, name="{}/**/*.json"),
    "a name that looks like a pattern": Hostile(
        {"a[1].json": GOOD, "a1.json": GOOD + GOOD}, 0, [], 1, name="{}/a[1].json"
    ),
    "a folder without event files": Hostile({"readme.txt": b""}, 2, ["JS076"], 0),
    "a folder in the place of a file": Hostile(
        {"bad.json/readme.txt": b"", "good.json": GOOD}, 2, ["JS076"], 1, name="{}/*.json"
    ),
    "a folder that must not be read": Hostile(
        {"locked/more.json": GOOD, "good.json": GOOD}, 2, ["JS072"], 1, while_running=locked
    ),
    "a folder that holds itself": Hostile(folder_that_holds_itself, 0, [], 1),
    "a link to nowhere": Hostile(folder_with_a_link_to_nowhere, 2, ["JS072"], 1),
    "a named pipe in a folder": Hostile(folder_with_a_pipe, 2, ["JS072"], 1),
    "a file that disappears": Hostile(
        {"bad.json": GOOD, "good.json": GOOD}, 2, ["JS072"], 1, while_running=vanishing
    ),
    "a file that grows": Hostile(GOOD, 0, [], 4, while_running=growing),
    "a file that is emptied": Hostile(GOOD * 3, 0, [], 1, while_running=shrinking),
}


def scan(hostile: Hostile, folder: Path) -> Outcome:
    """Scan the input, in this process: only what the process itself is part of needs another."""
    place, kept = folder / "input", folder / "rejects"
    place.mkdir()
    target = place
    match hostile.content:
        case bytes() as content:
            target = place / "events"
            target.write_bytes(content)
        case dict() as files:
            for name, content in files.items():
                (place / name).parent.mkdir(exist_ok=True)
                (place / name).write_bytes(content)
        case make:
            make(place)
    options = ["--rejects", str(kept)] if hostile.keep else []
    out, err = io.StringIO(), io.StringIO()
    with hostile.while_running(place), redirect_stdout(out), redirect_stderr(err):
        code = run(["scan", hostile.name.format(target), "--format", "ndjson", *options])
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert all(each["rule_title"] == "Jumpcloud Account Locked" for each in found)
    said = err.getvalue().replace(str(place), ".")
    return Outcome(code, len(found), said, kept.read_bytes() if hostile.keep else b"")


@pytest.mark.parametrize("name", INPUTS)
def test_hostile_input(name: str, tmp_path: Path) -> None:
    hostile = INPUTS[name]
    outcome = scan(hostile, tmp_path)
    assert (outcome.code, outcome.codes, outcome.found) == (
        hostile.code,
        hostile.codes,
        hostile.found,
    ), outcome.said
    kept = hostile.kept() if callable(hostile.kept) else hostile.kept
    same = outcome.kept == kept  # not in the assert: pytest would print 200 MB
    assert same, (len(outcome.kept), len(kept), outcome.kept[:200])
    assert outcome.said.rstrip().count("\n") <= 20


# The world around the process


def full_disk(folder: Path) -> Outcome:
    file = folder / "events"
    file.write_bytes(GOOD * 2000)
    with Path("/dev/full").open("wb") as full:
        return ended(started(file, stdout=full))


def full_disk_for_rejects(folder: Path) -> Outcome:
    file = folder / "events"
    file.write_bytes(lines(*[b"x" * 1000] * 100))
    done = run_command("scan", file, "--format", "ndjson", "--rejects", "/dev/full")
    return Outcome(done.returncode, done.stdout.count("\n"), done.stderr)


def closed_pipe(folder: Path) -> Outcome:
    file = folder / "events"
    file.write_bytes(GOOD * 20_000)
    process = started(file)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return ended(process)


def interrupt(folder: Path) -> Outcome:
    process = started(folder / "-")
    assert process.stdin is not None
    assert process.stdout is not None
    feeder = Thread(target=feed, args=(process.stdin,), daemon=True)
    feeder.start()
    process.stdout.readline()  # the scan runs, and there is always more to read
    process.send_signal(signal.SIGINT)
    Thread(target=process.stdout.read, daemon=True).start()
    outcome = ended(process)
    feeder.join(timeout=60)
    return outcome


def closed_input(folder: Path) -> Outcome:
    """Standard input is closed altogether, as some schedulers leave it."""
    command = f'exec "{sys.executable}" -m jumpsigma scan - --format ndjson <&-'
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, cwd=folder, timeout=60, check=False
    )
    return Outcome(done.returncode, done.stdout.count(b"\n"), done.stderr.decode())


def started(file: Path, stdout: IO[bytes] | int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    path = file.name if file.name == "-" else str(file)
    return subprocess.Popen(
        [sys.executable, "-m", "jumpsigma", "scan", path, "--format", "ndjson"],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[bytes]) -> Outcome:
    with process:
        assert process.stderr is not None
        said = process.stderr.read().decode()
        return Outcome(process.wait(timeout=60), 0, said)


def feed(stream: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        while True:
            stream.write(GOOD * 100)


@dataclass(frozen=True, slots=True)
class World:
    """What happens around a scan, the exit code, and what it says of it."""

    happens: Callable[[Path], Outcome]
    code: int
    says: str


WORLD = {
    "a full disk for the results": World(full_disk, 2, "JS091"),
    "a full disk for the rejects": World(full_disk_for_rejects, 2, "JS091"),
    "a closed pipe": World(closed_pipe, 0, ""),
    "Ctrl-C": World(interrupt, 130, "interrupted"),
    "no standard input": World(closed_input, 2, "JS072"),
}


@pytest.mark.parametrize("name", WORLD)
def test_hostile_world(name: str, tmp_path: Path) -> None:
    if "disk" in name and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    outcome = WORLD[name].happens(tmp_path)
    assert outcome.code == WORLD[name].code, outcome.said
    assert WORLD[name].says in outcome.said
    assert "Traceback" not in outcome.said
    assert "Exception ignored" not in outcome.said


def main() -> None:
    """Print the table."""
    row = "{:38} {:>4}  {:12} {:>8} {:>13}  {}\n".format
    sys.stdout.write(row("input", "exit", "codes", "findings", "kept", "first message"))
    cases: list[tuple[str, Callable[[Path], Outcome]]] = [
        (name, partial(scan, hostile)) for name, hostile in INPUTS.items()
    ]
    cases += [(name, world.happens) for name, world in WORLD.items()]
    for name, happens in cases:
        with tempfile.TemporaryDirectory() as folder:
            try:
                outcome = happens(Path(folder))
            except pytest.skip.Exception as reason:
                sys.stdout.write(row(name, "-", "", "", "", f"skipped: {reason}"))
                continue
        message = outcome.said.replace(folder, ".").partition("\n")[0]
        codes = " ".join(outcome.codes)
        kept = f"{len(outcome.kept):,} B" if outcome.kept else ""
        sys.stdout.write(row(name, outcome.code, codes, outcome.found, kept, message))


if __name__ == "__main__":
    main()
