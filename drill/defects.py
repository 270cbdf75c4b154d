"""Defects, drawn from a seed: what is wrong, of which source and thing, how much, and for how long.

How one is done is in `sent.py` (what an API says), `held.py` (what happens in the warehouse) and here (runs).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log
from random import Random
from typing import Any

from clickhouse_connect.driver.client import Client

from drill.lives import SOURCES
from drill.served import View
from sandbox.world.ads import DIRECT, VK

ADS = (VK, DIRECT)
API, WAREHOUSE, RUNS = "api", "warehouse", "runs"
_SMALLEST, _OLDEST = 0.02, 40
_THINGS = {
    "qtickets": ("all", "all", "event", "city", "order source"),
    **dict.fromkeys(ADS, ("all", "campaign", "city")),
}
Loads = list[tuple[str, date, date]]
"""(source, first, last) in turn."""
Bend = Callable[["Defect", View], View]
Strike = Callable[["Defect", Client, str], list[str]]


@dataclass(frozen=True)
class Kind:
    """`exact`: an exact comparison sees it; `by_totals`: where the source's own totals stay right, unless what is wrong
    `fits_totals`. `is_old`: it changes days that were right for long. `things`: what it may be about, where not any.

    `bend` changes what the sources say; `strike` gives statements for the warehouse and gets the database without the
    defect; `skip` changes the days that a load of the source reads; `fails`: all requests to the source get an error;
    `is_stuck`: a run that began in the night has not ended."""

    name: str
    layer: str
    sources: tuple[str, ...]
    exact: bool = False
    by_totals: bool = False
    fits_totals: bool = False
    is_old: bool = False
    things: tuple[str, ...] = ()
    bend: Bend | None = None
    strike: Strike | None = None
    marts_may_follow: bool = False
    skip: Callable[[str, date, date], tuple[date, date] | None] | None = None
    fails: bool = False
    is_stuck: bool = False


@dataclass(frozen=True)
class Defect:
    """`first`: the first morning on which it is there; `days`: on how many. `size`: the share of rows that it is in, of
    those of the `thing`, whose `value` is found when it begins. `follow`: the marts were made anew after a change of
    the warehouse. `age`: of the oldest day that is wrong on the first morning."""

    kind: Kind
    source: str
    seed: str
    first: date
    days: int
    size: float
    thing: str
    are_totals_right: bool
    follow: bool
    age: int
    value: Any = None

    @property
    def since(self) -> date:
        return self.first - timedelta(days=self.age)

    @property
    def until(self) -> date:
        """The last day that is wrong."""
        is_past = self.kind.layer == WAREHOUSE or self.kind.is_old
        return self.since + timedelta(days=min(self.days, self.age) - 1) if is_past else date.max

    @property
    def is_exact(self) -> bool:
        return self.kind.exact or (self.kind.by_totals and self.are_totals_right and not self.kind.fits_totals)

    def draw(self, name: str) -> Random:
        """A choice of this defect, the same each time."""
        return Random(f"{self.seed} {name}")

    def skipped(self, loads: Loads) -> Loads:
        """What is left of the loads."""
        if not self.kind.skip:
            return loads
        windows = [(one, self.kind.skip(*one) if one[0] == self.source else one[1:]) for one in loads]
        return [(one[0], *window) for one, window in windows if window]

    def __str__(self) -> str:
        of = "" if self.thing == "all" else f", one {self.thing}"
        old = f", {self.age} days old" if self.age > 1 else ""
        follow = ", marts made anew" if self.follow else ""
        totals = ", totals right" if self.kind.by_totals and self.are_totals_right else ""
        return f"{self.source}: {self.kind.name} ({self.size:.0%}{of}{old}{totals}{follow})"


def drawn(rng: Random, kinds: Sequence[Kind], sources: Sequence[str], first: date, days: int) -> Defect:
    """One of a kind that these sources may have; as often small as large: from hardly visible to total."""
    kind = rng.choice([kind for kind in kinds if {*kind.sources} & {*sources}])
    source = rng.choice([one for one in kind.sources if one in sources])
    is_past = kind.layer == WAREHOUSE or kind.is_old
    return Defect(
        kind,
        source,
        seed=f"{rng.random()}",
        first=first,
        days=days,
        size=min(1.0, exp(rng.uniform(log(_SMALLEST), log(2)))),
        thing=rng.choice(kind.things or _THINGS[source]),
        are_totals_right=rng.random() < 0.5,
        follow=kind.marts_may_follow and rng.random() < 0.5,
        age=round(exp(rng.uniform(0, log(_OLDEST)))) + 4 * kind.is_old if is_past else 1,
    )


def _newest_only(source: str, _first: date, last: date) -> tuple[date, date]:
    """Sales of today alone: yesterday's evening is never read. Of ads, all but the newest day."""
    return (last, last) if source == "qtickets" else (last - timedelta(days=8), last - timedelta(days=1))


RUN_KINDS = [
    Kind("no load", RUNS, SOURCES, exact=True, things=("all",), skip=lambda *_: None),
    Kind("loads fail", RUNS, SOURCES, exact=True, things=("all",), fails=True),
    Kind("a load is stuck", RUNS, SOURCES, exact=True, things=("all",), skip=lambda *_: None, is_stuck=True),
    Kind("loads read a part of their days", RUNS, SOURCES, exact=True, things=("all",), skip=_newest_only),
]
