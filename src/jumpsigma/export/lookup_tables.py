"""Look-up tables: long lists that stand beside a query in the product, and not in it.

A target has them when it has the option ``lists``: ``auto`` asks a table where a list is longer
than ``inline_limit``, ``table`` always, ``inline`` never. A table is asked for whole values in any
case; what a product can hold stands in the tables of its language under ``lookup``: ``rows`` and
``bytes`` of one table, and ``value``, the bytes of one value.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from jumpsigma.export.refusals import CannotSayError, NeedsOptionError, NotWrittenError
from jumpsigma.export.tree import slug
from jumpsigma.ir.bind import network_of
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Expr, Keyword, Placeholder, RuleIR, Test, Text

if TYPE_CHECKING:
    from jumpsigma.export.language import Language

#: The columns of a table in CSV.
COLUMNS: Final = ("list", "value")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class LookupTable:
    """The values of a list as a product has to hold them: sorted, each once."""

    name: str
    rows: tuple[str, ...]

    @property
    def slug(self) -> str:
        """What the table's file is called."""
        return slug_of(self.name)

    def csv(self) -> str:
        """The table with the name of its list beside each value, in quotes, for it may be empty."""
        text = io.StringIO()
        text.write(f"{','.join(COLUMNS)}\n")
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows((self.name, row) for row in self.rows)
        return text.getvalue()


def slug_of(name: str) -> str:
    """A name for a list's table that is safe everywhere, and that no other list has."""
    plain = slug(name, set())
    if plain == name and len(name) <= _LONGEST:
        return name
    return f"{plain[:_LONGEST]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def listed(leaf: Expr) -> str | None:
    """The list of which a test asks whether a whole value, in any case, is in it."""
    match leaf:
        case Test(value=Text((Placeholder(name, every=False),), cased=False)):
            return name
        case _:
            return None


def listed_names(expr: Expr) -> Iterator[str]:
    """The lists that an expression asks tables for."""
    if (name := listed(expr)) is not None:
        yield name
    if not isinstance(expr, Test | Keyword):
        for child in children(expr):
            yield from listed_names(child)


def single_rules(rule: RuleIR | CorrelationIR) -> Iterator[RuleIR]:
    """The rules about single events that a rule is made of."""
    if isinstance(rule, RuleIR):
        yield rule
        return
    for reference in rule.references:
        yield from single_rules(reference.rule)


def table_of(name: str, values: Collection[str], language: Language, product: str) -> LookupTable:
    """The table of a list.

    Raises :class:`CannotSayError` for values of which equal texts would not be the whole truth,
    and for more than the product holds.
    """
    rows: set[str] = set()
    for value in values:
        if _CONTROL.search(value):
            raise CannotSayError(f"the list {name!r} in a table: a value has a control character")
        rows.add(language.table_value(value))
        rows.update(_addresses(name, value, language))
    limits = language.tables.get("lookup", {})
    longest = max((len(row.encode()) for row in rows), default=0)
    if longest > limits.get("value", longest):
        raise CannotSayError(
            f"the list {name!r} has a value of {longest:,} bytes, and a table of {product} holds"
            f" {limits['value']:,}"
        )
    if len(rows) > limits.get("rows", len(rows)):
        raise CannotSayError(
            f"the list {name!r} has {len(rows):,} values, and a table of {product} holds"
            f" {limits['rows']:,}"
        )
    table = LookupTable(name, tuple(sorted(rows)))
    size = len(table.csv().encode())
    if size > limits.get("bytes", size):
        raise CannotSayError(
            f"the list {name!r} takes {size:,} bytes, and a table of {product} holds"
            f" {limits['bytes']:,}"
        )
    return table


def _addresses(name: str, value: str, language: Language) -> Iterator[str]:
    """The address that a value is, as the events of ``-O addresses=plain`` spell it (S474)."""
    for network in network_of(value):
        address, _, length = str(network.cidr).partition("/")
        if int(length) < ip_address(address).max_prefixlen:
            raise NotWrittenError(
                f"the list {name!r} in a table, for it has networks",
                hint="put networks into a list of their own",
            )
        if language.options.get("addresses") != "plain":
            raise NeedsOptionError(
                f"the list {name!r} in a table, for it has addresses, which have many spellings",
                "addresses",
            )
        yield address
