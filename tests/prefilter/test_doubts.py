"""A second look at events that have what is looked for: which are parsed after it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from material import rule
from scans import needs_hyperscan, scanned, sizes
from sigma.rule import SigmaDetection

from jumpsigma.api.rules import matcher_for
from jumpsigma.lower.detections import lower_detection
from jumpsigma.matcher import Matcher
from jumpsigma.prefilter import choice
from jumpsigma.prefilter import filter as filtering
from jumpsigma.prefilter.doubts import Doubt, doubt_of
from jumpsigma.prefilter.needs import All, Atom, Need, Some
from jumpsigma.prefilter.spelling import key, word


def matcher_of(definition: dict[str, Any]) -> Matcher:
    return matcher_for([rule(lower_detection(SigmaDetection.from_definition(definition)))])


@pytest.mark.parametrize("text", ["abc", "a.b\\c/(d) [e]*", "x-y_z=1", "\\x2e", "^$?+|"])
def test_a_literal_says_what_it_matches(text: str) -> None:
    written = text.replace("\\", "\\\\")
    for pattern in (word(text), key(text) or f"{word(text)}"):
        atom = Atom(pattern)
        assert atom.is_literal
        assert atom.text.decode().strip('"') == written


@pytest.mark.parametrize(
    "pattern", ["a{0,1}b", "a?", "a|b", "[ab]", "(?:a)", "a.", "^a", "a$", "a*", "a+", r"\d"]
)
def test_what_may_match_more_than_itself_is_no_literal(pattern: str) -> None:
    assert not Atom(pattern).is_literal


A, B, C, D = map(Atom, "abcd")


@pytest.mark.parametrize(
    ("need", "texts"),
    [
        (Some((All((A, B)), All((A, C)))), {"ab", "ac"}),
        (Some((All((A, B, C)), All((C, A, D)))), {"abc", "acd"}),
        (Some((All((A, B)), A)), {"a"}),
        (Some((All((A, B)), All((C, D)))), {"ab", "cd"}),
        (Some((A, B)), {"a", "b"}),
        (Some(()), set()),
        (Some((All((A, Some((B, C)))), All((A, D)))), {"ab", "ac", "ad"}),
    ],
)
def test_what_several_ways_share_is_still_needed_by_each(need: Need, texts: set[str]) -> None:
    doubt = doubt_of(need, lambda _: lambda _raw, _at: False)
    for size in range(5):
        for chosen in combinations("abcd", size):
            raw = " ".join(chosen).encode()
            assert doubt(raw, raw) == any(set(text) <= set(chosen) for text in texts), chosen


@needs_hyperscan
@pytest.mark.parametrize(
    "definition",
    [
        {"a": "xx", "b": "yy"},
        {"a": "xx", "b": True},
        {"a": "xx", "b": 1234},
        {"a": "xx", "b.c|startswith": "y"},
        {"a": "xx", "b": ""},
    ],
    ids=str,
)
def test_what_lacks_something_else_is_not_parsed(definition: dict[str, Any]) -> None:
    have = [b'{"a":"xx","c":"n%d"}' % number for number in range(200)]
    other = [b'{"b":["yy",true,1234,"",{"c":"y"}],"c":"n%d"}' % number for number in range(200)]
    both = b'{"b":["yy",true,1234,"",{"c":"y"}],"a":"XX"}'
    with sizes():
        scan = scanned(matcher_of(definition), b"\n".join([*have, *other, both]))
    assert [line for _, line, _, _ in scan.told] == [401]
    assert scan.stats.parsed < 20


@needs_hyperscan
def test_who_doubts_in_vain_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "_DOUBTED", 50)
    monkeypatch.setattr(choice, "_SEEN", 1000)  # nothing is learned from the sample
    asked: list[bytes] = []

    def counted(*about: Any) -> Doubt:
        doubt = doubt_of(*about)

        def asking(raw: bytes, lowered: bytes) -> bool:
            asked.append(raw)
            return doubt(raw, lowered)

        return asking

    monkeypatch.setattr(filtering, "doubt_of", counted)
    quiet = [b'{"c":"n%d"}' % number for number in range(200)]
    have = [b'{"a":"xx","b":"yy","c":"n%d"}' % number for number in range(200)]
    with sizes():
        scan = scanned(matcher_of({"a": "xx", "b": "yy"}), b"\n".join([*quiet, *have]))
    assert len(scan.told) == 200
    assert len(asked) == 50
