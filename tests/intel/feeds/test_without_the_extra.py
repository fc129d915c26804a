"""Without the packages of the extra: what needs them says so, all else works."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intel.feeds import add_feed
from jumpsigma.intel.store import Store
from jumpsigma.intel.taxii import pull
from jumpsigma.intel.warninglists import update_from_warninglists

HINT = "pip install 'jumpsigma[intel]'"


@pytest.mark.parametrize(
    ("package", "use"),
    [
        ("httpx", lambda store: add_feed(store, "https://192.0.2.1/")),
        ("taxii2client", lambda store: pull(store, "https://192.0.2.1/")),
        ("pymispwarninglists", update_from_warninglists),
    ],
)
def test_what_needs_a_package_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch, package: str, use: Callable[[Store], Any]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DiagnosticError) as caught:
        use(store)
    told = caught.value.diagnostic
    assert (told.code, told.hint) == ("JS085", HINT)


def test_plain_patterns_are_read_and_others_told(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for package in ("stix2", "stix2.pattern_visitor", "stix2patterns"):
        monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / "bundle.json"
    path.write_text(
        '{"objects": [{"type": "indicator", "pattern": "([url:value = \'a\'])"},'
        '{"type": "indicator", "pattern": "[domain-name:value = \'a.example.com\']"}]}'
    )
    problems: list[Diagnostic] = []
    assert add_feed(store, str(path), on_problem=problems.append).added == 1
    (told,) = problems
    assert (told.code, told.hint) == ("JS085", HINT)
