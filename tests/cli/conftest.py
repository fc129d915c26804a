"""Fixtures of the tests of commands."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture(scope="session", autouse=True)
def interrupts_are_heard() -> None:
    """A shell makes what runs in the background deaf to Ctrl-C, which commands would inherit."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
