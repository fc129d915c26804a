"""CSV and its relatives: columns are known by the names in the header, else the first counts.

Comma, semicolon, tab and bar separate cells. A header may stand in the last comment line before
the data, as abuse.ch writes it. ``first_seen`` and ``last_seen`` are sightings and go into the
note; only columns that say so (``valid_from``, ``valid_until``, ``expires``) bound validity.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jumpsigma.diagnostics import Span
from jumpsigma.intel.model import Entry, Kind
from jumpsigma.intel.normalise import NotAnIndicatorError, normalise
from jumpsigma.intel.readers.content import Content
from jumpsigma.intel.readers.fields import Fields, clean, note_of, to_tags
from jumpsigma.intel.readers.lines import text_lines
from jumpsigma.intel.readers.problems import Problems, shown

MAX_CELL_LINES = 50
"""Lines that one cell in quotes may run over; else its quote was never meant to be one."""

_DELIMITERS = ",;\t|"

# What a column holds, by the names that feeds give it.
_VALUE = dict.fromkeys(
    ("value", "indicator", "indicator_value", "ioc", "ioc_value", "observable"), None
)
_OF_KIND: dict[str, Kind] = {
    **dict.fromkeys(("domain", "hostname", "host", "fqdn", "domain_name"), Kind.DOMAIN),
    **dict.fromkeys(
        ("ip", "ip_address", "ipv4", "ipv6", "dst_ip", "src_ip", "cidr", "network", "ip_range"),
        Kind.IP,
    ),
    **dict.fromkeys(("url", "uri"), Kind.URL),
    **dict.fromkeys(("hash", "file_hash"), Kind.HASH),
    **{
        f"{name}{tail}": Kind.HASH
        for name in ("md5", "sha1", "sha256", "sha512")
        for tail in ("", "_hash")
    },
    **dict.fromkeys(("email", "email_address", "e_mail"), Kind.EMAIL),
}
_ABOUT = {
    **dict.fromkeys(("type", "ioc_type", "indicator_type", "kind"), "type"),
    **dict.fromkeys(("tags", "tag", "labels", "threat", "threat_type", "malware"), "tags"),
    **dict.fromkeys(("confidence", "confidence_level"), "confidence"),
    **dict.fromkeys(("valid_from", "not_before"), "valid_from"),
    **dict.fromkeys(
        ("valid_until", "valid_to", "expires", "expiration", "expiry", "not_after"), "valid_until"
    ),
    **dict.fromkeys(("first_seen", "first_seen_utc", "date_added", "dateadded"), "first_seen"),
    **dict.fromkeys(("last_seen", "last_seen_utc", "last_online"), "last_seen"),
    **dict.fromkeys(("source", "feed"), "source"),
    **dict.fromkeys(("note", "description", "comment"), "note"),
    **dict.fromkeys(("reference_id", "stix_id", "uuid"), "reference"),
}

# What feeds write in a column of types.
_TYPES: dict[str, Kind] = {
    **_OF_KIND,
    **dict.fromkeys(("ip_src", "ip_dst", "ipv4_addr", "ipv6_addr", "ip_port"), Kind.IP),
    **dict.fromkeys(("email_src", "email_dst", "email_addr"), Kind.EMAIL),
    **dict.fromkeys(("filehash_md5", "filehash_sha1", "filehash_sha256"), Kind.HASH),
}

# STIX 2.1, appendix A.1, the scale None / Low / Med / High.
_CONFIDENCES = {"none": 0, "low": 15, "med": 50, "medium": 50, "high": 85}

_port = re.compile(r":[0-9]{1,5}$")
_word = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row what stands."""

    values: tuple[tuple[int, Kind | None], ...]
    about: tuple[tuple[int, str], ...]


def columns_of(cells: Sequence[str]) -> Columns | None:
    """What a header says; None when it names no column with values, or has a value itself."""
    if any(_is_value(cell) for cell in cells):  # `a.example.com,domain` is no header
        return None
    names = [_name(cell) for cell in cells]
    values: list[tuple[int, Kind | None]] = [
        (index, None) for index, name in enumerate(names) if name in _VALUE
    ]
    # Beside a column of values, one named `ip` is about them.
    values = values or [
        (index, _OF_KIND[name]) for index, name in enumerate(names) if name in _OF_KIND
    ]
    if not values:
        return None
    about = {_ABOUT[name]: index for index, name in enumerate(names) if name in _ABOUT}
    return Columns(tuple(values), tuple((index, key) for key, index in about.items()))


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one row without space around them. :raises csv.Error: it cannot be read."""
    lines = line.splitlines(keepends=True)
    rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    return [cell.strip() for row in rows for cell in row]


def delimiter_of(line: str) -> str | None:
    """What separates the cells of a line; None when nothing does."""
    return max(
        (each for each in _DELIMITERS if each in line),
        key=line.count,
        default=None,
    )


def read_table(content: Content, problems: Problems) -> Iterator[Entry]:
    """Yield the values of a table."""
    columns: Columns | None = None
    delimiter: str | None = None
    comment = ""
    for number, line in _rows(content, problems):
        if line.startswith("#"):
            comment = line.lstrip("# ")
            continue
        if delimiter is None:
            delimiter = delimiter_of(line) or delimiter_of(comment) or ","
        try:
            cells = cells_of(line, delimiter)
        except csv.Error as error:
            problems.tell("JS080", f"not a row: {error}", sort="rows", line=number)
            continue
        if columns is None:
            columns = columns_of(cells)
            if columns is not None:
                continue
            columns = _commented(comment, delimiter, len(cells)) or Columns(((0, None),), ())
        yield from _entries(cells, columns, number, problems)


def _commented(comment: str, delimiter: str, size: int) -> Columns | None:
    try:
        cells = cells_of(comment, delimiter)
    except csv.Error:
        return None
    return columns_of(cells) if len(cells) == size else None


def _rows(content: Content, problems: Problems) -> Iterator[tuple[int, str]]:
    """Lines; those joined that a cell in quotes runs over."""
    held: list[tuple[int, str]] = []
    for number, line in text_lines(content, problems):
        held.append((number, line))
        while held:
            is_open = sum(text.count('"') for _, text in held) % 2 == 1
            if is_open and not held[0][1].startswith("#") and len(held) <= MAX_CELL_LINES:
                break
            if is_open:
                yield held.pop(0)  # by itself; the others are looked at anew
                continue
            yield held[0][0], "\n".join(text for _, text in held)
            held = []
    yield from held


def _entries(
    cells: list[str], columns: Columns, number: int, problems: Problems
) -> Iterator[Entry]:
    about = {key: cells[index] for index, key in columns.about if index < len(cells)}
    kind, has_port = None, False
    if type_ := about.get("type"):
        name = _name(type_)
        has_port = name == "ip_port"
        if name not in _TYPES:
            message = f"the type {shown(type_)} is none that is taken"
            problems.tell("JS086", message, sort="rows of other types", line=number)
            return
        kind = _TYPES[name]
    fields = Fields(about, "", problems, line=number)
    seen = [fields.moment("first_seen"), fields.moment("last_seen")]
    days = " to ".join(f"{moment:%Y-%m-%d}" for moment in seen if moment is not None)
    for index, column_kind in columns.values:
        value = cells[index] if index < len(cells) else ""
        if not value:
            continue
        yield Entry(
            _port.sub("", value) if has_port else value,
            kind=kind or column_kind,
            span=Span(problems.place, number),
            source=clean(about.get("source", "")) or None,
            tags=to_tags([each.strip() for each in re.split(r"[,;|]", about.get("tags", ""))]),
            confidence=_confidence(about.get("confidence", ""), number, problems),
            valid_from=fields.moment("valid_from"),
            valid_until=fields.moment("valid_until"),
            reference=about.get("reference") or None,
            note=note_of(about.get("note"), f"seen {days}" if days else None),
        )


def _confidence(text: str, number: int, problems: Problems) -> int | None:
    word = text.lower().removesuffix("%").strip()
    if word in _CONFIDENCES:
        return _CONFIDENCES[word]
    if word.isdecimal() and len(word) <= 3 and int(word) <= 100:
        return int(word)
    if word:
        message = f"the confidence {shown(text)} is no number from 0 to 100; it is ignored"
        problems.tell("JS080", message, sort="confidences", line=number, kept=True)
    return None


def _is_value(cell: str) -> bool:
    try:
        normalise(cell)
    except NotAnIndicatorError:
        return False
    return True


def _name(cell: str) -> str:
    return _word.sub("_", cell.lower()).strip("_")
