"""A detection as what a target makes of it: for tests that say exactly which query that is."""

from __future__ import annotations

from pathlib import Path

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import Diagnostic

_HEAD = """title: A rule
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11
status: test
logsource: {product: jumpcloud}
detection:
"""


def exported(
    folder: Path, target: str, detection: str, format_name: str | None = None, **options: str
) -> str | Diagnostic:
    """The query of a rule, or why there is none.

    ``detection``: ``{field: value}`` of its one selection, or the lines of a whole detection.
    """
    lines = detection.splitlines()
    if len(lines) == 1:
        lines = [f"selection: {detection}", "condition: selection"]
    path = folder / "rule.yml"
    path.write_text(_HEAD + "".join(f"  {line}\n" for line in lines), encoding="utf-8")
    made = api.export_queries(load_pack(path), target, format_name, options=options)
    return made.queries[0].text if made.queries else made.refused[0]
