"""Invented buyers. Each is a pure function of its number, so the same person comes back on other days."""

from __future__ import annotations

from functools import cache

from sandbox.world.sales import Buyer
from sandbox.world.secrets import MARK

POOL = 60_000
_FIRST_BUYER_ID = 5_000_000
_FIRST_DETAILS_ID = 4_000_000
# Longer than any id of the world, so that the number alone is recognisable.
_FIRST_TELEGRAM_ID = 999_000_000_000
_FIRST_NAMES = ("Анна", "Мария", "Ольга", "Елена", "Иван", "Пётр", "Алексей", "Дмитрий", "Юлия", "Сергей")
_MIDDLE_NAMES = ("Петровна", "Игоревна", "Олегович", "Андреевич")
_SURNAMES = ("Иваненко", "Смирных", "Кузнец", "Попович", "Соколенко", "Лебедь", "Морозко")
_EVERY_MIDDLENAME, _EVERY_VK, _EVERY_FACEBOOK, _EVERY_TELEGRAM = 4, 3, 40, 12


@cache
def buyer(number: int) -> Buyer:
    """The person with this number (0 to ``POOL`` - 1)."""
    tag = f"{MARK}{number:05d}"
    telegram = number % _EVERY_TELEGRAM == 0
    return Buyer(
        id=_FIRST_BUYER_ID + number,
        details_id=_FIRST_DETAILS_ID + number,
        email=f"buyer.{tag}@example.invalid",
        name=f"{_pick(_FIRST_NAMES, number)}-{tag}",
        middlename=f"{_pick(_MIDDLE_NAMES, number)}-{tag}" if number % _EVERY_MIDDLENAME == 0 else None,
        surname=f"{_pick(_SURNAMES, number)}-{tag}",
        phone=f"+70000{number:06d}",
        vk_id=f"id.{tag}" if number % _EVERY_VK == 0 else "",
        facebook_id=f"fb.{tag}" if number % _EVERY_FACEBOOK == 0 else "",
        telegram_id=_FIRST_TELEGRAM_ID + number if telegram else None,
        telegram_name=f"tg_{tag}" if telegram else None,
    )


def _pick(names: tuple[str, ...], number: int) -> str:
    return names[number * 31 % len(names)]
