"""What templates quote with: JSON that a YAML reader takes too, whatever a rule holds."""

from __future__ import annotations

import json

import pytest
import yaml

from jumpsigma.export.texts import to_json

TEXTS = [
    "plain",
    'a "quoted" \\ text',
    "two\nlines\tand a tab",
    "\x00\x1b",
    "\x7f\x85\x9f",
    "line\u2028paragraph\u2029",
    "\ufeff\ufffe\uffff",
    "Ärger 雪 😀",
    ": # - [ ] { } & * ! | > ' %",
]


@pytest.mark.parametrize("text", TEXTS)
def test_both_readers_get_the_text_back(text: str) -> None:
    value = {"key": [text, 1, True, None], text: {}}
    assert json.loads(to_json(value)) == value
    assert yaml.safe_load(to_json(value)) == value


def test_half_a_character() -> None:
    assert json.loads(to_json("\ud800")) == "\ud800"
    assert to_json("\ud800").encode()
