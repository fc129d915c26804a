"""Where findings go: one sink per output format, each writing as findings come."""

from __future__ import annotations

import csv
from typing import Any, Literal, Protocol, TextIO, assert_never

from jumpsigma.matcher.findings import Finding
from jumpsigma.report.jsonout import to_json
from jumpsigma.report.visible import encodable, visible

Format = Literal["table", "ndjson", "json", "csv"]
FORMATS: tuple[Format, ...] = ("table", "ndjson", "json", "csv")


class Sink(Protocol):
    """Takes findings one by one.

    Errors of the stream (a full disk, a closed pipe) pass through as the OSError that they are.
    """

    def write(self, finding: Finding) -> None:
        """Write one finding."""

    def close(self) -> None:
        """Write what must stand at the end and flush; the stream stays open."""


def open_sink(form: Format, stream: TextIO, *, color: bool) -> Sink:
    """A sink that writes ``form`` to ``stream``. ``color`` only matters for ``table``."""
    match form:
        case "ndjson":
            return NdjsonSink(stream)
        case "json":
            return JsonSink(stream)
        case "csv":
            return CsvSink(stream)
        case "table":
            # rich takes a tenth of a second to import, and only this format needs it.
            from jumpsigma.report.table import TableSink

            return TableSink(stream, color=color)
        case _:
            assert_never(form)


class NdjsonSink:
    """One finding a line, the keys as :meth:`Finding.to_dict` has them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, finding: Finding) -> None:
        """Write one line."""
        self._stream.write(to_json(finding.to_dict()) + "\n")

    def close(self) -> None:
        """Flush."""
        self._stream.flush()


class JsonSink:
    """One JSON array with a finding on each line; ``[]`` when there is none."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._before = "[\n"

    def write(self, finding: Finding) -> None:
        """Write one element."""
        self._stream.write(self._before + to_json(finding.to_dict()))
        self._before = ",\n"

    def close(self) -> None:
        """Close the array and flush."""
        self._stream.write("[]\n" if self._before == "[\n" else "\n]\n")
        self._stream.flush()


COLUMNS = (
    "rule_id",
    "rule_title",
    "level",
    "author",
    "license",
    "tags",
    "event_id",
    "timestamp",
    "path",
    "line",
    "matched",
    "correlation",
    "indicators",
)


class CsvSink:
    """A header and one row per finding (RFC 4180).

    ``tags`` are separated by blanks, ``matched`` is JSON, and so are ``correlation``, empty for
    the finding of a single event, and ``indicators``, empty for one that rests on none.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
    injection"): events are written by whoever can cause one. For the same reason a terminal gets
    escapes for what does not print; a file gets the text as it is.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = visible if stream.isatty() else encodable
        self._writer = csv.writer(_Lines(stream))
        self._writer.writerow(COLUMNS)

    def write(self, finding: Finding) -> None:
        """Write one row."""
        source = finding.source
        row = (
            finding.rule_id,
            finding.rule_title,
            finding.level,
            finding.author,
            finding.license,
            " ".join(finding.tags),
            finding.event_id,
            finding.timestamp,
            source and source.path,
            source and source.line,
            to_json(finding.matched),
            finding.correlation and to_json(finding.correlation),
            to_json([each.to_dict() for each in finding.indicators])
            if finding.indicators
            else None,
        )
        self._writer.writerow([self._cell(value) for value in row])

    def _cell(self, value: Any) -> str:
        text = "" if value is None else self._text(str(value))
        return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

    def close(self) -> None:
        """Flush."""
        self._stream.flush()


class _Lines:
    """Takes the rows of a csv writer and ends them as text streams want it.

    The writer itself must use CRLF: it quotes what holds a part of its line break, and a lone
    CR must be quoted too.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> None:
        """Write one row."""
        self._stream.write(row.removesuffix("\r\n") + "\n")
