"""Expressions of RE2 and texts in Lucene's syntax, which Python's `re` reads alike when it matches
whole texts."""

from __future__ import annotations

import re

import pytest

from jumpsigma.export.languages.lucene_regex import bounded, in_any_case, of_regex, of_text
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.ir.nodes import Regex, Text, Wildcard
from jumpsigma.ir.regex import compiled

SAMPLES = (
    "", "a", "A", "ab", "aab", "xa", "xaa", "foo", "FOO", "foobar", "a\nb", "b", "a\nb\nc",
    "a-b", "a.b", "svc-1", "svc-_x\n", "[a]", "a\\b", "a/b", '"q"', "é", "É", "\u017f", "\u212a",
    "k", "4", "42", " 4 ", "\x0b", "\t", "\n", "\r", "\f", "\x0e", "\x01",
    "{,2}", "a{,2}", "日本", "x^", "$", "a&&b",
)  # fmt: skip
EXPRESSIONS = {
    "plain": Regex(("foo",)),
    "empty": Regex(("",)),
    "both ends": Regex(("^$",)),
    "start": Regex(("^a",)),
    "end": Regex((r"b$",)),
    "very ends": Regex((r"\Aa.*b\z",)),
    "a backslash before z": Regex((r"a\\b",)),
    "an end in alternatives": Regex(("^a|b$|foo",)),
    "an end in a group": Regex(("(^|x)a",)),
    "an end behind a group": Regex((r"a(\W|$)",)),
    "nothing in a group": Regex(("x(|a)a$",)),
    "counts": Regex(("^xa{2}$|^a{2,}b|(fo){1,2}?o",)),
    "a dot": Regex(("^a.b$",)),
    "a dot of any": Regex(("^a.b$",), dot_all=True),
    "lines": Regex(("^b$",), multi_line=True),
    "classes": Regex((r"^[\d\s]+$",)),
    "no class": Regex((r"^[^\w\s]+$",)),
    "the class of what is none": Regex((r"^[\Da]+$",)),
    "a space is no vertical tab": Regex((r"^\s$",)),
    "signs in a class": Regex((r"^[\]\[\\^$-]a?",)),
    "signs": Regex((r"""["\\/{}^$&.-]""",)),
    "any case": Regex(("^foo|K|s",), ignore_case=True),
    "any case of a class": Regex(("^[f-s]+$",), ignore_case=True),
    "another than in any case": Regex(("^[^k]$",), ignore_case=True),
    "flags of a part": Regex(("^(?i:a)b$",)),
    "beyond ASCII": Regex(("é|日.",)),
    "what has no case": Regex(("日|[§±]",), ignore_case=True),
    "anchored": Regex(("a|b",), anchor_start=True, anchor_end=True),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_it_finds_what_re2_finds(name: str) -> None:
    value = EXPRESSIONS[name]
    pattern, wanted = re.compile(of_regex(value), re.DOTALL), compiled(value)
    found = [text for text in SAMPLES if pattern.fullmatch(text)]
    assert found == [text for text in SAMPLES if wanted.search(text)]


#: An intersection of two classes, which `re` has not.
BOTH = re.compile(r"\((\[[^\]]*\])&(\[\^[^\]]*\])\)")


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_it_finds_the_same_on_one_line(name: str) -> None:
    value = EXPRESSIONS[name]
    written = of_regex(value, one_line=True)
    assert not set(written) & {"\n", "\r"}
    pattern, wanted = re.compile(BOTH.sub(r"(?:(?=\2)\1)", written), re.DOTALL), compiled(value)
    found = [text for text in SAMPLES if pattern.fullmatch(text)]
    assert found == [text for text in SAMPLES if wanted.search(text)]


@pytest.mark.parametrize(
    "source", [r"\n", r"\r", r"\r\n", r"[\t-\r]", r"[^\x0b]", r"[\x0b\r]", r"[^\n\f]"]
)
def test_classes_of_what_ends_a_line(source: str) -> None:
    written = of_regex(Regex((f"^{source}$",)), one_line=True)
    assert not set(written) & {"\n", "\r"}
    pattern = re.compile(BOTH.sub(r"(?:(?=\2)\1)", written), re.DOTALL)
    wanted = re.compile(rf"\A{source}\Z")
    texts = [*map(chr, range(1, 40)), "\r\n", "\U0010ffff"]
    assert [t for t in texts if pattern.fullmatch(t)] == [t for t in texts if wanted.search(t)]


@pytest.mark.parametrize("cased", [True, False])
def test_a_text_of_several_lines_is_written_on_one(cased: bool) -> None:
    written = of_text(Text(("A\nb\r",), cased), one_line=True)
    assert not set(written) & {"\n", "\r"}
    pattern = re.compile(BOTH.sub(r"(?:(?=\2)\1)", written), re.DOTALL)
    assert pattern.fullmatch("A\nb\r")
    assert bool(pattern.fullmatch("a\nB\r")) is not cased
    assert not pattern.fullmatch("A\tb\r")


REFUSED = {
    r"\bfoo": "a boundary of words",
    "a^b": "an anchor inside",
    "(a|^b)*": "an anchor inside",
    "[[:alpha:]]": "a named class",
    r"\pL": "only RE2",
    "(?i)[à-ü]": "letters outside ASCII in any case",
    "a{300}": "more than 200",
    "a{2,300}": "more than 200",
    "a{300,}": "more than 200",
    "a{,2}": "a count without a minimum",
    r"a(?i)b": "only RE2",
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_lucene_does_not_have(source: str) -> None:
    with pytest.raises(CannotSayError, match=REFUSED[source]):
        of_regex(Regex((source,)))


TEXTS = {
    Text(("Lock",)): "[lL][oO][cC][kK\u212a]",
    Text(("PayRoll",), cased=True): "PayRoll",
    Text((Wildcard.MANY, "a.b", Wildcard.ONE)): r".*[aA]\.[bB].",
    Text(("É",)): "[éÉ]",
    Text(("C:\\a",), cased=True): r"C\:[\\]a",
    Text(('<1-5> @ # & ~ "x"',), cased=True): r"\<1\-5\> \@ \# \& \~ \"x\"",
    Text(("ẞ",)): "[ßẞ]",
}


@pytest.mark.parametrize("value", TEXTS)
def test_a_text(value: Text) -> None:
    assert of_text(value) == TEXTS[value]


@pytest.mark.parametrize("text", ["İ", "ΣΑΣ", "\u03c3"])
def test_letters_whose_case_is_no_simple_one(text: str) -> None:
    with pytest.raises(CannotSayError, match="no simple one"):
        in_any_case(text)


def test_a_long_one() -> None:
    assert bounded("x" * 1000, {})
    with pytest.raises(CannotSayError, match="1,000"):
        bounded("x" * 1001, {})


def test_no_escaped_character_is_an_end_of_a_range() -> None:
    """Newer versions of Lucene read it as a character of its own."""
    written = of_regex(Regex((r"^[\S][!-/][^a][9-z]$",)))
    assert not re.search(r"\\.-|(?<!\\)-\\", written)
    assert written == ("[\x01-\x08\x0b\x0e-\x1f!-\U0010ffff][!-,\\-\\.\\/][^a][9-z]")
