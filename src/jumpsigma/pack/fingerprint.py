"""What a pack would be read from, known without reading a rule: the key of what was made of it."""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import Final

from jumpsigma.pack.files import Distinct, Found, find
from jumpsigma.pack.limits import DEFAULT_LIMITS

_READ_ONLY: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


class Fingerprint:
    """Grows with every file that is read, and depends on their order.

    Paths count as they will stand in messages. What the search for files complained about counts
    too, for it depends on more than what files hold.
    """

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=32)
        self._is_whole = True

    @property
    def text(self) -> str | None:
        """The fingerprint in hexadecimal digits, None when something could not be told."""
        return self._hash.hexdigest() if self._is_whole else None

    def add_root(self, found: Found) -> None:
        """A path that was given, and what was found wrong below it."""
        self._add(
            b"root",
            os.fsencode(found.folder),
            repr(found.diagnostics).encode("utf-8", "backslashreplace"),
        )

    def add_file(self, path: str, content: bytes) -> None:
        """A file, of rules or about the pack."""
        self._add(b"file", os.fsencode(path), content)

    def give_up(self) -> None:
        """Something counts that has no fingerprint, such as a file that cannot be read."""
        self._is_whole = False

    def _add(self, *parts: bytes) -> None:
        for part in parts:
            self._hash.update(len(part).to_bytes(8, "big"))
            self._hash.update(part)


def fingerprint_of(*paths: str | Path) -> str | None:
    """What :func:`jumpsigma.pack.load_pack` of these paths would have as its fingerprint.

    None when it would have none: a file is unreadable, too large or no file. The lists of
    a pack are not part of it: only who reads ``pack.yaml`` knows which they are.

    Raises :class:`FileNotFoundError` for a path that does not exist.
    """
    result, distinct = Fingerprint(), Distinct()
    for path in paths:
        found = find(path)
        result.add_root(found)
        for file in filter(distinct.add, (*found.pack_files, *found.rules)):
            content = read_regular(file, DEFAULT_LIMITS.bytes)
            if content is None:
                return None
            result.add_file(file, content)
    return result.text


def read_regular(path: str, limit: int) -> bytes | None:
    """The content of a regular file of at most ``limit`` bytes, None of anything else.

    What is no regular file is not read: reading a pipe would take from it.
    """
    try:
        file = os.open(path, _READ_ONLY)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        content = os.read(file, status.st_size + 1)
    except OSError:
        return None
    finally:
        os.close(file)
    return content if len(content) == status.st_size else None
