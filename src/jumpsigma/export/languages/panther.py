"""Panther: a rule is a Python module with ``rule(event)``.

The condition is the code that a scan runs, from the same generator
(:mod:`jumpsigma.codegen.function`); what this module adds is how Panther hands over an event.
"""

from __future__ import annotations

from jumpsigma.codegen.function import generate_function
from jumpsigma.codegen.regex import CannotTranslateError
from jumpsigma.export.language import Clause, Language
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Expr, Keyword, RuleIR, Test

_RULE = '''

def rule(event: Any) -> bool:
    """What Panther calls: with its own read-only event, or with a plain dict."""
    to_dict = getattr(event, "to_dict", None)
    found = event if to_dict is None else to_dict()
    return holds({own})
'''
#: Fields that Panther adds repeat texts of the event, and hold texts that it does not have.
_ITS_OWN = '{key: value for key, value in found.items() if not key.startswith("p_")}'


class Panther(Language):
    """See the module."""

    def query(self, rule: RuleIR) -> str:
        """The module.

        Raises :class:`CannotSayError` for a regular expression that ``re`` cannot keep.
        """
        try:
            source = generate_function(rule)
        except CannotTranslateError as error:
            reason = f"a regular expression that Python's re cannot keep exactly: {error}"
            raise CannotSayError(reason) from None
        return source + _RULE.format(own=_ITS_OWN if _has_keyword(rule.condition) else "found")

    def test(self, test: Test) -> Clause:
        """The generator writes tests."""
        raise AssertionError(f"{test!r} is written by the generator")


def _has_keyword(expr: Expr) -> bool:
    return isinstance(expr, Keyword) or any(map(_has_keyword, children(expr)))
