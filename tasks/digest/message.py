"""The morning message in words, to be read on a phone in ten seconds. Short enough to stand under a picture in
Telegram, whose captions have 1,024 characters. What buyers and sources wrote does nothing in any chat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from tasks.alerts.alert import shortened
from tasks.digest.morning import Campaign, Morning
from tasks.harmless import for_chat
from tasks.quality.checks import Finding
from tasks.quality.complete import is_of_wholeness
from tasks.quality.findings import Kept
from tasks.quality.incidents import money_of
from tasks.quality.words import number, shown, weekday, who
from tasks.translation import counted, said

LONGEST = 950
"""Units of UTF-16 with the title; HTML may need some more for the same."""
_LONGEST_NAME, _LONGEST_LINE = 60, 170
_NAMED = 3
_MINUS = "\N{MINUS SIGN}"


def message_of(morning: Morning, language: str) -> tuple[str, str]:
    """Its title and its text."""
    day = _named(morning.day, language)
    lines = [said("Made-up data (sandbox)", language)] if morning.is_made_up else []
    if morning.broken:
        title = said("Do not trust the figures of {day} yet", language, day=day)
        lines += _broken(morning, language)
    elif morning.since is None:
        title = said("No data yet", language)
        lines.append(said("Load them: zakaz load all.", language))
    else:
        title = said("Yesterday, {day}", language, day=day)
        lines += _figures(morning, language)
        # As much as there is room for: how many more there are must be true.
        rests = ([*_attention(morning, named, language)] for named in range(_NAMED, -1, -1))
        lines += next((rest for rest in rests if len("\n".join([*lines, *rest])) <= LONGEST - len(title)), [])
    return title, shortened("\n".join(lines), LONGEST - len(title), language, ("\n", " "))


def _broken(morning: Morning, language: str) -> Iterator[str]:
    yield said("The data are wrong or incomplete:", language)
    told = list(dict.fromkeys(_line(one, language) for one in morning.broken))
    yield from (f"• {line}" for line in told[:_NAMED])
    if len(told) > _NAMED:
        yield said("and {n} more", language, n=len(told) - _NAMED)
    if money := money_of(morning.broken):
        yield said("In doubt: up to {money}.", language, money=_money(money, morning.currency, language))
    if morning.do and (do := morning.do.remedy(language)):
        yield said("Do: {do}.", language, do=do.rstrip("."))
    yield ""
    yield said("So there are no figures this morning. When it is mended, a message will say so.", language)


def _figures(morning: Morning, language: str) -> Iterator[str]:
    if morning.since and morning.since > morning.day:
        yield said(
            "There are no data of yesterday: they begin on {day}.", language, day=_named(morning.since, language)
        )
    else:
        yield from _day(morning, language)
        yield ""
        yield from _trusted(morning, language)
    for heading, campaigns in (
        (said("Campaigns that gain, since they began:", language), morning.best),
        (said("Campaigns that lose, since they began:", language), morning.worst),
    ):
        if campaigns:
            yield from ("", heading)
            yield from (_campaign(one, morning.currency, language) for one in campaigns)
    if n := len(morning.apart):
        what = counted("{n} campaign more", "{n} campaigns more", n, language, n=number(n, language))
        others = sorted({currency for one in morning.apart for currency in one.currencies})
        yield from ("", _not_compared(what, others, morning.currency, language))


def _attention(morning: Morning, named: int, language: str) -> Iterator[str]:
    if found := morning.attention:
        yield from ("", said("Look at:", language))
        yield from (f"• {_at_stake(one, morning.currency, language)}" for one in found[:named])
        if len(found) > named:
            yield said("and {n} more: zakaz attention", language, n=len(found) - named)


def _day(morning: Morning, language: str) -> Iterator[str]:
    now, before, currency = morning.yesterday, morning.before, morning.currency
    tickets = counted("{n} ticket", "{n} tickets", now.tickets, language, n=number(now.tickets, language))
    if before is not None:
        yield said("In brackets: against {day}", language, day=_named(morning.same_weekday, language))
    against = "" if before is None else f" ({_change(now.net, before.net, currency, language)})"
    money = _money(now.net, currency, language)
    yield said("Sales {money}{before}, {tickets}", language, money=money, before=against, tickets=tickets)
    if now.foreign and now.is_comparable:
        others = for_chat(", ".join(now.currencies))
        yield said("Tickets in {other} besides: {n}", language, other=others, n=number(now.foreign, language))
    against = "" if before is None else f" ({_change(now.spend, before.spend, currency, language)})"
    money = _money(now.spend, currency, language)
    yield said("Advertising {money}{before}", language, money=money, before=against)
    if not now.of_ads.is_comparable:
        what, other = said("ROMI of ads", language), now.currencies
        yield _not_compared(what, other, currency, language)
    romi, was = now.of_ads.romi, before.of_ads.romi if before else None
    if romi is not None:
        against = "" if was is None else f" ({said('was {value}', language, value=_percent(was, language))})"
        yield said("ROMI of ads {romi}{before}", language, romi=_percent(romi, language), before=against)
    if before is None:
        yield said("Nothing to compare with yet: not all accounts have the day a week ago.", language)


def _change(now: Decimal, before: Decimal, currency: str, language: str) -> str:
    if before <= 0:
        return said("was {value}", language, value=_money(before, currency, language))
    return _percent((now - before) / before, language)


def _campaign(one: Campaign, currency: str, language: str) -> str:
    name = shortened(for_chat(one.name), _LONGEST_NAME, language, ())
    gain, whose = _money(one.gain, currency, language, sign="+"), for_chat(who(one.source, one.account, language))
    return f"{gain} {whose} «{name}»"


def _not_compared(what: str, others: Sequence[str], currency: str, language: str) -> str:
    other, own = for_chat(", ".join(others)), _unit(currency)
    return said("{what}: sold in {other}, not to be compared in {own}", language, what=what, other=other, own=own)


def _line(one: Finding | Kept, language: str) -> str:
    return shortened(for_chat(one.said(language)), _LONGEST_LINE, language, (" ",))


def _at_stake(one: Finding, currency: str, language: str) -> str:
    """With the money, unless it is told."""
    told, money = _line(one, language), _money(one.money or Decimal(0), currency, language)
    is_told = number(one.money or Decimal(0), language) in told
    return told if is_told or not one.money else f"{told} ({money})"


def _trusted(morning: Morning, language: str) -> Iterator[str]:
    """That yesterday is complete is said only where no check doubts it."""
    if lacking := [one for one in morning.odd if one.day == morning.day and is_of_wholeness(one)]:
        yield said("Yesterday's data may be incomplete: {what}", language, what=_line(lacking[0], language))
    if morning.hindered:
        yield said("Not all is checked: {n} checks could not be run.", language, n=morning.hindered)
    if left := len(morning.odd) - len(lacking[:1]):
        yield said(
            "Minor remarks about the data: {n}. For whoever runs Zakaz: zakaz quality findings", language, n=left
        )
    if not morning.odd and not morning.hindered:
        yield said("The data are complete, the checks hold.", language)


def _named(day: date, language: str) -> str:
    return f"{weekday(day, language)} {shown(day, language)}"


def _money(value: Decimal, currency: str, language: str, sign: str = "") -> str:
    whole = int(value.to_integral_value())
    shown_sign = _MINUS if whole < 0 else sign if whole > 0 else ""
    return f"{shown_sign}{number(abs(whole), language)}\N{NO-BREAK SPACE}{_unit(currency)}"


def _unit(currency: str) -> str:
    return "₽" if currency == "RUB" else currency


def _percent(share: Decimal, language: str) -> str:
    whole = int((share * 100).to_integral_value())
    return f"{_MINUS if whole < 0 else '+' if whole > 0 else ''}{number(abs(whole), language)}\N{NO-BREAK SPACE}%"
