"""Fixtures that every part of the suite uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference corpus: ``$JUMPSIGMA_SHARED``, else the folder ``shared`` beside the checkout.

    Tests that ask for it skip where it is absent. With ``JUMPSIGMA_REQUIRE_SHARED=1`` they fail
    instead, so that a run which should have seen the corpus cannot pass without it.
    """
    folder = Path(os.environ.get("JUMPSIGMA_SHARED") or CHECKOUT.parent / "shared")
    if folder.is_dir():
        return folder
    reason = f"no reference corpus at {folder} (set JUMPSIGMA_SHARED)"
    if os.environ.get("JUMPSIGMA_REQUIRE_SHARED") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
