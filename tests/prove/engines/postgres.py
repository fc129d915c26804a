"""PostgreSQL: a server of its own in a temporary folder, reached through a socket in it."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engines.engine import TABLE, QueryError, Stored, ids_of

#: Where Debian and Ubuntu keep the programs of each version.
_PACKAGED = Path("/usr/lib/postgresql")


def _programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: the newest of the system, or what is on PATH."""
    found = sorted(_PACKAGED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


class Postgres:
    """The events as JSONB."""

    name = "postgresql"

    def __init__(self) -> None:
        self._folder: str | None = None
        self._connection: Any = None

    def available(self) -> str | None:
        """The version of the server."""
        programs = _programs()
        try:
            version("psycopg")
        except PackageNotFoundError:
            return None
        if programs is None:
            return None
        said = subprocess.run(
            [programs / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        return said.stdout.split()[2]

    def _command(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs, which refuse to be root."""
        programs = _programs()
        assert programs is not None
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(
            [programs / program, *arguments],
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            cwd="/",
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _started(self) -> Any:
        if self._connection is None:
            import psycopg  # type: ignore[import-not-found]

            self._folder = tempfile.mkdtemp(prefix="pg")  # short: a socket's path is limited
            if os.geteuid() == 0:
                shutil.chown(self._folder, "postgres")
            data = str(Path(self._folder, "data"))
            initial = ["-D", data, "-U", "prove", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
            self._command("initdb", *initial, "--no-sync")
            options = f"-k {self._folder} -c listen_addresses= -c fsync=off -c timezone=UTC"
            log = str(Path(self._folder, "log"))
            self._command("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
            self._connection = psycopg.connect(
                host=self._folder, user="prove", dbname="postgres", autocommit=True
            )
        return self._connection

    def load(self, events: Stored) -> None:
        """Hold the events."""
        with self._started().cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
            cursor.execute(f"CREATE TABLE {TABLE} (id text PRIMARY KEY, event jsonb)")
            with cursor.copy(f"COPY {TABLE} FROM STDIN") as copy:
                for key, event in events.items():
                    copy.write_row((key, json.dumps(event)))
            cursor.execute(f"ANALYZE {TABLE}")

    def hold(self, files: Mapping[str, str]) -> None:
        """Load CSV files."""
        with self._started().cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS jumpsigma_lists")
            cursor.execute(
                "CREATE TABLE jumpsigma_lists (list text, value text, PRIMARY KEY (list, value))"
            )
            for text in files.values():
                command = "COPY jumpsigma_lists FROM STDIN WITH (FORMAT csv, HEADER)"
                with cursor.copy(command) as copy:
                    copy.write(text)
            cursor.execute("ANALYZE jumpsigma_lists")

    def run(self, query: str) -> list[str]:
        """The ids of the rows."""
        import psycopg

        try:
            with self._started().cursor() as cursor:
                cursor.execute(query.encode())
                return ids_of([column.name for column in cursor.description or ()], cursor)
        except psycopg.Error as error:
            raise QueryError(str(error)) from error

    def close(self) -> None:
        """Stop the server and remove its folder."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            assert self._folder is not None
            data = str(Path(self._folder, "data"))
            self._command("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
