"""What coverage says of rules, one row for each way a rule can be about this intake or not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from jumpsigma.api import Coverage, coverage, load_pack
from jumpsigma.intake.schema import load_schema

RULE = """\
title: {title}
id: 0e7a5b3c-6c1d-4a53-9d8e-{number:012d}
{name}logsource:
    product: jumpcloud
{service}detection:
{detection}
level: low
"""


PACK = """\
id: x
title: X
version: 0.1.0
license: DRL-1.1
authors: [A]
lists:
    names: names.txt
"""


def rule(detection: str, service: str | None = "directory", number: int = 1, name: str = "") -> str:
    """A rule for JumpCloud, of the lines of its detection section."""
    return RULE.format(
        title=f"Rule {number}",
        number=number,
        name=f"name: {name}\n" if name else "",
        service=f"    service: {service}\n" if service else "",
        detection=indent(dedent(detection).strip(), "    "),
    )


def answer(folder: Path, text: str, mapping: str = "jumpcloud", lists: str = "") -> Coverage:
    """The answer for the last rule of a file."""
    (folder / "rule.yml").write_text(text)
    if lists:
        (folder / "pack.yaml").write_text(PACK)
        (folder / "names.txt").write_text(lists)
    pack = load_pack(folder)
    assert not pack.has_errors, pack.diagnostics
    return coverage(pack, mapping)[-1]


def row(detection: str, service: str | None, *expected: Any, id: str) -> Any:  # noqa: A002
    """Expected: the answer, provenance, services, event types, a part of the reasons."""
    return pytest.param(detection, service, expected, id=id)


ANSWERS = [
    # detection, service, answer, provenance, services, event types, part of the reasons
    row(
        "selection: {event_type: user_update}\ncondition: selection",
        "directory",
        "reachable",
        "seen",
        ("directory",),
        ("user_update",),
        "",
        id="an event type that was seen",
    ),
    row(
        "selection: {event_type: user_lockout}\ncondition: selection",
        None,
        "reachable",
        "documented",
        ("directory", "systems"),
        ("user_lockout",),
        "",
        id="an event type of two services",
    ),
    row(
        "selection: {event_type|startswith: admin_totp}\ncondition: selection",
        "directory",
        "reachable",
        "documented",
        ("directory",),
        ("admin_totp_start_enrollment", "admin_totp_finish_enrollment", "admin_totp_disable"),
        "",
        id="a pattern of event types is looked up in the catalogue",
    ),
    row(
        "selection: {event_type: brand_new_event}\ncondition: selection",
        "directory",
        "reachable",
        "assumed",
        ("directory",),
        ("brand_new_event",),
        "no catalogue has the event type brand_new_event",
        id="event types are open",
    ),
    row(
        "selection: {event_type: a, client_ip|cidr: 10.0.0.0/8}\ncondition: selection",
        "novelty",
        "reachable",
        "assumed",
        ("novelty",),
        ("a",),
        "no source knows a service novelty",
        id="services are open",
    ),
    row(
        "selection: {success: false}\ncondition: selection",
        "sso",
        "unreachable",
        "documented",
        (),
        (),
        "events of sso have no success",
        id="a field of other services",
    ),
    row(
        "selection: {success: false, sso_token_success: false}\ncondition: selection",
        None,
        "unreachable",
        "assumed",
        (),
        (),
        "sso_token_success is in events of sso alone",
        id="two fields that no service has together",
    ),
    row(
        "selection: {CommandLine|contains: x}\ncondition: selection",
        "systems",
        "unreachable",
        "documented",
        (),
        (),
        "no event of this intake has CommandLine",
        id="a field that no event has",
    ),
    row(
        "selection: {geoip.city: null}\nfilter: {nowhere: 1}\ncondition: selection and not filter",
        "directory",
        "reachable",
        "seen",
        ("directory",),
        (),
        "filter never applies: no event of this intake has nowhere",
        id="a filter on a missing field does nothing",
    ),
    row(
        "selection: {process_name|endswith: '\\csvde.exe'}\ncondition: selection",
        "systems",
        "unlikely",
        "documented",
        ("systems",),
        (),
        "process_name as far as known is 'sshd', not",
        id="a value that was never seen",
    ),
    row(
        "selection: {windows_meta.logon_type: '77'}\ncondition: selection",
        "systems",
        "unlikely",
        "documented",
        ("systems",),
        (),
        "only ever is '2', '3', '4', '5'",
        id="a documented list of values may turn out longer",
    ),
    row(
        "selection: {client_ip|contains: evil}\ncondition: selection",
        "directory",
        "unlikely",
        "seen",
        ("directory",),
        (),
        "has the form ip_address, not '*evil*'",
        id="a text that is no address",
    ),
    row(
        "selection: {success: perhaps}\ncondition: selection",
        "directory",
        "unlikely",
        "seen",
        ("directory",),
        (),
        "is of type boolean, not 'perhaps'",
        id="a text where events have a boolean",
    ),
    row(
        "selection: {event_type: user_create}\ncondition: selection",
        "sso",
        "unlikely",
        "documented",
        ("sso",),
        ("user_create",),
        "user_create is an event of directory, not of sso",
        id="an event type of another service",
    ),
    row(
        "selection_a: {event_type: user_update}\nselection_b: {nowhere: 1}\n"
        "condition: 1 of selection_*",
        "directory",
        "partial",
        "seen",
        ("directory",),
        ("user_update",),
        "selection_b is dead: no event of this intake has nowhere",
        id="one of two selections is dead",
    ),
    row(
        "selection_a: {event_type: user_update}\nselection_b: {auth_method: telepathy}\n"
        "condition: 1 of selection_*",
        "directory",
        "partial",
        "seen",
        ("directory",),
        ("user_update",),
        "selection_b is dead: auth_method as far as known is 'session'",
        id="a selection of values that were never seen is dead",
    ),
    row(
        "selection:\n    - event_type: user_update\n    - nowhere: 1\ncondition: selection",
        "directory",
        "partial",
        "seen",
        ("directory",),
        ("user_update",),
        "an alternative at line 9 is dead: no event of this intake has nowhere",
        id="an alternative within a selection is dead",
    ),
    row(
        "selection:\n    changes[suspended].to: true\ncondition: selection",
        "directory",
        "reachable",
        "read-in-code",
        ("directory",),
        (),
        "",
        id="an element of the list of changes",
    ),
    row(
        "selection:\n    changes[fairy_dust].to: true\ncondition: selection",
        "directory",
        "unlikely",
        "read-in-code",
        ("directory",),
        (),
        "changes.field as far as known is",
        id="a change that nobody has seen",
    ),
    row(
        "selection: {resource.username|fieldref: initiated_by.username}\ncondition: selection",
        "directory",
        "reachable",
        "read-in-code",
        ("directory",),
        (),
        "",
        id="two fields that are the same",
    ),
    row(
        "selection: {client_ip|re: '^10\\.[0-9]{1,2}\\.'}\ncondition: selection",
        "radius",
        "reachable",
        "seen",
        ("radius",),
        (),
        "",
        id="a regular expression, completed to an address",
    ),
    row(
        "selection: {timestamp|hour|gte: 22}\ncondition: selection",
        "directory",
        "reachable",
        "seen",
        ("directory",),
        (),
        "",
        id="a part of a time",
    ),
    row(
        "selection: {number_of_results|gt: 1000}\ncondition: selection",
        "ldap",
        "reachable",
        "documented",
        ("ldap",),
        (),
        "",
        id="a number above a bound",
    ),
    row(
        "keywords: [fairy dust]\ncondition: keywords",
        "directory",
        "reachable",
        "documented",
        ("directory",),
        (),
        "",
        id="a keyword finds room in an open text",
    ),
    row(
        "selection: {event_type: user_update}\ncondition: selection and not selection",
        "directory",
        "unreachable",
        "documented",
        (),
        (),
        "the condition contradicts itself",
        id="a contradiction",
    ),
    row(
        "selection: {timestamp|month: 13}\ncondition: selection",
        "directory",
        "unlikely",
        "assumed",
        (),
        (),
        "nothing forbids it, but no event was found that satisfies it",
        id="that nothing was found is no proof that there is nothing",
    ),
    row(
        "selection: {conversation.id|exists: true}\ncondition: selection",
        "genai",
        "unlikely",
        "assumed",
        ("genai",),
        (),
        "no source describes the fields of genai",
        id="a service whose fields nobody describes",
    ),
    row(
        "selection: {client_ip|expand: '%names%'}\ncondition: selection",
        "directory",
        "reachable",
        "seen",
        ("directory",),
        (),
        "the list names has no values yet",
        id="a list without values",
    ),
]


@pytest.mark.parametrize(("detection", "service", "expected"), ANSWERS)
def test_answers(
    detection: str, service: str | None, expected: tuple[Any, ...], tmp_path: Path
) -> None:
    wanted, provenance, services, event_types, reason = expected
    found = answer(tmp_path, rule(detection, service)).reach
    assert (found.reachability, found.provenance) == (wanted, provenance), found.reasons
    assert (found.services, found.event_types) == (services, event_types)
    assert reason in "; ".join(found.reasons)
    assert bool(reason) == bool(found.reasons)
    assert (found.witness is None) is (not found.services)


def test_every_field_of_an_unreachable_rule_is_named(tmp_path: Path) -> None:
    text = rule(
        "selection: {CommandLine: a, Hashes: b, success: false}\ncondition: selection", "sso"
    )
    assert answer(tmp_path, text).reach.reasons == (
        "no event of this intake has CommandLine",
        "no event of this intake has Hashes",
        "events of sso have no success; it is in access_management, alerts, directory and 7 more",
    )


def test_a_rule_that_the_mapping_refuses_is_unreachable_for_its_reasons(tmp_path: Path) -> None:
    text = rule("selection: {CommandLine: x, Image: y}\ncondition: selection", None)
    text = text.replace("product: jumpcloud", "category: process_creation")
    found = answer(tmp_path, text).reach
    assert (found.reachability, found.provenance) == ("unreachable", "documented")
    (reason,) = found.reasons
    assert reason.startswith("field 'CommandLine': JumpCloud reports only")


def test_a_list_of_the_pack_gives_the_witness_its_value(tmp_path: Path) -> None:
    text = rule("selection: {client_ip|expand: '%names%'}\ncondition: selection")
    found = answer(tmp_path, text, lists="nonsense\n198.51.100.77\n").reach
    assert found.reasons == ()
    assert found.witness is not None
    assert found.witness.events[0]["client_ip"] == "198.51.100.77"
    assert not found.witness.lists


def test_a_witness_is_an_event_of_the_intake(tmp_path: Path) -> None:
    text = rule(
        """\
        selection:
            event_type: association_change
            association.connection.to.name|startswith: prod
            changes[*].field|contains: name
            geoip.country_code|re: ^[A-F].$
            initiated_by.email|endswith: '@example.org'
        filter:
            resource.type: user
        condition: selection and not filter
        """
    )
    found = answer(tmp_path, text).reach
    assert found.witness is not None
    (event,) = found.witness.events
    assert load_schema().conforms(event) == []
    assert event["service"] == "directory"
    assert event["association"]["connection"]["to"]["name"].startswith("prod")
    assert event["initiated_by"]["email"].endswith("@example.org")


CORRELATION = """\
---
title: Correlation
id: 0e7a5b3c-6c1d-4a53-9d8e-000000000099
correlation:
{body}
level: high
"""


def correlation(body: str, *rules: str) -> str:
    """The rules and a correlation of them in one file."""
    return "---\n".join(rules) + CORRELATION.format(body=indent(dedent(body).strip(), "    "))


FAILED = rule(
    "selection: {event_type: user_login_attempt, success: false}\ncondition: selection",
    number=1,
    name="failed",
)
PASSED = rule(
    "selection: {event_type: user_login_attempt, success: true}\ncondition: selection",
    number=2,
    name="passed",
)
DEAD = rule("selection: {nowhere: 1}\ncondition: selection", number=3, name="dead")
ODD = rule("selection: {auth_method: telepathy}\ncondition: selection", number=4, name="odd")


def chain(body: str, rules: tuple[str, ...], *expected: Any, id: str) -> Any:  # noqa: A002
    """Expected: the answer, the events of the witness, a part of the reasons."""
    return pytest.param(body, rules, expected, id=id)


CORRELATIONS = [
    chain(
        "type: event_count\nrules: [failed]\ngroup-by: [initiated_by.username]\ntimespan: 5m\n"
        "condition: {gte: 4}",
        (FAILED,),
        "reachable",
        4,
        "",
        id="events are counted",
    ),
    chain(
        "type: event_count\nrules: [failed]\ngroup-by: [nowhere]\n"
        "timespan: 5m\ncondition: {gte: 4}",
        (FAILED,),
        "unreachable",
        0,
        "no event of this intake has nowhere",
        id="no event has the field that it groups by",
    ),
    chain(
        "type: value_count\nrules: [failed]\ngroup-by: [client_ip]\ntimespan: 1h\n"
        "condition: {field: initiated_by.username, gt: 6}",
        (FAILED,),
        "reachable",
        7,
        "",
        id="values are counted",
    ),
    chain(
        "type: value_count\nrules: [failed]\ngroup-by: [client_ip]\ntimespan: 1h\n"
        "condition: {field: mfa, gte: 3}",
        (FAILED,),
        "unlikely",
        0,
        "no sequence of events was found",
        id="a boolean has no three values",
    ),
    chain(
        "type: value_sum\nrules: [failed]\n"
        "timespan: 1h\ncondition: {field: geoip.latitude, gt: 60}",
        (FAILED,),
        "reachable",
        1,
        "",
        id="one value is a sum",
    ),
    chain(
        "type: temporal_ordered\nrules: [failed, passed]\ngroup-by: [initiated_by.username]\n"
        "timespan: 5m",
        (FAILED, PASSED),
        "reachable",
        2,
        "",
        id="one rule and then another",
    ),
    chain(
        "type: temporal\nrules: [failed, dead]\ntimespan: 5m",
        (FAILED, DEAD),
        "unreachable",
        0,
        "no event of this intake has nowhere",
        id="a rule that it needs is dead",
    ),
    chain(
        "type: temporal\nrules: [failed, odd]\ntimespan: 5m",
        (FAILED, ODD),
        "unlikely",
        2,
        "auth_method as far as known is",
        id="as unlikely as the unlikeliest of its rules",
    ),
    chain(
        "type: event_count\nrules: [failed, dead]\ntimespan: 5m\ncondition: {gte: 2}",
        (FAILED, DEAD),
        "partial",
        2,
        "dead is dead: no event of this intake has nowhere",
        id="it can do without the dead rule",
    ),
    chain(
        "type: event_count\nrules: [failed]\ntimespan: 10s\ncondition: {gte: 300}",
        (FAILED,),
        "reachable",
        300,
        "",
        id="many events in a short window",
    ),
]


@pytest.mark.parametrize(("body", "rules", "expected"), CORRELATIONS)
def test_correlations(
    body: str, rules: tuple[str, ...], expected: tuple[str, int, str], tmp_path: Path
) -> None:
    wanted, events, reason = expected
    found = answer(tmp_path, correlation(body, *rules)).reach
    assert found.reachability == wanted, found.reasons
    assert (0 if found.witness is None else len(found.witness.events)) == events
    assert reason in "; ".join(found.reasons)
