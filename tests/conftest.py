"""Fixtures and rules of the whole suite."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parents[1]

# The same examples on every run: a change that breaks nothing must not fail by luck, and a busy
# machine is not a slow program. HYPOTHESIS_PROFILE=explore looks for new examples.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session", autouse=True)
def home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No indicator or mapping of whoever runs the tests counts in them."""
    os.environ["JUMPSIGMA_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session", autouse=True)
def interrupts_are_heard() -> None:
    """A shell makes what runs in the background deaf to Ctrl-C, which commands would inherit."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference corpus: ``$JUMPSIGMA_SHARED``, else the folder ``shared`` beside the checkout.

    Tests that ask for it skip where it is absent.
    """
    folder = Path(os.environ.get("JUMPSIGMA_SHARED") or CHECKOUT.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"no reference corpus at {folder} (set JUMPSIGMA_SHARED)")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With ``JUMPSIGMA_REQUIRE_SHARED=1`` a corpus test that skips, for whatever reason, fails.

    A run that is there to see the corpus cannot pass without it.
    """
    report = yield
    required = os.environ.get("JUMPSIGMA_REQUIRE_SHARED") == "1"
    reads_corpus = item.get_closest_marker("corpus") or "shared" in getattr(
        item, "fixturenames", ()
    )
    if required and reads_corpus and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, although the corpus is required: {report.longrepr}"
    return report
