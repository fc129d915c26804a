"""Events with blanks: a body written once as plain data becomes lines that only need filling in.

Writing an event is then one ``%`` on bytes, which is what makes a million of them cheap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

#: How a slot looks in JSON; no value of ours holds a NUL otherwise.
_SLOT = re.compile(rb'"\\u0000([a-z_]+)\\u0000"')
_NAME = re.compile(rb"%\(([a-z_]+)\)b")

#: The order of keys is not stable in real events either.
ORDERS = 3


def slot(name: str) -> str:
    """A blank in a body, to be filled with the JSON text of a whole value."""
    return f"\0{name}\0"


def text_of(value: object) -> bytes:
    """A value as JSON text, to fill a slot with."""
    return orjson.dumps(value)


def templates_of(body: Mapping[str, Any], draw: Callable[[], float]) -> tuple[bytes, ...]:
    """The lines of a body, with its keys in several orders; fill one with ``line % slots``."""
    return tuple(_template(body, draw) for _ in range(ORDERS))


def slots_of(template: bytes) -> frozenset[bytes]:
    """The names of the slots of a line."""
    return frozenset(_NAME.findall(template))


def _template(body: Mapping[str, Any], draw: Callable[[], float]) -> bytes:
    # Not random.shuffle: only the numbers of random() are promised to stay what they are.
    keys = sorted(body, key=lambda _: draw())
    text = orjson.dumps({key: body[key] for key in keys})
    return _SLOT.sub(rb"%(\1)b", text.replace(b"%", b"%%"))
