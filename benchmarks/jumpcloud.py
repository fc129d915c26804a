"""Directory Insights events of the size that customers see.

``jumpsigma synth`` writes what a detection needs; an event of it has 0.8 KB on average. Real
events say more of the same kind: each part of a client's version, the policies and factors of a
sign-in, the payloads of MDM, what a directory server was asked for. :func:`enlarge` adds that, so
that an event has 1.3 KB. All values are invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import orjson

from jumpsigma.synth import event_lines

SEED: Final = 7
#: Average size of an event, in bytes, that the enlarged stream keeps to.
EVENT_BYTES: Final = (1250, 1350)

Event = dict[str, Any]

_LDAP_ATTRIBUTES = (  # noqa: SIM905 - a list of words
    "uid uidNumber gidNumber cn sn givenName displayName mail telephoneNumber mobile title "
    "department company employeeNumber employeeType manager homeDirectory loginShell sshPublicKey "
    "memberOf objectClass createTimestamp modifyTimestamp entryUUID pwdChangedTime jumpcloudUserId "
    "postalAddress street l st postalCode c labeledURI preferredLanguage description"
).split()
_POLICIES = ("Managed devices", "Known networks", "Second factor", "Administrators", "Contractors")
_FACTORS = ("password", "totp", "webauthn", "duo", "jumpcloud_protect", "jumpcloud_go")
_PROFILES = ("Wi-Fi", "FileVault", "Passcode", "Restrictions", "System extensions", "Login window")
_JOURNAL = (
    "pam_unix(sshd:session): session opened for user {user}(uid=1{n:03}) by (uid=0)",
    "Accepted publickey for {user} from 192.0.2.{n} port 5{n:03} ssh2: ED25519 SHA256:{digest}",
    "An account was logged on. Subject: S-1-5-18 Logon Process: User32 Account: {user}",
    "loginwindow: user {user} authenticated by the security agent, session {digest}",
)


def small_lines(count: int) -> Iterator[bytes]:
    """The stream of ``jumpsigma synth`` as it is: JSON of one event each, without a line's end."""
    return event_lines(count, seed=SEED)


def lines(count: int) -> Iterator[bytes]:
    """The same events, enlarged to 1.3 KB on average."""
    draw = Random(SEED)  # noqa: S311 - repeatable
    return (orjson.dumps(enlarge(orjson.loads(line), draw)) for line in small_lines(count))


def enlarge(event: Event, draw: Random) -> Event:
    """Add what real events of the service carry besides."""
    if "geoip" in event:
        event["geoip"].setdefault("city", event["geoip"]["region_name"])
        event["geoip"]["postal_code"] = f"{draw.randrange(10_000, 99_999)}"
    if "useragent" in event:
        _complete(event["useragent"], draw)
    _ADDED.get(event["service"], _other)(event, draw)
    return event


def _complete(agent: dict[str, str], draw: Random) -> None:
    """Every part of a client's version is there, unknown ones empty."""
    for key in ("minor", "patch", "build", "os_minor", "os_patch"):
        agent.setdefault(key, "")
    agent["original"] = (
        f"Mozilla/5.0 ({agent['os_full']}; {agent['device']}) AppleWebKit/537.36 (KHTML, like "
        f"Gecko) {agent['name']}/{agent['version']}.{draw.randrange(100)} Safari/537.36"
    )


def _object_id(draw: Random) -> str:
    return f"{draw.getrandbits(96):024x}"


def _policies(draw: Random, number: int) -> list[Event]:
    return [
        {
            "id": _object_id(draw),
            "name": name,
            "metadata": {"action": "ALLOW", "resource_type": "APPLICATION"},
        }
        for name in draw.sample(_POLICIES, number)
    ]


def _directory(event: Event, draw: Random) -> None:
    context = event.setdefault("auth_context", {})
    methods = context.setdefault("auth_methods", {})
    for factor in draw.sample(_FACTORS, 2):
        methods.setdefault(factor, {"success": True})
    context.setdefault("policies_applied", _policies(draw, 2))
    event.setdefault("correlation", {"id": f"{draw.getrandbits(128):032x}", "type": "request"})
    event.setdefault("message_chain", {})


def _sso(event: Event, draw: Random) -> None:
    event["auth_context"]["policies_applied"] += _policies(draw, 1)
    event.setdefault("correlation", {})


def _radius(event: Event, draw: Random) -> None:
    event["radius_server"] = {
        "id": _object_id(draw),
        "name": f"Office {draw.randrange(1, 9)}",
        "network_source_ip": event.get("client_ip"),
        "nas": {
            "identifier": f"ap-{draw.randrange(1, 400):03}.wifi.example.com",
            "port_type": "Wireless-802.11",
            "called_station_id": f"{draw.getrandbits(48):012X}:Corporate",
            "calling_station_id": f"{draw.getrandbits(48):012X}",
        },
    }
    event["auth_context"] = {
        "auth_methods": {"password": {"success": event["success"]}},
        "policies_applied": _policies(draw, 2),
    }


def _ldap(event: Event, draw: Random) -> None:
    if "attr" in event:
        event["attr"] = " ".join(draw.sample(_LDAP_ATTRIBUTES, 24))
    event["dn"] = f"uid={event['username']},ou=Users,o={event['organization']},dc=example,dc=com"
    event["resource"] = {
        "id": _object_id(draw),
        "type": "user",
        "username": event["username"],
        "groups": draw.sample(("All staff", "Printers", "VPN", "Wiki", "Builds", "Finance"), 3),
    }
    event["auth_context"] = {"policies_applied": _policies(draw, 1), "auth_methods": {}}
    event["server"] = {
        "hostname": f"ldap{draw.randrange(1, 6)}.example.com",
        "port": 636,
        "cipher": "TLS_AES_256_GCM_SHA384",
        "version": "TLSv1.3",
    }


def _systems(event: Event, draw: Random) -> None:
    fill = {
        "user": event.get("username", "system"),
        "n": draw.randrange(1, 255),
        "digest": f"{draw.getrandbits(160):040x}",
    }
    event["message"] = " ".join(text.format(**fill) for text in draw.sample(_JOURNAL, 3))
    event["src_ip"] = f"192.0.2.{fill['n']}"
    event["os_meta_family"] = draw.choice(("windows", "darwin", "linux"))
    event["agent"] = {
        "version": f"1.{draw.randrange(100, 240)}.0",
        "last_contact": event["timestamp"],
        "serial_number": f"{draw.getrandbits(48):012X}",
        "network_interfaces": [
            {"address": f"198.51.100.{draw.randrange(1, 255)}", "family": "IPv4", "name": "en0"},
            {"address": f"2001:db8::{draw.getrandbits(16):x}", "family": "IPv6", "name": "en0"},
        ],
    }


def _software(event: Event, draw: Random) -> None:
    application = event.setdefault("application", {})
    for key in ("package_manager", "display_name"):
        application.setdefault(key, "")
    application["bundle_identifier"] = f"com.example.{draw.getrandbits(40):x}"
    application["signature"] = f"{draw.getrandbits(256):064x}"
    event["resource"] = {"id": _object_id(draw), "type": "application", "name": "inventory"}
    event["app_management_source"] = "agent"
    event["available_os_updates"] = [
        {"name": f"KB50{draw.randrange(10_000, 99_999)}", "severity": "important", "reboot": False}
        for _ in range(4)
    ]


def _mdm(event: Event, draw: Random) -> None:
    event["profile_list"] = [
        {
            "payload_display_name": name,
            "payload_identifier": f"com.example.mdm.{draw.getrandbits(64):016x}",
            "payload_uuid": f"{draw.getrandbits(128):032X}",
            "payload_verion": 1,  # spelled like this
            "payload_content": [{"payload_type": "com.example.profile", "payload_verion": 1}],
        }
        for name in draw.sample(_PROFILES, 4)
    ]


def _other(event: Event, draw: Random) -> None:
    event.setdefault("correlation", {"id": f"{draw.getrandbits(128):032x}", "type": "request"})
    event.setdefault("auth_context", {"policies_applied": _policies(draw, 3), "auth_methods": {}})


_ADDED: Final[dict[str, Callable[[Event, Random], None]]] = {
    "directory": _directory,
    "ldap": _ldap,
    "mdm": _mdm,
    "radius": _radius,
    "software": _software,
    "sso": _sso,
    "systems": _systems,
}
