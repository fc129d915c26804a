"""The SQLite file of the store: its tables, opening it, and what its errors mean.

It is kept in WAL mode: a change is one transaction, which a process that dies in the middle
leaves undone, and who reads meanwhile sees the state before.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.intel.place import create_private, is_there, require_private

APPLICATION_ID: Final = 0x4A534947
"""``JSIG``: marks the file as ours."""

VERSION: Final = 1
"""Of the tables; a file with a higher one is left alone."""

BUSY_SECONDS: Final = 30.0
"""How long one writer waits for another."""

# Clustered by list, so that reading all values of a list reads one stretch of the file. Times are
# microseconds since 1970 in UTC; a missing reference is '', because a key has no room for NULL.
_TABLES: Final = """
CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, origin TEXT NOT NULL, UNIQUE (name, origin)
);
CREATE TABLE indicator (
    list INTEGER NOT NULL REFERENCES list,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    source INTEGER NOT NULL REFERENCES source,
    reference TEXT NOT NULL,
    revoked INTEGER NOT NULL,
    confidence INTEGER,
    valid_from INTEGER,
    valid_until INTEGER,
    modified INTEGER,
    tags TEXT,
    note TEXT,
    seen INTEGER NOT NULL,
    PRIMARY KEY (list, kind, value, source, reference)
) WITHOUT ROWID;
CREATE INDEX by_reference ON indicator (reference) WHERE reference != '';
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def connect_to_read(path: Path) -> sqlite3.Connection | None:
    """Open a store that is there; None when there is none, or one that was never written to.

    Raises :class:`DiagnosticError` (JS081, JS082, JS083, JS091).
    """
    if not is_there(path):
        return None
    require_private(path)
    with answered(path):
        connection = _connect(path, _read_only(path))
        if not _is_ours(connection, path):
            connection.close()
            return None
        return connection


def connect_to_write(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a store to change it, made at need where ``create`` says so.

    Raises :class:`DiagnosticError` (JS081, JS082, JS083, JS084, JS091).
    """
    if not is_there(path):
        if not create:
            raise DiagnosticError(
                Diagnostic(
                    "JS081",
                    "there is no indicator store yet",
                    span=Span(str(path)),
                    hint="fill it: jumpsigma intel add FILE",
                )
            )
        create_private(path)
    require_private(path)
    with answered(path):
        connection = _connect(path, "rw")
        if not _is_ours(connection, path):
            _create_tables(connection)
        return connection


@contextmanager
def answered(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into a :class:`DiagnosticError` that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise DiagnosticError(_diagnostic(error, path)) from None


@contextmanager
def transaction(connection: sqlite3.Connection, *, keep: bool = True) -> Iterator[None]:
    """All or nothing, and nothing unless ``keep``; only one process is in here at a time."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT" if keep else "ROLLBACK")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode if '=' in mode else f'mode={mode}'}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _read_only(path: Path) -> str:
    """How to read: a folder that we may not write to has no room for the files of WAL mode."""
    in_use = path.with_name(path.name + "-wal").exists()
    return "mode=ro" if in_use or os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the tables are there and are ours; False for an empty file."""
    connection.execute("BEGIN")  # one view for all three, while another process may create them
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("COMMIT")
    if not tables and not application:
        return False
    if application != APPLICATION_ID:
        connection.close()
        raise DiagnosticError(
            Diagnostic(
                "JS081",
                "this is a database, but no indicator store of jumpsigma",
                span=Span(str(path)),
                hint="move it elsewhere, or set JUMPSIGMA_HOME to another folder",
            )
        )
    if version > VERSION:
        connection.close()
        raise DiagnosticError(
            Diagnostic(
                "JS082",
                f"the indicator store has version {version}; this jumpsigma knows {VERSION}",
                span=Span(str(path)),
                hint="use the newer jumpsigma that wrote it, or another JUMPSIGMA_HOME",
            )
        )
    return True


def _create_tables(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    with transaction(connection):
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return  # another process was quicker
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def damaged(path: Path, reason: str) -> Diagnostic:
    """Say that the file is broken, and how to go on."""
    return Diagnostic(
        "JS081",
        f"the indicator store cannot be read: {reason}",
        span=Span(str(path)),
        hint="move the file away, then fill a new one: jumpsigma intel add FILE",
    )


def _diagnostic(error: sqlite3.Error, path: Path) -> Diagnostic:
    span = Span(str(path))
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Diagnostic(
                "JS084",
                f"another process has been writing to it for {BUSY_SECONDS:.0f} seconds",
                span=span,
                hint="nothing was changed; try again when it has finished",
            )
        case sqlite3.SQLITE_FULL:
            return Diagnostic(
                "JS091",
                "cannot write: the disk is full",
                span=span,
                hint="nothing was changed; make room and try again",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            hint = "see who may read and write the file and its folder"
            return Diagnostic("JS091", f"cannot open or write: {error}", span=span, hint=hint)
        case _:
            return damaged(path, str(error))
