"""The YAML reader: the same data as PyYAML, the place of everything, every refusal named."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack.limits import Limits
from jumpsigma.pack.positions import KeyPath
from jumpsigma.pack.yaml_reader import ReadResult, read_bytes, read_file, read_text


def places(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, int, int]]:
    return [(d.code, d.span.line, d.span.column) if d.span else (d.code, 0, 0) for d in diagnostics]


def read(text: str) -> ReadResult:
    return read_text(text, "r.yml")


class _WithoutTimestamps(yaml.SafeLoader):
    """PyYAML as the rule files are read, except that a date stays the text that it is."""


_WithoutTimestamps.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith("timestamp")]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("yes", True), ("On", True), ("no", False), ("OFF", False), ("y", "y"), ("true", True),
        ("010", 8), ("0x1F", 31), ("0b101", 5), ("1_000", 1000), ("1:30", 90), ("08", "08"),
        ("-5", -5), ("+5", 5), ("1e3", "1e3"), ("1.5e+3", 1500.0), (".5", 0.5), ("1.", 1.0),
        (".inf", float("inf")), ("~", None), ("", None), ("null", None), ("None", "None"),
        ("'yes'", "yes"), ('"5"', "5"), ("2024-01-31", "2024-01-31"),
        ("2024-01-31 10:00:00", "2024-01-31 10:00:00"), ("!!str 5", "5"), ('!!int "5"', 5),
        ("! 5", 5), ("!!timestamp 2024-01-31", "2024-01-31"), ("a b", "a b"),
        ('"\\x41\\u00e9"', "A\u00e9"), ("|\n  a\n  b\n", "a\nb\n"), (">-\n  a\n  b\n", "a b"),
        ("[1, [a, {b: c}]]", [1, ["a", {"b": "c"}]]), ("{}", {}), ("[]", []),
        ("192.0.2.1", "192.0.2.1"), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_1(scalar: str, value: Any) -> None:
    result = read(f"k: {scalar}\n")
    assert [repr(document.value) for document in result.documents] == [repr({"k": value})]


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {a: 1, b: 2}\nx:\n  <<: *b\n  b: 3\n  c: 4\n",
        "p: &p {a: 1, c: 1}\nq: &q {a: 2, b: 2}\nx:\n  <<: [*p, *q]\n  d: 4\n",
        "p: &p {a: 1}\nq: &q {<<: *p, b: 2}\nx: {<<: *q}\n",
        "x: {=: 1}\n",
        "a: &s [1, 2]\nb: *s\n",
        "2: a\n1.5: b\ntrue: c\nnull: d\n",
        "? a\n? b\n",
        "--- a\n--- [b]\n...\n---\n---\nc: d\n",
        "%YAML 1.1\n---\na: b\n",
        "a: 'it''s'\nb: \"\\t\"\n",
        "# only a comment\n",
    ],
)
def test_structures_are_those_of_pyyaml(text: str) -> None:
    expected = [data for data in yaml.load_all(text, _WithoutTimestamps) if data is not None]
    result = read(text)
    assert result.diagnostics == ()
    assert [document.value for document in result.documents] == expected
    assert repr([document.value for document in result.documents]) == repr(expected)


RULE = """\
title: A
detection:
  sel:
    field|contains: v
    list:
      - one
      - 'two'
  keywords: [k1, k2]
  "quoted": {a: 1}
empty:
base: &b {m: 1}
use: *b
"""


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        ((), False, (1, 1)),
        (("title",), False, (1, 8, 1, 9)),
        (("title",), True, (1, 1, 1, 6)),
        (("detection", "sel"), True, (3, 3, 3, 6)),
        (("detection", "sel", "field|contains"), True, (4, 5, 4, 19)),
        (("detection", "sel", "field|contains"), False, (4, 21, 4, 22)),
        (("detection", "sel", "list", 1), False, (7, 9, 7, 14)),
        (("detection", "sel", "list", 1), True, (7, 9, 7, 14)),  # an item has no key
        (("detection", "keywords", 1), False, (8, 18, 8, 20)),
        (("detection", "quoted"), True, (9, 3, 9, 11)),
        (("empty",), False, (10, 7, 10, 7)),
        (("use",), False, (11, 7, 11, 16)),  # an alias is where its anchor is
        (("use",), True, (12, 1, 12, 4)),
        # what is not there: the nearest ancestor, by its key
        (("detection", "condition"), False, (2, 1, 2, 10)),
        (("detection", "sel", "list", 9), False, (5, 5, 5, 9)),
        (("detection", "sel", "list", -1), False, (5, 5, 5, 9)),
        (("title", "deeper", "still"), False, (1, 1, 1, 6)),
        (("level",), False, (1, 1)),
    ],
)
def test_positions(path: KeyPath, key: bool, place: tuple[int, ...]) -> None:
    (document,) = read(RULE).documents
    span = document.positions.span(path, key=key)
    assert (span.line, span.column, span.end_line, span.end_column)[: len(place)] == place
    assert span.path == "r.yml"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\r\na: 1\r\nb: 2\r\n", (3, 4)),  # every kind of line end
        ("a: 1\rb: 2\r", (2, 4)),
        ("a: \u65e5\u672c # \U0001f600\nb: 2\n", (2, 4)),
        ("a: '\u2028\u0085'\nb: 2\n", (2, 4)),  # line ends to YAML 1.1, not to any editor
        ("? '\u2028'\n: x\n? b\n: 2\n", (4, 3)),
    ],
)
def test_lines_are_those_of_an_editor(text: str, place: tuple[int, int]) -> None:
    (document,) = read(text).documents
    span = document.positions.span(("b",))
    assert (span.line, span.column) == place


def test_columns_count_characters() -> None:
    (document,) = read("{a: \u65e5\u672c\U0001f600, b: 2}\n").documents
    assert document.positions.span(("b",), key=True).column == 10


def test_merged_keys_are_where_they_were_written() -> None:
    (document,) = read("base: &b {m: 1}\nuse:\n  <<: *b\n  n: 2\n").documents
    assert document.positions.span(("use", "m"), key=True).line == 1
    assert document.positions.span(("use", "n"), key=True).line == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("JS003", 3, 1)]),
        ("a: 1\na: 2\na: 3\nx: {k: 1, k: 2}\n", [("JS003", 2, 1), ("JS003", 3, 1),
                                                    ("JS003", 4, 11)]),
        ("1: a\ntrue: b\n", [("JS003", 2, 1)]),  # equal in Python, so one would win
        ("a: [1\n", [("JS002", 2, 1)]),
        ("a: b: c\n", [("JS002", 1, 5)]),
        ("a:\n\t- b\n", [("JS002", 2, 1)]),
        ("a: 'x\n", [("JS002", 2, 1)]),
        ("a: %x\n", [("JS002", 1, 4)]),
        ("a: *nowhere\n", [("JS002", 1, 4)]),
        ("a: &x 1\nb: &x 2\n", [("JS002", 2, 4)]),
        ("a: !!binary aGk=\n", [("JS002", 1, 4)]),
        ("a: !custom x\n", [("JS002", 1, 4)]),
        ("a: !!set {x}\n", [("JS002", 1, 4)]),
        ("a: !!bool maybe\n", [("JS002", 1, 4)]),
        ("a: =\n", [("JS002", 1, 4)]),
        ("- <<\n", [("JS002", 1, 3)]),
        ("a: 0b_\n", [("JS002", 1, 4)]),
        ("a: " + "9" * 5000 + "\n", [("JS002", 1, 4)]),
        ("? [a]\n: b\n", [("JS002", 1, 3)]),
        ("? {a: b}\n: b\n", [("JS002", 1, 3)]),
        ("a: {<<: 5}\n", [("JS002", 1, 9)]),
        ("a: {<<: [{b: 1}, 5]}\n", [("JS002", 1, 9)]),
        ("a: &a [*a]\n", [("JS006", 1, 8)]),
        ("a: &a {b: {c: *a}}\n", [("JS006", 1, 15)]),
        ("%TAG ! x\n", [("JS002", 2, 1)]),
    ],
)  # fmt: skip
def test_refusals(text: str, expected: list[tuple[str, int, int]]) -> None:
    result = read(text)
    assert sorted(places(result.diagnostics)) == sorted(expected)
    assert result.documents == ()


def test_a_bad_document_does_not_hide_the_good_ones() -> None:
    result = read("a: 1\n---\nb: 1\nb: 2\n---\nc: 1\n---\nd: [\n")
    assert [document.value for document in result.documents] == [{"a": 1}, {"c": 1}]
    assert places(result.diagnostics) == [("JS003", 4, 1), ("JS002", 9, 1)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: 1\nb: \xff\n", [("JS007", 2, 4)]),
        ("a: é".encode() + b" \xc3", [("JS007", 1, 6)]),
        ("a: 1".encode("utf-16"), [("JS007", 1, 1)]),
        (b"a: 1\n\x00", [("JS007", 2, 1)]),
        (b"a: '\x1b[31m'\n", [("JS007", 1, 5)]),
        (b"\xef\xbb\xbfa: \x07\n", [("JS007", 1, 4)]),
    ],
)
def test_what_is_not_text(data: bytes, expected: list[tuple[str, int, int]]) -> None:
    result = read_bytes(data, "r.yml")
    assert places(result.diagnostics) == expected


def test_a_byte_order_mark_is_no_column() -> None:
    (document,) = read_bytes(b"\xef\xbb\xbfa: 1\n", "r.yml").documents
    assert document.value == {"a": 1}
    assert document.positions.span(("a",), key=True).column == 1


@pytest.mark.parametrize(
    ("limits", "text", "expected"),
    [
        (Limits(depth=3), "[[[1]]]", []),
        (Limits(depth=3), "[[[[1]]]]", [("JS005", 1, 4)]),
        (Limits(depth=3), "a: &a [[1]]\nb: [*a]\n", [("JS005", 2, 5)]),
        (Limits(depth=4), "a: &a [[1]]\nb: [*a]\n", []),
        (Limits(alias_nodes=6), "a: &a [1, 2]\nb: [*a, *a]\n", []),
        (Limits(alias_nodes=5), "a: &a [1, 2]\nb: [*a, *a]\n", [("JS006", 2, 9)]),
        (Limits(alias_nodes=5), "a: &a [1, 2]\n---\na: &a [1, 2]\nb: *a\n", []),
    ],
)
def test_limits(limits: Limits, text: str, expected: list[tuple[str, int, int]]) -> None:
    assert places(read_text(text, "r.yml", limits).diagnostics) == expected


def test_a_long_list_is_no_bomb() -> None:
    values = ", ".join(f"192.0.2.{number % 256}" for number in range(60_000))
    assert read(f"a: [{values}]\n").diagnostics == ()


def test_the_file_size_is_limited(tmp_path: Path) -> None:
    file = tmp_path / "big.yml"
    file.write_bytes(b"# " + b"x" * 98)
    assert read_file(file, Limits(bytes=100)).diagnostics == ()
    file.write_bytes(b"# " + b"x" * 99)
    (diagnostic,) = read_file(file, Limits(bytes=100)).diagnostics
    assert diagnostic.code == "JS004"


@pytest.mark.parametrize("make", ["missing", "folder"])
def test_a_file_that_cannot_be_read(tmp_path: Path, make: str) -> None:
    path = tmp_path / "x.yml"
    if make == "folder":
        path.mkdir()
    (diagnostic,) = read_file(path).diagnostics
    assert (diagnostic.code, diagnostic.span and diagnostic.span.line) == ("JS001", 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RULE, []),
        ("a: 1\n---\nb: [1, {c: *x}]\n", [("JS002", 3, 12)]),
        ("a: 1\na: 2\n", [("JS003", 2, 1)]),
        ("[" * 1000, [("JS005", 1, 65)]),
        ("- " * 1000, [("JS005", 1, 129)]),
        ("a: b: c\n", [("JS002", 1, 5)]),
    ],
)
def test_without_libyaml(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: list[tuple[str, int, int]]
) -> None:
    with_libyaml = read(text)
    monkeypatch.setattr("jumpsigma.pack.yaml_reader._Loader", yaml.SafeLoader)
    result = read(text)
    assert places(result.diagnostics) == expected
    assert [one.value for one in result.documents] == [one.value for one in with_libyaml.documents]


BOMBS: dict[str, tuple[str, str]] = {
    "brackets": ("'[' * 100_000", "JS005"),
    "closed brackets": ("'[' * 100_000 + ']' * 100_000", "JS005"),
    "braces": ("'{a: ' * 100_000", "JS005"),
    "dashes": ("'- ' * 100_000", "JS005"),
    "indentation": ("''.join(' ' * n + 'a:\\n' for n in range(1000))", "JS005"),
    "billion laughs": (
        "'a0: &a0 [x, x]\\n' + ''.join(f'a{n}: &a{n} [*a{n-1}, *a{n-1}]\\n' for n in range(1, 60))",
        "JS006",
    ),
    "billion merges": (
        (
            r"'a0: &a0 {k: x}\n' + ''.join("
            r"f'a{n}: &a{n} {{<<: [*a{n-1}, *a{n-1}], k{n}: 1}}\n' for n in range(1, 60))"
        ),
        "JS006",
    ),
    "deep aliases": (
        "'a0: &a0 [x]\\n' + ''.join(f'a{n}: &a{n} [*a{n-1}]\\n' for n in range(1, 200))",
        "JS005",
    ),
    "too large": ("'a: 1\\n' * 300_000", "JS004"),
    "complex keys": ("'? ' * 100_000", "JS005"),
    "flow keys": ("'{? ' * 100_000", "JS005"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_in_a_diagnostic(name: str, tmp_path: Path) -> None:
    expression, code = BOMBS[name]
    program = textwrap.dedent(f"""
        import resource, sys
        from pathlib import Path
        from jumpsigma.pack.yaml_reader import read_file
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        limit = max(512 << 20, 2 * used)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        path = Path({str(tmp_path / "bomb.yml")!r})
        path.write_text({expression})
        print([diagnostic.code for diagnostic in read_file(path).diagnostics])
    """)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"['{code}']\n")


YAML_BITS = st.sampled_from(
    ["a", "b", ": ", ":", "- ", "\n", "  ", "[", "]", "{", "}", ", ", "&x ", "*x", "<<: ", "!!int ",
     "? ", "|", ">", "'", '"', "#", "---\n", "...\n", "%", "@", "0x", "1:2", "2024-01-01", "=", "~",
     "\t", "\u2028", "\x85", "\ufeff", "\U0001f600", "!", "!x ", "yes"]
)  # fmt: skip


@given(st.lists(YAML_BITS, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_gives_documents_or_diagnostics(text: str) -> None:
    result = read_bytes(text.encode("utf-8", "surrogatepass"), "r.yml")
    lines = text.count("\n") + text.count("\r") + 2
    for diagnostic in result.diagnostics:
        assert diagnostic.span is not None
        assert 1 <= diagnostic.span.line <= lines
        assert diagnostic.span.column >= 1
    for document in result.documents:
        assert document.positions.span(()).line >= 1


@given(st.binary(max_size=80))
def test_any_bytes_give_documents_or_diagnostics(data: bytes) -> None:
    result = read_bytes(data, "r.yml")
    assert all(diagnostic.span for diagnostic in result.diagnostics)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(PLAIN, st.booleans())
def test_what_pyyaml_writes_is_read_back(value: Any, flow: bool) -> None:
    text = yaml.safe_dump({"k": value}, default_flow_style=flow, allow_unicode=True)
    expected = yaml.load(text, _WithoutTimestamps)
    (document,) = read_bytes(text.encode(), "r.yml").documents
    assert document.value == expected
