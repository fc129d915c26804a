"""No expression of a shipped rule needs more time than there is for a hostile command line."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from jumpsigma import api
from jumpsigma.pack import LoadedRule

RULES = [rule for rule in api.load_pack().rules if "|re" in str(rule.document)]

#: Command lines that repeat what options may look like. An expression with two ways to read each
#: repetition tries all combinations of them, which takes longer than anybody waits.
BEGINNINGS = ("", "sudo ", "bash ", "env ", "python3 ", 'cmd /c "', r"x.exe \\a ")
REPEATED = ("-u ", "-c ", "-x a ", "-C -u ", "a=b ", "-p\t", "a ", "/a/", "a.pdf ", '"', "\\")
SECONDS = 5


def expressions(detection: Any) -> Iterator[re.Pattern[str]]:
    """The regular expressions in a detection, as they are compiled."""
    match detection:
        case dict():
            for name, value in detection.items():
                _, *modifiers = str(name).split("|")
                if "re" in modifiers:
                    flags = re.IGNORECASE if "i" in modifiers else 0
                    texts = value if isinstance(value, list) else [value]
                    yield from (re.compile(text, flags) for text in texts)
                else:
                    yield from expressions(value)
        case list():
            for value in detection:
                yield from expressions(value)


def give_up(*_: object) -> None:
    raise TimeoutError


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.title))
def test_no_expression_explodes(rule: LoadedRule) -> None:
    found = list(expressions(rule.document["detection"]))
    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        for expression in found:
            for beginning in BEGINNINGS:
                for repeated in REPEATED:
                    expression.search(beginning + repeated * 60 + "&")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
