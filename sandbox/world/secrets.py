"""Recognisable fakes of what must never be stored: codes and links that open a door or cancel an order.

Every value carries ``MARK`` or has a shape that no id, price or date of the world can have, so that finding
one in a file, a log or a table proves a leak. Not a source of randomness: all values follow from ids.
"""

from __future__ import annotations

MARK = "zqpd"
HOST = "https://tickets.example.invalid"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODE_LENGTH = 6
# Ids start with a six-digit day number; without its constant head six base-62 digits are enough.
_ID_OFFSET = 70_000_000_000


def _code(number: int) -> str:
    digits = ""
    for _ in range(_CODE_LENGTH):
        number, rest = divmod(number, len(_DIGITS))
        digits = _DIGITS[rest] + digits
    return digits


def uniqid(order_id: int) -> str:
    """Ten characters, as in the links of an order."""
    return MARK + _code(order_id - _ID_OFFSET)


def order_url(action: str, order_id: int) -> str:
    suffix = "" if action == "pay" else f"/{order_id * 7919:032x}"
    return f"{HOST}/{action}/{uniqid(order_id)}{suffix}"


def ticket_url(kind: str, basket_id: int) -> str:
    return f"{HOST}/ticket/{kind}/{MARK}{_code(basket_id)}/{basket_id * 104729:032x}"


def barcode(day: int, sequence: int, line: int) -> str:
    """Twelve digits with prefix 87 (no id of the world has twelve digits and starts with 8)."""
    return f"87{day % 100_000:05d}{sequence % 10_000:04d}{line % 10}"


def series(number: int) -> str:
    """Nine digits ``88x77xxxx``: the 77 stands where every id that could contain the rest has zeros."""
    return _nine_digits("88", number)


def kpp(number: int) -> str:
    return _nine_digits("89", number)


def _nine_digits(prefix: str, number: int) -> str:
    return f"{prefix}{number // 10_000 % 10}77{number % 10_000:04d}"


def inn(number: int) -> str:
    return f"8900{number:08d}"


def card_mask(number: int) -> str:
    return f"987654******{number % 10_000:04d}"
