"""What tests of targets share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jumpsigma import api, load_pack

#: The query of a rule with this detection, or an empty text; and why it was refused.
QueryOf = Callable[..., tuple[str, str]]


@pytest.fixture
def query_of(tmp_path: Path) -> QueryOf:
    """``query_of(target, detection, **options)``; the detection is YAML with an indent of two."""

    def made(target: str, detection: str, **options: str) -> tuple[str, str]:
        path = tmp_path / "rule.yml"
        path.write_text(
            "title: A rule\nid: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11\nstatus: test\n"
            f"logsource: {{product: jumpcloud}}\ndetection:\n  {detection}\n",
            encoding="utf-8",
        )
        exported = api.export_queries(load_pack(path, cases=False), target, options=options)
        refusals = [f"{each.code} {each.message}" for each in exported.refused]
        return (exported.queries[0].text if exported.queries else ""), " ".join(refusals)

    return made
