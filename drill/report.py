"""What came of it, as Markdown: how many defects were seen, how early, what was missed, and how silent lives are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import sqrt

from drill.outcome import Lived, Seen

_SHARES = {"under 1 %": (0, 0.01), "1 to 5 %": (0.01, 0.05), "5 to 20 %": (0.05, 0.2), "20 to 100 %": (0.2, 2)}
_MATTERS = 0.05
Wanted = Callable[[Seen], bool]


def lines(one: Lived) -> list[str]:
    """For who looks on: the life, what was told in it, and what came of each defect."""
    speed = f"{one.seconds / one.days:.1f} s a day"
    told = [f"  {alarm.severity} {alarm.check} {alarm.key}: {alarm.mornings} mornings" for alarm in one.alarms]
    cases = [f"  {_words(case)[2:]}, by {', '.join(case.by) or 'nobody'}" for case in one.seen]
    return [f"{one.kind} {one.seed} ({one.orders_a_day} orders a day), {speed}", *told, *cases]


def wilson(hits: int, of: int) -> str:
    """A share with its interval of 95 %."""
    if not of:
        return "–"
    z, share = 1.96, hits / of
    middle, half = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low, high = ((middle + sign * half) / (1 + z * z / of) for sign in (-1, 1))
    return f"{hits}/{of} {share:.0%} ({max(low, 0):.0%}–{min(high, 1):.0%})"


def markdown(done: Sequence[Lived], command: str) -> str:
    seen = [one for lived in done for one in lived.seen]
    big = [one for one in seen if one.share >= _MATTERS]
    nothing, days = sum(lived.nothing for lived in done), sum(lived.days for lived in done)
    speed = sum(lived.seconds for lived in done) / max(days, 1)
    lines = [
        f"`{command}`: {len(seen)} defects ({nothing} more changed nothing), {len(done)} lives, {speed:.1f} s a day",
        "",
    ]
    lines += _table("worth of a day's money", seen, {name: _worth(*bounds) for name, bounds in _SHARES.items()})
    lines += _table(
        "more than 5 %", big, {"all": lambda _: True, "an exact comparison sees it": lambda one: one.is_exact}
    )
    lines += _by("orders a day, more than 5 %", big, lambda one: one.orders_a_day)
    lines += _by("kind, more than 5 %", big, lambda one: one.kind)
    late = sorted(
        (one for one in big if one.delay is None or (one.is_exact and one.delay)), key=lambda one: -one.share
    )
    lines += [
        "Never seen, or not on the first morning though an exact comparison sees it:",
        "",
        *map(_words, late),
        "",
    ]
    lines += _told("Told as over while it was there", seen, lambda one: one.early)
    lines += _told("Not over when it was mended", seen, lambda one: one.left)
    return "\n".join(lines + _alarms(done))


def _worth(low: float, high: float) -> Wanted:
    return lambda one: low <= one.share < high


def _by(title: str, seen: Iterable[Seen], group: Callable[[Seen], int | str]) -> list[str]:
    def of(name: int | str) -> Wanted:
        return lambda one: group(one) == name

    return _table(title, seen, {str(name): of(name) for name in sorted({group(one) for one in seen})})


def _table(title: str, seen: Iterable[Seen], rows: dict[str, Wanted]) -> list[str]:
    lines = [f"| {title} | first morning | by the third | ever |", "|---|---|---|---|"]
    for name, wanted in rows.items():
        delays = [one.delay for one in seen if wanted(one)]
        within = [sum(delay is not None and delay <= most for delay in delays) for most in (0, 2, 99)]
        lines.append(f"| {name} | {' | '.join(wilson(hits, len(delays)) for hits in within)} |")
    return [*lines, ""]


def _words(one: Seen) -> str:
    when = "never" if one.delay is None else f"on morning {one.delay + 1}"
    worth = f"{one.share:.0%} of a day, {one.roubles:,.0f} roubles, {one.orders_a_day} orders a day"
    return f"- {one.words}: {worth}{', exact' * one.is_exact}; {when} of {one.mornings}"


def _told(title: str, seen: Iterable[Seen], which: Callable[[Seen], list[str]]) -> list[str]:
    wrong = [(one, found) for one in seen if (found := which(one))]
    lines = [f"- {one.words}: {', '.join(found[:3])}{' …' * (len(found) > 3)}" for one, found in wrong]
    return [f"{title}: {len(wrong)} of {len([*seen])}", "", *lines, ""]


def _alarms(done: Sequence[Lived]) -> list[str]:
    """Of lives without defects, worlds of defects before theirs included."""
    lines = ["| life | orders a day | warn | fail | failed loads | which |", "|---|---|---|---|---|---|"]
    details = []
    for one in sorted(done, key=lambda lived: lived.kind):
        count = Counter(alarm.severity for alarm in one.alarms)
        which = ", ".join(f"{check} {n}" for check, n in Counter(alarm.check for alarm in one.alarms).most_common())
        lines.append(
            f"| {one.kind} | {one.orders_a_day} | {count['warn']} | {count['fail']} | {one.failed} | {which} |"
        )
        details += [
            f"- {one.kind} {one.seed}: {alarm.severity} {alarm.check} {alarm.key} from {alarm.first}, {alarm.mornings} mornings"
            for alarm in one.alarms
        ]
    return [*lines, "", *details]
