"""An expression that RE2 takes finds, translated to ``re``, what RE2 finds.

The first line of an input is the expression, the rest is the text.
"""

from __future__ import annotations

import re

from jumpsigma.codegen.regex import CannotTranslateError, translate
from jumpsigma.ir.nodes import Regex
from jumpsigma.ir.regex import compiled

# `re` backtracks, so that its time may grow exponentially with the text where that of RE2 does not.
MAX_SOURCE, MAX_TEXT = 60, 16


def one_input(data: bytes) -> None:
    first, _, rest = data.partition(b"\n")
    source = first.decode("utf-8", "replace")[:MAX_SOURCE]
    text = rest.decode("utf-8", "replace")[:MAX_TEXT]
    try:
        expected = compiled(Regex((source,)))
    except ValueError:
        return
    try:
        translated = translate(source)
    except CannotTranslateError:
        return
    found = re.search(translated, text) is not None
    assert found is (expected.search(text) is not None), (source, translated, text)
