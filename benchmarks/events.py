"""The files that rows read: made once, kept in a folder, the same bytes on every machine.

A file's name has a digest of what it is made from, so that a changed generator makes a new file.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson
import zstandard

import jumpsigma
import jumpsigma.synth
from benchmarks import jumpcloud, sysmon

#: What the vendor's export writes into one file at most.
EXPORT_EVENTS: Final = 25_000
#: Of the events with fields of Sysmon, how many are tools that many rules know, and how many are
#: planted from the rules, a hundred: among JumpCloud events to give 0.4 findings an event.
_MIXED_SHARE = (45, 35)
_FLEET_SHARE = (2, 4)


class Store:
    """Makes workloads of ``count`` events by name, in ``folder``.

    ``sigmahq`` is a folder of SigmaHQ's ``rules``, which the Sysmon workloads plant from;
    ``indicators`` how many of them rules look up, where they do.
    """

    def __init__(self, folder: Path, count: int, indicators: int, sigmahq: Path | None) -> None:
        self.folder, self.count = folder, count
        self.indicators, self.sigmahq = indicators, sigmahq

    def files(self, name: str) -> tuple[Path, ...]:
        """The files of a workload, made when they are not there."""
        if name == "jumpcloud-export":
            return self._export()
        if name in ("jumpcloud-gz", "jumpcloud-zst"):
            return (self._packed(name.removeprefix("jumpcloud-")),)
        lines, planted = _WORKLOADS[name]
        rules = digest_of(sorted(self._rules().rglob("*.yml"))) if planted else ""
        path = self.folder / f"{name}-{self.count}-{_generator()}{rules}.ndjson"
        if not path.exists():
            with _Growing(path) as growing, growing.open("wb") as file:
                file.writelines(line + b"\n" for line in lines(self, self.count))
        return (path,)

    def plants(self, categories: tuple[str, ...]) -> sysmon.Plants:
        """What SigmaHQ's rules of some categories look for."""
        pack = jumpsigma.load_pack(self._rules())
        documents = [rule.document for rule in pack.rules if rule.kind == "rule"]
        return sysmon.Plants(documents, categories)

    def _rules(self) -> Path:
        if self.sigmahq is None:
            raise ValueError("a workload with fields of Sysmon needs SigmaHQ's rules")
        return self.sigmahq

    def _packed(self, form: str) -> Path:
        (plain,) = self.files("jumpcloud")
        path = plain.with_name(f"{plain.name}.{form}")
        if not path.exists():
            with _Growing(path) as growing, plain.open("rb") as source:
                if form == "gz":
                    with gzip.open(growing, "wb", compresslevel=6) as packed:
                        packed.writelines(iter(lambda: source.read(1 << 20), b""))
                else:
                    with growing.open("wb") as target:
                        zstandard.ZstdCompressor().copy_stream(source, target)
        return path

    def _export(self) -> tuple[Path, ...]:
        """As JumpCloud's S3 app writes it: gzip of one array, indented by 2, newest event first."""
        (plain,) = self.files("jumpcloud")
        made: list[Path] = []
        with plain.open("rb") as source:
            for number in range(0, self.count, EXPORT_EVENTS):
                events = [json.loads(line) for line in islice(source, EXPORT_EVENTS)]
                path = plain.with_name(f"{plain.stem}-export-{number}.json.gz")
                if not path.exists():
                    with _Growing(path) as growing, gzip.open(growing, "wt") as packed:
                        packed.write(json.dumps(events[::-1], indent=2))
                made.append(path)
        return tuple(made)


class _Growing:
    """A file under another name until it is whole."""

    def __init__(self, path: Path) -> None:
        self._path, self._growing = path, path.with_name(f"{path.name}.part")

    def __enter__(self) -> Path:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._growing

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._growing.replace(self._path)


def _jumpcloud(_store: Store, count: int) -> Iterator[bytes]:
    return jumpcloud.lines(count)


def _small(_store: Store, count: int) -> Iterator[bytes]:
    return jumpcloud.small_lines(count)


def _some_carry_sysmon(store: Store, count: int) -> Iterator[bytes]:
    return _carrying(store, count, percent=30, share=_MIXED_SHARE)


def _all_carry_sysmon(store: Store, count: int) -> Iterator[bytes]:
    return _carrying(store, count, percent=100, share=_FLEET_SHARE)


def _carrying(store: Store, count: int, *, percent: int, share: tuple[int, int]) -> Iterator[bytes]:
    """JumpCloud events of which some have the fields of a process beside their own."""
    plants = store.plants(("process_creation",))
    draw = Random(jumpcloud.SEED)  # noqa: S311 - repeatable
    for line in jumpcloud.lines(count):
        if draw.randrange(100) >= percent:
            yield line
            continue
        event = {**orjson.loads(line), **sysmon.process_fields(draw)}
        _spice(event, "process_creation", plants, draw, share)
        yield orjson.dumps(event)


def _sysmon(store: Store, count: int) -> Iterator[bytes]:
    plants = store.plants(sysmon.CATEGORIES)
    draw = Random(jumpcloud.SEED)  # noqa: S311 - repeatable
    for number in range(count):
        event, category = sysmon.event(draw, number)
        _spice(event, category, plants, draw, _FLEET_SHARE)
        yield orjson.dumps(event)


def _spice(
    event: dict[str, Any],
    category: str,
    plants: sysmon.Plants,
    draw: Random,
    share: tuple[int, int],
) -> None:
    tools, planted = share
    chance = draw.randrange(100)
    if chance < planted:
        plants.write(event, category, draw)
    elif chance < planted + tools and category == "process_creation":
        event.update(sysmon.tool_fields(draw))


#: How a workload's lines are made, and whether SigmaHQ is needed for it.
_WORKLOADS: Final[dict[str, tuple[Callable[[Store, int], Iterator[bytes]], bool]]] = {
    "jumpcloud": (_jumpcloud, False),
    "jumpcloud-small": (_small, False),
    "jumpcloud-sysmon-30": (_some_carry_sysmon, True),
    "jumpcloud-sysmon-100": (_all_carry_sysmon, True),
    "sysmon": (_sysmon, True),
}


def indicator_lines(count: int) -> Iterator[str]:
    """Domains and addresses, half of each: invented, and but for one address not in the events.

    The others are of 2001:db8:bad::/48, names below example.net.
    """
    yield "192.0.2.30"
    draw = Random(jumpcloud.SEED)  # noqa: S311 - repeatable
    for number in range(count // 2):
        yield f"{draw.getrandbits(40):x}.n{number:x}.example.net"
        yield f"2001:db8:bad:{number >> 16:x}::{number & 0xFFFF:x}"


@cache
def _generator() -> str:
    synth = Path(jumpsigma.synth.__file__).parent
    ours = Path(__file__).parent
    names = ("events.py", "jumpcloud.py", "sysmon.py")
    return digest_of([*sorted(synth.rglob("*.py")), *(ours / name for name in names)])


def digest_of(files: Iterable[Path]) -> str:
    """A name for what files hold, in their order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]
