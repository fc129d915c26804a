"""Keys of the compile cache: a digest over everything that what is kept under one depends on.

That is what rules and mapping were read from, what was asked for, and what did the work: this
program file by file (in a checkout they change without a new version), Python, and everything that
is installed beside it, pySigma and RE2 among it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from jumpsigma import content
from jumpsigma._version import __version__
from jumpsigma.pack.fingerprint import read_regular
from jumpsigma.pack.lists import digest_of

_PACKAGE: Final = Path(__file__).parents[1]
#: More is no mapping that somebody wrote.
_MAX_MAPPING: Final = 1024 * 1024


class Keys:
    """Makes keys. What does the work is looked at once, when this is made."""

    def __init__(self) -> None:
        python = (sys.version, sys.implementation.cache_tag, sys.platform, sys.flags.optimize)
        own, installed = sorted(_own_files(_PACKAGE)), sorted(_installed())
        self._environment = repr((__version__, python, own, installed))

    def pack(self, fingerprint: str | None) -> str | None:
        """The key of what is known of a pack without its rules."""
        return None if fingerprint is None else self._key("pack", fingerprint)

    def matcher(
        self,
        fingerprint: str | None,
        mapping: str | Path,
        logsource: Mapping[str, str] | None,
        min_level: str | None,
    ) -> str | None:
        """The key of a matcher, None when not all that it depends on can be told."""
        if fingerprint is None or not isinstance(logsource, Mapping | None):
            return None
        path = content.find("mappings", os.fspath(mapping), (".yml",))
        written = None if path is None else read_regular(str(path), _MAX_MAPPING)
        if path is None or written is None:
            return None
        asked = (min_level, sorted(map(repr, (logsource or {}).items())))
        return self._key("matcher", fingerprint, str(path), digest_of(written), repr(asked))

    def _key(self, *parts: str) -> str:
        text = "\n".join((*parts, self._environment))
        return digest_of(text.encode("utf-8", "surrogateescape"))


def _own_files(folder: str | Path) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of the files of this program, without the content that it ships."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # imported from an archive, which only a new version changes
        return
    for entry in entries:
        if entry.is_dir():
            if entry.name not in ("__pycache__", "_content"):
                yield from _own_files(entry.path)
        else:
            status = entry.stat()
            yield entry.path, status.st_size, status.st_mtime_ns


def _installed() -> Iterator[str]:
    """What is installed where this process imports from, by name and version."""
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - a tenth of the time
        except OSError:
            continue
        yield from (name for name in names if name.endswith((".dist-info", ".egg-info")))
