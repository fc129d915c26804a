"""Rule files to rules with positions: :func:`load_pack` and what it returns.

Importing this package imports nothing of pySigma; loading does.
"""

from __future__ import annotations

from jumpsigma.pack.cases import Case, CasesFile
from jumpsigma.pack.lists import PackList
from jumpsigma.pack.load import load_pack
from jumpsigma.pack.model import LoadedFilter, LoadedRule, Logsource, Pack
from jumpsigma.pack.pack_file import PackSettings
from jumpsigma.pack.positions import KeyPath, Positions
from jumpsigma.pack.yaml_reader import Document, Limits, ReadResult, read_file

__all__ = [
    "Case",
    "CasesFile",
    "Document",
    "KeyPath",
    "Limits",
    "LoadedFilter",
    "LoadedRule",
    "Logsource",
    "Pack",
    "PackList",
    "PackSettings",
    "Positions",
    "ReadResult",
    "load_pack",
    "read_file",
]
