"""Schedules: steps drawn from a seed, each whole in itself, so that any may be left out.

Picks are shares (0 to 1) of what there is to pick from when the step is taken.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.faults.table import ENDPOINTS, TRANSPORT, faults_of
from tests.soak.scene import SOURCES

DAYS, LONGEST = 12, 25
"""Days of the world at its beginning, and steps at most."""
OLD = 1100
"""Days before its last ones when some orders were sold."""
STATEMENTS = 90
"""About as many requests to ClickHouse a load makes."""
_CHANGES = """vanish_order vanish_day restate restate refund refund_old cancel move move spoil cure tour tour
vat""".split()
_BODY_FAULTS = ("list_emptied", "list_halved", "item_dropped", "empty")
_APIS = {"qtickets": "qtickets", "vk_ads": "vk", "direct": "direct"}


@dataclass(frozen=True)
class Step:
    """`what`: time, one of the changes, load, continue, again."""

    what: str
    options: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.what} " + " ".join(f"{name}={value}" for name, value in self.options.items())


def draw(seed: int, longest: int = LONGEST) -> list[Step]:
    rng = Random(f"schedule {seed}")
    steps = [_load(rng, source, trouble=False) for source in SOURCES if rng.random() < 0.6]
    vanished = 0
    while len(steps) < rng.randint(min(8, longest), longest):
        step = _step(rng)
        vanished += step.what.startswith("vanish")
        # A load refuses to remove much of a window's money, and is right to.
        if not step.what.startswith("vanish") or vanished <= 3:
            steps.append(step)
    return steps


_WEIGHTS = {"load": 50, "change": 25, "time": 8, "continue": 9, "again": 3}


def _step(rng: Random) -> Step:
    source, pick, ads = rng.choice(SOURCES), round(rng.random(), 3), rng.choice(SOURCES[1:])
    [what] = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    by, days = rng.choice((0.5, 0.9, 1.1, 1.5)), rng.choice((-9, -5, -2, 2, 5))
    if what == "load":
        return _load(rng, source)
    if what == "change":
        return Step(rng.choice(_CHANGES), {"source": ads, "pick": pick, "by": by, "days": days})
    return Step(what, {"hours": rng.choice((1, 7, 26))} if what == "time" else {"source": source, "pick": pick})


def _load(rng: Random, source: str, *, trouble: bool = True) -> Step:
    """Windows of any length, most of which end lately; now and then in the very second of the run before."""
    back = rng.choice((0, 0, 0, 1, 3, rng.randint(0, DAYS - 2)))
    options: dict[str, Any] = {"source": source, "back": back, "days": rng.choice((1, 2, 3, 7, DAYS, 40))}
    if source == "qtickets" and rng.random() < 0.15:
        options["old"] = True
    options["seconds"] = rng.choice((0, 1, 61, 61))
    draw = rng.random() if trouble else 1
    if draw < 0.2:
        # The endpoint's number, and a kind of the table of faults.
        endpoint = rng.choice([n for n, one in enumerate(ENDPOINTS) if one.api == _APIS[source]])
        kinds = [kind for kind in faults_of(ENDPOINTS[endpoint]) if kind in TRANSPORT or kind in _BODY_FAULTS]
        options |= {"fault": (endpoint, rng.choice(kinds)), "times": rng.choice((1, 1, 2, 10**6))}
    elif draw < 0.35:
        options |= {"kill": rng.randint(1, STATEMENTS), "after": rng.random() < 0.5}
    elif draw < 0.58:
        options |= {"pause": "read"}
    elif draw < 0.68:
        options |= {"pause": rng.randint(1, STATEMENTS)}
    return Step("load", options)
