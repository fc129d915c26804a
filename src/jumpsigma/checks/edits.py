"""The edits that ``--fix`` makes: they change what is wrong and leave comments and layout alone."""

from __future__ import annotations

from jumpsigma.checks.model import Edit
from jumpsigma.checks.view import RuleView
from jumpsigma.diagnostics import Span
from jumpsigma.pack.positions import KeyPath


def rewritten(rule: RuleView, path: KeyPath, text: str) -> tuple[Edit, ...]:
    """The edit that writes another text in the place of a value, with the quotes that it has."""
    span = rule.span(path)
    written = rule.file.slice(span)
    quote = written[0] if written[:1] in ("'", '"') else ""
    if span.line != span.end_line or (not quote and written[:1] in ("|", ">")):
        return ()
    return (Edit(span, f"{quote}{text}{quote}"),)


def entry_removed(rule: RuleView, path: KeyPath) -> tuple[Edit, ...]:
    """The edit that removes an entry of a block list; none where more than it is on its line.

    A comment on the line belongs to the entry in nobody's eyes but its author's, so it stays.
    """
    span = rule.span(path)
    if span.line != span.end_line:
        return ()
    line = rule.file.lines[span.line - 1]
    before, after = line[: span.column - 1], line[span.end_column - 1 :]
    if before.strip() != "-" or after.strip():
        return ()
    whole = Span(span.path, span.line, 1, span.line + 1, 1)
    if span.line >= len(rule.file.starts):
        return ()
    return (Edit(whole, ""),)
