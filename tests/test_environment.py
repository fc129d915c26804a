"""Each of the two test environments has the pySigma major that it is there for."""

from __future__ import annotations

import os
from importlib.metadata import version

import pytest


def test_pysigma_major_is_the_one_this_environment_is_for() -> None:
    expected = os.environ.get("JUMPSIGMA_EXPECT_PYSIGMA")
    if expected is None:
        pytest.skip("JUMPSIGMA_EXPECT_PYSIGMA is not set (`make test` sets it)")
    assert version("pysigma").split(".")[0] == expected
