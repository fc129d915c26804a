"""Attacks to plant among the events, each with a label that says what should be found.

A scenario is a function that yields steps. To add one: write the function, put it into
``SCENARIOS``; a step names an activity, and the titles of the shipped rules that fire on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

import orjson

from jumpsigma.synth.activities_admin import COMMANDS, CONDITIONAL, IP_LISTS, POLICIES
from jumpsigma.synth.company import (
    ABROAD,
    UNKNOWN_AGENT,
    Company,
    Origin,
    Person,
    agent_of,
    object_id,
    origin,
)
from jumpsigma.synth.stream import ATTACK_PROCESS, HOUR, Moment, Setting, Writer
from jumpsigma.synth.templates import text_of

LOCKED = "Jumpcloud Account Locked"
ADMIN_LOCKED = "Jumpcloud Account Locked - Administrator"
KEY_UPDATED = "Jumpcloud Api Key Updated"
POLICY_MODIFIED = "Jumpcloud Policy Modified"
POLICY_DELETED = "Jumpcloud Policy Modified - Policy Deleted"
CONDITIONAL_CHANGED = "Jumpcloud Policy Modified - Conditional Access Policy Changed"
IP_LIST_CHANGED = "Jumpcloud Policy Modified - IP List Changed"
ADMIN_MFA_OFF = "Jumpcloud Admin MFA Disabled"
USER_MFA_OFF = "Jumpcloud MFA Disabled For User"
RESULT_DELETED = "Jumpcloud Command Result Deleted"
EXPORTED = "Jumpcloud Password Manager Export"
ADMIN_WITHOUT_MFA = "Jumpcloud Admin Login Without MFA"
#: Once the address is on the list: jumpsigma intel add --list tor_exit_nodes
FROM_TOR = "TOR Usage Generic Rule - JumpCloud"
# Of several events; the label is on the one that completes them.
GUESSED = "Jumpcloud Failed Logins Then Success"
SPRAYED = "Jumpcloud Failed Logins For Many Users From One Address"
MANY_LOCKED = "Jumpcloud Many Accounts Locked From One Address"
COUNTRIES = "Jumpcloud User Logged In From Several Countries"
COMMAND_GONE = "Jumpcloud Command Created, Run And Deleted"
MANY_SECRETS = "Jumpcloud Many Secrets Revealed"


@dataclass(frozen=True, slots=True)
class Planted:
    """A planted event: its scenario, and the shipped rules that should fire on it, if any."""

    scenario: str
    event_id: str
    timestamp: str
    rule_titles: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """The label as JSON has it."""
        return {
            "scenario": self.scenario,
            "event_id": self.event_id,
            "timestamp": self.timestamp,
            "rule_titles": list(self.rule_titles),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a scenario, ``after`` seconds behind the one before.

    Without an origin it comes from where the person usually works; ``fixed`` gives slots a value
    that would be drawn otherwise.
    """

    after: float
    activity: str
    person: Person
    titles: tuple[str, ...] = ()
    origin: Origin | None = None
    fixed: Mapping[bytes, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """Whom and what a scenario has to work with."""

    company: Company
    draw: Callable[[], float]

    def person(self) -> Person:
        """Anybody."""
        return self.people(1)[0]

    def people(self, count: int) -> tuple[Person, ...]:
        """That many different people, or all of them when there are fewer."""
        return tuple(sorted(self.company.people, key=lambda _: self.draw())[:count])

    def admin(self) -> Person:
        """An administrator."""
        return self.company.admins[int(self.draw() * len(self.company.admins))]

    def abroad(self, *, scripted: bool = False) -> Origin:
        """An address in a country where nobody of the company lives."""
        number = int(self.draw() * len(ABROAD))
        # 203.0.113.0/24 is the attackers': 80 addresses for each of three countries.
        address = f"203.0.113.{number * 80 + 10 + int(self.draw() * 60)}"
        agent = UNKNOWN_AGENT if scripted else agent_of("Firefox", "139.0", "linux")
        return origin(address, ABROAD[number], agent)


def password_spraying(scene: Scene) -> Iterator[Step]:
    """One address tries a few passwords on several users, until they are locked."""
    source = scene.abroad(scripted=True)
    victims = scene.people(5)
    for attempt in range(3):
        for number, victim in enumerate(victims):
            titles = (SPRAYED,) if (attempt, number) == (0, 4) else ()
            yield Step(9, "user_login_attempt_failed", victim, titles, source)
    for number, victim in enumerate(victims[:4]):
        locked = (LOCKED, MANY_LOCKED) if number == 2 else (LOCKED,)
        yield Step(3, "user_lockout", victim, locked, source)


def admin_lockout(scene: Scene) -> Iterator[Step]:
    """Somebody guesses the password of an administrator."""
    source, admin = scene.abroad(scripted=True), scene.admin()
    for _ in range(6):
        yield Step(11, "admin_login_attempt_failed", admin, origin=source)
    yield Step(1, "admin_lockout", admin, (ADMIN_LOCKED,), source)


def api_key_rotated(scene: Scene) -> Iterator[Step]:
    """An administrator's API key is replaced from a country that is new for everybody."""
    source, admin = scene.abroad(), scene.admin()
    yield Step(0, "admin_login_attempt", admin, origin=source)
    yield Step(70, "admin_update_api_key", admin, (KEY_UPDATED,), source)


def policy_modified(scene: Scene) -> Iterator[Step]:
    """A stranger weakens a device policy."""
    fixed = {b"object": text_of(POLICIES[1])}
    yield Step(0, "policy_update", scene.admin(), (POLICY_MODIFIED,), scene.abroad(), fixed)


def policy_deleted(scene: Scene) -> Iterator[Step]:
    """A stranger deletes a device policy."""
    fixed = {b"object": text_of(POLICIES[3])}
    yield Step(0, "policy_delete", scene.admin(), (POLICY_DELETED,), scene.abroad(), fixed)


def conditional_access_deleted(scene: Scene) -> Iterator[Step]:
    """A stranger deletes the policy that asks for a managed device."""
    fixed = {b"object": text_of(CONDITIONAL[0])}
    yield Step(
        0, "authnpolicy_delete", scene.admin(), (CONDITIONAL_CHANGED,), scene.abroad(), fixed
    )


def ip_list_changed(scene: Scene) -> Iterator[Step]:
    """A stranger adds an address to the trusted ones, and removes another list."""
    source, admin = scene.abroad(), scene.admin()
    for after, activity, changed in ((0, "iplist_update", 0), (45, "iplist_delete", 1)):
        fixed = {b"object": text_of(IP_LISTS[changed])}
        yield Step(after, activity, admin, (IP_LIST_CHANGED,), source, fixed)


def brute_force(scene: Scene) -> Iterator[Step]:
    """Twelve wrong passwords for one user, then the right one."""
    source, victim = scene.abroad(scripted=True), scene.person()
    for _ in range(12):
        yield Step(4, "user_login_attempt_failed", victim, origin=source)
    yield Step(5, "user_login_attempt_no_mfa", victim, (GUESSED,), source)


def impossible_travel(scene: Scene) -> Iterator[Step]:
    """A user signs in at the usual place, and half an hour later on another continent."""
    traveller = scene.person()
    yield Step(0, "user_login_attempt", traveller)
    yield Step(1_800, "user_login_attempt", traveller, (COUNTRIES,), scene.abroad())


def mfa_disabled(scene: Scene) -> Iterator[Step]:
    """An administrator switches off the second factor, first a user's and then the own one."""
    source, admin, victim = scene.abroad(), scene.admin(), scene.person()
    fixed = {b"target_user": victim.slots[b"self_user"]}
    yield Step(0, "user_update_mfa_off", admin, (USER_MFA_OFF,), source, fixed)
    yield Step(40, "admin_totp_disable", admin, (ADMIN_MFA_OFF,), source)


def command_abuse(scene: Scene) -> Iterator[Step]:
    """A command is written, run and deleted within minutes, and so is its result."""
    source, admin = scene.abroad(), scene.admin()
    command = {**COMMANDS[0], "id": object_id("command", "attack"), "name": "Maintenance"}
    steps = {
        "command_create": (),
        "command_run": (),
        "commandresult_delete": (RESULT_DELETED,),
        "command_delete": (COMMAND_GONE,),
    }
    for activity, titles in steps.items():
        yield Step(50, activity, admin, titles, source, {b"object": text_of(command)})


def password_export(scene: Scene) -> Iterator[Step]:
    """A user reveals many secrets and exports the password manager and the vault."""
    source, thief = scene.abroad(), scene.person()
    for number in range(8):
        titles = (MANY_SECRETS,) if number == 7 else ()
        yield Step(3, "passwordmanager_item_reveal", thief, titles, source)
    yield Step(20, "passwordmanager_items_export", thief, (EXPORTED,), source)
    yield Step(30, "passwordvault_credential_export", thief, (EXPORTED,), source)


def tor_sign_in(scene: Scene) -> Iterator[Step]:
    """A sign-in from ``TOR_EXIT``, an address that stands for a Tor exit node."""
    agent = agent_of("Firefox", "128.0", "windows")
    exit_node = origin(TOR_EXIT, ABROAD[1], agent)
    yield Step(0, "user_login_attempt", scene.person(), (FROM_TOR,), exit_node)


def sign_in_without_mfa(scene: Scene) -> Iterator[Step]:
    """An administrator and a user sign in with a password alone."""
    yield Step(0, "admin_login_attempt_no_mfa", scene.admin(), (ADMIN_WITHOUT_MFA,))
    yield Step(30, "user_login_attempt_no_mfa", scene.person())


#: Not among the addresses that ``Scene.abroad`` gives, in the country of its neighbours.
TOR_EXIT = "203.0.113.99"

SCENARIOS: dict[str, Callable[[Scene], Iterator[Step]]] = {
    "password-spraying": password_spraying,
    "admin-lockout": admin_lockout,
    "api-key-rotated": api_key_rotated,
    "policy-modified": policy_modified,
    "policy-deleted": policy_deleted,
    "conditional-access-deleted": conditional_access_deleted,
    "ip-list-changed": ip_list_changed,
    "brute-force": brute_force,
    "impossible-travel": impossible_travel,
    "mfa-disabled": mfa_disabled,
    "command-abuse": command_abuse,
    "password-export": password_export,
    "tor-sign-in": tor_sign_in,
    "sign-in-without-mfa": sign_in_without_mfa,
}


def plant(
    setting: Setting, scenarios: Iterable[str]
) -> dict[int, list[tuple[float, bytes, Planted]]]:
    """Write the events of scenarios: per hour (its first second) triples in order of time.

    A triple is (second in the hour, line, label). A scenario that is longer than the time there
    is goes faster.
    """
    draw = Random(3 * setting.seed + 2).random  # noqa: S311 - repeatable, not secret
    scene = Scene(setting.company, draw)
    span = setting.end - setting.start
    timed: list[tuple[float, str, Step]] = []
    for name in scenarios:
        steps = list(SCENARIOS[name](scene))
        elapsed = [0.0]
        for step in steps:
            elapsed.append(elapsed[-1] + step.after + draw())
        pace = min(1.0, span / elapsed[-1] * 0.99)
        begin = draw() * (span - elapsed[-1] * pace)
        timed += [
            (begin + each * pace, name, step) for each, step in zip(elapsed[1:], steps, strict=True)
        ]
    timed.sort(key=lambda each: each[0])
    writer = Writer(setting.company, ATTACK_PROCESS, draw)
    hours: dict[int, list[tuple[float, bytes, Planted]]] = {}
    for since, name, step in timed:
        second = setting.start + int(since)
        hour = second // HOUR * HOUR
        offset = second - hour + (since - int(since))
        line = writer.line(
            setting.kinds[step.activity],
            step.person,
            Moment.of(hour),
            offset,
            origin=step.origin,
            fixed=step.fixed,
        )
        event = orjson.loads(line)
        label = Planted(name, event["id"], event["timestamp"], step.titles)
        hours.setdefault(hour, []).append((offset, line, label))
    return hours
