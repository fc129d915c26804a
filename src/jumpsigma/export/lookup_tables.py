"""Look-up tables: long lists that stand beside a query in the product, and not in it.

A target has them when it has the option ``lists``: ``auto`` asks a table where a list is longer
than ``inline_limit``, ``table`` always, ``inline`` never. A table is asked for whole values in any
case, and where the language ``looks_around`` also for values within a text. What a product can hold
stands in the tables of its language under ``lookup``: ``rows`` and ``bytes`` of one table, and
``value``, the bytes of one value.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from jumpsigma.export.refusals import CannotSayError, NeedsOptionError, NotWrittenError
from jumpsigma.export.tree import slug
from jumpsigma.ir.bind import network_of
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Expr, Keyword, Placeholder, RuleIR, Test, Text, Wildcard

if TYPE_CHECKING:
    from jumpsigma.export.language import Language

#: The columns of a table in CSV.
COLUMNS: Final = ("list", "value")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class LookupTable:
    """The values of a list as a product has to hold them: sorted, each once.

    ``addresses``: spellings that events have of values, in which no text is looked for; in a table
    for whole values alone they are among the ``rows``.
    """

    name: str
    rows: tuple[str, ...]
    addresses: tuple[str, ...] = ()

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
        writer.writerows((addresses_of(self.name), row) for row in self.addresses)
        return text.getvalue()


def addresses_of(name: str) -> str:
    """What the other spellings of a list's addresses are called in a table."""
    return f"{name} addresses"


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


def around(leaf: Expr) -> str | None:
    """The list of which a test asks whether a value, in any case, stands in a text.

    What is before it and behind it in the text are a text of the rule, and anything at the ends.
    """
    match leaf:
        case Test(value=Text(parts, cased=False)) if len(parts) > 1:
            names = [part for part in parts if isinstance(part, Placeholder)]
            ends = {0, len(parts) - 1}
            plain = all(
                isinstance(part, str | Placeholder) or (part is Wildcard.MANY and number in ends)
                for number, part in enumerate(parts)
            )
            return names[0].name if plain and len(names) == 1 and not names[0].every else None
        case _:
            return None


def asked_names(expr: Expr) -> Iterator[str]:
    """The lists that an expression with all others written out asks tables for."""
    if (name := listed(expr) or around(expr)) is not None:
        yield name
    if not isinstance(expr, Test | Keyword):
        for child in children(expr):
            yield from asked_names(child)


def single_rules(rule: RuleIR | CorrelationIR) -> Iterator[RuleIR]:
    """The rules about single events that a rule is made of."""
    if isinstance(rule, RuleIR):
        yield rule
        return
    for reference in rule.references:
        yield from single_rules(reference.rule)


def table_of(name: str, values: Collection[str], language: Language, product: str) -> LookupTable:
    """The table of a list.

    Raises :class:`CannotSayError` for a value that the product changes or compares otherwise, and
    for more than it holds.
    """
    rows: set[str] = set()
    addresses: set[str] = set()
    for value in values:
        if _CONTROL.search(value):
            raise CannotSayError(f"the list {name!r} in a table: a value has a control character")
        rows.add(language.table_value(value))
        if language.options.get("addresses") == "plain":
            addresses.update(str(each.cidr).partition("/")[0] for each in network_of(value))
    if not language.looks_around:
        rows, addresses = rows | addresses, set()
    table = LookupTable(name, tuple(sorted(rows)), tuple(sorted(addresses - rows)))
    _refuse_size(table, language.tables.get("lookup", {}), product)
    return table


def _refuse_size(table: LookupTable, limits: Mapping[str, int], product: str) -> None:
    rows = (*table.rows, *table.addresses)
    longest = max((len(row.encode()) for row in rows), default=0)
    if longest > limits.get("value", longest):
        raise CannotSayError(
            f"the list {table.name!r} has a value of {longest:,} bytes, and a table of {product}"
            f" holds {limits['value']:,}"
        )
    if len(rows) > limits.get("rows", len(rows)):
        raise CannotSayError(
            f"the list {table.name!r} has {len(rows):,} values, and a table of {product} holds"
            f" {limits['rows']:,}"
        )
    size = len(table.csv().encode())
    if size > limits.get("bytes", size):
        raise CannotSayError(
            f"the list {table.name!r} takes {size:,} bytes, and a table of {product} holds"
            f" {limits['bytes']:,}"
        )


def whole_problem(name: str, values: Collection[str], language: Language) -> CannotSayError | None:
    """Why whole values cannot be asked for: equal texts would not be all that S474 says."""
    for value in values:
        for network in network_of(value):
            address, _, length = str(network.cidr).partition("/")
            if int(length) < ip_address(address).max_prefixlen:
                return NotWrittenError(
                    f"the list {name!r} in a table, for it has networks",
                    hint="put networks into a list of their own",
                )
            if language.options.get("addresses") != "plain":
                return NeedsOptionError(
                    f"the list {name!r} in a table, for it has addresses, which have many"
                    " spellings",
                    "addresses",
                )
    return None
