"""Diagnostics as SARIF 2.1.0 (OASIS), the format that code-scanning services take."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jumpsigma._version import __version__
from jumpsigma.diagnostics import CODES, Diagnostic, Severity, Span

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def to_sarif(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """A SARIF log with one run; columns count characters, as our positions do.

    Paths below the current folder are relative to ``%SRCROOT%``, which a service takes for the
    root of the repository.
    """
    found = list(diagnostics)
    codes = sorted({each.code for each in found})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "jumpsigma",
                        "semanticVersion": __version__,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, codes.index(each.code)) for each in found],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    entry = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": entry.explanation or entry.title},
    }


def _result(diagnostic: Diagnostic, index: int) -> dict[str, Any]:
    text = diagnostic.message
    if diagnostic.hint is not None:
        text = f"{text} ({diagnostic.hint})"
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
    }
    if diagnostic.span is not None:
        result["locations"] = [{"physicalLocation": _location(diagnostic.span)}]
    if diagnostic.rule_id is not None:
        result["properties"] = {"ruleId": diagnostic.rule_id}
    # What stays the same when lines move, so that a service knows a problem again.
    path = diagnostic.span.path if diagnostic.span is not None else ""
    words = "\0".join((diagnostic.code, Path(path).name, diagnostic.rule_id or "", text))
    digest = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
    result["partialFingerprints"] = {"jumpsigma/v1": digest[:32]}
    return result


def _location(span: Span) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": _artifact(span.path)}
    if span.line:
        region = {"startLine": span.line, "startColumn": max(span.column, 1)}
        if (span.end_line, span.end_column) > (span.line, span.column):
            region |= {"endLine": span.end_line, "endColumn": max(span.end_column, 1)}
        location["region"] = region
    return location


def _artifact(path: str) -> dict[str, str]:
    absolute, here = os.path.abspath(path), Path.cwd()  # noqa: PTH100 - links stay as they are
    if Path(absolute).is_relative_to(here):
        relative = Path(absolute).relative_to(here).as_posix()
        return {"uri": quote(relative, errors="replace"), "uriBaseId": "%SRCROOT%"}
    return {"uri": "file://" + quote(Path(absolute).as_posix(), errors="replace")}
