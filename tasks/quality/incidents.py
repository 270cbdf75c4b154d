"""What is wrong with an account's data as one message: the worst first, with days, names, money, what may still be
trusted and what to do.

All open findings of an account are one incident: a source that was not loaded makes its days incomplete and its
volume low, and that is one story. So are findings of reports whose days are sums of rows that are wrong: they are
told beneath. Another day, or another source with wrong rows of its own, is another cause.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from tasks.alerts.alert import Trouble, fits_title
from tasks.quality.checks import Check, Finding
from tasks.quality.findings import Kept, follows, is_beneath, wrong_days
from tasks.quality.words import filled, number, shown, who
from tasks.translation import named, said

PREFIX = "data of "
_A_CHECK = 3
"""How many findings of one check a message names."""
_REMEDIES = 3
"""And of how many checks it says what to do."""
_DAY = "\0"
"""Stands for the day in sentences that differ in nothing else."""
_NO_YEAR = 0
"""Of it is no day, so that all show their year."""
_WORDS = named(
    fail="WRONG[: {name}]",
    warn="Look[ at {name}]",
    loads="Reports: they may lack something of the days above.",
    exact="Reports: do not trust these figures[, see {name}].",
    levels="Reports: this may be a fault and may be true. Decide nothing by these figures before you have looked.",
    open="It is told in another message, where its cause is.",
    accepted="The rest is accepted.",
    dropped="A check was removed or renamed, so nobody looks at it any more.",
)


def incidents(kept: Iterable[Kept], checks: Sequence[Check], language: str) -> list[Trouble]:
    """One for each account with open findings, those with a failure first."""
    named = {check.name: check for check in checks}
    groups = _by_cause((one for one in kept if one.status == "open"), named)
    ordered = sorted(groups.items(), key=lambda group: (not any(one.fails for one in group[1]), group[0]))
    return [_incident(key, found, named, language) for key, found in ordered]


def key_of(source: str, account: str) -> str:
    """Of findings that are of no one source, but of the reports, too."""
    return f"{PREFIX}{source or 'reports'} {account}".strip()


def why_closed(statuses: Iterable[str], language: str) -> str:
    """Why an incident is closed, of whose findings these are left; empty where all is mended. Open ones: another
    incident tells them now."""
    known = ("open", "dropped", "accepted")
    return next((said(_WORDS[status], language) for status in known if status in statuses), "")


def _by_cause(found: Iterable[Kept], checks: Mapping[str, Check]) -> dict[tuple[str, str], list[Kept]]:
    """By source and account; those of reports by the account whose rows are the cause, if there is one."""
    groups: dict[tuple[str, str], list[Kept]] = {}
    of_reports = []
    for one in found:
        if one.source and not one.account and follows(one, checks):
            of_reports.append(one)
        else:
            groups.setdefault((one.source, one.account), []).append(one)
    causes = {key: wrong_days(its, checks) for key, its in groups.items() if key[1]}
    for one in of_reports:
        sources = (one.source, *checks[one.check_name].follows)
        near = [key for key, days in causes.items() if key[0] in sources and is_beneath(one, days, checks)]
        home = min(near, key=lambda key: (key[0] != one.source, key), default=(one.source, ""))
        groups.setdefault(home, []).append(one)
    return groups


def _incident(of: tuple[str, str], found: list[Kept], checks: Mapping[str, Check], language: str) -> Trouble:
    name = who(*of, language)
    found, wrong = sorted(found, key=_worst_first), wrong_days(found, checks)
    causes = [one for one in found if not is_beneath(one, wrong, checks)]
    lead, by_cause = causes[0], _by_check(causes)
    by_check = _by_check([*causes, *(one for one in found if is_beneath(one, wrong, checks))])
    told = [_said(several, name, language) for several in by_check.values()]
    title = f"{filled(said(_WORDS[lead.severity], language), {'name': name}, language)}: {told[0][0]}"
    lines = [line for several in told for line in _bullets(several, language)]
    if fits_title(title):
        lines = lines[1:]  # The title says it.
    days = sorted({one.day for one in found if one.day})
    if len(days) > 1 and any(len(several) > _A_CHECK for several in told):
        lines.append(said("Days: {days}.", language, days=_span(days, language, days[-1].year)))
    money = f"{number(money_of(causes), language)} ₽"
    if money != "0 ₽" and not any(f" {money}" in line for line in (title, *lines)):
        lines.append(said("In doubt: up to {money}.", language, money=money))
    lines.append(filled(said(_WORDS[_trusted(found)], language), {"name": name}, language))
    lines += _remedies(by_cause, checks, language)
    if not lead.fails or lead.story == "levels":  # Nobody means rows to be lost or doubled.
        lines.append(
            said(
                "If it is meant to be so, say why and until when, for whoever runs Zakaz: "
                "zakaz quality accept {check} '{key}' --until DATE --why WORDS",
                language,
                check=lead.check_name,
                key=lead.finding,
            )
        )
    footer = said("All findings: zakaz quality findings", language)
    # Without what is beneath: the night's checks see it hours later, and it is no news. Nor is another order.
    essence = "; ".join(sorted(f"{check} {several[0].severity}" for check, several in by_cause.items()))
    return Trouble(key_of(*of), title, f"{essence} {_in_letters(causes)}", "\n".join(lines), len(causes), footer)


def _in_letters(causes: Iterable[Kept]) -> str:
    """Which they are, in short: one in the place of another is news, though an alert does not count digits."""
    names = "\n".join(sorted(f"{one.check_name} {one.finding}" for one in causes))
    return hashlib.sha256(names.encode()).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))


def _trusted(found: Sequence[Kept]) -> str:
    """Which sentence says what of the reports may still be trusted: by the worst of what is wrong."""
    worst = [one for one in found if one.fails] or found
    stories = {one.story for one in worst}
    if "exact" in stories and worst[0].fails:
        return "exact"
    return "loads" if "loads" in stories else "levels"


def _remedies(by_check: Mapping[str, list[Kept]], checks: Mapping[str, Check], language: str) -> list[str]:
    """What a promoter does, and the commands for whoever runs Zakaz, of the first checks: each thing once."""
    known = [(checks[name], several) for name, several in by_check.items() if name in checks][:_REMEDIES]
    todo = [*dict.fromkeys(filter(None, (check.remedy(language).rstrip(".") for check, _ in known)))]
    runs = []
    for check, several in known:
        lead, days = several[0], {one.day for one in several if one.day}
        runs.append(mending(check, lead.source, lead.account, lead.day, days))
    told = [said("Do: {do}.", language, do=do) for do in todo[:1]] + [f"• {do}." for do in todo[1:]]
    commands = [*dict.fromkeys(filter(None, runs))]
    return (
        told
        + [said("Pass on to whoever runs Zakaz: {run}", language, run=run) for run in commands[:1]]
        + commands[1:]
    )


def mending(check: Check, source: str, account: str, day: date | None, days: Iterable[date] = ()) -> str:
    """The command that mends what a check found on a day, and with it those of its `days` that follow each other;
    empty where there is none."""
    load = _load(source, account, day, {*days, *filter(None, [day])})
    return filled(check.run, {"source": _given(source, account), "day": day, "load": load}, "en")


def _worst_first(one: Kept) -> tuple[object, ...]:
    """What was not loaded makes the rest; else what costs most."""
    return not one.fails, one.story != "loads", -(one.money or 0), one.check_name, one.finding


def _by_check(found: Iterable[Kept]) -> dict[str, list[Kept]]:
    groups: dict[str, list[Kept]] = {}
    for one in found:
        groups.setdefault(one.check_name, []).append(one)
    return groups


def _said(several: list[Kept], name: str, language: str) -> list[str]:
    """What they say, each once, without the name in front; what differs in nothing but the day as one."""
    days: dict[tuple[str, int | None], set[date]] = {}
    for one in several:
        what = one.said(language).removeprefix(f"{name}: ")
        year = None
        if one.day:
            year = _NO_YEAR if shown(one.day, language, _NO_YEAR) in what else None
            what = what.replace(shown(one.day, language, year), _DAY, 1)
        days.setdefault((what, year), set()).update([one.day] if one.day else [])
    return [what.replace(_DAY, _span(sorted(of_it), language, year)) for (what, year), of_it in days.items()]


def _bullets(told: list[str], language: str) -> list[str]:
    more = len(told) - _A_CHECK
    rest = [f"  {said('and {n} more', language, n=more)}"] if more > 0 else []
    return [*(f"• {one}" for one in told[:_A_CHECK]), *rest]


def _load(source: str, name: str, day: date | None, days: Iterable[date]) -> str:
    words = ["zakaz load", _given(source, name)]
    for stretch in _stretches(sorted(days)):
        if day in stretch:
            words += [f"--from {stretch[0]} --to {stretch[-1]}"]
    return " ".join([*words, "--refresh"])


def _given(source: str, account: str) -> str:
    """An account as a load is given it."""
    return f"{source or 'all'}{f' --account {account}' if account not in ('', 'main') else ''}"


def _span(days: list[date], language: str, year: int | None) -> str:
    """`18.11-20.11, 25.11`: days that follow each other as one stretch."""
    ends = [dict.fromkeys((one[0], one[-1])) for one in _stretches(days)]
    return ", ".join(" – ".join(shown(day, language, year) for day in pair) for pair in ends)


def _stretches(days: list[date]) -> list[list[date]]:
    stretches: list[list[date]] = []
    for day in days:
        if stretches and day - stretches[-1][-1] == timedelta(days=1):
            stretches[-1].append(day)
        else:
            stretches.append([day])
    return stretches


def money_of(found: Iterable[Finding | Kept]) -> Decimal:
    """Checks look at the same rubles from several sides, so the largest sum of one check."""
    sums: dict[str, Decimal] = {}
    for one in found:
        sums[one.check_name] = sums.get(one.check_name, Decimal(0)) + (one.money or 0)
    return max(sums.values(), default=Decimal(0))
