"""Values that are looked up on lists, and those that are known to be on none."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from scans import needs_hyperscan

from jumpsigma.prefilter.database import Database
from jumpsigma.prefilter.filter import _lengthened, _LookUp
from jumpsigma.prefilter.spelling import any_value

VALUES = (
    "",
    "a",
    "ab",
    "abc",
    "b-a",
    "a:b",
    ":",
    " :a",
    "[",
    "n",
    "x]y^z",
    "0",
    "a b",
    "ip",
    'ip"',
)
LISTED = {"abc", "a:b", "zz"}
OTHERS: tuple[Any, ...] = (None, {}, {"ip": "a"}, True, 0, -1.5, [], ["a"], ["abc"])


def asked_for(look_up: _LookUp, pattern: str, text: bytes) -> list[tuple[int, ...]]:
    """What a look-up says of each place at which an expression matches."""
    said: list[tuple[int, ...]] = []

    def on_hit(_number: int, _start: int, end: int, _flags: int, _context: Any) -> bool:
        said.append(look_up.rules(text, end - 1))
        return False

    Database([(pattern, False)]).scan(text, on_hit)
    return said


@needs_hyperscan
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("colon", [":", " :\t", ":\r "])
def test_each_value_is_asked_for_until_it_is_known_to_be_harmless(seed: int, colon: str) -> None:
    rng = Random(seed)
    alphabet = 'ab:- .]^\\"\u00e9{n'
    made = ["".join(rng.choices(alphabet, k=rng.randrange(6))) for _ in range(60)]
    seen: list[str] = []

    def fits(text: str) -> bool:
        seen.append(text)
        return text in LISTED

    pattern = any_value("ip", alone=False)
    look_up = _LookUp(pattern, [(fits, (3,)), (lambda text: text == "zz", (5,))])
    for value in rng.sample(VALUES, 8):
        asked_for(look_up, pattern, written(value, colon))
    known = set(seen)
    assert known
    without = look_up.without_harmless()
    for value in (*made, *VALUES, *LISTED, *OTHERS):
        seen.clear()
        text = written(value, colon)
        said = asked_for(look_up, without, text)
        if not isinstance(value, str):
            inside = isinstance(value, dict) and "ip" in value and "a" not in known
            quiet = value is None or isinstance(value, dict)
            assert said == ([()] if inside else [] if quiet else [(3, 5)])
        elif "\\" in text[8:].decode() or not value.isascii():
            assert said == [(3, 5)]
        elif value in LISTED:
            assert said == [(3, 5) if value == "zz" else (3,)]
        else:
            assert said in ([], [()])
            # What could be taken for the end of the key is never left out.
            if value in known and value.strip() and not value.strip().startswith(":"):
                assert said == []
        assert set(seen) <= {str(value)} or isinstance(value, dict)


def written(value: Any, colon: str) -> bytes:
    return f'{{"x":"ip","ip"{colon}{json.dumps(value, ensure_ascii=False)}}}\n'.encode()


def test_of_too_many_values_some_are_left_out() -> None:
    pattern = any_value("ip", alone=True)
    look_up = _LookUp(pattern, [(lambda _: False, (1,))])
    for number in range(600):
        text = b'{"ip":"%s"}' % (b"%06d" % (number * 7919 % 1_000_003) * 20)
        assert look_up.rules(text, 6) == ()
    assert len(pattern) < len(look_up.without_harmless()) < 16_000
    assert look_up.asked == 600


@needs_hyperscan
@pytest.mark.parametrize("name", ["to", "t", "too", "a-b", "x1"])
@pytest.mark.parametrize("colon", [":", " :", "\t \r\n:", " : ", "\n:\n"])
def test_a_short_key_is_found_however_it_is_written(name: str, colon: str) -> None:
    pattern = any_value(name, alone=True)
    text = b"".join(
        written("v", colon).replace(b'"ip"', f'"{each}"'.encode()) for each in (name, "no")
    )
    found: list[int] = []
    Database([(_lengthened(pattern), False)]).scan(text, lambda *hit: found.append(hit[2]))
    assert [text[end - 1 : end + 2] for end in found] == [b'"v"']
    assert (_lengthened(pattern) != pattern) == (name in {"to", "x1"})
