"""Defects, drawn from a seed: what is wrong, of which source and thing, how much, and for how long.

How one is done is in `sent.py` (what an API says), `held.py` (what happens in the warehouse) and here (runs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log
from random import Random
from typing import Any

from drill.lives import SOURCES
from sandbox.world.ads import DIRECT, VK

ADS = (VK, DIRECT)
API, WAREHOUSE, RUNS = "api", "warehouse", "runs"
SMALLEST = 0.02
Loads = list[tuple[str, date, date]]
"""(source, first, last) in turn."""


@dataclass(frozen=True)
class Kind:
    """`by_totals`: an exact comparison sees it where the source's own totals stay right; `exact`: always.

    Of the functions one is set. `bend` changes what the sources say; `strike` gives statements for the warehouse;
    `skip` changes the loads of a day."""

    name: str
    layer: str
    sources: tuple[str, ...]
    exact: bool = False
    by_totals: bool = False
    bend: Callable[[Defect, Any], Any] | None = None
    strike: Callable[[Defect, Any], list[str]] | None = None
    skip: Callable[[Defect, Loads], Loads] | None = None
    is_old: bool = False
    """It changes days that were right for long."""
    fails: bool = False
    """All requests to the source get an error."""
    is_stuck: bool = False
    """A run of the source that began in the night has not ended."""
    things: tuple[str, ...] = ()
    """What it may be about, where not any."""


@dataclass(frozen=True)
class Defect:
    """`first`: the first morning on which it is there; `days`: on how many. Data are wrong from `since` to `until`.

    `thing`: whether all rows, or those of one event, campaign and so on, whose `value` is found when it begins; `size`:
    the share of their rows, or how far a factor is from 1."""

    kind: Kind
    source: str
    seed: str
    first: date
    days: int
    size: float
    thing: str
    are_totals_right: bool
    follow: bool
    """The marts were made anew after a change of the warehouse."""
    value: Any = None
    age: int = 1
    """Of the day that is changed in the warehouse, or of the newest old day that an API restates."""

    @property
    def since(self) -> date:
        return self.first - timedelta(days=self.age)

    @property
    def until(self) -> date:
        """The last day that is wrong."""
        if self.kind.layer == WAREHOUSE or self.kind.is_old:
            return self.since + timedelta(days=min(self.days, self.age) - 1)
        return self.first + timedelta(days=self.days)

    @property
    def is_exact(self) -> bool:
        return self.kind.exact or (self.kind.by_totals and self.are_totals_right)

    def draw(self, name: str) -> Random:
        """A choice of this defect, the same each time."""
        return Random(f"{self.seed} {name}")

    def __str__(self) -> str:
        share = "all" if self.size >= 1 else f"{self.size:.0%}"
        of = "" if self.thing == "all" else f", one {self.thing}"
        totals = ", totals right" if self.kind.by_totals and self.are_totals_right else ""
        old = f", {self.age} days old" if self.age > 1 else ""
        return f"{self.source}: {self.kind.name} ({share}{of}{old}{totals})"


THINGS = {
    "qtickets": ("all", "all", "event", "city", "order source"),
    **dict.fromkeys(ADS, ("all", "campaign", "city")),
}


def drawn(rng: Random, kinds: list[Kind], sources: tuple[str, ...], first: date, days: int) -> Defect:
    """One of a kind that these sources may have."""
    kind = rng.choice([kind for kind in kinds if set(kind.sources) & set(sources)])
    source = rng.choice([one for one in kind.sources if one in sources])
    is_old = kind.layer == WAREHOUSE or kind.is_old
    return Defect(
        kind,
        source,
        f"{rng.random()}",
        first,
        days,
        # As often small as large: from hardly visible to total.
        size=min(1.0, exp(rng.uniform(log(SMALLEST), log(2)))),
        thing=rng.choice(kind.things or THINGS[source]),
        are_totals_right=rng.random() < 0.5,
        follow=rng.random() < 0.5,
        age=round(exp(rng.uniform(0, log(40)))) + 4 * kind.is_old if is_old else 1,
    )


def _loads_without(keep: Callable[[Defect, str, date, date], tuple[date, date] | None]) -> Callable[..., Loads]:
    def skip(one: Defect, loads: Loads) -> Loads:
        found = []
        for source, first, last in loads:
            window = (first, last) if source != one.source else keep(one, source, first, last)
            found += [(source, *window)] if window and window[0] <= window[1] else []
        return found

    return skip


def _newest_only(_one: Defect, source: str, _first: date, last: date) -> tuple[date, date]:
    """Sales of today alone: yesterday's evening is never read. Of ads, all but the newest day."""
    return (last, last) if source == "qtickets" else (last - timedelta(days=8), last - timedelta(days=1))


RUN_KINDS = [
    Kind("no load", RUNS, SOURCES, exact=True, skip=_loads_without(lambda *_: None)),
    Kind("loads fail", RUNS, SOURCES, exact=True, fails=True),
    Kind("a load is stuck", RUNS, SOURCES, exact=True, is_stuck=True, skip=_loads_without(lambda *_: None)),
    Kind("loads read a part of their days", RUNS, SOURCES, exact=True, skip=_loads_without(_newest_only)),
]
