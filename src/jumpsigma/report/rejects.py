"""Keeping what was rejected, byte for byte, so that it can be repaired and read again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.intake.records import Reject
from jumpsigma.report.outputs import refuse_overwriting


class RejectWriter:
    """Writes the exact bytes of each reject and a line break; use it as ``on_reject``.

    An element of a pretty-printed array keeps its own line breaks. Something too long to be
    held in memory is copied whole, as it is read.

    ``inputs`` are the paths that will be read (``-`` for standard input). A writer that made its
    file anew where one of them stands would empty it before the first event is read.

    :raises DiagnosticError: JS091 when the file is one of ``inputs``, or cannot be created or
        written.
    """

    def __init__(self, path: str | Path, inputs: Iterable[str] = ()) -> None:
        self._path = str(path)
        self.count = 0
        refuse_overwriting(
            path,
            inputs,
            "the rejects would overwrite an input",
            hint="choose a file that is not scanned, outside the folders that are",
        )
        try:
            self._file = Path(path).open("wb")  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise self._cannot_write(error) from error

    def __call__(self, reject: Reject) -> None:
        """Copy one reject."""
        self.count += 1
        try:
            self._file.write(reject.raw)
            for piece in reject.rest:
                self._file.write(piece)
            self._file.write(b"\n")
        except OSError as error:
            raise self._cannot_write(error) from error

    def close(self) -> None:
        """Write what is buffered and close the file."""
        try:
            self._file.close()
        except OSError as error:
            raise self._cannot_write(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _cannot_write(self, error: OSError) -> DiagnosticError:
        message = f"cannot write the rejects: {error.strerror or error}"
        hint = "free some space, or choose another file"
        return DiagnosticError(Diagnostic("JS091", message, span=Span(self._path), hint=hint))
