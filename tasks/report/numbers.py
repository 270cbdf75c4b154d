"""Numbers and days as a reader of the report sees them. The only place where figures are rounded."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from tasks.window import Window

THIN = "\N{NARROW NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_SIGNS = {
    **{"RUB": "₽", "USD": "$", "EUR": "€", "GBP": "£", "KZT": "₸", "BYN": "Br", "UAH": "₴", "GEL": "₾", "AMD": "֏"},
    **{"AZN": "₼", "TRY": "₺", "ILS": "₪", "KGS": "⃀", "UZS": "soʻm"},
}
_UNITS = {
    "ru": ((10**9, "млрд"), (10**6, "млн"), (10**3, "тыс.")),
    "en": ((10**9, "bn"), (10**6, "m"), (10**3, "k")),
}


def sign_of(currency: str) -> str:
    return _SIGNS.get(currency, currency)


def number(value: Decimal | int, language: str, places: int = 0, *, signed: bool = False) -> str:
    """Groups of three behind thin spaces: −1 234 567,25."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{abs(rounded):,.{places}f}".replace(",", THIN)
    before = _MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return before + (text.replace(".", ",") if language == "ru" else text)


def money(value: Decimal, currency: str, language: str, places: int = 0) -> str:
    return f"{number(value, language, places)}{THIN}{sign_of(currency)}"


def percent(share: Decimal | float, language: str, *, signed: bool = False) -> str:
    """Of a share: 0.314 is 31 %, and -0.004 is -0.4 %: a small loss is not 0 %."""
    value = Decimal(str(share)) * 100
    places = int(0 < abs(value) < Decimal("0.5"))
    return f"{number(value, language, places, signed=signed)}{THIN}%"


def unit_of(largest: Decimal, language: str) -> tuple[int, str]:
    """For an axis: by what to divide, and what that is called."""
    return next(((size, word) for size, word in _UNITS[language] if largest >= size * 2), (1, ""))


def day(value: date, language: str, year: int | None = None) -> str:
    """With its year where that is not `year`."""
    if language == "en":
        return f"{value:%d %b}" if value.year == year else f"{value:%d %b %Y}"
    return f"{value:%d.%m}" if value.year == year else f"{value:%d.%m.%Y}"


def days(window: Window, language: str, year: int | None = None) -> str:
    first, last = (day(one, language, year) for one in (window.first, window.last))
    return first if window.first == window.last else f"{first}\N{EN DASH}{last}"
