"""The table: what is measured, against what, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Sets of rules whose names begin so are SigmaHQ's.
SIGMAHQ: Final = "sigmahq"


@dataclass(frozen=True, slots=True)
class Loop:
    """``for line in file: orjson.loads(line)``, and nothing else."""

    events: str


@dataclass(frozen=True, slots=True)
class Whole:
    """Read a file, ``gzip.decompress`` it, ``orjson.loads`` the whole array."""

    events: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Scan with rules and count the findings."""

    events: str
    rules: str
    jobs: int = 1
    strict: bool = False


@dataclass(frozen=True, slots=True)
class UnpackAndScan:
    """Unpack a file into nothing, then scan the same events from a file that is not packed."""

    packed: str
    plain: str
    rules: str


@dataclass(frozen=True, slots=True)
class Lines:
    """``for line in file: pass``."""

    events: str


@dataclass(frozen=True, slots=True)
class Hyperscan:
    """Look for 500 texts that are not there, and nothing else."""

    events: str


Reading = Loop | Whole | Scan | Lines | Hyperscan
Work = Reading | UnpackAndScan


@dataclass(frozen=True, slots=True)
class Row:
    """``candidate`` may cost ``most`` times what ``baseline`` costs; None: it is there to compare.

    ``findings``: between how many an event the workload must have for the row to mean what its
    title says.
    """

    name: str
    title: str
    candidate: Reading
    baseline: Work
    most: float | None
    findings: tuple[float, float] = (0, float("inf"))

    @property
    def needs_sigmahq(self) -> bool:
        """Whether rules or events are made from SigmaHQ's rules."""
        match self.candidate:
            case Scan(events, rules):
                return rules.startswith(SIGMAHQ) or "sysmon" in events
            case _:
                return False

    @property
    def must_agree(self) -> bool:
        """Whether baseline and candidate are scans that give the same findings."""
        match self.candidate, self.baseline:
            case Scan(events, rules), Scan(others, other_rules):
                return (events, rules) == (others, other_rules)
            case _:
                return False

    @property
    def has_parts(self) -> bool:
        """Whether its time is told apart: one process scans, and parses what it must."""
        match self.candidate, self.baseline:
            case Scan(strict=False), Loop():
                return True
            case _:
                return False


ROWS: Final[tuple[Row, ...]] = (
    Row(
        "single",
        "JumpCloud events, shipped single-event rules",
        Scan("jumpcloud", "shipped-single"),
        Loop("jumpcloud"),
        0.5,
        (1e-4, 0.1),
    ),
    Row(
        "shipped",
        "the same with the shipped correlations",
        Scan("jumpcloud", "shipped"),
        Loop("jumpcloud"),
        1.0,
        (1e-4, 0.1),
    ),
    Row(
        "talking",
        "30 rules, 0.13 findings an event",
        Scan("jumpcloud", "thirty-talking"),
        Loop("jumpcloud"),
        0.8,
        (0.12, 0.14),
    ),
    Row(
        "silent",
        "30 rules, under 0.01 findings an event",
        Scan("jumpcloud", "thirty-silent"),
        Loop("jumpcloud"),
        0.35,
        (1e-4, 0.01),
    ),
    Row(
        "sigmahq",
        "JumpCloud events, all of SigmaHQ",
        Scan("jumpcloud", "sigmahq"),
        Loop("jumpcloud"),
        0.6,
    ),
    Row(
        "mixed",
        "30 % of events carry Sysmon fields, SigmaHQ's process_creation",
        Scan("jumpcloud-sysmon-30", "sigmahq-process_creation"),
        Loop("jumpcloud-sysmon-30"),
        2.0,
        (0.36, 0.44),
    ),
    Row(
        "carrying",
        "all JumpCloud events carry Sysmon fields, all of SigmaHQ",
        Scan("jumpcloud-sysmon-100", "sigmahq"),
        Loop("jumpcloud-sysmon-100"),
        6.0,
    ),
    Row(
        "sysmon",
        "Sysmon events of six kinds, all of SigmaHQ",
        Scan("sysmon", "sigmahq"),
        Loop("sysmon"),
        6.0,
    ),
    Row(
        "every",
        "every event matches a rule (30 rules)",
        Scan("jumpcloud", "thirty-every"),
        Loop("jumpcloud"),
        2.5,
        (1.0, 1.05),
    ),
    Row(
        "export",
        "the vendor's export: gzip of an indented array, against reading it whole",
        Scan("jumpcloud-export", "shipped"),
        Whole("jumpcloud-export"),
        1.0,
        (1e-4, 0.1),
    ),
    Row(
        "strict",
        "every line parsed (--strict)",
        Scan("jumpcloud", "shipped", strict=True),
        Loop("jumpcloud"),
        1.5,
        (1e-4, 0.1),
    ),
    Row(
        "indicators",
        "a million indicators in use, against the first row",
        Scan("jumpcloud", "shipped-indicators"),
        Scan("jumpcloud", "shipped-single"),
        1.2,
        (1e-4, 0.1),
    ),
    Row(
        "doubling",
        "3,000 rules of SigmaHQ, against 1,500 of them",
        Scan("jumpcloud", "sigmahq-3000"),
        Scan("jumpcloud", "sigmahq-1500"),
        1.15,
    ),
    Row(
        "gz",
        "gzip, against unpacking (isal) and then scanning",
        Scan("jumpcloud-gz", "shipped"),
        UnpackAndScan("jumpcloud-gz", "jumpcloud", "shipped"),
        1.0,
        (1e-4, 0.1),
    ),
    Row(
        "zst",
        "zstd, against unpacking (zstandard) and then scanning",
        Scan("jumpcloud-zst", "shipped"),
        UnpackAndScan("jumpcloud-zst", "jumpcloud", "shipped"),
        1.0,
        (1e-4, 0.1),
    ),
    Row(
        "jobs",
        "--jobs 2, against one process",
        Scan("jumpcloud", "shipped", jobs=2),
        Scan("jumpcloud", "shipped"),
        round(1 / 1.8, 3),
        (1e-4, 0.1),
    ),
    Row(
        "small-events",
        "JumpCloud events as synth makes them (0.8 KB), shipped single-event rules",
        Scan("jumpcloud-small", "shipped-single"),
        Loop("jumpcloud-small"),
        0.5,
        (1e-4, 0.1),
    ),
)

#: Not what jumpsigma does, but what nothing of its kind does without.
FLOORS: Final[tuple[Row, ...]] = (
    Row("lines", "splitting into lines alone", Lines("jumpcloud"), Loop("jumpcloud"), None),
    Row(
        "hyperscan",
        "Hyperscan alone, 500 texts that are not there",
        Hyperscan("jumpcloud"),
        Loop("jumpcloud"),
        None,
    ),
)

BY_NAME: Final = {row.name: row for row in (*ROWS, *FLOORS)}
