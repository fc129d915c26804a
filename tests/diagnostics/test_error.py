"""What a raised diagnostic says in a traceback."""

from __future__ import annotations

import pytest

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Span


@pytest.mark.parametrize(
    ("diagnostic", "text"),
    [
        (Diagnostic("JS090", "no such level"), "no such level"),
        (Diagnostic("JS052", "no mapping 'x'", hint="did you mean 'y'?"),
         "no mapping 'x' (did you mean 'y'?)"),
        (Diagnostic("JS072", "cannot open", span=Span("a.json")), "a.json: cannot open"),
        (Diagnostic("JS053", "wrong", span=Span("m.yml", 3, 5), hint="mend it"),
         "m.yml:3: wrong (mend it)"),
    ],
)  # fmt: skip
def test_text(diagnostic: Diagnostic, text: str) -> None:
    assert str(DiagnosticError(diagnostic)) == text
