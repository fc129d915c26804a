"""Events of every activity, also of those that hardly ever happen."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest

from jumpsigma.synth.stream import PROCESS, Moment, Writer, set_up


@pytest.fixture(scope="session")
def of_activity() -> dict[str, list[dict[str, Any]]]:
    setting = set_up(1, 40, 0, 1_767_571_200, None)
    draw = Random(1).random
    writer, moment = Writer(setting.company, PROCESS, draw), Moment.of(setting.start)
    return {
        name: [
            orjson.loads(writer.line(kind, person, moment, draw() * 3600))
            for person in setting.company.people[::4]
            for _ in range(6)
        ]
        for name, kind in setting.kinds.items()
    }
