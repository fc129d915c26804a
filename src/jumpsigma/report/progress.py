"""How far a scan is: a bar on the terminal that leaves nothing behind.

It is drawn from within the scan, at most ten times a second, so that no thread writes between two
findings; what else goes to the terminal hides it first.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from jumpsigma.intake.records import ReadStats

if TYPE_CHECKING:
    import rich.progress

#: Seconds: a scan that ends before the first needs no bar.
DELAY = 0.5
INTERVAL = 0.1


def is_wanted(stream: TextIO) -> bool:
    """Whether a bar can be drawn on a stream: a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


class ScanProgress:
    """Bytes, events, findings and time left of one scan.

    Tell it of each input (:meth:`start`) and how far it is read (:meth:`advance`, once a block),
    and hide it before anything else is written to the terminal. Nothing is ever drawn when
    ``stream`` cannot show a bar.
    """

    def __init__(
        self,
        stream: TextIO,
        inputs: Sequence[str],
        stats: ReadStats,
        findings: Mapping[str | None, int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``inputs`` are read in this order; ``stats`` and ``findings`` (by level) are watched."""
        self._stream = stream
        self._stats = stats
        self._findings = findings
        self._clock = clock
        self._sizes = {path: _size(path) for path in inputs}
        self._path: str | None = None
        self._before = 0  # bytes of the inputs before this one
        self._due = clock() + DELAY if is_wanted(stream) else float("inf")
        self._bar: rich.progress.Progress | None = None
        self._is_shown = False

    def start(self, path: str) -> None:
        """The input ``path`` is read from here on."""
        if self._path is not None:
            self._before += self._sizes[self._path] or 0
        self._path = path

    def advance(self, size: int) -> None:
        """``size`` bytes of this input are read."""
        if self._clock() >= self._due:
            self._draw(self._before + size)
            self._due = self._clock() + INTERVAL

    def hide(self) -> None:
        """Take the bar away until it is due again."""
        if self._is_shown and self._bar is not None:
            self._bar.stop()
            self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.hide()

    def _draw(self, size: int) -> None:
        if self._bar is None:
            self._bar = self._new_bar()
        if not self._is_shown:
            self._bar.start()
            self._is_shown = True
        self._bar.update(
            self._bar.task_ids[0],
            completed=size,
            events=f"{self._stats.read:,}",
            findings=f"{sum(self._findings.values()):,}",
            refresh=True,
        )

    def _new_bar(self) -> rich.progress.Progress:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        bar = Progress(
            BarColumn(bar_width=None),
            DownloadColumn(),
            TextColumn("{task.fields[events]} events, {task.fields[findings]} findings,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(file=self._stream, force_terminal=True, force_interactive=True),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            expand=True,
            get_time=self._clock,
        )
        sizes = list(self._sizes.values())
        total = sum(size for size in sizes if size is not None) if None not in sizes else None
        bar.add_task("scan", total=total, events="0", findings="0")
        return bar


def _size(path: str) -> int | None:
    """Bytes of a file; None for what has no size before it is read, such as a pipe."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
