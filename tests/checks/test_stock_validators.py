"""pySigma's and SigmaHQ's validators run without a network, under their own names."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from fragments import write

import jumpsigma
from jumpsigma.diagnostics import DiagnosticError


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a validator asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


DANGLING = (
    "detection:\n    selection:\n        Image: x.exe\n    other:\n        Image: y.exe\n"
    "    condition: selection\n"
)


@pytest.mark.parametrize(
    ("fragment", "selector", "code", "line"),
    [
        (DANGLING, "pysigma", "pysigma/dangling_detection", 18),
        (DANGLING, "pysigma/dangling_detection", "pysigma/dangling_detection", 18),
        ("tags:\n    - attack.execution\n    - tlp.yellow\n", "pysigma", "pysigma/tlpv1_tag", 11),
        (
            "detection:\n    selection:\n        Image: '*net*'\n    condition: selection\n",
            "pysigma",
            "pysigma/wildcards_instead_of_modifiers",
            17,
        ),
    ],
)
def test_pysigma(fragment: str, selector: str, code: str, line: int, tmp_path: Path) -> None:
    write(fragment, tmp_path)
    found = jumpsigma.validate(jumpsigma.load_pack(tmp_path), select=[selector])
    places = {each.code: each.span.line for each in found.diagnostics if each.span}
    assert places[code] == line
    assert all(name.startswith("pysigma/") for name in places)


def test_sigmahq(tmp_path: Path) -> None:
    pytest.importorskip("sigma.validators.sigmahq")
    write("title: Detects shells.\nfalsepositives:\n    - none\n", tmp_path)
    found = jumpsigma.validate(jumpsigma.load_pack(tmp_path), select=["sigmahq"])
    codes = {each.code for each in found.diagnostics}
    assert {"sigmahq/sigmahq_title_start", "sigmahq/sigmahq_title_end"} <= codes


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("pysigma/dangling", "no validator 'dangling'"),
        ("pysigma/d3_fendtag", "from the network"),
        ("pysigma/attacktag", "from the network"),
    ],
)
def test_what_cannot_run_is_refused(selector: str, words: str, tmp_path: Path) -> None:
    write("level: low\n", tmp_path)
    with pytest.raises(DiagnosticError, match=words):
        jumpsigma.validate(jumpsigma.load_pack(tmp_path), select=[selector])


def test_they_can_be_ignored(tmp_path: Path) -> None:
    ignore = "    other: # jumpsigma: ignore[pysigma/dangling_detection] for later\n"
    write(DANGLING.replace("    other:\n", ignore), tmp_path)
    pack = jumpsigma.load_pack(tmp_path)
    assert jumpsigma.validate(pack, select=["pysigma", "configuration"]).diagnostics == ()
