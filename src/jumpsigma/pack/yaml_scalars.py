"""What a YAML scalar means: PyYAML's own resolvers and constructors, minus timestamps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import yaml

_PREFIX: Final = "tag:yaml.org,2002:"
MAP_TAG: Final = _PREFIX + "map"
SEQ_TAG: Final = _PREFIX + "seq"
MERGE_TAG: Final = _PREFIX + "merge"
VALUE_TAG: Final = _PREFIX + "value"
_STR_TAG: Final = _PREFIX + "str"
_TIMESTAMP_TAG: Final = _PREFIX + "timestamp"

_RESOLVERS: Final[dict[str, list[tuple[str, Any]]]] = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != _TIMESTAMP_TAG]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_constructor: Final[Any] = yaml.constructor.SafeConstructor()
_CONSTRUCTORS: Final[dict[str, Callable[[Any], Any]]] = {
    _PREFIX + "null": _constructor.construct_yaml_null,
    _PREFIX + "bool": _constructor.construct_yaml_bool,
    _PREFIX + "int": _constructor.construct_yaml_int,
    _PREFIX + "float": _constructor.construct_yaml_float,
}


class ScalarError(Exception):
    """A scalar that has no value: a number out of range, a tag that is not known."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def resolve(value: str) -> str | None:
    """The tag that an unquoted scalar has by its looks, None for a string."""
    for tag, pattern in _RESOLVERS.get(value[:1], ()):
        if pattern.match(value):
            return tag
    return None


def construct(tag: str, value: str) -> Any:
    """The Python value of a scalar with this tag. Raises :class:`ScalarError`."""
    if tag in (_STR_TAG, _TIMESTAMP_TAG):
        return value
    constructor = _CONSTRUCTORS.get(tag)
    if constructor is None:
        if tag in (MERGE_TAG, VALUE_TAG):
            raise ScalarError(f"{value!r} has a special meaning in YAML", "quote it")
        raise ScalarError(f"the tag {tag!r} is not allowed here")
    try:
        return constructor(yaml.ScalarNode(tag, value))
    except (ValueError, OverflowError, KeyError, IndexError):
        # YAML 1.1 takes "0x_" for an integer, and "!!bool maybe" for a boolean.
        kind = tag.removeprefix(_PREFIX)
        raise ScalarError(f"{value[:40]!r} is not a valid {kind}", "quote it") from None
