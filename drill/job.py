"""One life in a process of its own, with the defects that are drawn for it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from math import exp, log
from pathlib import Path
from random import Random

from drill.days import AFTER, Case, house
from drill.defects import RUN_KINDS, drawn
from drill.held import HELD_KINDS
from drill.lives import ORDERS_A_DAY, Life, life
from drill.outcome import Lived, alarms, seen
from drill.sent import SENT_KINDS

KINDS = (*SENT_KINDS, *HELD_KINDS, *RUN_KINDS)
_BEFORE, _STARTS, _LONGEST = 2, 4, 5
"""Mornings before the first defect, mornings on which one may begin, and mornings that it lasts at most."""
_TWO_AT_ONCE = 0.15


@dataclass(frozen=True)
class Job:
    """`defects`: how many are drawn from the seed, of kinds with `only` in their names; `orders_a_day`: 0 is as the kind
    of life has it."""

    kind: str
    seed: int
    mornings: int = _BEFORE + _STARTS + _LONGEST + AFTER
    defects: int = 0
    orders_a_day: int = 0
    only: str = ""


def live(job: Job, dsn: str, folder: str) -> Lived:
    """The process's own settings must be nobody's: see `__main__.py`."""
    logging.disable(logging.CRITICAL)
    begun = time.monotonic()
    lived = life(job.kind, job.seed, job.mornings, job.orders_a_day / ORDERS_A_DAY or None)
    cases, size = _cases(job, lived), round(lived.scale * ORDERS_A_DAY)
    with house(lived, dsn, Path(folder)) as made:
        mornings = made.live(cases)
    did = [case for case in cases if case.share > 0]
    days = len(mornings) + sum(len(case.sick) + len(case.after) for case in cases)
    return Lived(
        job.kind, job.seed, size, alarms(mornings), [seen(case, mornings, size) for case in did], len(cases) - len(did),
        sum(bool(morning.failed) for morning in mornings.values()), time.monotonic() - begun, days,
    )  # fmt: skip


def _cases(job: Job, lived: Life) -> list[Case]:
    kinds = [kind for kind in KINDS if job.only in f"{kind.layer}: {kind.name}"]
    rng, found = Random(f"defects {job.seed}"), []
    for _ in range(job.defects):
        first = lived.first + timedelta(days=_BEFORE + rng.randrange(_STARTS))
        days = round(exp(rng.uniform(0, log(_LONGEST))))
        several = 2 if rng.random() < _TWO_AT_ONCE else 1
        found.append(Case(tuple(drawn(rng, kinds, lived.sources, first, days) for _ in range(several))))
    return found
