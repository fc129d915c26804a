"""How two conditions relate: the same, wider, narrower or different, and what shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from jumpsigma.changes.implication import implies
from jumpsigma.intake.schema import Schema
from jumpsigma.interpret import holds
from jumpsigma.ir.bind import bind, placeholders
from jumpsigma.ir.nodes import And, Expr, Not
from jumpsigma.ir.normal import normal
from jumpsigma.reachability import Intake, raw_intake, reach
from jumpsigma.reachability.witness import Event, Maker

Relation = Literal["same", "equal", "wider", "narrower", "different", "undecided"]
RELATIONS: Final[tuple[Relation, ...]] = get_args(Relation)

#: Values of lists in examples: which ones says nothing about the conditions.
_LISTED: Final = ("listed.example.com", "192.0.2.66", "listed-value")
#: Events in which any field may have any value.
_ANY: Final = Intake("any", "any events", Schema({}, {}, ()))


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the condition at the head relates to that at the base.

    ``same``: the very same expression. ``equal``: another expression with the same meaning.
    ``wider``: matches all that it matched, and more; ``narrower`` the reverse; ``different``: gains
    some and loses some. ``undecided``: no rule proves that they are equal, and no event was found
    that tells them apart. ``is_proven`` is false where the direction in which nothing changes was
    only searched for examples. ``gained`` satisfies the new condition alone, ``lost`` the old one.
    """

    relation: Relation
    is_proven: bool = True
    gained: Event | None = None
    lost: Event | None = None


def compare(base: Expr, head: Expr) -> Comparison:
    """Compare two conditions that are about the same events."""
    if base == head:
        return Comparison("same")
    old, new = normal(base), normal(head)
    if old == new:
        return Comparison("equal")
    only_more, only_less = implies(old, new), implies(new, old)
    if only_more and only_less:
        return Comparison("equal")
    gained = None if only_less else example(head, base)
    lost = None if only_more else example(base, head)
    if gained is not None and lost is not None:
        return Comparison("different", gained=gained, lost=lost)
    if gained is not None:
        return Comparison("wider", only_more, gained=gained)
    if lost is not None:
        return Comparison("narrower", only_less, lost=lost)
    return Comparison("undecided", is_proven=False)


def example(wanted: Expr, unwanted: Expr) -> Event | None:
    """An event that satisfies one condition and not the other; None where none was found.

    An event of JumpCloud is looked for first, because people know what that is.
    """
    both = And((wanted, Not(unwanted)))
    bound = bind(both, dict.fromkeys(placeholders(both), _LISTED))
    found = reach(bound, raw_intake())
    if found.witness is not None:
        return found.witness.events[0]
    view = _ANY.view("any", named=True)
    event = Maker(view, strict=False, seed="example").make(bound, bound, {})
    return event if event is not None and holds(bound, event) else None
