"""No document, however odd, ends in an exception; what loads is what pySigma takes."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack.actions import merge_actions
from jumpsigma.pack.rules import load_document
from jumpsigma.pack.yaml_reader import read_text

RULE: dict[str, Any] = {
    "title": "A",
    "id": "5f113a8f-8b61-41ca-b90f-d374fa7e4a39",
    "status": "test",
    "level": "high",
    "tags": ["attack.t1000"],
    "related": [{"id": "5f113a8f-8b61-41ca-b90f-d374fa7e4a39", "type": "similar"}],
    "date": "2024-01-31",
    "logsource": {"product": "x"},
    "detection": {"s": {"a|contains": "x"}, "t": [{"b": 1}, {"c": [1, 2]}], "condition": "s or t"},
}
CORRELATION: dict[str, Any] = {
    "title": "C",
    "correlation": {
        "type": "value_count",
        "rules": ["a"],
        "timespan": "5m",
        "group-by": ["u"],
        "aliases": {"u": {"a": "b"}},
        "condition": {"gte": 5, "field": "x"},
    },
}
FILTER: dict[str, Any] = {
    "title": "F",
    "logsource": {"product": "x"},
    "filter": {"rules": ["a"], "s": {"a": 1}, "condition": "not s"},
}

WORDS = st.sampled_from(
    ["", "a", "s", "condition", "rules", "any", "1 of them", "not s", "a|re", "a|windash", "a|cidr",
     "a|base64offset|contains", "a|utf16le", "|all", "||", "a|", "(", "\\", "%x%", "*", "-a -b -c",
     "5m", "temporal", "gte", "field", "global", "repeat", "action", "192.0.2.0/24"]
)  # fmt: skip
SCALARS = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(-5, 2**70), st.floats(), st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def documents(draw: st.DrawFn) -> dict[Any, Any]:
    """A good document with one to three of its parts replaced, removed or added."""
    document: dict[Any, Any] = copy.deepcopy(draw(st.sampled_from([RULE, CORRELATION, FILTER])))
    for _ in range(draw(st.integers(1, 3))):
        part: Any = document
        while True:
            steps = list(part) if isinstance(part, dict) else list(range(len(part)))
            if not steps or draw(st.integers(0, 9)) == 0:
                if isinstance(part, dict):
                    part[draw(SCALARS)] = draw(VALUES)
                break
            step = draw(st.sampled_from(steps))
            if not isinstance(part[step], (dict, list)) or draw(st.booleans()):
                if draw(st.integers(0, 4)):
                    part[step] = draw(VALUES)
                else:
                    del part[step]
                break
            part = part[step]
    return document


@given(st.lists(documents(), min_size=1, max_size=2))
def test_any_document_loads_or_says_why_not(values: list[dict[Any, Any]]) -> None:
    result = read_text(yaml.safe_dump_all(values, allow_unicode=True), "r.yml")
    for document in merge_actions(result.documents):
        if isinstance(document, Diagnostic):
            continue
        outcome = load_document(document)
        assert (outcome.loaded is None) == any(one.is_error for one in outcome.diagnostics)
        assert all(one.span and one.span.line >= 1 for one in outcome.diagnostics)
        if outcome.loaded is not None:
            assert outcome.loaded.to_sigma() is not None
