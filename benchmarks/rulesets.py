"""The rules that rows run with, as matchers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jumpsigma
import jumpsigma.intel
from benchmarks import thirty
from benchmarks.events import digest_of, indicator_lines
from benchmarks.rows import SIGMAHQ
from jumpsigma.api import StoredLists


def matcher_of(
    name: str, *, sigmahq: Path | None, scratch: Path, indicators: int
) -> jumpsigma.Matcher:
    """Load and compile a set of rules.

    ``shipped``; ``shipped-single``: without correlations and what only they speak for;
    ``shipped-indicators``: the latter, with that many ``indicators`` in a store in ``scratch``;
    ``sigmahq``, ``sigmahq-process_creation``, ``sigmahq-1500`` and ``sigmahq-3000`` (the first so
    many); and the sets of :mod:`benchmarks.thirty`.

    Raises :class:`ValueError` for a set that is not there, or that has rules that do not run.
    """
    if name in thirty.SETS:
        matcher = jumpsigma.compile(jumpsigma.load_pack(thirty.write_rules(name, scratch)))
        if matcher.refused:
            raise ValueError(f"rules of {name} do not run: {matcher.refused[0]}")
        return matcher
    if name.startswith(SIGMAHQ):
        if sigmahq is None:
            raise ValueError(f"{name} needs SigmaHQ's rules")
        pack = jumpsigma.load_pack(sigmahq, cases=False)
        return jumpsigma.compile(_part(pack, name.removeprefix(f"{SIGMAHQ}-")), mapping="sigma")
    shipped = jumpsigma.load_pack(cases=False)
    if name == "shipped":
        return jumpsigma.compile(shipped)
    if name == "shipped-single":
        return jumpsigma.compile(_single(shipped))
    if name == "shipped-indicators":
        return jumpsigma.compile(_single(shipped), indicators=_stored(scratch, indicators))
    raise ValueError(f"there is no set of rules {name!r}")


def _part(pack: jumpsigma.Pack, part: str) -> jumpsigma.Pack:
    if part == SIGMAHQ:
        return pack
    if part.isdecimal():
        # Those few that fire on nearly every event stand among the first, and so in both sets.
        return replace(pack, rules=pack.rules[: int(part)])
    rules = (rule for rule in pack.rules if _is_about(rule.logsource, part))
    return replace(pack, rules=tuple(rules))


def _is_about(logsource: object, category: str) -> bool:
    return (getattr(logsource, "product", None), getattr(logsource, "category", None)) == (
        "windows",
        category,
    )


def _single(pack: jumpsigma.Pack) -> jumpsigma.Pack:
    """Without correlations, and without the rules that give no findings but through them."""
    matcher = jumpsigma.compile(pack)
    silent = {
        (rule.path, rule.title)
        for number, rule in enumerate(matcher.rules)
        if number in matcher.silent
    }
    rules = (r for r in pack.rules if r.kind == "rule" and (r.path, r.title) not in silent)
    return replace(pack, rules=tuple(rules))


def _stored(scratch: Path, count: int) -> StoredLists:
    """A store with so many domains and addresses, which intelligence rules look up."""
    code = digest_of(sorted(Path(jumpsigma.intel.__file__).parent.glob("*.py")))
    store = scratch / f"indicators-{count}-{code}.sqlite"
    if not store.exists():
        feed = scratch / "indicators.txt"
        feed.write_text("\n".join(indicator_lines(count)), encoding="utf-8")
        jumpsigma.add_indicators(feed, store=store)
    return StoredLists(store)
