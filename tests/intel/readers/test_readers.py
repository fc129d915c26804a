"""What each format gives, row by row."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.intel.model import Entry, Kind
from jumpsigma.intel.readers import Content, read_content


def read(data: object, form: str = "auto") -> tuple[list[Entry], list[Diagnostic]]:
    """Entries and diagnostics of a document: bytes, text, or what becomes JSON."""
    raw = data if isinstance(data, bytes) else data.encode() if isinstance(data, str) else None
    file = io.BytesIO(json.dumps(data).encode() if raw is None else raw)
    found = list(read_content(Content("feed", file), form))
    return (
        [each for each in found if isinstance(each, Entry)],
        [each for each in found if isinstance(each, Diagnostic)],
    )


def indicator(pattern: str = "[url:value = 'http://example.com/']", **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator",
        "id": "indicator--1",
        "pattern": pattern,
        "pattern_type": "stix",
    } | more


def bundle(*objects: Any) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--1", "objects": list(objects)}


def event(*attributes: Any, **more: Any) -> dict[str, Any]:
    return {"Event": {"Attribute": list(attributes)} | more}


def attribute(type_: str, value: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, "value": value, "to_ids": True} | more


def test_a_stix_indicator_in_full() -> None:
    given = indicator(
        labels=["phishing"],
        indicator_types=["malicious-activity"],
        confidence=80,
        valid_from="2026-01-01T00:00:00Z",
        valid_until="2026-02-01T00:00:00.5Z",
        modified="2026-01-02T00:00:00.123Z",
        created_by_ref="identity--1",
        name="A site",
        description="of somebody",
    )
    identity = {"type": "identity", "id": "identity--1", "name": "Example CERT"}
    (entry,), problems = read(bundle(given, identity))  # the name stands behind what needs it
    assert not problems
    assert (entry.kind, entry.value) == (Kind.URL, "http://example.com/")
    assert entry.source == "Example CERT"
    assert entry.tags == ("phishing", "malicious-activity")
    assert entry.confidence == 80
    assert entry.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert entry.valid_until == datetime(2026, 2, 1, 0, 0, 0, 500_000, UTC)
    assert entry.modified == datetime(2026, 1, 2, 0, 0, 0, 123_000, UTC)
    assert entry.reference == "indicator--1"
    assert entry.pointer == "/objects/0"
    assert entry.note == "A site: of somebody"
    assert not entry.revoked


@pytest.mark.parametrize(
    "document",
    [
        bundle(indicator()),
        {"more": False, "objects": [indicator()]},
        [indicator()],
        indicator(),
        {"type": "indicator", "pattern": "[url:value = 'http://example.com/']"},  # STIX 2.0
        {"objects": [{"type": "identity"}, indicator()], "type": "bundle"},
    ],
)
def test_shapes_of_stix(document: object) -> None:
    entries, problems = read(document)
    assert [entry.value for entry in entries] == ["http://example.com/"]
    assert [problem for problem in problems if problem.code != "JS089"] == []


def test_what_is_no_indicator_is_counted() -> None:
    entries, (told,) = read(bundle({"type": "ipv4-addr"}, {"type": "malware"}, {"type": "malware"}))
    assert not entries
    assert told.message == (
        "not taken: other STIX objects: 2; observables, which say what was seen and not that it "
        "is bad: 1"
    )


def test_a_revoked_indicator_revokes_whatever_its_pattern_says() -> None:
    revoked = indicator("[a:b = 'c'] AND [d:e = 'f']", revoked=True)
    entries, problems = read(bundle(revoked, indicator(revoked=True)))
    assert not problems
    assert [(entry.value, entry.revoked, entry.reference) for entry in entries] == [
        ("", True, "indicator--1"),
        ("http://example.com/", True, "indicator--1"),
    ]


def test_an_unsupported_pattern_is_told_by_its_indicator() -> None:
    entries, (told,) = read(bundle(indicator("[url:value LIKE 'a%']")))
    assert not entries
    assert told.code == "JS086"
    assert told.message == (
        "unsupported pattern of 'indicator--1': the operator LIKE (at /objects/0)"
    )


def test_another_language_is_told() -> None:
    _, (told,) = read(bundle(indicator("rule a { condition: true }", pattern_type="yara")))
    assert "its language is 'yara'" in told.message


@pytest.mark.parametrize(
    ("given", "kinds_and_values"),
    [
        (attribute("domain", "a.example.com"), [(Kind.DOMAIN, "a.example.com")]),
        (attribute("hostname", "a.example.com"), [(Kind.DOMAIN, "a.example.com")]),
        (attribute("hostname|port", "a.example.com|443"), [(Kind.DOMAIN, "a.example.com")]),
        (
            attribute("domain|ip", "a.example.com|192.0.2.1"),
            [(Kind.DOMAIN, "a.example.com"), (Kind.IP, "192.0.2.1")],
        ),
        (attribute("ip-src", "192.0.2.1"), [(Kind.IP, "192.0.2.1")]),
        (attribute("ip-dst|port", "2001:db8::1|443"), [(Kind.IP, "2001:db8::1")]),
        (attribute("url", "http://example.com/a|b"), [(Kind.URL, "http://example.com/a|b")]),
        (attribute("filename|md5", "a|b.exe|" + "0" * 32), [(Kind.HASH, "0" * 32)]),
        (attribute("sha512", "0" * 128), [(Kind.HASH, "0" * 128)]),
        (attribute("email-src", "a@example.com"), [(Kind.EMAIL, "a@example.com")]),
        (attribute("domain", "a.example.com", to_ids="1"), [(Kind.DOMAIN, "a.example.com")]),
        (attribute("domain", "a.example.com", to_ids=False), []),
        (attribute("target-email", "victim@example.com"), []),
        (attribute("domain|ip", "a.example.com"), []),
        ({"to_ids": True, "type": "domain"}, []),
    ],
)
def test_misp_attributes(given: dict[str, Any], kinds_and_values: list[tuple[Kind, str]]) -> None:
    entries, problems = read(event(given))
    assert [(entry.kind, entry.value) for entry in entries] == kinds_and_values
    assert bool(problems) == (not entries)


def test_a_misp_attribute_in_full() -> None:
    given = attribute(
        "domain",
        "a.example.com",
        uuid="0d1f2b3c-0000-4000-8000-000000000001",
        timestamp="1767225600",
        first_seen="2026-01-01T00:00:00+00:00",
        last_seen="2026-01-05T00:00:00+00:00",
        comment="panel",
        Tag=[{"name": "tlp:clear"}, {"name": "own"}],
    )
    about = {"info": "Campaign", "Orgc": {"name": "Example CERT"}, "Tag": [{"name": "tlp:clear"}]}
    (entry,), _ = read(event(given, **about))  # what the event says stands behind its attributes
    assert entry.source == "Example CERT"
    assert entry.tags == ("tlp:clear", "own")
    assert entry.reference == "0d1f2b3c-0000-4000-8000-000000000001"
    assert entry.modified == datetime(2026, 1, 1, tzinfo=UTC)
    assert entry.note == "Campaign: panel: seen 2026-01-01 to 2026-01-05"
    assert entry.valid_from is None  # sightings bound nothing
    assert entry.valid_until is None
    assert entry.pointer == "/Event/Attribute/0"


def test_misp_objects_and_what_was_deleted() -> None:
    objects = [
        {"name": "file", "Attribute": [attribute("md5", "0" * 32)]},
        {"name": "file", "deleted": True, "Attribute": [attribute("md5", "1" * 32)]},
    ]
    gone = attribute("domain", "gone.example.com", deleted=True, to_ids=False)
    entries, _ = read(event(gone, Object=objects))
    assert [(entry.value, entry.revoked) for entry in entries] == [
        ("gone.example.com", True),
        ("0" * 32, False),
        ("1" * 32, True),
    ]


@pytest.mark.parametrize("wrapped", [False, True])
def test_each_of_several_misp_events_speaks_for_itself(wrapped: bool) -> None:
    events = [
        event(attribute("domain", f"{name}.example.com"), Orgc={"name": name}) for name in "ab"
    ]
    entries, _ = read({"response": events} if wrapped else events)
    assert [(entry.value, entry.source) for entry in entries] == [
        ("a.example.com", "a"),
        ("b.example.com", "b"),
    ]


def test_the_answer_to_a_search_for_misp_attributes() -> None:
    entries, _ = read({"response": {"Attribute": [attribute("domain", "a.example.com")]}})
    assert [entry.value for entry in entries] == ["a.example.com"]


@pytest.mark.parametrize(
    ("about", "values", "kind", "problem"),
    [
        ({"type": "hostname"}, [".a.example.com", "b.example.com"], Kind.DOMAIN, None),
        ({"type": "cidr"}, ["192.0.2.0/24", "198.51.100.1"], Kind.CIDR, None),
        ({"type": "string", "matching_attributes": ["md5", "sha1"]}, ["0" * 32], Kind.HASH, None),
        ({"type": "string", "matching_attributes": ["domain"]}, ["a"], Kind.DOMAIN, None),
        ({"type": "string", "matching_attributes": ["domain", "url"]}, ["a.example"], None, None),
        ({"type": "string", "matching_attributes": ["phone-number"]}, ["1"], None, "nothing that"),
        ({"type": "regex"}, ["/a/"], None, "which are patterns"),
        ({"type": "substring"}, ["a"], None, "which are patterns"),
        ({"type": 5}, ["a"], None, "its type is ''"),
    ],
)
def test_warning_lists(
    about: dict[str, Any], values: list[str], kind: Kind | None, problem: str | None
) -> None:
    # The list stands before what says how to read it.
    entries, problems = read({"list": values, "name": "Known", "version": 1, **about})
    if problem is None:
        assert not problems
        assert [(entry.value, entry.kind) for entry in entries] == [(each, kind) for each in values]
        assert {entry.source for entry in entries} == {"MISP warning list: Known"}
    else:
        assert not entries
        assert [each.code for each in problems] == ["JS086"]
        assert "'Known'" in problems[0].message
        assert problem in problems[0].message


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a.example.com\nb.example.com\n", ["a.example.com", "b.example.com"]),
        ("# c\n; c\n// c\n\n a.example.com \n", ["a.example.com"]),
        ("a.example.com # why\nb.example.com ; why\nc.example.com // why", list("abc")),
        ("http://example.com/#part\n", ["http://example.com/#part"]),
        ("0.0.0.0 a.example.com b.example.com\n127.0.0.1 localhost\n", list("ab")),
        ("\ufeffa.example.com\r\n", ["a.example.com"]),
        (
            "http://example.com/x,y\nhttp://example.com/z,y\n",
            ["http://example.com/x,y", "http://example.com/z,y"],
        ),
        ("a.example.com,\nb.example.com,\n", ["a.example.com", "b.example.com"]),
    ],
)
def test_plain_lists(text: str, values: list[str]) -> None:
    entries, problems = read(text)
    wanted = [f"{value}.example.com" if len(value) == 1 else value for value in values]
    assert [entry.value for entry in entries] == wanted
    assert not problems


def test_a_plain_list_in_utf16() -> None:
    entries, _ = read("a.example.com\r\n".encode("utf-16"))
    assert [entry.value for entry in entries] == ["a.example.com"]


def test_bad_lines_of_a_plain_list_are_told_by_their_number() -> None:
    entries, problems = read(
        b"a.example.com\ntwo values\n\xff\xfe\xfd\n" + b"x" * 70_000 + b"\nb.example.com"
    )
    assert [(entry.value, entry.span and entry.span.line) for entry in entries] == [
        ("a.example.com", 1),
        ("b.example.com", 5),
    ]
    assert [each.span and each.span.line for each in problems] == [2, 3, 4]


def test_a_table_with_a_header() -> None:
    text = (
        "Indicator,Type,Tags,Confidence,valid_from,valid_until,Source,first_seen,description\n"
        '"a[.]example[.]com",domain,"x, y",high,2026-01-01,2026-02-01T00:00:00Z,ACME,'
        '2025-12-01,"a ""quoted""\nnote"\n'
        "192.0.2.1:443,ip:port,,30,,,,,\n"
        "x,ssdeep,,,,,,,\n"
    )
    (first, second), (told,) = read(text)
    assert (first.kind, first.value) == (Kind.DOMAIN, "a[.]example[.]com")
    assert first.tags == ("x", "y")
    assert first.confidence == 85
    assert first.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert first.valid_until == datetime(2026, 2, 1, tzinfo=UTC)
    assert first.source == "ACME"
    assert first.note == 'a "quoted" note: seen 2025-12-01'
    assert (second.kind, second.value, second.confidence) == (Kind.IP, "192.0.2.1", 30)
    assert told.code == "JS086"
    assert "'ssdeep'" in told.message


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("value;type\na.example.com;domain\n", ["a.example.com"]),
        ("url\tthreat\nhttp://example.com/a,b\tx\n", ["http://example.com/a,b"]),
        ("a.example.com,x\nb.example.com,y\n", ["a.example.com", "b.example.com"]),
        ('# "date", "ioc_value"\n"2026-01-01", "a.example.com"\n', ["a.example.com"]),
        ("md5,sha256,name\n" + "0" * 32 + "," + "1" * 64 + ",x\n", ["0" * 32, "1" * 64]),
        (
            'value,note\na.example.com,"never closed\nb.example.com,x\n',
            ["a.example.com", "b.example.com"],
        ),
        ("host,port\na.example.com,1\n,2\n", ["a.example.com"]),
        ("a.example.com,domain\nb.example.com,domain\n", ["a.example.com", "b.example.com"]),
        ('# "ioc_value", "x", "ioc_type"\n"a.example.com", "x", "domain"\n', ["a.example.com"]),
    ],
)
def test_tables(text: str, values: list[str]) -> None:
    entries, _ = read(text)
    assert [entry.value for entry in entries] == values


def test_fields_of_a_table_that_cannot_be_read_are_told_and_ignored() -> None:
    (entry,), problems = read("value,confidence,valid_until\na.example.com,200,soon\n")
    assert (entry.value, entry.confidence, entry.valid_until) == ("a.example.com", None, None)
    assert [each.span and each.span.line for each in problems] == [2, 2]


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        ("<html><body>login</body></html>", "JS087", "HTML"),
        ("", "JS087", "is empty"),
        ("[1, 2]", "JS087", "without objects"),
        ('{"a": 1, "b": 2}', "JS087", "it has 'a', 'b'"),
        ("{", "JS087", "not JSON"),
        (b"PK\x03\x04zip", "JS072", "zip archive"),
    ],
)
def test_what_is_of_no_format_is_one_error(data: str | bytes, code: str, words: str) -> None:
    entries, (told,) = read(data)
    assert not entries
    assert (told.code, told.is_error) == (code, True)
    assert words in told.message


def test_a_file_that_is_not_there() -> None:
    (told,) = read_content(Content("no/such/file"))
    assert isinstance(told, Diagnostic)
    assert (told.code, told.is_error) == ("JS072", True)


def test_the_format_can_be_given() -> None:
    entries, _ = read("value,b.example.com\n", "list")
    assert [entry.value for entry in entries] == ["value,b.example.com"]
