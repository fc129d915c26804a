"""``jumpsigma diff`` on a prepared repository that holds a change of every kind."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from running import run_command as run

import jumpsigma
from jumpsigma import DiagnosticError
from jumpsigma.content import shipped

Rule = dict[str, Any]


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def rule(number: int, selection: Any, *, service: str = "directory", **more: Any) -> Rule:
    return {
        "title": f"Rule {number}",
        "id": uuid(number),
        "status": "test",
        "tags": ["attack.t1098"],
        "logsource": {"product": "jumpcloud", "service": service},
        "detection": {"selection": selection, "condition": "selection"},
        "level": "low",
        **more,
    }


def correlation(number: int, **section: Any) -> Rule:
    return {
        "title": f"Rule {number}",
        "id": uuid(number),
        "correlation": {
            "type": "event_count",
            "rules": [uuid(1)],
            "group-by": ["client_ip"],
            "timespan": "5m",
            "condition": {"gte": 5},
            **section,
        },
        "level": "high",
    }


FILTER = {
    "title": "Known address",
    "id": uuid(90),
    "logsource": {"product": "jumpcloud", "service": "directory"},
    "filter": {"rules": [uuid(20)], "known": {"client_ip": "192.0.2.1"}, "condition": "not known"},
}
UPDATE = {"event_type": "user_update"}

#: What changes, by rule: before, after (None: not there), and what the JSON says of it.
CHANGES: dict[int, tuple[Rule | None, Rule | None]] = {
    1: (rule(1, UPDATE), rule(1, UPDATE)),
    2: (None, rule(2, {"event_type": "user_delete"})),
    3: (rule(3, {"event_type": "user_create"}), None),
    4: (rule(4, UPDATE), rule(4, UPDATE)),  # moved to another file
    5: (rule(5, UPDATE), rule(5, UPDATE, title="A better title")),
    6: (rule(6, UPDATE), rule(6, UPDATE, level="high")),
    7: (rule(7, UPDATE), rule(7, UPDATE, status="stable")),
    8: (rule(8, UPDATE), rule(8, UPDATE, tags=["attack.t1098", "attack.t1110"])),
    9: (rule(9, UPDATE), rule(9, UPDATE, description="Says more")),
    10: (
        rule(10, {"event_type": ["user_update", "user_create"], "success": True}),
        rule(10, {"success": "true", "event_type": ["user_create", "USER_UPDATE"]}),
    ),
    11: (rule(11, UPDATE), rule(11, {"event_type": ["user_update", "user_create"]})),
    12: (rule(12, UPDATE), rule(12, {**UPDATE, "success": True})),
    13: (rule(13, UPDATE), rule(13, {"event_type": "user_create"})),
    14: (rule(14, {"success": False}), rule(14, {"success": False}, service="ldap")),
    15: (rule(15, UPDATE), rule(15, {**UPDATE, "nowhere": 1})),
    16: (rule(16, {"nowhere": 1}), rule(16, {"client_ip": "192.0.2.7"})),
    17: (correlation(17), correlation(17, timespan="1h")),
    18: (correlation(18), correlation(18, condition={"gte": 9})),
    19: (correlation(19), correlation(19, **{"group-by": ["initiated_by.id"]})),
    20: (rule(20, UPDATE), rule(20, UPDATE)),  # gets a filter
    21: (rule(21, {"event_type": "ldap_srch"}, service="ldap"),) * 2,  # under another mapping
    23: (
        rule(23, {"CommandLine": "a"}, logsource={"category": "process_creation"}),
        rule(23, {"CommandLine": ["a", "b"]}, logsource={"category": "process_creation"}),
    ),
    22: (rule(22, {"event_type": {"re": "("}}), rule(22, UPDATE)),
}


def write(folder: Path, side: int) -> None:
    """The rules of one side, and a mapping that lost an alias at the head."""
    rules = folder / "sigma_rules"
    for number, pair in CHANGES.items():
        document = pair[side]
        place = rules / ("new" if number == 4 and side else "old") / f"rule_{number}.yml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if document is not None:
            place.write_text(yaml.safe_dump(document, sort_keys=False))
    if side:
        (rules / "old" / "rule_4.yml").unlink(missing_ok=True)
        (rules / "filter.yml").write_text(yaml.safe_dump(FILTER))
    mapping = (shipped("mappings") / "jumpcloud.yml").read_text()
    if side:
        mapping = mapping.replace("&ldap_srch [ldap_srch, ldap_search]", "&ldap_srch [ldap_srch]")
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "mappings" / "jumpcloud.yml").write_text(mapping)


def git(folder: Path, *arguments: str) -> None:
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "A" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "a@example.com" for who in ("AUTHOR", "COMMITTER")},
    }
    command = ["git", "-C", str(folder), *arguments]
    subprocess.run(command, check=True, capture_output=True, env=environment)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits, tagged ``base`` and ``head``, and the working tree as the head is."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q", "-b", "main")
    for side, name in enumerate(("base", "head")):
        write(folder, side)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", name)
        git(folder, "tag", name)
    return folder


@pytest.fixture(scope="module")
def found(repository: Path) -> dict[int, dict[str, Any]]:
    done = run("diff", "base", "head", "--format", "json", cwd=repository)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["base"], document["head"]) == ("base", "head")
    return {int(each["id"][-12:]): each for each in document["changes"]}


def test_only_what_changed_is_told(found: dict[int, dict[str, Any]]) -> None:
    assert sorted(found) == [*range(2, 24)]


Look = Callable[[dict[str, Any]], Any]


def attribute(name: str) -> Look:
    def look(change: dict[str, Any]) -> Any:
        (one,) = change["attributes"]
        assert one["name"] == name
        return one["base"], one["head"]

    return look


def relation(change: dict[str, Any]) -> Any:
    return change["condition"]["relation"], change["condition"]["proven"]


def coverage(change: dict[str, Any]) -> Any:
    (one,) = change["mappings"]
    return tuple(
        side and side["reachability"] for side in (one["coverage"]["base"], one["coverage"]["head"])
    )


def correlated(change: dict[str, Any]) -> Any:
    told = change["correlation"]
    return told["relation"], *(tuple(each.values()) for each in told["attributes"])


SAID: list[tuple[int, Look, Any]] = [
    (2, lambda change: change["change"], "added"),
    (2, coverage, (None, "reachable")),
    (3, lambda change: change["change"], "removed"),
    (3, coverage, ("reachable", None)),
    (4, lambda change: change["moved_from"], "sigma_rules/old/rule_4.yml"),
    (4, lambda change: change["path"], "sigma_rules/new/rule_4.yml"),
    (4, relation, ("same", True)),
    (5, lambda change: (change["retitled_from"], change["title"]), ("Rule 5", "A better title")),
    (6, attribute("level"), ("low", "high")),
    (7, attribute("status"), ("test", "stable")),
    (8, attribute("tags"), (None, "attack.t1110")),
    (9, attribute("description"), (None, "Says more")),
    (10, relation, ("equal", True)),
    (10, lambda change: change["mappings"], []),
    (11, relation, ("wider", True)),
    (11, lambda change: change["condition"]["gained"]["event_type"], "user_create"),
    (12, relation, ("narrower", True)),
    (12, lambda change: change["condition"]["gained"], None),
    (13, relation, ("different", True)),
    (14, lambda change: change["logsource"]["head"], "product=jumpcloud, service=ldap"),
    (14, relation, ("same", True)),
    (15, relation, ("narrower", True)),
    (15, coverage, ("reachable", "unreachable")),
    (16, coverage, ("unreachable", "reachable")),
    (17, correlated, ("wider", ("window", "5m", "1h"))),
    (18, correlated, ("narrower", ("condition", "gte: 5", "gte: 9"))),
    (19, correlated, ("different", ("group-by", "client_ip", "initiated_by.id"))),
    (20, lambda change: [one["head"] for one in change["filters"]], [uuid(90)]),
    (20, relation, ("narrower", True)),
    (20, lambda change: change["condition"]["lost"]["client_ip"], "192.0.2.1"),
    (21, relation, ("same", True)),
    (21, lambda change: [one["cause"] for one in change["mappings"]], ["mapping"]),
    (22, lambda change: change["change"], "added"),
    (23, relation, ("wider", True)),
    (23, lambda change: [one["mapping"] for one in change["mappings"]], ["sigma"]),
    (23, lambda change: change["condition"]["gained"], {"CommandLine": "b"}),
]


@pytest.mark.parametrize(("number", "look", "expected"), SAID)
def test_each_kind_of_change(
    number: int, look: Look, expected: Any, found: dict[int, dict[str, Any]]
) -> None:
    assert look(found[number]) == expected


def test_the_query_is_shown_as_it_was_and_is(found: dict[int, dict[str, Any]]) -> None:
    (mapped,) = found[11]["mappings"]
    assert "+  event_type: 'user_create'" in mapped["query"].replace("+    ", "+  ")
    assert mapped["cause"] == "rule"


def test_the_working_tree_is_the_head_when_there_is_none(repository: Path) -> None:
    done = run("diff", "base", "--format", "json", cwd=repository)
    document = json.loads(done.stdout)
    assert document["head"] == "the working tree"
    assert len(document["changes"]) == 22


def test_two_folders(tmp_path: Path) -> None:
    for side, name in enumerate(("old", "new")):
        (tmp_path / name).mkdir()
        write(tmp_path / name, side)
    found = jumpsigma.diff(str(tmp_path / "old"), str(tmp_path / "new"))
    assert len(found.changes) == 22
    assert not jumpsigma.diff(str(tmp_path / "new"), str(tmp_path / "new")).changes


def test_which_events_newly_match_and_which_no_longer(repository: Path, tmp_path: Path) -> None:
    events = tmp_path / "events"
    events.mkdir()
    lines = [
        {"service": "directory", "event_type": "user_create", "id": "1"},
        {"service": "directory", "event_type": "user_update", "id": "2"},
    ]
    (events / "a.ndjson").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = run("diff", "base", "head", "--events", events, "-f", "json", cwd=repository)
    told = json.loads(done.stdout)["events"]
    new = {(each["rule_title"], each["line"]) for each in told["newly_matching"]}
    old = {(each["rule_title"], each["line"]) for each in told["no_longer_matching"]}
    assert new == {("Rule 11", 1), ("Rule 13", 1), ("Rule 22", 2)}
    assert old == {("Rule 3", 1), ("Rule 12", 2), ("Rule 13", 2), ("Rule 15", 2)}


LDAP: Rule = {"logsource": {"product": "jumpcloud", "service": "ldap"}}
PROCESS: Rule = {"logsource": {"category": "process_creation"}}


@pytest.mark.parametrize(
    ("base", "head", "relation"),
    [
        (rule(1, {"event_type": "user_delete"}), rule(1, {"event_type": "user_deleted"}), None),
        (rule(1, {"event_type": "user_created"}), rule(1, {"event_type": "user_create"}), None),
        (rule(1, UPDATE), rule(1, {"event_type": ["user_update", "invented"]}), "wider"),
        (rule(1, {"success": True}), rule(1, {"success": True, "odd": 1}), "narrower"),
        (rule(1, {"success": True}), rule(1, {"success": False}, **LDAP), None),
        (
            rule(1, {"useragent.os": "a"}, service="access_management"),
            rule(1, {"useragent.os": "b"}, service="access_management"),
            None,
        ),
        (rule(1, {"Image": "/bin/a"}, **PROCESS), rule(1, {"Image": "/bin/b"}, **PROCESS), None),
    ],
)
def test_a_scan_finds_the_rule_on_the_events_that_are_shown(
    base: Rule, head: Rule, relation: str | None, tmp_path: Path
) -> None:
    """Of the log source, too, and in the names that the first mapping gives its fields."""
    folders = [tmp_path / name for name in ("old", "new")]
    for folder, document in zip(folders, (base, head), strict=True):
        folder.mkdir()
        (folder / "rule.yml").write_text(yaml.safe_dump(document))
    (change,) = jumpsigma.diff(*map(str, folders)).changes
    assert change.condition is not None
    assert change.condition.relation == (relation or "different")
    old, new = (jumpsigma.compile(jumpsigma.load_pack(folder), "jumpcloud") for folder in folders)
    shown = {"gained": (change.condition.gained, new, old)}
    shown["lost"] = (change.condition.lost, old, new)
    for direction, (event, finds, misses) in shown.items():
        if {"wider": "gained", "narrower": "lost"}.get(relation or "", direction) != direction:
            assert event is None
            continue
        assert event is not None
        assert [each.rule_id for each in finds.match(event)] == [uuid(1)]
        assert not misses.match(event)


def test_no_event_is_shown_where_a_mapping_makes_both_the_same(tmp_path: Path) -> None:
    """The names differ, and under the shipped mapping each stands for the other."""
    for folder, name in (("old", "ldap_srch"), ("new", "ldap_search")):
        (tmp_path / folder).mkdir()
        document = rule(1, {"event_type": name}, **LDAP)
        (tmp_path / folder / "rule.yml").write_text(yaml.safe_dump(document))
    (change,) = jumpsigma.diff(str(tmp_path / "old"), str(tmp_path / "new")).changes
    found = change.condition
    assert found is not None
    assert (found.relation, found.gained, found.lost) == ("different", None, None)


def test_the_comment_tells_what_to_look_at_first(repository: Path) -> None:
    done = run("diff", "base", "head", cwd=repository)
    text = done.stdout
    assert text.startswith("## What changes from base to head\n")
    for line in (
        "| condition wider | 2 |",
        "| condition written differently, same meaning | 1 |",
        "| mapping changed under an unchanged rule | 1 |",
        "| coverage lost | 2 |",
        "- **condition narrower**: matches less, and nothing new",
        "- coverage lost (jumpcloud): reachable (seen) → unreachable (documented)",
        "- correlation window: `5m` → `1h`",
        "- **the mapping `jumpcloud` changed under it**: the rule itself did not change",
        "<details><summary>an event that newly matches</summary>",
    ):
        assert line in text, line
    titles = [line for line in text.splitlines() if line.startswith("### ")]
    assert titles.index("### Rule 3") < titles.index("### Rule 11") < titles.index("### Rule 9")


def test_a_rule_cannot_write_into_the_comment(tmp_path: Path) -> None:
    for name, title in (("old", "Plain"), ("new", "<script>x</script>\n\n# Head ```")):
        (tmp_path / name).mkdir()
        document = rule(1, {"event_type": "x\n```\n# Not a heading"}, title=title)
        document["detection"]["selection"]["more"] = name
        (tmp_path / name / "a.yml").write_text(yaml.safe_dump(document))
    done = run("diff", tmp_path / "old", tmp_path / "new")
    assert "<script>" not in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.startswith("# ")]


def test_nothing_changed(repository: Path) -> None:
    done = run("diff", "head", "head", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No rule changes what it says." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("no-such-revision",), "no folder and no git revision 'no-such-revision'"),
        (("--", "--output=evil", "head"), "no git revision '--output=evil'"),
        (("--", "-rfoo", "head"), "no git revision '-rfoo'"),
        (("base:sigma_rules/filter.yml", "head"), "no git revision"),
        (("", "head"), "is an empty text"),
        (("base", " "), "is an empty text"),
        (("base", "head", "--mapping", "jumpclod"), "there is no mapping 'jumpclod'"),
        (("base", "head", "--events", "-"), "standard input can be read only once"),
        (("base", "head", "--rules", "nowhere"), "neither base nor head has nowhere"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], says: str, repository: Path) -> None:
    before = sorted(repository.rglob("*"))
    done = run("diff", *arguments, cwd=repository)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert not done.stdout
    assert sorted(repository.rglob("*")) == before


def test_outside_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(DiagnosticError, match="in no git repository"):
        jumpsigma.diff("main", start=tmp_path)


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DiagnosticError, match="git is not installed"):
        jumpsigma.diff("main", start=tmp_path)


def test_a_link_in_a_revision_leads_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yml"
    secret.write_text(yaml.safe_dump(rule(1, UPDATE)))
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "link.yml").symlink_to(secret)
    (folder / ".gitattributes").write_text("*.yml export-ignore\n")
    (folder / "real.yml").write_text(yaml.safe_dump(rule(2, UPDATE)))
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "links")
    (tmp_path / "empty").mkdir()
    found = jumpsigma.diff(str(tmp_path / "empty"), "main", start=folder)
    assert [each.path for each in found.changes] == ["real.yml"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["{outside}/escaped.yml"], "a file of the name '{outside}/escaped.yml'"),
        (["../escaped.yml"], "a file of the name '../escaped.yml'"),
        (["x" * 300 + ".yml"], "File name too long"),
        (["a.yml", "a.yml/b.yml"], "cannot read 'a.yml/b.yml'"),
    ],
    ids=["absolute", "upwards", "too long", "file and folder"],
)
def test_a_forged_revision_writes_nowhere(names: list[str], says: str, tmp_path: Path) -> None:
    """Git itself keeps any name in a tree that was not made by a checkout."""
    outside, folder = tmp_path / "outside", tmp_path / "repository"
    for each in (outside, folder):
        each.mkdir()
    git(folder, "init", "-q", "-b", "main")

    def kept(kind: str, data: bytes) -> str:
        command = ["git", "-C", str(folder), "hash-object", "--literally", "-w", "--stdin"]
        done = subprocess.run([*command, "-t", kind], check=True, input=data, capture_output=True)
        return done.stdout.decode().strip()

    def entry(mode: bytes, name: str, number: str) -> bytes:
        return mode + b" " + name.encode() + b"\0" + bytes.fromhex(number)

    blob = kept("blob", yaml.safe_dump(rule(1, UPDATE)).encode())
    below = kept("tree", entry(b"100644", "b.yml", blob))
    forged = b"".join(
        entry(b"40000", name.removesuffix("/b.yml"), below)
        if name.endswith("/b.yml")
        else entry(b"100644", name.format(outside=outside), blob)
        for name in names
    )
    with pytest.raises(DiagnosticError, match=re.escape(says.format(outside=outside))):
        jumpsigma.diff(kept("tree", forged), str(outside), start=folder)
    assert not list(tmp_path.rglob("escaped.yml"))


def test_a_bad_rule_at_the_head_is_told_with_its_own_path(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "good.yml").write_text(yaml.safe_dump(rule(1, UPDATE)))
    (tmp_path / "new" / "bad.yml").write_text("title: Bad\n")
    done = run("diff", tmp_path / "old", tmp_path / "new")
    assert done.returncode == 1
    assert "bad.yml:1" in done.stderr
    assert str(tmp_path) not in done.stderr
