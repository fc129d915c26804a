"""Start a new export target: a folder whose tables can be changed line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span
from jumpsigma.export.features import Feature
from jumpsigma.export.model import FILE

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}")
#: What the tables below can say; the rest is for the author to write or to leave out.
_SAID: Final = (
    Feature.TEXT,
    Feature.MANY,
    Feature.ONE,
    Feature.NUMBER,
    Feature.BOOLEAN,
    Feature.NOT,
    Feature.COMPARE,
    Feature.INDICATORS,
)

_HEAD = """\
# A product that rules are exported to. `jumpsigma validate --schema backend` prints a schema
# for editors; docs/how-to/add-an-export-target.md goes through this file line by line.
title: {name}
description: "TODO: say what the product is, and how it stores JumpCloud's events."
tier: 2
names: unconfirmed
mappings:
- logsource: {{product: jumpcloud}}
  use: jumpcloud
- refuse: only rules for JumpCloud are exported to this product so far
options:
  index:
    default: jumpcloud
    description: The index that is searched.
    pattern: '[A-Za-z0-9_-]+'
    expects: letters, digits, _ and -
languages:
  query:
    base: text
    tables:
      query: 'index={{index}} {{condition}}'
      and: ' AND '
      or: ' OR '
      not: 'NOT {{item}}'
      field:
        plain: '[A-Za-z_][A-Za-z0-9_.]*'
      text:
        quoted: '"{{text}}"'
        escapes: {{'"': '\\"', '\\': '\\\\'}}
      pattern:
        quoted: '"{{text}}"'
        escapes: {{'"': '\\"', '\\': '\\\\', '*': '\\*', '?': '\\?'}}
        many: '*'
        one: '?'
      tests:
        equals: '{{field}}={{text}}'
        matches: '{{field}}={{pattern}}'
        number: '{{field}}={{number}}'
        boolean: '{{field}}={{boolean}}'
        lt: '{{field}}<{{number}}'
        lte: '{{field}}<={{number}}'
        gt: '{{field}}>{{number}}'
        gte: '{{field}}>={{number}}'
    features:
"""

_TAIL = """\
formats:
  query:
    language: query
    description: One query a file.
    files:
    - path: '{slug}.txt'
"""

_README = """\
# {name}

TODO: how the product stores JumpCloud's events, where that is documented, and what of it
nobody has confirmed.

    jumpsigma compile shipped -t {name}
"""


def new_target(name: str, folder: str | Path = "backends") -> Path:
    """Write ``<folder>/<name>/backend.yaml`` and a README; the target can be used at once.

    Returns the folder of the target. Raises :class:`DiagnosticError` (JS090) for a name that is
    none, JS091 when there is something already or it cannot be written.
    """
    if not _NAME.fullmatch(name):
        hint = "small letters, digits, - and _, such as my-siem"
        raise DiagnosticError(Diagnostic("JS090", f"{name!r} is no name of a target", hint=hint))
    place = Path(folder, name)
    if place.exists():
        message = "there is a target already, and it is left as it is"
        raise DiagnosticError(Diagnostic("JS091", message, span=Span(str(place))))
    lines = [
        f"      {_quoted(each)}: {'yes' if each in _SAID else '{not_written: not looked at yet}'}\n"
        for each in Feature
    ]
    try:
        place.mkdir(parents=True)
        text = _HEAD.format(name=name) + "".join(lines) + _TAIL
        (place / FILE).write_text(text, encoding="utf-8")
        (place / "README.md").write_text(_README.format(name=name), encoding="utf-8")
    except OSError as error:
        message = f"cannot write: {error.strerror}"
        raise DiagnosticError(Diagnostic("JS091", message, span=Span(str(place)))) from None
    return place


def _quoted(feature: Feature) -> str:
    """`null` is no text in YAML unless it is quoted."""
    return f"'{feature}'" if feature is Feature.NULL else str(feature)
