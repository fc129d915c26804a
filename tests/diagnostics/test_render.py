"""Text and JSON of diagnostics."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumpsigma.diagnostics import Diagnostic, Severity, Span
from jumpsigma.diagnostics.render import printable, read_source_file, to_json, to_text


def at(line: int, column: int, end_column: int, *, end_line: int | None = None) -> Diagnostic:
    return Diagnostic("JS010", "m", span=Span("r.yml", line, column, end_line or line, end_column))


def excerpt(diagnostic: Diagnostic, source: str) -> list[str]:
    """The source line and the underline of a rendered diagnostic."""
    return to_text([diagnostic], read_source=lambda _: source).splitlines()[1:]


def test_golden() -> None:
    source = "title: A\nlevel: hihg\ndetection:\n  sel:\n    a|foo: 1\n"
    diagnostics = [
        Diagnostic("JS010", "no such level", span=Span("r.yml", 2, 8, 2, 12), hint="high?"),
        Diagnostic("JS011", "no such modifier", Severity.WARNING, Span("r.yml", 5, 5, 5, 10)),
        Diagnostic("JS001", "cannot read the file", span=Span("x.yml")),
        Diagnostic("JS090", "wrong use", Severity.INFO, hint="see --help"),
    ]
    assert to_text(diagnostics, read_source={"r.yml": source}.get) == (
        "r.yml:2:8: error JS010: no such level\n"
        "  2 | level: hihg\n"
        "    |        ^^^^\n"
        "  hint: high?\n"
        "r.yml:5:5: warning JS011: no such modifier\n"
        "  5 |     a|foo: 1\n"
        "    |     ^^^^^\n"
        "x.yml: error JS001: cannot read the file\n"
        "info JS090: wrong use\n"
        "  hint: see --help\n"
    )


def test_nothing_gives_nothing() -> None:
    assert (to_text([]), to_json([])) == ("", [])


def test_color() -> None:
    text = to_text([at(1, 1, 2)], color=True, read_source=lambda _: "abc")
    assert text == (
        "r.yml:1:1: \x1b[1;31merror JS010\x1b[0m: m\n  1 | abc\n    | \x1b[1;31m^\x1b[0m\n"
    )
    assert "\x1b" not in to_text([at(1, 1, 2)], read_source=lambda _: "abc")


@pytest.mark.parametrize(
    ("source", "diagnostic", "expected"),
    [
        ("ab cd", at(1, 4, 6), ["  1 | ab cd", "    |    ^^"]),
        ("ab", at(1, 1, 1), ["  1 | ab", "    | ^"]),  # an empty place
        ("ab", at(1, 3, 3), ["  1 | ab", "    |   ^"]),  # after the end of the line
        ("ab", at(1, 9, 9), ["  1 | ab", "    |   ^"]),
        ("a:\n  b", at(1, 1, 4, end_line=2), ["  1 | a:", "    | ^^"]),  # more than a line
        ("a\r\nb\r\n", at(2, 1, 2), ["  2 | b", "    | ^"]),
        ("a\rb", at(2, 1, 2), ["  2 | b", "    | ^"]),
        ("a\u2028b\nc", at(2, 1, 2), ["  2 | c", "    | ^"]),
        ("\ufeffab", at(1, 2, 3), ["  1 | ab", "    |  ^"]),
        ("\tab", at(1, 2, 4), ["  1 |     ab", "    |     ^^"]),
        ("a\tb", at(1, 2, 3), ["  1 | a    b", "    |  ^^^^"]),
        ("\u65e5\u672cx", at(1, 3, 4), ["  1 | \u65e5\u672cx", "    |     ^"]),
        ("x\u65e5\u672c", at(1, 2, 4), ["  1 | x\u65e5\u672c", "    |  ^^^^"]),
        ("e\u0301x", at(1, 3, 4), ["  1 | e\u0301x", "    |  ^"]),  # a combining accent
        ("\x1b[31mx", at(1, 6, 7), ["  1 | \\x1b[31mx", "    |         ^"]),
        ("\u202ex", at(1, 2, 3), ["  1 | \\u202ex", "    |       ^"]),
        ("   ", at(1, 1, 2), []),
        ("a", at(7, 1, 2), []),  # the file has changed since
    ],
)
def test_the_underline_stands_under_the_place(
    source: str, diagnostic: Diagnostic, expected: list[str]
) -> None:
    assert excerpt(diagnostic, source) == expected


def test_long_lines_are_cut_around_the_place() -> None:
    source = "x" * 150 + "HERE" + "y" * 150
    assert excerpt(at(1, 151, 155), source) == [
        "  1 | …" + "x" * 24 + "HERE" + "y" * 72 + "…",
        "    | " + " " * 25 + "^^^^",
    ]
    assert excerpt(at(1, 1, 3), source) == ["  1 | " + "x" * 100 + "…", "    | ^^"]
    assert excerpt(at(1, 1, 300), source)[1] == "    | " + "^" * 100


def test_other_people_s_text_cannot_move_the_cursor() -> None:
    diagnostic = Diagnostic(
        "JS010", "a\x1b[2Jb\nc", span=Span("r\u202e\n.yml", 1, 1, 1, 2), hint="d\x07\u200be"
    )
    text = to_text([diagnostic], read_source=lambda _: None)
    assert text == "r\\u202e\\n.yml:1:1: error JS010: a\\x1b[2Jb\\nc\n  hint: d\\x07\\u200be\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 \U0001f600", "plain é 日本 \U0001f600"),
        ("a\u00a0b", "a\u00a0b"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\u2028\u2066\U000e0001", "\\u2028\\u2066\\U000e0001"),
        ("\ud800", "\\ud800"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_json() -> None:
    diagnostics = [
        Diagnostic("JS010", "m\x1b", span=Span("r.yml", 2, 3, 2, 4), rule_id="i", hint="h"),
        Diagnostic("JS018", "n", Severity.WARNING, Span("folder")),
        Diagnostic("JS090", "o", Severity.INFO),
    ]
    keys = ["code", "severity", "message", "path", "line", "column", "rule_id", "hint"]
    rows: list[list[object]] = [
        ["JS010", "error", "m\x1b", "r.yml", 2, 3, "i", "h"],
        ["JS018", "warning", "n", "folder", None, None, None, None],
        ["JS090", "info", "o", "", None, None, None, None],
    ]
    result = to_json(diagnostics)
    assert result == [dict(zip(keys, row, strict=True)) for row in rows]
    assert all(list(one) == keys and type(one["severity"]) is str for one in result)


def test_source_files_are_read_once(tmp_path: Path) -> None:
    reads: list[str] = []

    def read(path: str) -> str:
        reads.append(path)
        return "a\nb\n"

    to_text([at(1, 1, 2), at(2, 1, 2)], read_source=read)
    assert reads == ["r.yml"]
    file = tmp_path / "r.yml"
    file.write_bytes(b"\xef\xbb\xbfa\xff")
    assert read_source_file(str(file)) == "a\ufffd"
    assert read_source_file(str(tmp_path)) is None


@given(
    st.text(max_size=300),
    st.integers(0, 4),
    st.integers(0, 320),
    st.integers(0, 4),
    st.integers(0, 320),
)
def test_any_place_in_any_text_renders(
    source: str, line: int, column: int, end_line: int, end_column: int
) -> None:
    diagnostic = Diagnostic("JS010", source, span=Span(source, line, column, end_line, end_column))
    text = to_text([diagnostic], read_source=lambda _: source)
    assert all(char == "\n" or char.isprintable() or char.isspace() for char in text)
    assert len(text.splitlines()) <= 3
