"""Rule files to rules with positions: :func:`load_pack` and what it returns.

Names are imported when they are first used: who only asks for the fingerprint of some files reads
no YAML, and nothing here imports pySigma before a rule is loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jumpsigma.pack.cases import Case, CasesFile
    from jumpsigma.pack.limits import Limits
    from jumpsigma.pack.lists import PackList
    from jumpsigma.pack.load import load_pack
    from jumpsigma.pack.model import LoadedFilter, LoadedRule, Logsource, Pack
    from jumpsigma.pack.pack_file import PackSettings
    from jumpsigma.pack.positions import KeyPath, Positions
    from jumpsigma.pack.yaml_reader import Document, ReadResult, read_file

_HOMES = {
    "cases": ("Case", "CasesFile"),
    "limits": ("Limits",),
    "lists": ("PackList",),
    "load": ("load_pack",),
    "model": ("LoadedFilter", "LoadedRule", "Logsource", "Pack"),
    "pack_file": ("PackSettings",),
    "positions": ("KeyPath", "Positions"),
    "yaml_reader": ("Document", "ReadResult", "read_file"),
}
_HOME_OF = {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


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
