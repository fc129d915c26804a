"""Three sets of 30 Sigma rules, of the kinds that people write for Directory Insights.

The first 24 are in all three. They, and the six of ``_SILENT``, fire on less than one event in a
hundred; the six of ``_TALKING`` on 0.13 of all; of ``_SERVICES`` one on every event.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

#: Title, and what follows ``detection:``.
RuleText = tuple[str, str]

_RARE: Final[tuple[RuleText, ...]] = (
    ("Administrator deleted", "s: {event_type: admin_delete}"),
    (
        "Administrator signed in without a second factor",
        "s: {event_type: admin_login_attempt, success: true, mfa: false}",
    ),
    ("Account locked", "s: {event_type: [user_lockout, admin_lockout]}"),
    (
        "Key of the API used by a script",
        "s: {auth_method: api key, useragent.name|contains: [curl, python-requests, wget]}",
    ),
    ("Account suspended", "s: {'changes[suspended].to': true}"),
    (
        "Second factor switched off",
        "s: {event_type: user_update, 'changes[totp_enabled].to': false}",
    ),
    ("List of addresses changed", "s: {event_type|startswith: iplist_}"),
    (
        "Something deleted in the directory",
        "s: {service: directory, event_type|endswith: _delete}",
    ),
    (
        "Sign-in to the cloud denied",
        "s: {service: sso, sso_token_success: false, application.name: [aws, azure]}",
    ),
    ("Cleartext password to RADIUS", "s: {auth_type|re: '(?i)^pap$'}"),
    (
        "Challenge answered wrongly",
        "s: {error_message|contains: response is incorrect}",
    ),
    (
        "Directory server asked for everything",
        "s: {filter|contains: 'objectClass=\\*', number_of_results|gte: 5000}",
    ),
    ("Anonymous bind", "s: {event_type: ldap_bind, auth_method: anonymous}"),
    (
        "Sign-in from the laboratory",
        "s: {event_type: user_login_attempt, client_ip|cidr: 203.0.113.0/28}",
    ),
    (
        "Sign-in from unknown networks",
        "s: {client_ip|cidr: ['2001:db8:ffff::/48', 203.0.113.128/25]}",
    ),
    (
        "Administrator abroad",
        (
            "s: {event_type|startswith: admin_login}\n"
            "  filter: {geoip.country_code: [US, FR, PT, IN, DE]}\n"
            "  condition: s and not filter"
        ),
    ),
    (
        "Name of a shell that calls home",
        "s: {event_type: command_create, resource.name|re: '(?i)(reverse|bind)[-_ ]?shell'}",
    ),
    (
        "Passwords exported",
        "s: {event_type|endswith: [_items_export, _credential_export]}",
    ),
    ("Recovery key read", "s: {event_type: system_fde_key_decrypt}"),
    ("Device erased or locked", "s: {request_type: [EraseDevice, DeviceLock, ClearPasscode]}"),
    (
        "Remote control installed",
        "s: {service: software, application.name|contains: [AnyDesk, RustDesk, ngrok, Atera]}",
    ),
    (
        "Program in a public folder",
        "s: {application.path|startswith: ['C:\\Users\\Public\\', 'C:\\Windows\\Temp\\']}",
    ),
    (
        "Elevated sign-in over remote desktop",
        "s: {windows_meta.logon_type: '10', windows_meta.elevated: true}",
    ),
    ("Root over SSH", "s: {process_name: sshd, username: root, success: true}"),
)

_SILENT: Final[tuple[RuleText, ...]] = (
    (
        "Rights given to a group",
        (
            "s: {event_type: association_change, association.op: add}\n"
            "  to: {association.connection.to.type: user_group}\n"
            "  name: {association.connection.to.name|contains: [admin, owner]}\n"
            "  condition: s and to and name"
        ),
    ),
    (
        "Provisioning that is not ours",
        (
            "s: {initiated_by.source: scim}\n"
            "  filter: {useragent.name|startswith: Okta}\n"
            "  condition: s and not filter"
        ),
    ),
    (
        "Rules for passwords changed",
        "s: {event_type: organization_update, 'changes[settings.passwordPolicy].to|exists': true}",
    ),
    ("Names of tools", "s: [mimikatz, sharphound, lazagne]"),
    (
        "Remote session by a stranger",
        (
            "s: {event_type: remote_session_start}\n"
            "  filter: {initiated_by.email|endswith: '@example.com'}\n"
            "  condition: s and not filter"
        ),
    ),
    (
        "Command failed on a server",
        (
            "s: {event_type: command_result, success: false}\n"
            "  host: {system.hostname|contains: srv}\n"
            "  condition: all of them"
        ),
    ),
)

_TALKING: Final[tuple[RuleText, ...]] = (
    (
        "Sign-in to an application from a phone without a second factor",
        "s: {event_type: sso_auth, mfa: false, useragent.os|contains: ios}",
    ),
    (
        "RADIUS that asks for no second factor",
        "s: {event_type|startswith: radius_auth, nas_mfa_state: '', success: true}",
    ),
    ("Bind without encryption", "s: {event_type: ldap_bind, tls_established: false}"),
    (
        "Password filled in outside the office",
        (
            "s: {event_type|endswith: _autofill}\n"
            "  filter: {client_ip|cidr: 192.0.2.0/24}\n"
            "  condition: s and not filter"
        ),
    ),
    (
        "Sign-in to a device from one town",
        "s: {event_type: login_attempt, success: true, client_ip|cidr: '2001:db8:3::/48'}",
    ),
    ("Archiver changed", "s: {event_type: software_change, application.name|re: '^7-?Zip'}"),
)

_SERVICES: Final[tuple[RuleText, ...]] = (
    (
        "Anything that people sign in to",
        "s: {service: [sso, radius, ldap, systems]}",
    ),
    ("Anything in the directory", "s: {service: directory}"),
    ("Anything about software", "s: {service: software}"),
    ("Anything about passwords", "s: {service: password_manager}"),
    ("Anything about Apple's devices", "s: {service: mdm}"),
    (
        "Anything else",
        (
            "s: {event_type|exists: true}\n"
            "  filter:\n"
            "   service: [sso, radius, ldap, systems, directory, software, password_manager, mdm]\n"
            "  condition: s and not filter"
        ),
    ),
)

SETS: Final = {
    "thirty-silent": _RARE + _SILENT,
    "thirty-talking": _RARE + _TALKING,
    "thirty-every": _RARE + _SERVICES,
}


def write_rules(name: str, folder: Path) -> Path:
    """Write a set as files of Sigma, and return their folder."""
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    for number, (title, detection) in enumerate(SETS[name]):
        condition = "" if "condition:" in detection else "\n  condition: s"
        (target / f"{number:02}.yml").write_text(
            f"title: {title}\n"
            f"id: {uuid5(NAMESPACE_URL, title)}\n"
            "status: test\n"
            f"description: {title}.\n"
            "author: jumpsigma contributors\n"
            "logsource:\n  product: jumpcloud\n"
            f"detection:\n  {detection}{condition}\n"
            "level: medium\n",
            encoding="utf-8",
        )
    return target
