"""What the rules of a matcher need, derived when it is asked for."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

from jumpsigma.ir.nodes import RuleIR
from jumpsigma.prefilter.needs import Need, denied_of, keys_of, needs_of


class RuleNeeds:
    """The needs of rules by number; pickled with the fields derived, for the compile cache.

    Values are derived of the few rules whose fields the events have.
    """

    def __init__(self, rules: Sequence[RuleIR], stored: bytes | None = None) -> None:
        self._rules, self._stored = rules, stored
        self._keys: tuple[Need | None, ...] | None = None

    def __reduce__(self) -> tuple[type[RuleNeeds], tuple[Sequence[RuleIR], bytes]]:
        stored = self._stored or pickle.dumps(self.fields(), pickle.HIGHEST_PROTOCOL)
        return RuleNeeds, (self._rules, stored)

    def fields(self) -> tuple[Need | None, ...]:
        """What the rules need of fields."""
        if self._keys is None:
            if self._stored is not None:
                self._keys = pickle.loads(self._stored)  # noqa: S301 - pickled with these rules
            else:
                self._keys = tuple(keys_of(rule.condition) for rule in self._rules)
        return self._keys

    def of(self, number: int) -> Need | None:
        """All that a rule needs."""
        return needs_of(self._rules[number].condition)

    def denied(self, number: int) -> Need | None:
        """What an event needs for a rule not to hold."""
        return denied_of(self._rules[number].condition)
