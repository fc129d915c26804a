"""What files say of their rule, and what a title from anybody can do to them: nothing."""

from __future__ import annotations

import ast
import re
import sqlite3
from pathlib import Path

import pytest
import yaml

from jumpsigma import Pack, api, load_pack
from jumpsigma.api.export_files import export_files
from jumpsigma.content import shipped
from jumpsigma.export import Target, available_targets
from jumpsigma.export.texts import all_lines, comment_lines, one_line

#: Formats whose files cannot name an author; the index does, and the README says so.
NAMELESS = {("elasticsearch", "lucene"), ("opensearch", "lucene"), ("opensearch", "query_dsl")}
#: Those whose file is about fields, and not about rules.
ABOUT_FIELDS = {("qradar", "properties"), ("secops", "fields")}
TARGETS = {each.name: each for each in available_targets() if isinstance(each, Target)}
FORMATS = [(name, form) for name, target in TARGETS.items() for form in target.formats]
COMMENTED = [
    (name, form.name, file.comment)
    for name, target in TARGETS.items()
    for form in target.formats.values()
    for file in form.files
    if file.comment and name != "panther"  # whose program says them once more
]
#: Each ends a comment, a line, a text or a value somewhere, or hides what it is.
HOSTILE = (
    "a */ b ``` c ` d /* e",
    "two\nlines\r\nand\x0bmore\x0c\x85\u2028\u2029end",
    "right \u202e to left \u2066\u200f",
    "unseen \u200b\ufeff\u00ad\U000e0041",
    "' \" -- // # ; ${x} %{y} {{ z }} $tok$ [| delete] \\",
    "ends in a backslash \\\\",
    "**/ */*/ ````",
)
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]"
)


def pack_of(folder: Path, text: str) -> Pack:
    rule = {
        "title": text,
        "id": "00000000-0000-4000-8000-000000000001",
        "status": "test",
        "author": text,
        "license": "DRL-1.1",
        "description": text,
        "references": ["https://example.com/" + text],
        "falsepositives": [text],
        "logsource": {"product": "jumpcloud", "service": "directory"},
        "detection": {"selection": {"event_type": "admin_create"}, "condition": "selection"},
        "level": "low",
    }
    folder.mkdir()
    (folder / "rule.yml").write_text(yaml.safe_dump(rule), encoding="utf-8")
    return load_pack(folder, cases=False)


def files_of(pack: Pack, target: str, form: str) -> dict[str, str]:
    files = export_files(api.export_queries(pack, target, form), pack)
    assert files
    return files


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return pack_of(tmp_path_factory.mktemp("plain") / "rules", "Somebody in particular")


@pytest.mark.parametrize(("target", "form"), FORMATS)
def test_a_file_names_the_author_and_the_licence(plain: Pack, target: str, form: str) -> None:
    text = "".join(files_of(plain, target, form).values())
    named = "Somebody in particular" in text and "DRL-1.1" in text
    assert named != ((target, form) in NAMELESS | ABOUT_FIELDS)


@pytest.mark.parametrize("target", sorted({target for target, _ in NAMELESS}))
def test_a_readme_says_where_the_author_is(target: str) -> None:
    readme = (shipped("backends") / target / "README.md").read_text(encoding="utf-8")
    assert "`index.json`" in readme


@pytest.mark.parametrize(("target", "form", "comment"), COMMENTED)
def test_the_header_is_comments_and_the_rest_is_the_query(
    tmp_path: Path, plain: Pack, target: str, form: str, comment: str
) -> None:
    before, _, after = comment.partition("{}")
    wanted = _without_comments(files_of(plain, target, form), before, after)
    for number, text in enumerate(HOSTILE):
        made = files_of(pack_of(tmp_path / str(number), text), target, form)
        assert _without_comments(made, before, after) == wanted, text


def _without_comments(files: dict[str, str], before: str, after: str) -> tuple[int, str]:
    """How many lines are comments of one line each, and what the other lines are."""
    (text,) = files.values()
    lines = text.split("\n")
    whole = [
        line
        for line in lines
        if line.startswith(before)
        and line.endswith(after)
        and not (after and after.strip() in line[len(before) : -len(after)])
        and not line.endswith("\\")
    ]
    return len(whole), "\n".join(line for line in lines if line not in whole)


@pytest.mark.parametrize(("target", "form"), FORMATS)
def test_nothing_hidden_is_exported(tmp_path: Path, target: str, form: str) -> None:
    for number, text in enumerate(HOSTILE):
        pack = pack_of(tmp_path / f"rules{number}", text)
        exported = api.export_queries(pack, target, form)
        api.export_tree(exported, pack, tmp_path / f"out{number}")
        for path in (tmp_path / f"out{number}").rglob("*"):
            if path.is_file():
                assert not HIDDEN.search(path.read_text(encoding="utf-8")), (path.name, text)
            assert path.name.isascii()


def test_a_program_stays_the_same_program(tmp_path: Path) -> None:
    for number, text in enumerate(HOSTILE):
        files = files_of(pack_of(tmp_path / str(number), text), "panther", "rule")
        (source,) = (each for path, each in files.items() if path.endswith(".py"))
        names = [each.name for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)]
        assert names[-2:] == ["rule", "alert_context"]


def test_a_database_runs_the_file_whole(tmp_path: Path) -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE events (id, event);"
        " INSERT INTO events VALUES ('e',"
        ' \'{"service": "directory", "event_type": "admin_create"}\')'
    )
    for number, text in enumerate(HOSTILE):
        pack = pack_of(tmp_path / str(number), text)
        (file,) = files_of(pack, "sqlite", "sql").values()
        assert [row[0] for row in database.execute(file)] == ["e"]


TEXTS = {
    "a\nb\u2028c": ("a b c", "a\nb\nc"),
    "\u202egnp.exe\u202c": ("gnp.exe", "gnp.exe"),
    "  two  spaces ": ("two spaces", "  two  spaces "),
    "می‌خواهم 👩‍💻": ("می‌خواهم 👩‍💻", "می‌خواهم 👩‍💻"),
    "\x1b[31mred": ("[31mred", "[31mred"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_left_of_a_text(text: str) -> None:
    assert (one_line(text), all_lines(text)) == TEXTS[text]


def test_a_comment_ends_where_its_line_ends() -> None:
    assert comment_lines("/* {} */", ["a */ {} b", "c\\"]) == "/* a * / {} b */\n/* c */\n"
