"""``pack.yaml`` and ``<rule>.cases.yaml``: what they mean, and every error at its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jumpsigma.diagnostics import Diagnostic
from jumpsigma.pack import CasesFile, Pack, PackSettings, load_pack

Place = tuple[str, int, int]
Places = Callable[[tuple[Diagnostic, ...]], list[Place]]

RULE = "title: R\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n"
PACK = "id: p\ntitle: A pack\nversion: '1.0'\nlicense: DRL-1.1\n"


def load_with(folder: Path, **files: str) -> Pack:
    (folder / "r.yml").write_text(RULE)
    for name, text in files.items():
        (folder / (name.replace("_", ".") + ".yaml")).write_text(text)
    return load_pack(folder)


CASES = """\
cases:
  - name: one event
    expect: match
    event: {a: 1, at: 2024-01-31T10:00:00Z, ok: yes, nothing: ~, list: [1.5, "1"]}
  - name: several
    expect: match
    mapping: ecs
    events: [{a: 1}, {a: 2}]
    fires: 1
    lists: {tor: [192.0.2.1, 192.0.2.2], one: x}
  - {name: none, expect: no_match, event: {}, fires: 0}
"""


def test_cases(tmp_path: Path) -> None:
    pack = load_with(tmp_path, r_cases=CASES)
    assert pack.diagnostics == ()
    (file,) = pack.cases
    assert isinstance(file, CasesFile)
    assert file.path == str(tmp_path / "r.cases.yaml")
    assert file.rule_path == pack.rules[0].path == str(tmp_path / "r.yml")
    one, several, none = file.cases
    assert (one.name, one.expect, one.mapping, one.fires, one.lists) == (
        "one event", "match", None, None, {},
    )  # fmt: skip
    assert one.events == (
        {"a": 1, "at": "2024-01-31T10:00:00Z", "ok": True, "nothing": None, "list": [1.5, "1"]},
    )
    assert (one.span.line, one.span.column) == (2, 11)
    assert (several.events, several.mapping, several.fires) == (({"a": 1}, {"a": 2}), "ecs", 1)
    assert several.lists == {"tor": ("192.0.2.1", "192.0.2.2"), "one": ("x",)}
    assert (none.expect, none.events, none.fires) == ("no_match", ({},), 0)


def test_cases_are_found_beside_a_single_rule(tmp_path: Path) -> None:
    load_with(tmp_path, r_cases=CASES)
    assert len(load_pack(tmp_path / "r.yml").cases) == 1


A = "cases:\n  - {name: a, expect: match, event: {}, "
GOOD = "  - {name: good, expect: match, event: {a: 1}}\n"


@pytest.mark.parametrize(
    ("text", "expected", "kept"),
    [
        ("", [("JS020", 1, 1)], None),
        ("- a\n", [("JS020", 1, 1)], None),
        ("cases:\n", [("JS020", 1, 7)], None),
        ("cases: []\n", [("JS020", 1, 8)], None),
        ("case: [{}]\n", [("JS020", 1, 1), ("JS020", 1, 1)], None),
        ("cases:\n" + GOOD + "case: 1\n", [("JS020", 3, 1)], 1),
        ("cases:\n" + GOOD + "---\ncases:\n" + GOOD, [("JS020", 1, 1)], None),
        ("cases:\n" + GOOD + "  - 5\n", [("JS020", 3, 5)], 1),
        ("cases:\n" + GOOD + "  - {expect: match, event: {}}\n", [("JS020", 3, 5)], 1),
        ("cases:\n  - {name: 5, expect: match, event: {}}\n" + GOOD, [("JS020", 2, 12)], 1),
        ("cases:\n  - {name: a, event: {}}\n" + GOOD, [("JS020", 2, 5)], 1),
        ("cases:\n  - {name: a, expect: yes, event: {}}\n" + GOOD, [("JS020", 2, 23)], 1),
        ("cases:\n  - {name: a, expect: match}\n" + GOOD, [("JS020", 2, 5)], 1),
        ("cases:\n  - {name: a, expect: match, event: 5}\n" + GOOD, [("JS020", 2, 37)], 1),
        ("cases:\n  - {name: a, expect: match, events: {}}\n" + GOOD, [("JS020", 2, 38)], 1),
        ("cases:\n  - {name: a, expect: match, events: []}\n" + GOOD, [("JS020", 2, 38)], 1),
        ("cases:\n  - {name: a, expect: match, events: [{}, 5]}\n" + GOOD, [("JS020", 2, 43)], 1),
        (A + "events: []}\n" + GOOD, [("JS020", 2, 41)], 1),
        ("cases:\n  - {name: a, expect: match, event: {b: [{on: 1}]}}\n" + GOOD,
         [("JS020", 2, 43)], 1),
        (A + "fires: -1}\n" + GOOD, [("JS020", 2, 48)], 1),
        (A + "fires: yes}\n" + GOOD, [("JS020", 2, 48)], 1),
        (A + "fires: 0}\n" + GOOD, [("JS020", 2, 48)], 1),
        ("cases:\n  - {name: a, expect: no_match, event: {}, fires: 2}\n" + GOOD,
         [("JS020", 2, 51)], 1),
        (A + "lists: 5}\n" + GOOD, [("JS020", 2, 48)], 1),
        (A + "lists: {b: 5}}\n" + GOOD, [("JS020", 2, 52)], 1),
        (A + "lists: {b: [x, 5]}}\n" + GOOD, [("JS020", 2, 56)], 1),
        ("cases:\n  - {name: a, expects: match, event: {}}\n" + GOOD,
         [("JS020", 2, 15), ("JS020", 2, 5)], 1),
        ("cases:\n" + GOOD + GOOD, [("JS020", 3, 12)], 2),
        ("cases:\n  - {name: a, name: b}\n", [("JS003", 2, 15)], None),
        ("cases: [\n", [("JS002", 2, 1)], None),
    ],
)  # fmt: skip
def test_cases_with_errors(
    tmp_path: Path, places: Places, text: str, expected: list[Place], kept: int | None
) -> None:
    pack = load_with(tmp_path, r_cases=text)
    assert places(pack.diagnostics) == expected
    assert [len(file.cases) for file in pack.cases] == ([] if kept is None else [kept])
    assert len(pack.rules) == 1


def test_a_misspelt_key_has_a_hint(tmp_path: Path) -> None:
    pack = load_with(tmp_path, r_cases="cases:\n  - {name: a, expekt: match, event: {}}\n")
    assert [d.hint for d in pack.diagnostics] == ["did you mean 'expect'?", None]


def test_cases_without_a_rule(tmp_path: Path, places: Places) -> None:
    pack = load_with(tmp_path, q_cases=CASES)
    assert places(pack.diagnostics) == [("JS021", 0, 0)]
    assert pack.cases == ()


def test_pack_file(tmp_path: Path) -> None:
    pack = load_with(tmp_path, pack=PACK + "authors: [A, B]\ndefault_mapping: sigma\n")
    assert pack.diagnostics == ()
    settings = PackSettings(
        path=str(tmp_path / "pack.yaml"),
        folder=str(tmp_path),
        id="p",
        title="A pack",
        version="1.0",
        license="DRL-1.1",
        authors=("A", "B"),
        default_mapping="sigma",
    )
    assert pack.settings == (settings,)
    assert pack.settings_for(pack.rules[0].path) == settings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("JS017", 1, 1)]),
        ("- a\n", [("JS017", 1, 1)] * 5),
        (PACK + "---\n" + PACK, [("JS017", 1, 1)]),
        (PACK.replace("title: A pack\n", ""), [("JS017", 1, 1)]),
        (PACK.replace("'1.0'", "1.0"), [("JS017", 3, 10)]),
        (PACK.replace("DRL-1.1", ""), [("JS017", 4, 9)]),
        (PACK + "licence: x\n", [("JS017", 5, 1)]),
        (PACK + "authors: {}\n", [("JS017", 5, 10)]),
        (PACK + "authors: [x, 5]\n", [("JS017", 5, 14)]),
        (PACK + "default_mapping: 5\n", [("JS017", 5, 18)]),
        (PACK + "id: q\n", [("JS003", 5, 1)]),
    ],
)
def test_pack_files_with_errors(
    tmp_path: Path, places: Places, text: str, expected: list[Place]
) -> None:
    pack = load_with(tmp_path, pack=text)
    assert places(pack.diagnostics) == expected
    assert pack.settings == ()
    assert len(pack.rules) == 1


def test_the_nearest_pack_file_speaks_for_a_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, identifier in ((".", "top"), ("inner", "inner")):
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "pack.yaml").write_text(PACK.replace("id: p", f"id: {identifier}"))
        (tmp_path / folder / "deep/r.yml").write_text(RULE)
    monkeypatch.chdir(tmp_path)
    for root in (tmp_path, Path()):
        pack = load_pack(root)
        found = [pack.settings_for(rule.path) for rule in pack.rules]
        assert [settings and settings.id for settings in found] == ["top", "inner"]
    # ... also when only a part of the pack is loaded
    for part, identifier in (
        (tmp_path / "deep", "top"),
        ("deep", "top"),
        ("deep/r.yml", "top"),
        ("inner/deep", "inner"),
        ("inner/deep/r.yml", "inner"),
        (tmp_path / "inner/deep/r.yml", "inner"),
    ):
        pack = load_pack(part)
        (settings,) = pack.settings
        assert settings.id == identifier
        assert pack.settings_for(pack.rules[0].path) == settings
    monkeypatch.chdir(tmp_path / "inner/deep")
    pack = load_pack("r.yml")
    assert [settings.path for settings in pack.settings] == ["../pack.yaml"]
    assert pack.settings_for("r.yml") == pack.settings[0]
