"""A corpus of rules, loaded and lowered, and what identifies the result."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jumpsigma.ir.nodes import RuleIR
from jumpsigma.lower import Lowered, lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import LoadedRule, Pack, load_pack


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """One rule of the corpus and what lowering made of it."""

    rule: LoadedRule
    lowered: Lowered

    @property
    def key(self) -> str:
        """What names the rule in lists: its id, else its file."""
        return self.rule.id or Path(self.rule.path).name

    @property
    def ir(self) -> RuleIR | None:
        return self.lowered.rule

    @property
    def code(self) -> str | None:
        """The code it is refused with."""
        return None if self.lowered.diagnostic is None else self.lowered.diagnostic.code


@dataclasses.dataclass(frozen=True, slots=True)
class Corpus:
    """A loaded corpus: ``outcomes`` of its rules, correlations apart."""

    files: int
    pack: Pack
    outcomes: tuple[Outcome, ...]
    correlations: int


def read_corpus(path: Path, mapping: str = "sigma") -> Corpus:
    """Load every rule file below a folder and lower every rule with a mapping."""
    pack, words = load_pack(path), load_mapping(mapping)
    single = [rule for rule in pack.rules if rule.kind == "rule"]
    return Corpus(
        files=sum(1 for _ in path.rglob("*.yml")),
        pack=pack,
        outcomes=tuple(Outcome(rule, lower_rule(rule, words)) for rule in single),
        correlations=len(pack.rules) - len(single),
    )


def refusals(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """The refused rules with their codes, by id."""
    return {each.key: each.code for each in outcomes if each.code is not None}


def plain(node: Any) -> Any:
    """A node as plain values that are the same in every environment: no paths, no object ids."""
    if dataclasses.is_dataclass(node):
        fields = [f.name for f in dataclasses.fields(node) if f.name != "path"]
        return (type(node).__name__, *(plain(getattr(node, name)) for name in fields))
    return tuple(map(plain, node)) if isinstance(node, tuple) else node


def digest(outcomes: Iterable[Outcome]) -> tuple[int, str]:
    """How many rules were lowered, and a digest of their ids and expressions, in order of ids.

    Types and the places of the leaves in their files count; where the files are does not.
    """
    lines = sorted(f"{each.key} {plain(each.ir.condition)!r}" for each in outcomes if each.ir)
    return len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()
