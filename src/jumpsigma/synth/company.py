"""The people of an invented company: where they live, what they work with, which apps they use.

Everything is invented. Addresses come from the blocks kept for documentation (RFC 5737, RFC 3849),
each part of them tied to one country, and names end in example.com (RFC 2606).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from jumpsigma.synth.templates import text_of

System = Literal["mac", "windows", "linux"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where people live.

    ``offset`` is minutes east of UTC, the whole year: a time zone database would make the events
    depend on the machine. ``share`` is how many of 20 people live there.
    """

    country: str
    region_code: str
    region: str
    timezone: str
    continent: str
    latitude: float
    longitude: float
    offset: int
    share: int = 0
    city: str | None = None

    def geoip(self) -> dict[str, object]:
        """The event field ``geoip`` of an address of this place."""
        found: dict[str, object] = {
            "country_code": self.country,
            "timezone": self.timezone,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "continent_code": self.continent,
            "region_name": self.region,
            "region_code": self.region_code,
        }
        # Only some sources of real events add it.
        return found if self.city is None else {**found, "city": self.city}


#: Where the people of the company live.
HOMES = (
    Place("FR", "75", "Paris", "Europe/Paris", "EU", 48.8566, 2.3522, 60, 7),
    Place("PT", "11", "Lisbon", "Europe/Lisbon", "EU", 38.7167, -9.1333, 0, 3),
    Place("US", "MA", "Massachusetts", "America/New_York", "NA", 42.3601, -71.0589, -300, 5),
    Place("IN", "KA", "Karnataka", "Asia/Kolkata", "AS", 12.9716, 77.5946, 330, 3, "Bengaluru"),
    Place("BR", "SP", "Sao Paulo", "America/Sao_Paulo", "SA", -23.5475, -46.6361, -180, 2),
)
#: Where nobody of the company lives: attackers come from here.
ABROAD = (
    Place("SG", "01", "Central Singapore", "Asia/Singapore", "AS", 1.2929, 103.8547, 480),
    Place("RO", "B", "Bucharest", "Europe/Bucharest", "EU", 44.4268, 26.1025, 120),
    Place("ZA", "GP", "Gauteng", "Africa/Johannesburg", "AF", -26.2023, 28.0436, 120),
)

_FIRST = [
    "Ada",
    "Amir",
    "Ana",
    "Anouk",
    "Ben",
    "Bianca",
    "Carl",
    "Chloé",
    "Dara",
    "Dev",
    "Elif",
    "Emil",
    "Fatou",
    "Finn",
    "Grace",
    "Hugo",
    "Ines",
    "Ivo",
    "Jana",
    "Joris",
    "Kofi",
    "Lea",
    "Luís",
    "Maja",
    "Mia",
    "Nadia",
    "Noor",
    "Omar",
    "Petra",
    "Quinn",
    "Rania",
    "Rui",
    "Sam",
    "Sofia",
    "Tariq",
    "Theo",
    "Uma",
    "Viktor",
    "Wanda",
    "Yara",
    "Zoé",
]
_LAST = [
    "Abel",
    "Becker",
    "Brandão",
    "Chen",
    "Costa",
    "Dubois",
    "Eriksen",
    "Faye",
    "Garnier",
    "Hansen",
    "Iyer",
    "Jansen",
    "Kaya",
    "Lopes",
    "Martin",
    "Mehta",
    "Moreau",
    "Nowak",
    "Okafor",
    "Olsen",
    "Pereira",
    "Petit",
    "Quist",
    "Rao",
    "Reyes",
    "Rossi",
    "Santos",
    "Schmidt",
    "Silva",
    "Tanaka",
    "Urban",
    "Vidal",
    "Weber",
    "Xavier",
    "Young",
    "Zeman",
]
_ASCII = str.maketrans("éíã", "eia")

APPS = (
    ("google", "Google Workspace"),
    ("slack", "Slack"),
    ("github", "GitHub"),
    ("jira", "Jira"),
    ("zoom", "Zoom"),
    ("aws", "AWS IAM Identity Center"),
    ("salesforce", "Salesforce"),
    ("notion", "Notion"),
    ("figma", "Figma"),
    ("datadog", "Datadog"),
)
#: Everybody uses these few, the rest is habit.
APPS_OF_ALL, APPS_OF_ONE = 2, 3


class Origin(NamedTuple):
    """From where and with what a request comes, as JSON text of the event fields."""

    client_ip: bytes
    geoip: bytes
    useragent: bytes
    user_agent: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. ``slots`` holds JSON text by the name of the slot it fills.

    ``origins`` are 20 chances of where the person works from. An administrator is a person as
    well: ``slots`` has both accounts.
    """

    home: int
    system: System
    is_admin: bool
    slots: dict[bytes, bytes]
    origins: tuple[Origin, ...]
    apps: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """The organization that the events belong to."""

    people: tuple[Person, ...]
    admins: tuple[Person, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "admins", tuple(each for each in self.people if each.is_admin))


def object_id(*what: object) -> str:
    """An identifier in the form of MongoDB's, always the same for the same thing."""
    return hashlib.sha256(" ".join(map(str, what)).encode()).hexdigest()[:24]


ORGANIZATION = object_id("organization")


def found_company(people: int, draw: Callable[[], float]) -> Company:
    """Invent a company of that many people (at least 1); every 20th is an administrator."""
    homes = [number for number, place in enumerate(HOMES) for _ in range(place.share)]
    return Company(tuple(_person(number, homes, draw) for number in range(people)))


def origin(address: str, place: Place, agent: dict[str, str]) -> Origin:
    """A request from an address of a place, with a browser or other client."""
    return Origin(
        text_of(address), text_of(place.geoip()), text_of(agent), text_of(_underscored(agent))
    )


def _person(number: int, homes: list[int], draw: Callable[[], float]) -> Person:
    first, last = _FIRST[int(draw() * len(_FIRST))], _LAST[int(draw() * len(_LAST))]
    # The number keeps namesakes apart.
    username = f"{first}.{last}{number or ''}".lower().translate(_ASCII)
    home = homes[int(draw() * len(homes))]
    system = _system(draw())
    return Person(
        home=home,
        system=system,
        is_admin=number % 20 == 0,
        slots=_slots(number, username, f"{first} {last}", system),
        origins=_origins(number, home, system, draw),
        apps=_apps(draw),
    )


def _system(chance: float) -> System:
    return "mac" if chance < 0.45 else "windows" if chance < 0.85 else "linux"


def _slots(number: int, username: str, name: str, system: System) -> dict[bytes, bytes]:
    user_id, admin_id = object_id("user", number), object_id("admin", number)
    system_id, hostname = object_id("system", number), f"{username.replace('.', '-')}-{system}"
    os_name, os_version = _OS[system]
    device = {"id": system_id, "hostname": hostname, "displayName": hostname}
    email = f"{username}@example.com"
    values: dict[bytes, object] = {
        b"organization": ORGANIZATION,
        b"username": username,
        b"email": email,
        b"user": {"id": user_id, "type": "user", "username": username},
        b"user_unnamed": {
            "type": "user",
            "username": username,
        },  # as radius, ldap, systems write it
        b"user_by_email": {"id": user_id, "type": "user", "email": email},
        b"admin": {"id": admin_id, "type": "admin", "email": email},
        b"self_user": {"id": user_id, "type": "user", "username": username, "displayName": name},
        b"self_systemuser": {"id": user_id, "type": "systemuser", "username": username},
        b"self_admin": {"id": admin_id, "type": "admin", "email": email},
        b"self_mailed": {
            "id": user_id,
            "type": "user",
            "username": username,
            "recipient_email": email,
            "email_type": "company",
        },
        b"requester": {"id": user_id, "type": "systemuser", "name": username},
        b"bound": {"id": admin_id, "type": "admin", "email": email},
        b"device": device,
        b"device_seen": {**device, "os": os_name, "version": os_version},
        b"device_id": system_id,
        b"device_short": {"id": system_id, "type": "system"},
        b"device_resource": {"id": system_id, "type": "system", "hostname": hostname},
        b"manager_id": object_id("mdm", number),
        b"device_end": {"type": "system", "name": hostname, "object_id": system_id},
        b"user_end": {"type": "user", "name": username, "object_id": user_id},
        b"dn": f"uid={username},ou=Users,o={ORGANIZATION},dc=example,dc=com",
        b"message_in": f"Accepted publickey for {username}",
        b"message_fail": f"Failed password for {username}",
        b"outer": {"eap_type": "PEAP", "username": username},
        b"outer_failed": {
            "eap_type": "",
            "username": username,
            "error_message": "eap: Failed in EAP select",
        },
        b"channel_people": [
            {"name": name, "email": email},
            {"role_object_id": object_id("role", "on-call")},
        ],
        b"phone": {
            "id": object_id("phone", number),
            "make": "Apple",
            "model": "iPhone 15",
            "os": "iOS",
            "os_version": "18.5",
            "app_version": "2.1.0",
            "username": username,
            "user_id": user_id,
        },
    }
    return {key: text_of(value) for key, value in values.items()}


_OS = {"mac": ("Mac OS X", "15.5"), "windows": ("Windows", "11"), "linux": ("Ubuntu", "24.04")}
_AGENT_OS = {
    "mac": ("Mac OS X", ("10", "15", "7"), "Mac"),
    "windows": ("Windows", ("10",), "Other"),
    "linux": ("Linux", (), "Other"),
    "phone": ("iOS", ("18", "5"), "iPhone"),
}


def agent_of(name: str, version: str, system: str) -> dict[str, str]:
    """The event field ``useragent`` of a browser: texts only, parts that are unknown left out."""
    os_name, numbers, device = _AGENT_OS[system]
    os_version = ".".join(numbers)
    parts = {
        "name": name,
        "version": version,
        "device": device,
        "os": os_name,
        "os_name": os_name,
        "os_full": f"{os_name} {os_version}".strip(),
        **dict(zip(("major", "minor", "patch"), version.split("."), strict=False)),
        **dict(zip(("os_major", "os_minor", "os_patch"), numbers, strict=False)),
    }
    return {**parts, "os_version": os_version} if os_version else parts


#: What is said of a client that nobody recognises.
UNKNOWN_AGENT = dict.fromkeys(("name", "device", "os", "os_name", "os_full"), "Other")
CURL_AGENT = {**UNKNOWN_AGENT, "name": "curl", "version": "8.7.1", "major": "8", "minor": "7"}

_UNDERSCORED = frozenset(
    "name major minor patch build device os os_name os_major os_minor".split()  # noqa: SIM905
)


def _underscored(agent: dict[str, str]) -> dict[str, str]:
    """The same client as ``user_agent`` tells of it, in the services that spell it so."""
    return {**{k: v for k, v in agent.items() if k in _UNDERSCORED}, "build": ""}


def _origins(
    number: int, home: int, system: System, draw: Callable[[], float]
) -> tuple[Origin, ...]:
    """Twelve times the office, six times home, twice the phone."""
    place = HOMES[home]
    name, version = (("Chrome", "137.0.0.0"), ("Firefox", "139.0"), ("Edge", "137.0.0.0"))[
        int(draw() * 3)
    ]
    browser = agent_of(name, version, system)
    # Of each block every place has 40 addresses; the IPv6 addresses name place and person.
    at_office = origin(f"192.0.2.{home * 40 + 10}", place, browser)
    if draw() < 0.4:
        address = f"2001:db8:{home + 1:x}:{number & 0xFFFF:x}::{1 + int(draw() * 0xFFF):x}"
    else:
        address = f"198.51.100.{home * 40 + 1 + int(draw() * 39)}"
    at_home = origin(address, place, browser)
    phone = agent_of("Mobile Safari", "18.5", "phone")
    under_way = origin(f"192.0.2.{home * 40 + 11 + int(draw() * 29)}", place, phone)
    return (at_office,) * 12 + (at_home,) * 6 + (under_way,) * 2


def _apps(draw: Callable[[], float]) -> tuple[bytes, ...]:
    own = sorted(APPS[APPS_OF_ALL:], key=lambda _: draw())[:APPS_OF_ONE]
    return tuple(
        text_of(
            {
                "id": object_id("application", name),
                "name": name,
                "display_label": label,
                "sso_type": "saml",
                "sso_url": f"https://sso.example.com/saml2/{name}",
            }
        )
        for name, label in (*APPS[:APPS_OF_ALL], *own)
    )
