"""Feeds that mean harm: each gives a diagnostic, and the good indicators in it arrive."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intel.model import Entry
from jumpsigma.intel.readers import FORMATS, Content, read_content
from jumpsigma.intel.readers.problems import TOLD_SINGLY
from jumpsigma.intel.store import open_store

GOOD = (
    b'{"type":"indicator","id":"indicator--good-%d","pattern_type":"stix",'
    b'"pattern":"[domain-name:value = \'good%d.example.com\']"}'
)


def good(number: int) -> bytes:
    return GOOD % (number, number)


def bundled(*objects: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """A bundle with a good indicator before and behind the objects."""
    parts = b",\n".join([good(1), *objects, good(2)])
    return b'{"type":"bundle",%s"objects":[%s]%s}' % (before, parts, after)


def with_pattern(**fields: object) -> bytes:
    pattern = "[domain-name:value = 'kept.example.com']"
    return json.dumps({"type": "indicator", "id": "i", "pattern": pattern} | fields).encode()


def outcome(data: bytes) -> tuple[list[str], list[Diagnostic]]:
    found = list(read_content(Content("feed", io.BytesIO(data))))
    values = [each.value for each in found if isinstance(each, Entry)]
    return values, [each for each in found if isinstance(each, Diagnostic)]


BOTH = ["good1.example.com", "good2.example.com"]
THREE = [*BOTH, "good3.example.com"]
ALL = [BOTH[0], "kept.example.com", BOTH[1]]


@pytest.mark.parametrize(
    ("data", "values", "words"),
    [
        # what stands between good indicators
        (bundled(b"[" * 100_000 + b"]" * 100_000), BOTH, "nested too deep"),
        (bundled(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), BOTH, "nested too deep"),
        (bundled(b'{"type":"indicator","pattern":"%s"}' % (b"x" * 1_000_000)), BOTH, "longer than"),
        (bundled(b'{"x":"%s"}' % (b"x" * 17_000_000)), BOTH, "too long"),
        (bundled(b"NaN"), BOTH, "no object"),
        (bundled(b'{"type":"indicator","pattern":NaN}'), BOTH, "'pattern' is not text"),
        (bundled(b'{"type":"indicator","pattern":"\xff\xfe"}'), BOTH, "not JSON"),
        (bundled(b'{"type":"indicator","pattern":"a\nb"}'), BOTH, "not JSON"),
        (bundled(b'{"type":"indicator" "pattern":"a"}'), BOTH, "not JSON"),
        (bundled(b'{"type":"indicator"'), BOTH, "not JSON"),
        (bundled(b'null,5,"text",[],true'), BOTH, "no object"),
        # on one line, where nothing but brackets tells one object from the next
        (b'{"objects":[{"a":[},' + good(1) + b',"b}",' + good(2) + b"]}", BOTH, "not closed"),
        (b'{"objects":[' + good(1) + b',{"a":"b,' + good(2) + b"]}", BOTH, "not closed"),
        (b'{"objects":[' + good(1) + b',{"a":]},' + good(2) + b',{"c":}]}', BOTH, "not closed"),
        (b'{"objects":[' + good(1) + b',{"b":[0,' + good(3) + b'],"c":},' + good(2) + b"]}",
         BOTH, "not JSON"),
        (bundled(b'{"type":["indicator"]}'), BOTH, "without a type"),
        (bundled(b'{"type":"indicator"}'), BOTH, "there is none"),
        (bundled(b'{"type":"indicator","pattern":{"a":1}}'), BOTH, "'pattern' is not text"),
        (
            bundled(b'{"type":"indicator","pattern":"[url:value = \'a\']","pattern":"b"}'),
            BOTH,
            "the key 'pattern' stands twice",
        ),
        # fields of a wrong type beside a good pattern
        (bundled(with_pattern(confidence="high")), ALL, "'confidence' is not a whole number"),
        (bundled(with_pattern(confidence=10**400)), ALL, "'confidence' is not a whole number"),
        (bundled(with_pattern(confidence=-1)), ALL, "'confidence' is not a whole number"),
        (bundled(with_pattern(confidence=True)), ALL, "'confidence' is not a whole number"),
        (bundled(with_pattern(valid_until=[1])), ALL, "'valid_until' is not a time"),
        (bundled(with_pattern(valid_until="9" * 400)), ALL, "'valid_until' is not a time"),
        (bundled(with_pattern(valid_until=1e300)), ALL, "'valid_until' is not a time"),
        (bundled(with_pattern(labels="a")), ALL, "'labels' is not a list of texts"),
        (bundled(with_pattern(labels=["a", 1])), ALL, "'labels' is not a list of texts"),
        (bundled(with_pattern(revoked="maybe")), ALL, "'revoked' is not true or false"),
        (bundled(with_pattern(created_by_ref=5)), ALL, "'created_by_ref' is not text"),
        (bundled(with_pattern(name={"a": 1})), ALL, "'name' is not text"),
        (bundled(with_pattern(id=[])), ALL, "'id' is not text"),
        (
            bundled(with_pattern(valid_from="2026-02-01T00:00:00Z", valid_until="2026-01-01")),
            BOTH,
            "ends before it begins",
        ),
        # the document round them
        (bundled(before=b'"deep":' + b"[" * 100_000 + b"]" * 100_000 + b","), BOTH, None),
        (bundled(before=b'"id": "a\nb",'), BOTH, "a string is not closed"),
        (bundled(before=b'"id" 5,'), BOTH, "a colon is missing"),
        (bundled(before=b"5,"), BOTH, "a key is missing"),
        (bundled(before=b'"objects":{},'), BOTH, "'objects' is not a list"),
        (bundled(after=b',"objects":[%s]' % good(3)), THREE, "more than once"),
        (bundled() + b"\n" + bundled(), [*BOTH, *BOTH], None),
        (bundled()[:-2], BOTH, "not closed"),
        (bundled()[:-9], BOTH[:1], "not closed"),
        (bundled() + b"trailing", BOTH, "{ is missing"),
        (gzip.compress(bundled())[:-9], None, "ends early"),
        ((b'{"Event":{"Attribute":[{"type":"domain","value":["x"],"to_ids":true},'
         b'{"type":"domain","value":"good1.example.com","to_ids":true},7,'
         b'{"type":"domain","value":"good2.example.com","to_ids":true,"Tag":5,"deleted":[]}],'
         b'"Tag":{"a":1},"Orgc":7,"Object":[{"Attribute":7}]}}'), BOTH, "no object"),
        ((b'{"Event":{"info":"a\nb","Attribute":[{"type":"domain","value":"good1.example.com",'
         b'"to_ids":true},{"type":"domain","value":"good2.example.com","to_ids":true}]}}'),
         BOTH, "a string is not closed"),
        ((b'{"list":["good1.example.com",{"a":[]},7,null,"good2.example.com"],"type":"hostname",'
         b'"name":["x"]}'), BOTH, "no text"),
    ],
)  # fmt: skip
def test_a_hostile_feed(data: bytes, values: list[str] | None, words: str | None) -> None:
    found, problems = outcome(data)
    if values is not None:
        assert found == values
    if words is None:
        assert not problems
    else:
        assert any(words in problem.message for problem in problems), problems
    assert all(len(problem.message) < 1000 for problem in problems)


@pytest.mark.parametrize(
    ("middle", "number"),
    [(b"{}", 1_000_000), (b"1", 100_000), (b'{"type":"indicator","pattern":"["}', 3_000)],
)
def test_very_many_bad_objects_are_counted(middle: bytes, number: int) -> None:
    found, problems = outcome(bundled(b",".join([middle] * number)))
    assert found == BOTH
    assert len(problems) == TOLD_SINGLY + 1
    assert f"{number - TOLD_SINGLY:,} more" in problems[-1].message


def test_text_that_cannot_be_stored_or_shown(tmp_path: Path) -> None:
    data = bundled(
        b'{"type":"indicator","id":"\\ud800","labels":["\\ud800 \\u001b[31m"],'
        b'"name":"\\udfff\\u0000",'
        b'"pattern":"[domain-name:value = \'\\ud800.example.com\']"}'
    )
    problems: list[Diagnostic] = []
    with open_store(tmp_path / "store.sqlite", create=True) as store:
        store.add(
            read_content(Content("feed", io.BytesIO(data))), source="s", on_problem=problems.append
        )
        assert sorted(store.values("intelligence_feed")) == BOTH
    assert [problem.code for problem in problems] == ["JS080"]
    assert problems[0].message.isprintable()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_FIELDS = st.fixed_dictionaries(
    {"type": st.just("indicator")},
    optional=dict.fromkeys(
        (
            "id",
            "pattern",
            "pattern_type",
            "confidence",
            "labels",
            "valid_from",
            "revoked",
            "modified",
        ),
        _JSON,
    ),
)


@given(st.lists(_FIELDS | _JSON, max_size=3))
def test_objects_of_any_shape(objects: list[object]) -> None:
    found, _ = outcome(bundled(*(json.dumps(each).encode() for each in objects)))
    assert [value for value in found if value in BOTH] == BOTH


_BYTES = [bytes([each]) for each in b'{}[],:"\\\n\xff#; 1']
_PIECES = st.sampled_from(
    [*_BYTES, b'"objects"', b'"Event"', b'"Attribute"', b'"list"', b'"type"', b"null", good(1)]
)


@given(st.lists(_PIECES, max_size=12), st.sampled_from(["auto", *FORMATS]))
def test_any_bytes_in_any_format(pieces: Iterable[bytes], form: str) -> None:
    for each in read_content(Content("feed", io.BytesIO(b"".join(pieces))), form):
        assert isinstance(each, Entry | Diagnostic)


SIZE = int(os.environ.get("JUMPSIGMA_BUNDLE_MB", "30"))


@pytest.mark.skipif(sys.platform != "linux", reason="there is /proc")
def test_memory_does_not_grow_with_the_bundle(tmp_path: Path) -> None:
    """200 MB take what 30 MB take; JUMPSIGMA_BUNDLE_MB=200 shows it."""
    path = tmp_path / "bundle.json"
    filling = json.dumps(["x" * 100] * 8).encode()
    with path.open("wb") as file:
        file.write(b'{"type":"bundle","objects":[')
        for number in range(SIZE * 1000):
            file.write(good(number)[:-1] + b',"x":' + filling + b"},\n")
        file.write(good(0) + b"]}")
    code = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from jumpsigma.intel.readers import Content, read_content\n"
        "count = sum(1 for _ in read_content(Content(sys.argv[1])))\n"
        # What getrusage says of a child includes what its parent held.
        "print(count, *re.findall(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    count, peak = map(int, done.stdout.split())
    assert count == SIZE * 1000 + 1
    assert peak < 64 * 1024  # KiB
