"""Arguments of the wrong kind are refused where they would be misread or fail deep below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import jumpsigma
from jumpsigma.pack import Pack

COMPILERS: list[Callable[..., Any]] = [jumpsigma.compile, jumpsigma.compile_python]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(
    ("pack", "logsource", "told"),
    [
        ("rules/", None, "a pack is what load_pack() returns, not str"),
        (Pack(), "product=x", "a log source is a mapping such as {'product': 'windows'}, not 'p"),
    ],
)
def test_what_is_no_pack_or_log_source(
    compiler: Callable[..., Any], pack: Any, logsource: Any, told: str
) -> None:
    with pytest.raises(TypeError) as raised:
        compiler(pack, logsource=logsource)
    assert told in str(raised.value)


@pytest.mark.parametrize("source", [[{"a": 1}], {"a": 1}])
def test_events_that_are_parsed_are_not_scanned_as_lines(source: Any) -> None:
    with pytest.raises(TypeError, match=r"not (from )?dict"):
        list(jumpsigma.compile(Pack()).scan(source))


def test_an_attack_may_be_named_alone() -> None:
    alone = list(jumpsigma.synthesize(50, seed=1, attack="all"))
    assert alone == list(jumpsigma.synthesize(50, seed=1, attack=["all"]))
    assert len(alone) > 50
