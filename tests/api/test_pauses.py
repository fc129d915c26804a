"""The search for cyclic garbage rests while rules are compiled, and goes on as before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from jumpsigma.api.pauses import no_garbage_collection


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """Whatever a test does, the search goes on."""
    yield
    gc.enable()


@pytest.mark.parametrize("is_enabled", [True, False])
def test_it_goes_on_as_before(is_enabled: bool) -> None:
    if not is_enabled:
        gc.disable()
    with no_garbage_collection():
        assert not gc.isenabled()
    assert gc.isenabled() == is_enabled


def test_it_goes_on_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), no_garbage_collection():
        _ = 1 / 0
    assert gc.isenabled()


def test_pauses_within_each_other_and_side_by_side() -> None:
    first, second = no_garbage_collection(), no_garbage_collection()
    with first, second:
        assert not gc.isenabled()
    assert gc.isenabled()
    first, second = no_garbage_collection(), no_garbage_collection()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.isenabled()
