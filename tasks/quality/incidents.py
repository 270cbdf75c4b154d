"""What is wrong with an account's data as one message: the worst first, with days, names, money, what may still be
trusted and what to do.

All open findings of an account are one incident: a source that was not loaded makes its days incomplete and its
volume low, and that is one story.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from tasks.alerts.alert import Trouble
from tasks.quality.checks import STORIES, Check
from tasks.quality.findings import Kept
from tasks.quality.words import number, shown, who

PREFIX = "data of "
_A_CHECK = 3
"""How many findings of one check a message names."""
_WORDS = {
    "en": {
        "fail": "WRONG",
        "warn": "Look",
        "more": "and {n} more",
        "days": "Days: {days}.",
        "money": "Up to {money} of money is in question.",
        "loads": "Trust: the days before {day}. Later ones are not complete.",
        "exact": "Trust: the source's own cabinet. Reports may differ from it on these days.",
        "levels": "Trust: the figures are what the source sent. Whether it is right that they are so, look there.",
        "do": "Do: {do}.",
        "accept": "If it is meant to be so: zakaz quality accept {check} '{key}' --until DATE --why WORDS",
        "footer": "All findings: zakaz quality findings",
        "accepted": "The rest is accepted.",
        "dropped": "A check was removed or renamed, so nobody looks at it any more.",
    },
    "ru": {
        "fail": "ОШИБКА",
        "warn": "Проверьте",
        "more": "и ещё {n}",
        "days": "Дни: {days}.",
        "money": "Под вопросом до {money} ₽.",
        "loads": "Чему верить: дням до {day}. Более поздние неполные.",
        "exact": "Чему верить: кабинету источника. Отчёты за эти дни могут с ним расходиться.",
        "levels": "Чему верить: цифры такие, какие прислал источник. Так ли это на деле, видно в его кабинете.",
        "do": "Что делать: {do}.",
        "accept": "Если так и должно быть: zakaz quality accept {check} '{key}' --until ДАТА --why ПОЧЕМУ",
        "footer": "Все находки: zakaz quality findings",
        "accepted": "Остальное принято.",
        "dropped": "Проверку убрали или переименовали: за этим больше никто не смотрит.",
    },
}


def incidents(kept: Iterable[Kept], checks: Sequence[Check], language: str) -> list[Trouble]:
    """One for each account with open findings, those with a failure first."""
    groups: dict[tuple[str, str], list[Kept]] = {}
    for one in kept:
        if one.status == "open":
            groups.setdefault((one.source, one.account), []).append(one)
    named = {check.name: check for check in checks}
    ordered = sorted(groups.items(), key=lambda group: (not any(one.fails for one in group[1]), group[0]))
    return [_incident(key, found, named, language) for key, found in ordered]


def key_of(source: str, account: str) -> str:
    return f"{PREFIX}{source} {account}".strip()


def why_closed(statuses: Iterable[str], language: str) -> str:
    """Why an incident without open findings is closed, of which these are left; empty where all is mended."""
    return next((_WORDS[language][status] for status in ("dropped", "accepted") if status in statuses), "")


def _incident(of: tuple[str, str], found: list[Kept], checks: Mapping[str, Check], language: str) -> Trouble:
    words = _WORDS[language]
    found = sorted(found, key=_worst_first)
    lead, by_check = found[0], _by_check(found)
    lines = [line for several in by_check.values() for line in _lines(several, language)]
    days = sorted({one.day for one in found if one.day})
    if days:
        lines.append(words["days"].format(days=_span(days, language)))
    if money := _money(by_check.values()):
        lines.append(words["money"].format(money=number(money, language)))
    trusted = min((one.story for one in found if one.fails == lead.fails), key=STORIES.index)
    if trusted != "loads" or days:
        lines.append(words[trusted].format(day=shown(days[0], language) if days else ""))
    check = checks.get(lead.check_name)
    if do := check and ((check.do_ru or check.do) if language == "ru" else check.do):
        lines.append(words["do"].format(do=do.rstrip(".")))
    lines.append(words["accept"].format(check=lead.check_name, key=lead.finding))
    title = f"{words[lead.severity]}: {_titled(lead, language)}"
    essence = "; ".join(f"{name} {several[0].severity}" for name, several in by_check.items())
    return Trouble(key_of(*of), title, essence, "\n".join(lines), len(found), words["footer"])


def _worst_first(one: Kept) -> tuple[object, ...]:
    return not one.fails, STORIES.index(one.story), -(one.money or 0), one.check_name, one.finding


def _by_check(found: Iterable[Kept]) -> dict[str, list[Kept]]:
    groups: dict[str, list[Kept]] = {}
    for one in found:
        groups.setdefault(one.check_name, []).append(one)
    return groups


def _lines(several: list[Kept], language: str) -> list[str]:
    lines = [f"• {_said(one, language)}" for one in several[:_A_CHECK]]
    if (more := len(several) - _A_CHECK) > 0:
        lines.append(f"  {_WORDS[language]['more'].format(n=more)}")
    return lines


def _said(one: Kept, language: str) -> str:
    return one.what_ru if language == "ru" else one.what


def _titled(one: Kept, language: str) -> str:
    """With the source and account in front, unless the sentence names them."""
    said, name = _said(one, language), who(one.source, one.account, language)
    return said if not name or name in said else f"{name}: {said}"


def _span(days: list[date], language: str) -> str:
    """`18.11-20.11, 25.11`: days that follow each other as one stretch."""
    stretches: list[list[date]] = []
    for day in days:
        if stretches and day - stretches[-1][-1] == timedelta(days=1):
            stretches[-1].append(day)
        else:
            stretches.append([day])
    ends = [dict.fromkeys((shown(one[0], language), shown(one[-1], language))) for one in stretches]
    return ", ".join(" – ".join(pair) for pair in ends)


def _money(groups: Iterable[list[Kept]]) -> Decimal:
    """Checks look at the same rubles from several sides, so the largest sum of one check."""
    return max(
        (sum((one.money or Decimal(0) for one in several), Decimal(0)) for several in groups), default=Decimal(0)
    )
