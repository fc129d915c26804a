"""Plain values of the command line, without what typer imports to convert any.

typer hands every value to pydantic, whose import takes longer than a scan of a small file. Nearly
all values are texts, flags and choices that are what they should be. Those are taken here; every
other goes to typer, which converts it, or says what is wrong with it.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

_UNKNOWN: Final = object()
_DIGITS: Final = 10  # of a number that need not be looked at twice


def lighten(app: typer.Typer) -> typer.Typer:
    """Let the commands of an application, and of those added to it, take plain values here."""
    app.info.cls = _Group
    for command in app.registered_commands:
        command.cls = _Command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            lighten(group.typer_instance)
    return app


class _Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _lightened(super().get_params(ctx))


class _Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _lightened(super().get_params(ctx))


def _lightened(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        parameter._runtime_param = _Plain()  # noqa: SLF001 - typer has no other place for it
    return parameters


class _Plain:
    """Stands where typer's converter would."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as its parameter has it; raises as typer does."""
        found = _plain(value, param)
        if found is not _UNKNOWN:
            return found
        param._runtime_param = None  # noqa: SLF001 - as typer made it
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _plain(value: Any, param: Any) -> Any:
    wanted, info = param.type_descriptor.annotation, param.type_descriptor.parameter_info
    if value is None:
        return () if param.multiple or param.nargs == -1 else None
    if info.parser is not None:
        return _UNKNOWN
    if get_origin(wanted) is list and get_args(wanted) == (str,):
        is_plain = isinstance(value, list | tuple) and all(type(each) is str for each in value)
        return list(value) if is_plain else _UNKNOWN
    if wanted is str:
        return value if type(value) is str else _UNKNOWN
    if wanted is int:
        return _plain_number(value, info)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return next((each for each in wanted if value is each or value == each.value), _UNKNOWN)
    return _UNKNOWN


def _plain_number(value: Any, info: Any) -> Any:
    if type(value) is str and len(value) < _DIGITS and value.isascii() and value.isdecimal():
        value = int(value)
    is_in_range = type(value) is int and (
        (info.min is None or info.min <= value) and (info.max is None or value <= info.max)
    )
    return value if is_in_range else _UNKNOWN
