"""Lists that a pack gives to the placeholders of its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from jumpsigma.pack import load_pack
from jumpsigma.pack.lists import MAX_BYTES

PACK = "id: p\ntitle: A pack\nversion: '1.0'\nlicense: DRL-1.1\n"
RULE = """title: R
logsource: {category: dns}
detection: {s: {"query|expand": "%names%"}, condition: s}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pack/rules").mkdir(parents=True)
    (tmp_path / "pack/rules/r.yml").write_text(RULE)
    (tmp_path / "outside.txt").write_text("x.example\n")
    return tmp_path / "pack"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", ()),
        ("a.example\nb.example", ("a.example", "b.example")),
        ("\ufeff# head\r\n\r\n  a.example  # why\r\n#b.example\n", ("a.example",)),
        ("a.example\na.example\nA.example\n", ("a.example", "A.example")),
        ("https://c.example/#part\n", ("https://c.example/#part",)),
        ("two words\t# and a remark\n", ("two words",)),
    ],
)
def test_values(folder: Path, text: str, values: tuple[str, ...]) -> None:
    (folder / "names.txt").write_bytes(text.encode())
    (folder / "pack.yaml").write_text(PACK + "lists: {names: names.txt}\n")
    for path in (folder, folder / "rules", folder / "rules/r.yml"):
        pack = load_pack(path)
        assert pack.diagnostics == ()
        assert pack.lists == {"names": values}
        assert str(folder / "names.txt") in pack.files


def test_lists_of_two_packs_add_up(folder: Path, tmp_path: Path) -> None:
    (folder / "names.txt").write_text("a.example\n")
    (folder / "pack.yaml").write_text(PACK + "lists: {names: names.txt}\n")
    other = tmp_path / "other"
    other.mkdir()
    (other / "r.yml").write_text(RULE)
    (other / "l.txt").write_text("b.example\na.example\n")
    (other / "pack.yaml").write_text(PACK + "lists: {names: l.txt, more: l.txt}\n")
    assert load_pack(folder, other).lists == {
        "names": ("a.example", "b.example"),
        "more": ("b.example", "a.example"),
    }


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ("lists: [names.txt]\n", "lists must be a mapping"),
        ("lists: {names: 5}\n", "needs the name of its file"),
        ("lists: {a-b: names.txt}\n", "letters, digits and underscores"),
        ("lists: {names: missing.txt}\n", "cannot be read: No such file"),
        ("lists: {names: rules}\n", "no regular file"),
        ("lists: {names: ../outside.txt}\n", "outside the folder of pack.yaml"),
        ("lists: {names: /etc/hostname}\n", "outside the folder of pack.yaml"),
        ("lists: {names: link.txt}\n", "outside the folder of pack.yaml"),
        ("lists: {names: latin.txt}\n", "not UTF-8"),
        ("lists: {names: huge.txt}\n", "use jumpsigma intel add"),
        ('lists: {names: "a\\0b"}\n', "cannot be read"),
    ],
)
def test_lists_with_errors(folder: Path, lists: str, message: str) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "outside.txt")
    (folder / "latin.txt").write_bytes(b"caf\xe9.example\n")
    (folder / "huge.txt").write_bytes(b"a.example\n" * (MAX_BYTES // 10 + 1))
    (folder / "pack.yaml").write_text(PACK + lists)
    pack = load_pack(folder)
    (diagnostic,) = pack.diagnostics
    assert diagnostic.code == "JS017"
    assert message in diagnostic.message
    assert diagnostic.span is not None
    assert diagnostic.span.line == 5
    assert len(pack.rules) == 1
