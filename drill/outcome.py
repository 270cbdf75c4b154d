"""What the checks made of a life and of its defects: which were seen, when, and what they said too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from drill.days import Case, Morning
from drill.findings import Finding


@dataclass(frozen=True)
class Seen:
    """Of one case. `delay`: mornings until it was seen, 0 is the first; `early`: findings that were told as over while
    it was still there; `left`: those that stayed when it was mended; `by`: checks that saw it."""

    kind: str
    words: str
    orders_a_day: int
    share: float
    roubles: float
    is_exact: bool
    mornings: int
    delay: int | None
    by: list[str]
    early: list[str]
    left: list[str]


@dataclass(frozen=True)
class Alarm:
    check: str
    key: str
    severity: str
    first: date
    mornings: int


@dataclass(frozen=True)
class Lived:
    """`nothing`: cases that changed nothing that people read; `failed`: mornings on which a load failed, though healthy."""

    kind: str
    seed: int
    orders_a_day: int
    alarms: list[Alarm]
    seen: list[Seen]
    nothing: int
    failed: int
    seconds: float
    days: int


def alarms(mornings: Mapping[date, Morning]) -> list[Alarm]:
    """All findings of a life without defects."""
    found: dict[Finding, Alarm] = {}
    for day, morning in mornings.items():
        for one, severity in morning.open.items():
            before = found.get(one, Alarm(*one, severity, day, 0))
            found[one] = Alarm(*one, before.severity, before.first, before.mornings + 1)
    return [*found.values()]


def seen(case: Case, mornings: Mapping[date, Morning], orders_a_day: int) -> Seen:
    """`mornings`: of the same life without it."""
    all_of_it = [*case.sick, *case.after]
    twins = [mornings.get(case.first + timedelta(days=number), Morning({})) for number in range(len(all_of_it))]
    own = [one.open.keys() - twin.open.keys() for one, twin in zip(all_of_it, twins, strict=True)]
    sick = own[: len(case.sick)]
    failed = [bool(one.failed - twin.failed) for one, twin in zip(case.sick, twins, strict=False)]
    told = [before - now.open.keys() for before, now in zip(sick, case.sick[1:], strict=False) if now.is_harmed]
    early = {one for findings in told for one in findings}
    by = {check for found in sick for check, _ in found} | ({"a failed load"} if any(failed) else set())
    names = [f"{one.kind.layer}: {one.kind.name}" for one in case.defects]
    return Seen(
        names[0] if len(names) == 1 else "two at once",
        " and ".join(map(str, case.defects)),
        orders_a_day,
        case.share,
        case.roubles,
        any(one.is_exact for one in case.defects),
        len(case.sick),
        next((n for n in range(len(sick)) if sick[n] or failed[n]), None),
        sorted(by),
        _in_words(early),
        _in_words(own[-1] if case.after else set()),
    )


def _in_words(found: Sequence[Finding] | set[Finding]) -> list[str]:
    return sorted(f"{check} {key}" for check, key in found)
