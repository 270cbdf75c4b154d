"""The sentences of checks, in English and Russian: places in braces filled with days, money and numbers as people
write them."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

LANGUAGES = ("en", "ru")
_PLACE = re.compile(r"\{(\w+)\}")
_TITLES = {"qtickets": "QTickets", "vk_ads": "VK Ads", "direct": "Яндекс Директ", "costs": "Файл расходов"}
_TITLES_EN = {"direct": "Yandex Direct", "costs": "Costs file"}
_THIN_SPACE = "\N{NO-BREAK SPACE}"
_WHOLE = 100
"""From here on nobody reads the digits behind the point."""


def filled(sentence: str, row: Mapping[str, Any], language: str) -> str:
    """The sentence with the row's values. `{who}` is the source and, unless it is main, the account. A place that
    the row does not have stays, as does a wrong sentence: a check must not fail for its words."""

    def value(place: re.Match[str]) -> str:
        name = place[1]
        if name == "who":
            return who(str(row.get("source") or ""), str(row.get("account") or ""), language)
        return shown(row[name], language) if name in row else place[0]

    return _PLACE.sub(value, sentence)


def who(source: str, account: str, language: str) -> str:
    titles = _TITLES | (_TITLES_EN if language == "en" else {})
    return " ".join(part for part in (titles.get(source, source), "" if account == "main" else account) if part)


def shown(value: Any, language: str) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}" if language == "en" else f"{value:%d.%m %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}" if language == "en" else f"{value:%d.%m}"
    if isinstance(value, (int, float, Decimal)):
        return number(value, language)
    if value is None:
        return "unknown" if language == "en" else "неизвестно"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def number(value: float | Decimal, language: str) -> str:
    """Groups of three, kopecks only of small sums: 1 234 567, 12.5."""
    places = 0 if value == int(value) or abs(float(value)) >= _WHOLE else 2
    text = f"{value:,.{places}f}"
    if places:
        text = text.rstrip("0").rstrip(".")
    if language == "en":
        return text
    return text.replace(",", _THIN_SPACE).replace(".", ",")
