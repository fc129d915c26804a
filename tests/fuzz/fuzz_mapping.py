"""Any bytes as a mapping file: one diagnostic or a mapping, which maps a rule or says why not."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.diagnostics.render import read_source_file, to_text
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import LoadedRule, load_pack

# It has something for most transformations: text, wildcards, numbers, null, a regular expression,
# a placeholder, a field reference, keywords, and a rule that stands for native events.
RULE = """\
title: A rule
logsource: {product: jumpcloud, service: sso}
detection:
  selection:
    event_type: [sso_auth, 'user_*', 'a?b', '']
    useragent|re: '^x.*y$'
    client_ip|cidr: 192.0.2.0/24
    changes[totp].to|expand: '%names%'
    count|gte: 5
    success: false
    resource.name: null
    resource.id|cased: X
    a|fieldref: b
  keywords: [x, 5]
  condition: selection and not 1 of keyword*
"""


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="jumpsigma-fuzz-")


@cache
def _rule() -> LoadedRule:
    path = Path(_folder().name, "rule.yml")
    path.write_text(RULE, encoding="utf-8")
    (rule,) = load_pack(path).rules
    return rule


def one_input(data: bytes) -> None:
    rule, path = _rule(), Path(_folder().name, "mapping.yml")
    path.write_bytes(data)
    try:
        mapping = load_mapping(path)
    except DiagnosticError as error:
        diagnostics: tuple[Diagnostic, ...] = (error.diagnostic,)
    else:
        lowered = lower_rule(rule, mapping)
        assert lowered.rule is not None or lowered.diagnostics
        diagnostics = lowered.diagnostics
    to_text(diagnostics, color=False, read_source=read_source_file)
