"""Start a new rule: the rule file and its cases, both valid and passing from the start."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span

_RULE = """\
title: {title}
id: {id}
status: experimental
description: |
    TODO: say in one sentence that a manager understands what this rule detects.
references:
    - https://docs.jumpcloud.com/api/insights/directory/1.0/index.html
author: {author}
date: {date}
logsource:
    product: jumpcloud
    service: {service}
detection:
    selection:
        event_type: {event_type}
    condition: selection
falsepositives:
    - "TODO: say what harmless activity looks the same."
level: medium
license: DRL-1.1
"""

_CASES = """\
# Events that the rule must match, and near misses that it must not. Run them with:
#   jumpsigma test {folder}
cases:
  - name: the event that the rule is for
    expect: match
    event:
      id: 000000000000000000000001
      timestamp: "2026-01-01T00:00:00Z"
      service: {service}
      event_type: {event_type}
      initiated_by: {{type: admin, email: admin@example.com}}
      client_ip: 192.0.2.1
  - name: another event of the same service
    expect: no_match
    event:
      id: 000000000000000000000002
      timestamp: "2026-01-01T00:00:00Z"
      service: {service}
      event_type: {other_type}
      initiated_by: {{type: admin, email: admin@example.com}}
      client_ip: 192.0.2.1
"""


@dataclass(frozen=True, slots=True)
class NewRule:
    """The two files of a new rule."""

    rule: Path
    cases: Path


def new_rule(
    title: str,
    folder: str | Path = ".",
    *,
    service: str = "directory",
    event_type: str = "user_update",
    author: str = "TODO: your name",
) -> NewRule:
    """Write ``<title in snake case>.yml`` and its ``.cases.yaml`` into a folder.

    The rule matches one event type and its cases pass. Raises :class:`DiagnosticError` (JS091)
    when a file is there already or cannot be written, and JS090 for a title without a letter.
    """
    name = "_".join(re.findall(r"[^\W_]+", title.lower()))
    if not name:
        raise DiagnosticError(
            Diagnostic("JS090", f"{title!r} is no title", hint="use words, such as 'Admin Created'")
        )
    rule, cases = Path(folder, f"{name}.yml"), Path(folder, f"{name}.cases.yaml")
    for path in (rule, cases):
        if path.exists():
            raise DiagnosticError(
                Diagnostic(
                    "JS091",
                    "there is a file already, and it is left as it is",
                    span=Span(str(path)),
                    hint="choose another title or folder",
                )
            )
    words = {
        "title": _scalar(title),
        "id": str(uuid4()),
        "author": _scalar(author),
        "date": date.today().isoformat(),  # noqa: DTZ011 - the author's day, not UTC's
        "service": _scalar(service),
        "event_type": _scalar(event_type),
        "other_type": _scalar(f"{event_type}_other"),
        "folder": " ".join(str(folder).split()),
    }
    try:
        rule.parent.mkdir(parents=True, exist_ok=True)
        rule.write_text(_RULE.format(**words), encoding="utf-8")
        cases.write_text(_CASES.format(**words), encoding="utf-8")
    except OSError as error:
        raise DiagnosticError(
            Diagnostic("JS091", f"cannot write: {error.strerror}", span=Span(str(folder)))
        ) from None
    return NewRule(rule, cases)


def _scalar(text: str) -> str:
    """A string as YAML: plain where that is safe, else quoted."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_ -]*[A-Za-z0-9]", text) and text.lower() not in {
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "null",
    }:
        return text
    return json.dumps(text)
