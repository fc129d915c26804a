"""What is selected and ignored: in a file, in comments, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from fragments import FILE, write

import jumpsigma
from jumpsigma.api.configuration import read_configuration
from jumpsigma.api.configuration_place import find_configuration
from jumpsigma.checks import CHECKS, chosen
from jumpsigma.diagnostics import DiagnosticError, Severity

SHORT = "description: Bad\nauthor:\n"  # JS125 and JS109
ID = "5f4c5b1e-1a52-4d0a-9d7e-0c2f5e1b7a11"


def found_with(folder: Path, settings: str, name: str = "jumpsigma.toml") -> list[str]:
    path = folder / name
    path.write_text(settings, encoding="utf-8")
    given = read_configuration(path).settings
    found = jumpsigma.validate(jumpsigma.load_pack(folder), settings=given)
    return [f"{each.code} {each.severity}" for each in found.diagnostics]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", ["JS125 warning", "JS109 warning"]),
        ("[validate]\nselect = ['JS109']", ["JS109 warning"]),
        ("[validate]\nselect = ['JS12']", ["JS125 warning"]),
        ("[validate]\nselect = ['metadata']", ["JS125 warning", "JS138 info"]),
        ("[validate]\nselect = ['description']", ["JS125 warning"]),
        ("[validate.ignore]\nJS125 = 'they are short'", ["JS109 warning"]),
        ("[validate.severity]\nJS125 = 'error'", ["JS125 error", "JS109 warning"]),
        (
            "[[validate.overrides]]\npaths = ['*.yml']\nignore = {JS125 = 'short'}",
            ["JS109 warning"],
        ),
        (
            "[[validate.overrides]]\npaths = ['**/*.yml']\nseverity = {JS125 = 'info'}",
            ["JS125 info", "JS109 warning"],
        ),
        (
            f"[[validate.overrides]]\nrules = ['{ID}']\nignore = {{JS109 = 'unknown'}}",
            ["JS125 warning"],
        ),
        (
            "[[validate.overrides]]\npaths = ['other/*.yml']\nignore = {JS125 = 'short'}",
            ["JS125 warning", "JS109 warning", "JS221 warning"],
        ),
        (
            "[validate.ignore]\nJS126 = 'nothing to ignore'\nJS109 = ''",
            ["JS125 warning", "JS221 warning", "JS222 warning"],
        ),
        (
            "[validate.ignore]\nJS9999 = 'what is this?'",
            ["JS125 warning", "JS109 warning", "JS223 warning"],
        ),
    ],
)
def test_settings(settings: str, expected: list[str], tmp_path: Path) -> None:
    write(f"id: {ID}\n{SHORT}", tmp_path)
    assert sorted(found_with(tmp_path, settings)) == sorted(expected)


def test_settings_may_stand_in_pyproject(tmp_path: Path) -> None:
    write(SHORT, tmp_path)
    settings = "[tool.jumpsigma.validate]\nselect = ['JS109']\n"
    assert found_with(tmp_path, settings, "pyproject.toml") == ["JS109 warning"]


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "jumpsigma.toml").touch()
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert find_configuration([str(inner)]) == tmp_path / "jumpsigma.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.jumpsigma.validate]\n", encoding="utf-8")
    assert find_configuration([str(inner)]) == tmp_path / "a" / "pyproject.toml"


@pytest.mark.parametrize(
    ("settings", "line", "words"),
    [
        ("[validate]\nselect = 'JS1'", 2, "list of strings"),
        ("[validate]\nselct = []", 2, "no key 'selct'"),
        ("[validat]\n", 1, "no key 'validat'"),
        ("[validate.severity]\nJS125 = 'fatal'", 2, "no severity"),
        ("[validate.severity]\nJS1 = 'info'", 2, "no check"),
        ("[validate]\nignore = ['JS125']", 2, "must be a table"),
        ("[validate.ignore]\nJS125 = 1", 2, "the reason"),
        ("[[validate.overrides]]\nignore = {}", 1, "paths or rules"),
        ("[validate]\nattack = 1", 2, "STIX"),
        ("[validate\n", 1, "not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named(
    settings: str, line: int, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "jumpsigma.toml"
    path.write_text(settings, encoding="utf-8")
    with pytest.raises(DiagnosticError, match=words) as raised:
        read_configuration(path)
    span = raised.value.diagnostic.span
    assert span is not None
    assert (span.path, span.line) == (str(path), line)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_an_unreadable_file_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "jumpsigma.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DiagnosticError) as raised:
        read_configuration(path)
    assert raised.value.diagnostic.code == "JS001"


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("author: # jumpsigma: ignore[JS109] unknown\n", []),
        ("# jumpsigma: ignore[JS109] unknown\nauthor:\n", []),
        ("# jumpsigma: ignore[JS109] unknown\n# and a word\nauthor:\n", []),
        ("author: # jumpsigma: ignore[JS109, JS125] unknown\n", ["JS221"]),
        ("author: # jumpsigma:ignore[JS109]\n", ["JS222"]),
        ("author: # jumpsigma: ignore[] unknown\n", ["JS109", "JS223"]),
        ("level: low # jumpsigma: ignore[JS109] unknown\nauthor:\n", ["JS109", "JS221"]),
        ("level: hihg # jumpsigma: ignore[JS010] an error of loading stays\n", ["JS010", "JS221"]),
        ("description: 'see # jumpsigma: ignore[JS109] x'\nauthor:\n", ["JS109", "JS221"]),
    ],
)
def test_comments(fragment: str, expected: list[str], tmp_path: Path) -> None:
    write(fragment, tmp_path)
    found = jumpsigma.validate(jumpsigma.load_pack(tmp_path))
    assert sorted(each.code for each in found.diagnostics) == expected


def test_a_comment_above_covers_what_is_indented_below(tmp_path: Path) -> None:
    values = "".join(f"            - {value}\n" for value in ("0104", "0105"))
    write(
        "detection:\n    selection:\n        # jumpsigma: ignore[JS103] as the vendor writes them\n"
        f"        EventID:\n{values}        Other: 0106\n    condition: selection\n",
        tmp_path,
    )
    found = jumpsigma.validate(jumpsigma.load_pack(tmp_path))
    assert [(each.code, each.message[:15]) for each in found.diagnostics] == [
        ("JS103", "YAML reads 0106")
    ]


@pytest.mark.parametrize("selector", ["JS1999", "logik", "", "js154"])
def test_an_unknown_selector_is_refused(selector: str) -> None:
    with pytest.raises(DiagnosticError, match="no check is called"):
        chosen([selector])


def test_all_selects_what_default_leaves_out() -> None:
    every, usual = {c.code for c in chosen(["all"])}, {c.code for c in chosen(["default"])}
    assert every == set(CHECKS)
    assert usual == {code for code, check in CHECKS.items() if check.default}
    assert usual < every


def test_only_keeps_what_is_said_of_some_files(tmp_path: Path) -> None:
    write(
        "# file: one.yml\nauthor:\n# file: two.yml\nauthor:\ntitle: Another Rule Of The Pack\n",
        tmp_path,
    )
    pack = jumpsigma.load_pack(tmp_path)
    found = jumpsigma.validate(pack, only=[str(tmp_path / "two.yml")])
    assert [Path(each.span.path).name for each in found.diagnostics if each.span] == ["two.yml"]


def test_the_whole_pack_is_seen_from_one_file(tmp_path: Path) -> None:
    write("# file: one.yml\nlevel: low\n# file: two.yml\nlevel: low\n", tmp_path)
    found = jumpsigma.validate(jumpsigma.load_pack(tmp_path), only=[str(tmp_path / "two.yml")])
    assert [each.code for each in found.diagnostics] == ["JS123"]


def test_severities_are_counted(tmp_path: Path) -> None:
    write(SHORT, tmp_path)
    found = jumpsigma.validate(jumpsigma.load_pack(tmp_path))
    assert found.count(Severity.WARNING) == 2
    assert found.worst is Severity.WARNING
    assert (found.rules, found.files) == (1, 1)
    assert FILE in str(found.diagnostics[0].span)
