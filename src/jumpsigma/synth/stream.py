"""Events in order of time: how many fall into each hour, who does what, and the line of it.

The same arguments give the same bytes on every machine and Python version. So nothing here
depends on more than the numbers of ``random.Random.random()``, which Python promises to keep, on
integers, and on basic arithmetic with floats.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

from jumpsigma.synth.activities import Activity, Crew, Digits, rows
from jumpsigma.synth.company import (
    CURL_AGENT,
    HOMES,
    Company,
    Origin,
    Person,
    found_company,
)
from jumpsigma.synth.rates import When, rate_table
from jumpsigma.synth.templates import slots_of, templates_of, text_of

HOUR = 3600
WEEK_HOURS = 168
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: 1970 began on a Thursday: hours from Monday to there.
_FROM_MONDAY = 72

#: How much happens in each hour of a working day, and of a day off, in local time.
_WORKDAY = (1, 1, 1, 1, 1, 2, 8, 30, 80, 100, 90, 85, 60, 80, 90, 85, 80, 60, 30, 12, 8, 6, 4, 2)
_DAY_OFF = (1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 3, 3, 4, 4, 4, 3, 3, 3, 3, 3, 2, 1)
_PROFILES: dict[When, tuple[int, ...]] = {
    "work": _WORKDAY * 5 + _DAY_OFF * 2,
    "always": (1,) * WEEK_HOURS,
}

_MINUTES = tuple(b"%02d:%02d" % divmod(second, 60) for second in range(HOUR))
#: The middle of an ObjectId, which MongoDB gives to one process; attacks have their own.
PROCESS, ATTACK_PROCESS = 0x5C1D0FA7E1, 0x9B3E44D210

Slots = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of day in a form that is quick to write. ``prefix`` ends with the hour's colon."""

    hour: int
    prefix: bytes

    @classmethod
    def of(cls, hour: int) -> Moment:
        """The hour that begins at ``hour`` seconds after 1970."""
        return cls(hour, b'"%b' % (EPOCH + timedelta(seconds=hour)).isoformat()[:14].encode())

    def text(self, offset: float, digits: Digits) -> bytes:
        """The moment ``offset`` seconds into the hour as a JSON text with a fraction."""
        second = int(offset)
        if digits == 3:
            return b'%b%b.%03dZ"' % (
                self.prefix,
                _MINUTES[second],
                int((offset - second) * 1000),
            )
        if digits == 0:
            return b'%b%bZ"' % (self.prefix, _MINUTES[second])
        nanoseconds = b"%09d" % int((offset - second) * 1_000_000_000)
        # As Go writes it, without zeros at the end; a whole second keeps one of them.
        return b'%b%b.%bZ"' % (self.prefix, _MINUTES[second], nanoseconds.rstrip(b"0") or b"0")


@dataclass(frozen=True, slots=True)
class Kind:
    """An activity, ready to be written: its lines, and how their slots are filled.

    ``drawn`` are slots with a value out of several; ``made`` those that a function makes.
    """

    name: str
    digits: Digits
    templates: tuple[bytes, ...]
    drawn: tuple[tuple[bytes, tuple[bytes, ...]], ...]
    made: tuple[tuple[bytes, Callable[[Writer, Person, Moment, float], bytes]], ...]


class Writer:
    """Writes the events of a company, one line each. Ids count up; ``process`` tells writers apart.

    ``draw`` gives numbers in [0, 1).
    """

    def __init__(self, company: Company, process: int, draw: Callable[[], float]) -> None:
        self.company = company
        self.draw = draw
        self._middle = b"%010x" % process
        self._count = 0

    def line(
        self,
        kind: Kind,
        person: Person,
        moment: Moment,
        offset: float,
        *,
        origin: Origin | None = None,
        fixed: Mapping[bytes, bytes] | None = None,
    ) -> bytes:
        """Write an event that happens ``offset`` seconds into the hour, without a line's end.

        ``origin`` replaces where the person usually works from, ``fixed`` what would be drawn.
        """
        draw, slots = self.draw, person.slots
        slots[b"timestamp"] = moment.text(offset, kind.digits)
        slots[b"id"] = b'"%08x%b%06x"' % (
            (moment.hour + int(offset)) & 0xFFFFFFFF,
            self._middle,
            self._count & 0xFFFFFF,
        )
        self._count += 1
        (
            slots[b"client_ip"],
            slots[b"geoip"],
            slots[b"useragent"],
            slots[b"user_agent"],
        ) = origin or person.origins[int(draw() * 20)]
        for name, values in kind.drawn:
            slots[name] = values[int(draw() * len(values))]
        for name, make in kind.made:
            slots[name] = make(self, person, moment, offset)
        if fixed:
            slots.update(fixed)
        return kind.templates[int(draw() * len(kind.templates))] % slots


def _application(writer: Writer, person: Person, _moment: Moment, _offset: float) -> bytes:
    return person.apps[int(writer.draw() * len(person.apps))]


def _uuid(writer: Writer, _person: Person, _moment: Moment, _offset: float) -> bytes:
    draw = writer.draw
    return b'"%08x-%04x-4%03x-%04x-%012x"' % (
        int(draw() * 2**32),
        int(draw() * 2**16),
        int(draw() * 2**12),
        0x8000 | int(draw() * 2**14),
        int(draw() * 2**48),
    )


def _uuid_upper(writer: Writer, person: Person, moment: Moment, offset: float) -> bytes:
    return _uuid(writer, person, moment, offset).upper()


def _connection_id(writer: Writer, _person: Person, _moment: Moment, _offset: float) -> bytes:
    return b'"%016x"' % int(writer.draw() * 2**53)


def _now(_writer: Writer, _person: Person, moment: Moment, offset: float) -> bytes:
    return moment.text(offset, 3)


def _system_timestamp(_writer: Writer, person: Person, moment: Moment, offset: float) -> bytes:
    east = HOMES[person.home].offset
    local = EPOCH + timedelta(seconds=moment.hour + int(offset) + east * 60)
    sign = b"-" if east < 0 else b"+"
    return b'"%b%b%02d:%02d"' % (
        local.isoformat()[:19].encode(),
        sign,
        *divmod(abs(east), 60),
    )


def _of_target(name: bytes) -> Callable[[Writer, Person, Moment, float], bytes]:
    """A slot about somebody else: the one whom an administrator acts on."""

    def make(writer: Writer, _person: Person, _moment: Moment, _offset: float) -> bytes:
        people = writer.company.people
        return people[int(writer.draw() * len(people))].slots[name]

    return make


_CURL = text_of(CURL_AGENT)
_MAKERS: dict[bytes, Callable[[Writer, Person, Moment, float], bytes]] = {
    b"application": _application,
    b"uuid": _uuid,
    b"uuid_upper": _uuid_upper,
    b"connection_id": _connection_id,
    b"now": _now,
    b"system_timestamp": _system_timestamp,
    b"target_user": _of_target(b"self_user"),
    b"target_systemuser": _of_target(b"self_systemuser"),
    b"target_admin": _of_target(b"self_admin"),
    b"target_email": _of_target(b"email"),
    b"target_username": _of_target(b"username"),
    b"target_requester": _of_target(b"requester"),
    b"target_device": _of_target(b"device"),
    b"target_device_resource": _of_target(b"device_resource"),
    b"target_device_end": _of_target(b"device_end"),
    b"target_user_end": _of_target(b"user_end"),
    b"curl": lambda _writer, _person, _moment, _offset: _CURL,
}


def kinds(draw: Callable[[], float]) -> dict[str, Kind]:
    """Every activity, ready to be written."""
    return {row.name: _kind(row, draw) for row in rows()}


def _kind(row: Activity, draw: Callable[[], float]) -> Kind:
    templates = tuple(line for body in row.bodies for line in templates_of(body, draw))
    used = frozenset[bytes]().union(*map(slots_of, templates))
    return Kind(
        row.name,
        row.digits,
        templates,
        tuple((name.encode(), tuple(map(text_of, row.choices[name]))) for name in row.choices),
        tuple((name, make) for name, make in _MAKERS.items() if name in used),
    )


class Timetable:
    """What happens in which hour of the week, and how much of it.

    Rates are the table's, in events per 1000 people and week; all sums are integers.
    """

    def __init__(self, company: Company, kinds: Mapping[str, Kind]) -> None:
        crews = _crews(company)
        by = {row.name: row.by for row in rows()}
        size = math.lcm(*(len(crew) for crew in crews.values() if crew))
        scale = math.lcm(*map(sum, _PROFILES.values()))
        #: What one event of one hour weighs, in seconds of weight.
        self._unit = 1000 * size * scale * HOUR
        self._cells: list[tuple[Kind, tuple[Person, ...]]] = []
        weights: list[tuple[int, ...]] = []
        for name, (rate, when) in rate_table().items():
            crew, profile = crews[by[name]], _PROFILES[when]
            for home, place in enumerate(HOMES):
                here = tuple(person for person in crew if person.home == home)
                if not here or not rate:
                    continue
                weight = rate * len(company.people) * len(here) * (size // len(crew))
                weight *= scale // sum(profile)
                self._cells.append((kinds[name], here))
                weights.append(tuple(weight * each for each in _local(profile, place.offset)))
        #: For each hour of the week the running sums of the weights of the cells.
        self._sums: list[tuple[int, ...]] = [
            tuple(accumulate(hour)) for hour in zip(*weights, strict=True)
        ]
        self._before: tuple[int, ...] = (0, *accumulate(sums[-1] * HOUR for sums in self._sums))

    def weight(self, second: int) -> int:
        """How much has happened until then; only differences mean something."""
        hours, rest = divmod(second + _FROM_MONDAY * HOUR, HOUR)
        weeks, hour = divmod(hours, WEEK_HOURS)
        return weeks * self._before[-1] + self._before[hour] + rest * self._sums[hour][-1]

    def end(self, start: int, count: int) -> int:
        """The whole hour by which ``count`` events have happened at the rates of the table."""
        wanted = self.weight(start) + count * self._unit
        hours = (wanted - self.weight(0)) // self._before[-1] * WEEK_HOURS
        while hours * HOUR <= start or self.weight(hours * HOUR) < wanted:
            hours += 1
        return hours * HOUR

    def hour(self, second: int) -> tuple[tuple[int, ...], list[tuple[Kind, tuple[Person, ...]]]]:
        """The running sums of an hour, and the cells that they belong to."""
        return self._sums[(second // HOUR + _FROM_MONDAY) % WEEK_HOURS], self._cells


def _crews(company: Company) -> dict[Crew, tuple[Person, ...]]:
    people = company.people
    return {
        "everybody": people,
        "admins": company.admins,
        "mac": tuple(person for person in people if person.system == "mac"),
        "windows": tuple(person for person in people if person.system == "windows"),
        "linux": tuple(person for person in people if person.system == "linux"),
    }


def _local(profile: tuple[int, ...], offset: int) -> tuple[int, ...]:
    """The profile of a place by hours of the week in UTC; half hours count as whole ones."""
    east = offset // 60
    return tuple(profile[(hour + east) % WEEK_HOURS] for hour in range(WEEK_HOURS))


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a run needs: who, when, and the activities. ``end`` is exclusive."""

    seed: int
    start: int
    end: int
    count: int
    company: Company
    kinds: Mapping[str, Kind]
    timetable: Timetable


def set_up(seed: int, people: int, count: int, start: int, end: int | None) -> Setting:
    """Invent the company; without an end, the events take as long as the rates say."""
    draw = Random(3 * seed).random  # noqa: S311 - repeatable, not secret
    company = found_company(people, draw)
    made = kinds(draw)
    timetable = Timetable(company, made)
    if end is None:
        end = timetable.end(start, count)
    return Setting(seed, start, end, count, company, made, timetable)


def background(setting: Setting) -> Iterator[tuple[int, list[tuple[float, bytes]]]]:
    """What happens anyway: per hour its first second, and pairs of (second in the hour, line).

    Every hour between start and end comes, also when nothing happens in it.
    """
    draw = Random(3 * setting.seed + 1).random  # noqa: S311 - repeatable, not secret
    write = Writer(setting.company, PROCESS, draw).line
    weight, start, end = setting.timetable.weight, setting.start, setting.end
    first, total = weight(start), max(1, weight(end) - weight(start))
    done = 0
    for hour in range(start // HOUR * HOUR, end, HOUR):
        begin, stop = max(start, hour), min(end, hour + HOUR)
        due = setting.count * (weight(stop) - first) // total
        sums, cells = setting.timetable.hour(hour)
        moment, lines = Moment.of(hour), []
        for offset in sorted(begin - hour + draw() * (stop - begin) for _ in range(due - done)):
            kind, crew = cells[bisect(sums, draw() * sums[-1])]
            person = crew[int(draw() * len(crew))]
            lines.append((offset, write(kind, person, moment, offset)))
        done = due
        yield hour, lines
