"""Diagnostics for those who show them beside code: GitHub, JUnit readers, Markdown pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from jumpsigma.diagnostics import CODES, Diagnostic, Severity, Span
from jumpsigma.diagnostics.render import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def to_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands of GitHub Actions: an annotation for each problem, on its line."""
    return "".join(f"{_command(each)}\n" for each in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    span = diagnostic.span or Span("")
    values = {
        "file": span.path,
        "line": span.line,
        "col": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column if span.end_line == span.line else 0,
    }
    pairs = [f"{key}={_property(str(value))}" for key, value in values.items() if value]
    pairs.append(f"title={_property(f'{diagnostic.code} {CODES[diagnostic.code].title}')}")
    text = diagnostic.message + (f"\n{diagnostic.hint}" if diagnostic.hint else "")
    return f"::{_COMMANDS[diagnostic.severity]} {','.join(pairs)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def to_junit(diagnostics: Iterable[Diagnostic], files: Sequence[str]) -> str:
    """A JUnit report: a test case for each file, failed by its errors and warnings."""
    by_path: dict[str, list[Diagnostic]] = {path: [] for path in files}
    for each in diagnostics:
        by_path.setdefault(each.span.path if each.span is not None else "", []).append(each)
    suite = ET.Element("testsuite", name="jumpsigma validate", tests=str(len(by_path)))
    failures = 0
    for path, found in by_path.items():
        case = ET.SubElement(suite, "testcase", classname="jumpsigma", name=printable(path))
        bad = [each for each in found if each.severity is not Severity.INFO]
        if bad:
            failures += 1
            kind = bad[0].severity if len(bad) == 1 else "problems"
            failure = ET.SubElement(case, "failure", type=kind, message=_line(bad[0]))
            failure.text = "\n".join(map(_line, bad))
        mild = [each for each in found if each.severity is Severity.INFO]
        if mild:
            ET.SubElement(case, "system-out").text = "\n".join(map(_line, mild))
    suite.set("failures", str(failures))
    root = ET.Element("testsuites", tests=suite.get("tests", ""), failures=str(failures))
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _line(diagnostic: Diagnostic) -> str:
    span, hint = diagnostic.span, diagnostic.hint
    place = f"{span.line}:{span.column}: " if span is not None and span.line else ""
    told = f"{place}{diagnostic.severity} {diagnostic.code}: {diagnostic.message}"
    return printable(told + (f" ({hint})" if hint else ""))


def to_markdown(diagnostics: Iterable[Diagnostic]) -> str:
    """A page for a pull request: how many of each severity, then a table for each file."""
    found = list(diagnostics)
    counts = [
        f"{number} {severity}{'s' if number > 1 and severity is not Severity.INFO else ''}"
        for severity in Severity
        if (number := sum(each.severity is severity for each in found))
    ]
    parts = [f"### jumpsigma validate: {', '.join(counts) or 'nothing to complain about'}\n"]
    for path, group in groupby(found, key=lambda each: each.span.path if each.span else ""):
        rows = [
            "| {} | {} | {} | {} |".format(
                each.span.line if each.span and each.span.line else "",
                each.severity,
                each.code,
                _cell(each.message) + (f" (*{_cell(each.hint)}*)" if each.hint else ""),
            )
            for each in group
        ]
        head = f"**{_cell(path)}**" if path else "**in no file**"
        parts.append("\n".join([head, "", "| line | severity | code | problem |",
                                "|---|---|---|---|", *rows, ""]))  # fmt: skip
    return "\n".join(parts)


def _cell(text: str) -> str:
    """Text of strangers that can open no tag, no link and no other cell."""
    escaped = printable(text).replace("\\", "\\\\")
    for char in "|`<>[]*_~":
        escaped = escaped.replace(char, f"&#{ord(char)};")
    return escaped.replace("@", "&#64;")
