"""One life in a process of its own, with the defects that are drawn for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from math import exp, log
from pathlib import Path
from random import Random

from drill.days import Case, house
from drill.defects import RUN_KINDS, drawn
from drill.held import HELD_KINDS
from drill.lives import ORDERS_A_DAY, Life, life
from drill.outcome import Lived, alarms, seen
from drill.sent import SENT_KINDS
from tasks.errors import ZakazError

KINDS = (*SENT_KINDS, *HELD_KINDS, *RUN_KINDS)
_BEFORE, _STARTS = 2, 4
"""Mornings before the first defect, and mornings on which one may begin."""
_TWO_AT_ONCE = 0.15


@dataclass(frozen=True)
class Job:
    """`defects`: how many are drawn from the seed, of kinds with `only` in their names, which last for `longest` mornings
    at most and are followed for `after` more; `orders_a_day`: 0 is as the kind of life has it."""

    kind: str
    seed: int
    mornings: int = 0
    defects: int = 0
    orders_a_day: int = 0
    only: str = ""
    longest: int = 5
    after: int = 3


def live(job: Job, dsn: str, folder: str) -> Lived:
    """The process's own settings must be nobody's: see `__main__.py`."""
    begun = time.monotonic()
    mornings = job.mornings or _BEFORE + _STARTS + job.longest + job.after
    lived = life(job.kind, job.seed, mornings, job.orders_a_day / ORDERS_A_DAY or None)
    cases, size = _cases(job, lived), round(lived.scale * ORDERS_A_DAY)
    with house(lived, dsn, Path(folder)) as made:
        try:
            days = made.live(cases, job.after)
        except ZakazError as error:  # Which another process could not read.
            raise RuntimeError(f"{type(error).__name__}: {error}") from None
    did = [case for case in cases if case.share > 0]
    lasted = len(days) + sum(len(case.sick) + len(case.after) for case in cases)
    return Lived(
        job.kind, job.seed, size, alarms(days), [seen(case, days, size) for case in did], len(cases) - len(did),
        sum(bool(day.failed) for day in days.values()), time.monotonic() - begun, lasted,
    )  # fmt: skip


def _cases(job: Job, lived: Life) -> list[Case]:
    kinds = [kind for kind in KINDS if job.only in f"{kind.layer}: {kind.name}"]
    rng, found = Random(f"defects {job.seed}"), []
    for _ in range(job.defects):
        first = lived.first + timedelta(days=_BEFORE + rng.randrange(min(_STARTS, lived.mornings - _BEFORE)))
        days = round(exp(rng.uniform(0, log(job.longest))))
        several = 2 if rng.random() < _TWO_AT_ONCE else 1
        found.append(Case(tuple(drawn(rng, kinds, lived.sources, first, days) for _ in range(several))))
    return found
