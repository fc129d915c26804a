"""Which STIX patterns name values; the quick reading and the grammar agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumpsigma.intel.model import Kind
from jumpsigma.intel.readers import stix_patterns
from jumpsigma.intel.readers.stix_patterns import UnsupportedPatternError, values_of

MD5, SHA1, SHA256, SHA512 = (
    letter * size for letter, size in zip("abcd", (32, 40, 64, 128), strict=True)
)


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("[domain-name:value = 'a.example.com']", [(Kind.DOMAIN, "a.example.com")]),
        ("[ domain-name:value='a.example.com' ]", [(Kind.DOMAIN, "a.example.com")]),
        ("[ipv4-addr:value = '192.0.2.1']", [(Kind.IP, "192.0.2.1")]),
        ("[ipv4-addr:value = '192.0.2.0/24']", [(Kind.IP, "192.0.2.0/24")]),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", [(Kind.IP, "192.0.2.0/24")]),
        ("[ipv6-addr:value = '2001:db8::1']", [(Kind.IP, "2001:db8::1")]),
        (
            r"[url:value = 'http://example.com/it\'s\\']",
            [(Kind.URL, r"http://example.com/it's\ ".strip())],
        ),
        ("[email-addr:value = 'a@example.com']", [(Kind.EMAIL, "a@example.com")]),
        (f"[file:hashes.MD5 = '{MD5}']", [(Kind.HASH, MD5)]),
        (f"[file:hashes.'MD5' = '{MD5}']", [(Kind.HASH, MD5)]),
        (f"[file:hashes.'SHA-1' = '{SHA1}']", [(Kind.HASH, SHA1)]),
        (f"[file:hashes.'SHA-256' = '{SHA256}']", [(Kind.HASH, SHA256)]),
        (f"[file:hashes.'SHA-512' = '{SHA512}']", [(Kind.HASH, SHA512)]),
        ("[url:value = 'a' OR url:value = 'b']", [(Kind.URL, "a"), (Kind.URL, "b")]),
        ("[url:value = 'a'] OR [domain-name:value = 'b']", [(Kind.URL, "a"), (Kind.DOMAIN, "b")]),
        ("[url:value IN ('a', 'b','a')]", [(Kind.URL, "a"), (Kind.URL, "b")]),
        (
            "([url:value = 'a'] OR [url:value = 'b']) OR [(url:value = 'c')]",
            [(Kind.URL, "a"), (Kind.URL, "b"), (Kind.URL, "c")],
        ),
    ],
)
def test_values(pattern: str, values: list[tuple[Kind, str]]) -> None:
    assert values_of(pattern) == values


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[url:value = 'a'] AND [url:value = 'b']", "the operator AND"),
        ("[url:value = 'a' AND url:value = 'b']", "the operator AND"),
        ("[url:value = 'a'] OR ([url:value = 'b'] AND [url:value = 'c'])", "the operator AND"),
        ("[url:value = 'a'] FOLLOWEDBY [url:value = 'b']", "the operator FOLLOWEDBY"),
        ("[url:value LIKE 'a%']", "the operator LIKE"),
        ("[url:value MATCHES 'a.*']", "the operator MATCHES"),
        ("[url:value ISSUBSET 'a']", "ISSUBSET"),
        ("[url:value != 'a']", "negated"),
        ("[url:value NOT = 'a']", "negated"),
        ("[url:value NOT IN ('a')]", "negated"),
        ("[EXISTS url:value]", "EXISTS"),
        ("[url:value = 'a'] WITHIN 5 SECONDS", "qualifier"),
        ("[url:value = 'a'] REPEATS 5 TIMES", "qualifier"),
        (
            "[url:value = 'a'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'",
            "qualifier",
        ),
        ("[file:name = 'a.exe']", "the property 'file:name'"),
        ("[network-traffic:dst_ref.value = '192.0.2.1']", "the property"),
        ("[domain-name:resolves_to_refs[*].value = '192.0.2.1']", "the property"),
        (f"[file:hashes.'SHA3-256' = '{SHA256}']", "the hash algorithm 'SHA3-256'"),
        (f"[file:hashes.'SHA-256' = '{MD5}']", "a hash that is no SHA-256"),
        ("[url:value = 5]", "a value that is not text"),
        ("[url:value = 'a'", "not a STIX pattern"),
        ("", "not a STIX pattern"),
        ("x" * 100_000, "longer than"),
        ("(" * 20_000, "nested too deep"),
        ("[" + "(" * 5_000 + "url:value = 'a'" + ")" * 5_000 + "]", "nested too deep"),
    ],
)
def test_what_says_more_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(UnsupportedPatternError) as refused:
        values_of(pattern)
    assert reason in str(refused.value)


def test_a_long_alternative_is_read() -> None:
    pattern = " OR ".join(
        f"[domain-name:value = 'd{number}.example.com']" for number in range(5000)
    )
    assert len(values_of(pattern)) == 5000


_TEXT = st.text(alphabet="ab'\\ ]O(,", max_size=6)
_PATH = st.sampled_from(
    ["url:value", "domain-name:value", "file:hashes.MD5", "file:hashes.'SHA-1'", "file:name"]
)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_COMPARISON = st.builds(lambda path, text: f"{path} = {_quoted(text)}", _PATH, _TEXT) | st.builds(
    lambda path, texts: f"{path} IN ({', '.join(map(_quoted, texts))})",
    _PATH,
    st.lists(_TEXT, min_size=1, max_size=3),
)
_PATTERN = st.builds(
    lambda first, joints: f"[{first}" + "".join(f"{joint}{each}" for joint, each in joints) + "]",
    _COMPARISON,
    st.lists(
        st.tuples(st.sampled_from([" OR ", "] OR [", " AND ", "]  OR\n[", "]OR["]), _COMPARISON),
        max_size=3,
    ),
)


def _outcome(pattern: str, read: str) -> object:
    try:
        return getattr(stix_patterns, read)(pattern)
    except UnsupportedPatternError:
        return "refused"


@given(_PATTERN)
def test_the_quick_reading_is_the_grammars(pattern: str) -> None:
    quick = _outcome(pattern, "_quick")
    if quick is not None:
        assert quick == _outcome(pattern, "_parsed")
