"""The sentences of checks, in English and Russian: places in braces filled with days, money and numbers as people
write them. A part in square brackets is left out where it says nothing: its one value is empty or zero, or all its
values are the same.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from tasks.translation import marked, named, retold, said
from tasks.window import MOSCOW

LANGUAGES = ("en", "ru")
_PLACE = re.compile(r"\{(\w+)\}")
_PART = re.compile(r"\[([^\[\]]*)\]")
_WORD = re.compile(r"\w+")
_SMALL_WORDS = ("на", "и", "у", "в")
_CITIES = ("city", "booked")
"""Places of a sentence that are cities."""
_DAY = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_SOURCES = named(qtickets="QTickets", vk_ads="VK Ads", direct="Yandex Direct", costs="Costs file")
_THIN_SPACE = "\N{NO-BREAK SPACE}"
_NUMBERS = (int, float, Decimal)
_WHOLE = 100
"""From here on nobody reads the digits behind the point, unless two sums differ in nothing else."""
_RULES = marked(
    "is missing or wrong",
    "is missing",
    "is not a positive whole number",
    "is not a number from 1 to 9999",
    "is a trillion or more",
    "is neither true nor false",
    "is neither unit nor line",
    "is not a currency code",
    "is not an amount of money",
    "is not a date and time with an offset",
    "is not a date",
    "is not a number",
    "is not an id",
    "is negative",
    "stands twice in this load",
    "says nothing but its id",
    "is known",
)
"""Why a row is rejected, in the words of `validation/`; in front of them stands the column."""
_COLUMNS = marked(
    "price",
    "currency",
    "quantity",
    "refunded, but refunded_amount",
    "refunded_amount",
    "refunded_at",
    "payed",
    "payed_at",
    "paid, but payed_at",
    "neither created_at nor payed_at",
    "created_at",
    "ticket_id",
    "order_id",
    "event_id",
    "stat_date",
    "account_id",
    "campaign_id",
    "ad_group_id",
    "ad_id",
    "impressions",
    "clicks",
    "spent",
    "cost",
)


def filled(sentence: str, row: Mapping[str, Any], language: str, year: int | None = None) -> str:
    """The sentence with the row's values. `{who}` is the source and, unless it is main, the account; days of
    another year than `year` show theirs. A place that the row does not have stays, as does a wrong sentence: a
    check must not fail for its words."""
    sentence = _PART.sub(lambda part: part[1] if _tells(part[1], row) else "", sentence)
    numbers = {name: row[name] for name in _PLACE.findall(sentence) if isinstance(row.get(name), _NUMBERS)}

    def value(place: re.Match[str]) -> str:
        name = place[1]
        if name == "who":
            return who(str(row.get("source") or ""), str(row.get("account") or ""), language)
        if name not in row:
            return place[0]
        if name.endswith("_id"):
            return str(row[name])
        if name in _RETOLD and row[name]:
            return _RETOLD[name](str(row[name]), language)
        if name in numbers:
            same = [one for one in numbers.values() if number(one, language) == number(row[name], language)]
            return number(row[name], language, exact=len({round(float(one), 2) for one in same}) > 1)
        text = shown(row[name], language, year)
        return city_name(text) if name in _CITIES and row[name] else text

    return _PLACE.sub(value, sentence)


def city_name(name: str) -> str:
    """As it is written: cities are kept in small letters."""
    return _WORD.sub(lambda word: word[0] if word[0] in _SMALL_WORDS else word[0].capitalize(), name)


def who(source: str, account: str, language: str) -> str:
    title = said(_SOURCES.get(source, source), language)
    return " ".join(part for part in (title, "" if account == "main" else account) if part)


def shown(value: Any, language: str, year: int | None = None) -> str:
    """An instant is Moscow time; in Russian a day names its year where that is not `year`."""
    if isinstance(value, date):
        return _shown_day(value, language, year)
    if isinstance(value, _NUMBERS):
        return number(value, language)
    if isinstance(value, list):
        return ", ".join(shown(one, language, year) for one in value)
    text = said("none", language) if value in (None, "", "-") else str(value)
    return _DAY.sub(r"\3.\2.\1", text) if language == "ru" else text


def _shown_day(value: date, language: str, year: int | None) -> str:
    time = " %H:%M" if isinstance(value, datetime) else ""
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(MOSCOW)
    if language == "en":
        return value.strftime(f"%Y-%m-%d{time}")
    return value.strftime(("%d.%m" if year in (None, value.year) else "%d.%m.%Y") + time)


_WEEKDAYS = marked("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def weekday(day: date, language: str) -> str:
    return said(_WEEKDAYS[day.weekday()], language)


def number(value: float | Decimal, language: str, exact: bool = False) -> str:
    """Groups of three, kopecks only of small sums: 1 234 567, 12.5. `exact`: kopecks of all but whole numbers."""
    has_kopecks = exact if abs(float(value)) >= _WHOLE else exact or value != int(value)
    places = 2 if has_kopecks and not isinstance(value, int) else 0
    try:  # As the report rounds.
        rounded: float | Decimal = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    except InvalidOperation:
        rounded = value  # no number that anybody counts in
    text = f"{rounded:,.{places}f}"
    if places and not exact:
        text = text.rstrip("0").rstrip(".")
    if language == "en":
        return text
    return text.replace(",", _THIN_SPACE).replace(".", ",")


def _tells(part: str, row: Mapping[str, Any]) -> bool:
    """Whether a part shows something; of numbers and texts the numbers decide."""
    values = [row.get(name) for name in _PLACE.findall(part)]
    told = [round(float(one), 2) for one in values if isinstance(one, _NUMBERS)] or values
    return len(set(map(str, told))) > 1 or (len(told) == 1 and bool(told[0]))


def _reason(reason: str, language: str) -> str:
    """As it is where it is none of our own."""
    rule = next((rule for rule in _RULES if reason.endswith(rule)), "")
    if not rule or said(rule, language) == rule:
        return reason
    column = reason.removesuffix(rule).strip()
    return ": ".join(filter(None, (said(column, language), said(rule, language))))


_RETOLD: Mapping[str, Callable[[str, str], str]] = {"reason": _reason, "words": retold, "told": retold}
"""Places of a sentence that hold sentences: why a row was rejected, what a run said."""
