"""Where the indicator store is, and whether nobody else may write to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span

FILE_NAME: Final = "indicators.sqlite"

_OWN_FOLDER: Final = "set JUMPSIGMA_HOME to a folder of your own"


def store_path() -> Path:
    """``indicators.sqlite`` in ``JUMPSIGMA_HOME``, else in the platform's folder of user data."""
    home = os.environ.get("JUMPSIGMA_HOME")
    if home:
        return Path(home).expanduser() / FILE_NAME
    import platformdirs

    return platformdirs.user_data_path("jumpsigma", appauthor=False) / FILE_NAME


def is_there(path: Path) -> bool:
    """Whether there is something at a path.

    Raises :class:`DiagnosticError` (JS091) where that cannot be told: to take it for an empty store
    would hide what is in it.
    """
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:  # ValueError: a null character
        raise DiagnosticError(
            Diagnostic(
                "JS091",
                f"cannot open: {getattr(error, 'strerror', None) or error}",
                span=Span(str(path)),
                hint=_OWN_FOLDER,
            )
        ) from None
    return True


def create_private(path: Path) -> None:
    """Make an empty file that only its owner can read, and the folders to it (0700).

    A file that is there stays as it is. Raises :class:`DiagnosticError` (JS091).
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DiagnosticError(
            Diagnostic(
                "JS091",
                f"cannot write: {error.strerror}",
                span=Span(str(path)),
                hint=_OWN_FOLDER,
            )
        ) from None


def require_private(path: Path) -> None:
    """Refuse a store that others may change: they would decide what is detected.

    The file and its folder must belong to the user or to root, and only their owner may write.
    Windows keeps such rights elsewhere, and is not asked. Raises :class:`DiagnosticError` (JS083),
    and JS081 for what is no file at all: opening a pipe would wait for ever.
    """
    if path.exists() and not path.is_file():
        raise DiagnosticError(
            Diagnostic(
                "JS081",
                "the indicator store is no file",
                span=Span(str(path)),
                hint="move it elsewhere, or set JUMPSIGMA_HOME to another folder",
            )
        )
    if not hasattr(os, "getuid"):
        return
    for place in (path.parent, path):
        try:
            status = place.stat()
        except OSError:
            continue  # it is not there, or opening it will say why not
        if status.st_uid not in (os.getuid(), 0):
            _refuse(place, "belongs to another user", _OWN_FOLDER)
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            _refuse(place, "can be written by others", f"chmod go-w {place}")


def _refuse(place: Path, reason: str, hint: str) -> None:
    what = "folder of the indicator store" if place.is_dir() else "indicator store"
    message = f"the {what} {reason}, who would decide what is detected"
    raise DiagnosticError(Diagnostic("JS083", message, span=Span(str(place)), hint=hint))
