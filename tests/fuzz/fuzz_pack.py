"""Any bytes as a rule file: diagnostics, never an exception, and what loads can be compiled."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from jumpsigma.codegen import generate
from jumpsigma.diagnostics.render import read_source_file, to_json, to_text
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.matcher.program import Program
from jumpsigma.pack import load_pack

_mapping = cache(load_mapping)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="jumpsigma-fuzz-")


def one_input(data: bytes) -> None:
    # The cases and the pack file stand beside the rules and are read with them.
    folder = Path(_folder().name)
    for name in ("r.yml", "r.cases.yaml", "pack.yaml"):
        (folder / name).write_bytes(data)
    pack = load_pack(folder / "r.yml")

    diagnostics = list(pack.diagnostics)
    for rule in pack.rules:
        if rule.kind == "correlation":
            rule.to_sigma()
            continue
        for name in ("sigma", "jumpcloud"):
            lowered = lower_rule(rule, _mapping(name), pack.filters)
            assert lowered.rule is not None or lowered.diagnostics
            diagnostics += lowered.diagnostics
            if lowered.rule is not None:
                module = generate([lowered.rule])
                program = Program(module.source)
                program.hits({})

    assert all(one.span is not None for one in pack.diagnostics)
    to_text(diagnostics, color=True, read_source=read_source_file)
    to_json(diagnostics)
