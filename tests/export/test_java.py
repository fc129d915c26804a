"""Expressions for Java: written as expected, and found by Java itself what RE2 finds."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from jumpsigma.export.java import java_search, java_text
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.interpret.values import satisfies
from jumpsigma.ir.nodes import Regex, Text, TextPart, Wildcard

MANY, ONE = Wildcard.MANY, Wildcard.ONE
TEXTS: dict[tuple[TextPart, ...], str] = {
    (): r"\A\z",
    ("it's",): r"\Ait\x27s\z",
    ("a_b%c\\d",): r"\Aa_b%c\x5cd\z",
    (MANY, ".exe"): r"\A(?s:.*)\x2eexe\z",
    ("a", ONE, "\n"): r"\Aa(?s:.)\x0a\z",
    ("é[&&]",): r"\Aé\x5b\x26\x26\x5d\z",
}
SEARCHES = [
    Regex(("a$",)),
    Regex(("^b",)),
    Regex(("^b$",), multi_line=True),
    Regex((r"a.c",)),
    Regex((r"a.c",), dot_all=True),
    Regex((r"\bpay\b",)),
    Regex((r"\s+x",)),
    Regex((r"[[:alpha:]&&[:^digit:]]{3}",)),
    Regex((r"[^a-c\]]+\d{2,}",), ignore_case=True),
    Regex((r"k(?:oo|[^\w])s",), ignore_case=True),
    Regex((r"\x{1F600}.",)),
    Regex((r"\Qa.b\E+",)),
    Regex((r"pay",), anchor_start=True, anchor_end=True),
]
SAMPLES = [
    "",
    "a",
    "a\n",
    "xa",
    "b\nb",
    "a\rb",
    "abc",
    "a\nc",
    "a\rc",
    "a\u2028c",
    "pay day",
    "épay",
    "repay",
    "pay",
    "\x0bx",
    " \tx",
    "A]12",
    "d99",
    "KOOS",
    "k-s",
    "k\u212as",
    "\U0001f600x",
    "\U0001f600",
    "a.bb",
    "it's",
    "a_b%c\\d",
    "x.exe",
    "ax\n",
    "a\U0001f600\n",
    "é[&&]",
]


@pytest.mark.parametrize("parts", TEXTS)
def test_a_text(parts: tuple[TextPart, ...]) -> None:
    assert java_text(parts) == TEXTS[parts]


def test_what_differs_is_refused() -> None:
    with pytest.raises(CannotSayError, match="letters beyond ASCII"):
        java_search(Regex(("É",), ignore_case=True))


_PROGRAM = """
import java.io.*; import java.nio.charset.StandardCharsets; import java.util.regex.*;
public class Finds {
  static String plain(String hex) {
    byte[] bytes = new byte[hex.length() / 2];
    for (int i = 0; i < bytes.length; i++)
      bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
    return new String(bytes, StandardCharsets.UTF_8);
  }
  public static void main(String[] arguments) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = lines.readLine()) != null; ) {
      String[] words = line.split(";", -1);
      Matcher found = Pattern.compile(plain(words[0])).matcher(plain(words[1]));
      System.out.println(found.find() + " " + found.matches());
    }
  }
}
"""


@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
def test_java_finds_what_the_matcher_finds(tmp_path: Path) -> None:
    values: list[tuple[Text | Regex, str]] = [
        *((Text(parts, cased=True), java_text(parts)) for parts in TEXTS),
        *((value, java_search(value)) for value in SEARCHES),
    ]
    pairs = [(value, source, text) for value, source in values for text in SAMPLES]
    program = tmp_path / "Finds.java"
    program.write_text(_PROGRAM, encoding="utf-8")
    done = subprocess.run(
        ["java", str(program)],
        input="".join(f"{s.encode().hex()};{t.encode().hex()}\n" for _, s, t in pairs),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if "module jdk.compiler" in done.stderr:
        pytest.skip("Java has no compiler here")
    assert done.stderr == ""
    answers = [json.loads(f"[{line.replace(' ', ',')}]") for line in done.stdout.splitlines()]
    expected = [[satisfies(value, text)] * 2 for value, _, text in pairs]
    wrong = [p for p, a, e in zip(pairs, answers, expected, strict=True) if a != e]
    assert not wrong
