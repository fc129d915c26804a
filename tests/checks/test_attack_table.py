"""ATT&CK: the table that ships with us, a user's bundle, and how the table is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fragments import write

import jumpsigma
from jumpsigma.attack import TABLE, TACTICS, load_attack, stix, table_line
from jumpsigma.attack.make import techniques
from jumpsigma.attack.stix import read_stix
from jumpsigma.diagnostics import DiagnosticError


@pytest.mark.parametrize(
    ("number", "name", "tactics", "successor"),
    [
        ("T1110.003", "Password Spraying", ("credential-access",), None),
        ("t1036.007", "Double File Extension", ("stealth",), None),
        ("T1562.001", "Disable or Modify Tools", ("stealth",), "T1685"),
        ("T1002", "Data Compressed", ("exfiltration",), "T1560"),
    ],
)
def test_techniques(
    number: str, name: str, tactics: tuple[str, ...], successor: str | None
) -> None:
    technique = load_attack().technique(number)
    assert technique is not None
    assert (technique.name, technique.tactics, technique.successor) == (name, tactics, successor)


def test_every_technique_has_tactics_of_the_matrix() -> None:
    for technique in load_attack().techniques.values():
        assert set(technique.tactics) <= set(TACTICS), technique
        assert technique.tactics, technique


def test_every_revocation_ends_in_a_technique_that_is_in_force() -> None:
    attack = load_attack()
    for technique in attack.techniques.values():
        successor = attack.successor(technique)
        assert successor is not None
        assert not successor.revoked


def test_the_table_is_as_its_lines_are_made() -> None:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert [table_line(each) for each in load_attack().techniques.values()] == lines


@pytest.mark.corpus
def test_the_table_agrees_with_another_source(shared: Path) -> None:
    attack = load_attack()
    lines = (shared / "data" / "attack" / "v19.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert len(rows) == len(attack.techniques)
    for number, name, status, successor, tactics, *_ in rows:
        technique = attack.techniques[number]
        assert technique.name == name
        assert technique.revoked == (status == "revoked")
        assert set(technique.tactics) == set(filter(None, tactics.split(",")))
        assert not successor or technique.successor == successor


def test_make_keeps_enterprise_and_finds_successors() -> None:
    def value(number: str, phase: str, **more: Any) -> dict[str, Any]:
        meta = {"external_id": number, "kill_chain": [phase] if phase else []}
        return {"uuid": f"u-{number}", "value": f"Name - {number}", "meta": meta, **more}

    link = {"dest-uuid": "u-T2002", "type": "revoked-by"}
    made = techniques(
        [
            value("T2002", "attack-Windows:execution"),
            value("T2001", "attack-Linux:impact", revoked=True, related=[link]),
            value("T2003", "mobile-attack-iOS:impact"),
            value("T2004", ""),
        ]
    )
    assert [table_line(each) for each in made] == [
        "T2001\tName\timpact\tT2002",
        "T2002\tName\texecution\t",
    ]


def attack_pattern(number: str, tactic: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "attack-pattern",
        "id": f"attack-pattern--{number}",
        "name": f"Name of {number}",
        "external_references": [{"source_name": "mitre-attack", "external_id": number}],
        "kill_chain_phases": [{"kill_chain_name": "mitre-attack", "phase_name": tactic}],
        **more,
    }


BUNDLE = {
    "type": "bundle",
    "objects": [
        {"type": "x-mitre-collection", "x_mitre_version": "99.1"},
        {"type": "x-mitre-tactic", "x_mitre_shortname": "mischief"},
        attack_pattern("T9001", "mischief"),
        attack_pattern("T9002", "mischief", revoked=True),
        {
            "type": "relationship",
            "relationship_type": "revoked-by",
            "source_ref": "attack-pattern--T9002",
            "target_ref": "attack-pattern--T9001",
        },
        attack_pattern("T9003", "mischief", x_mitre_deprecated=True),
        {"type": "attack-pattern", "external_references": "odd", "kill_chain_phases": 1},
        "odd",
    ],
}


def test_a_bundle_takes_the_place_of_the_table(tmp_path: Path) -> None:
    bundle = tmp_path / "attack.json"
    bundle.write_text(json.dumps(BUNDLE), encoding="utf-8")
    attack = read_stix(bundle)
    assert (attack.version, attack.tactics) == ("99.1", ("mischief",))
    write("tags:\n    - attack.mischief\n    - attack.t9001\n    - attack.t9002\n", tmp_path / "r")
    found = jumpsigma.validate(jumpsigma.load_pack(tmp_path / "r"), attack=bundle)
    assert [(each.code, each.hint) for each in found.diagnostics] == [
        ("JS144", "T9001 Name of T9001 took its place")
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "JS001"), ("{", "JS087"), ("[]", "JS087"), ('{"objects": []}', "JS087")],
)
def test_a_file_that_is_no_bundle_is_named(content: str | None, code: str, tmp_path: Path) -> None:
    bundle = tmp_path / "attack.json"
    if content is not None:
        bundle.write_text(content, encoding="utf-8")
    with pytest.raises(DiagnosticError) as raised:
        read_stix(bundle)
    assert raised.value.diagnostic.code == code


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device that never ends")
def test_a_bundle_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stix, "MOST_BYTES", 1000)
    with pytest.raises(DiagnosticError, match="larger than"):
        read_stix("/dev/zero")
