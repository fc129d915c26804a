"""JSON text of anything that was read as an event, always valid and never failing.

orjson does it where it can. It cannot write lone surrogates, integers beyond 64 bits and deep
nesting; those take the slow way here. Numbers that JSON does not have (NaN, the infinities) are
written as null on both ways, since no strict reader takes anything else.
"""

from __future__ import annotations

from typing import Any

import orjson


def to_json(value: Any) -> str:
    """One line of JSON for what :mod:`jumpsigma.intake` reads; tuples are arrays.

    :raises TypeError: for objects that JSON has no word for.
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # orjson.JSONEncodeError is one
        # Seldom needed, and its package is what makes matchers.
        from jumpsigma.codegen.carried.plainjson import plain_json

        return plain_json(value)
