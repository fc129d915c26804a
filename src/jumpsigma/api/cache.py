"""The folder of the compile cache: contents by key, the user's own, and never an error.

Security
--------
What is read from here is executed: pickles, and code of matchers. So nothing is read that somebody
else could have written. The folder must be a real one (no link), belong to the user who runs this,
be open to nobody else (0700), and lie where not everybody may exchange it; an entry must be a file
of the same user to which nobody else may write. Folder and entry are looked at when they are open,
so that nothing can be exchanged between looking and reading. A folder that fails is left aside,
neither read nor written, and :attr:`Cache.problem` says why. Who may write as this user may run
programs as this user anyway, so nothing is signed: the digest in an entry finds damage. On Windows
the folder lies in the profile of the user, and nobody is asked about rights.

Everything else that can go wrong (a disk that is full or read-only, two writers at once, an entry
that is cut short, or stands under the name of another) means that nothing is read, or written.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, Self

from jumpsigma.diagnostics import Diagnostic, Severity, Span

#: So much is kept at most; what was not used for longest goes first.
KEPT_ENTRIES: Final = 64
KEPT_BYTES: Final = 500 * 10**6

_OFF: Final = frozenset({"off", "no", "false", "0"})
_SUFFIX: Final = ".entry"
_UNFINISHED: Final = ".unfinished"
_ABANDONED: Final = 3600  # seconds, after which nobody can still be writing
_DIGEST_SIZE: Final = 32
_HINT: Final = "set JUMPSIGMA_HOME to a folder of your own, or JUMPSIGMA_CACHE=off"

_HAS_OWNERS: Final = hasattr(os, "getuid")
_FLAGS: Final = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe is not waited for
    | getattr(os, "O_BINARY", 0)
)


def user_cache() -> Cache | None:
    """The cache of the user: ``cache`` in ``JUMPSIGMA_HOME``, else the platform's cache folder.

    None when ``JUMPSIGMA_CACHE`` is ``off``, or the user has no home.
    """
    if os.environ.get("JUMPSIGMA_CACHE", "").lower() in _OFF:
        return None
    home = os.environ.get("JUMPSIGMA_HOME")
    if home:
        return Cache(Path(os.path.expanduser(home)).absolute() / "cache")  # noqa: PTH111 - no error
    import platformdirs

    try:
        folder = platformdirs.user_cache_path("jumpsigma", appauthor=False)
    except RuntimeError:  # how newer versions of platformdirs say that there is no home
        return None
    return Cache(folder) if folder.is_absolute() else None


class Cache:
    """Contents by key in one folder. Neither reading nor writing raises."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem: Diagnostic | None = None
        """Why the folder is left aside (JS092), None as long as it is not."""

    def read(self, key: str) -> bytes | None:
        """What was written under a key; None when that is not there, or not as it was written."""
        try:
            with _Folder(self.folder) as folder:
                digest, content = folder.read(key + _SUFFIX, _DIGEST_SIZE)
        except _NotPrivateError as refused:
            self.problem = self._problem(refused)
            return None
        except OSError:
            return None
        return content if digest == _digest(key, content) else None

    def write(self, key: str, content: bytes) -> None:
        """Keep a content under a key."""
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self.folder.mkdir(mode=0o700)
            with _Folder(self.folder) as folder:
                folder.write(key + _SUFFIX, _digest(key, content) + content)
                folder.tidy()
        except _NotPrivateError as refused:
            self.problem = self._problem(refused)
        except OSError:
            pass

    def _problem(self, refused: _NotPrivateError) -> Diagnostic:
        return Diagnostic(
            "JS092",
            f"the folder of the compile cache {refused}, so it is not used",
            Severity.WARNING,
            Span(str(self.folder)),
            hint=refused.hint,
        )


def _digest(key: str, content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST_SIZE, key=key.encode()[:64]).digest()


class _NotPrivateError(Exception):
    def __init__(self, reason: str, hint: str = _HINT) -> None:
        super().__init__(reason)
        self.hint = hint


class _Folder:
    """The folder, opened and found to be the user's own.

    Names are looked up in the folder that was opened, whatever its path leads to by now.

    Raises :class:`_NotPrivateError`, and :class:`OSError` as all methods do.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        if not _HAS_OWNERS:
            return
        if path.is_symlink():
            raise _NotPrivateError("is a link")
        self._file = os.open(path, _FLAGS | os.O_RDONLY | os.O_DIRECTORY)
        try:
            _require_private(os.fstat(self._file), path)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    def read(self, name: str, first: int) -> tuple[bytes, bytes]:
        """The first bytes of a file and the others; it counts as used now."""
        file = self._open(name, os.O_RDONLY)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode) or not _is_own(status):
                raise PermissionError
            with open(file, "rb", closefd=False) as stream:
                content = (stream.read(first), stream.read())
            if os.utime in os.supports_fd:
                with suppress(OSError):
                    os.utime(file)
        finally:
            os.close(file)
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file that is there wholly or not at all."""
        unfinished = f"{secrets.token_hex(8)}{_UNFINISHED}"
        file = self._open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with open(file, "wb") as stream:  # noqa: PTH123 - it is open
                stream.write(content)
            at = self._file
            os.replace(self._at(unfinished), self._at(name), src_dir_fd=at, dst_dir_fd=at)
        except BaseException:
            with suppress(OSError):
                self._remove(unfinished)
            raise

    def tidy(self) -> None:
        """Remove what is too much, and what somebody began to write and left."""
        entries: list[tuple[float, int, str]] = []
        with os.scandir(self._path if self._file is None else self._file) as found:
            for entry in found:
                if not entry.name.endswith((_SUFFIX, _UNFINISHED)):
                    continue
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    entries.append((status.st_mtime, status.st_size, entry.name))
        kept = size = 0
        for used, length, name in sorted(entries, reverse=True):
            if name.endswith(_UNFINISHED):
                gone = used < time.time() - _ABANDONED
            else:
                kept, size = kept + 1, size + length
                gone = kept > KEPT_ENTRIES or size > KEPT_BYTES
            if gone:
                with suppress(OSError):
                    self._remove(name)

    def _open(self, name: str, flags: int) -> int:
        return os.open(self._at(name), _FLAGS | flags, 0o600, dir_fd=self._file)

    def _remove(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self._file)

    def _at(self, name: str) -> str | Path:
        return self._path / name if self._file is None else name


def _require_private(status: os.stat_result, path: Path) -> None:
    if status.st_uid != os.getuid():
        raise _NotPrivateError("belongs to another user")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _NotPrivateError("is open to other users", f"chmod 700 {path}; or {_HINT}")
    # Who may rename what lies beside it could put another folder of this user in its place.
    above = path.parent.stat()
    is_sticky = bool(above.st_mode & stat.S_ISVTX)
    if above.st_uid not in (os.getuid(), 0) or (above.st_mode & stat.S_IWOTH and not is_sticky):
        raise _NotPrivateError("lies where other users may exchange it")


def _is_own(status: os.stat_result) -> bool:
    if not _HAS_OWNERS:
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
