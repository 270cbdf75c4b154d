"""Recognisable fakes of what must never be stored: people, and codes and links that open a door.

Every value carries ``MARK`` or has a shape that no id, price or date of the world can have, so that finding
one in a file, a log or a table proves a leak. Nothing is random here: all values follow from numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MARK = "zqpd"
POOL = 60_000
"""How many people there are."""
_FIRST_NAMES = ("Анна", "Мария", "Ольга", "Елена", "Иван", "Пётр", "Алексей", "Дмитрий", "Юлия", "Сергей")
_SURNAMES = ("Иваненко", "Смирных", "Кузнец", "Попович", "Соколенко", "Лебедь", "Морозко")


@dataclass(frozen=True, slots=True)
class Buyer:
    """A person; all but the id is personal data."""

    id: int
    email: str
    name: str
    surname: str
    phone: str

    def personal(self) -> Iterator[str]:
        yield from (self.email, self.name, self.surname, self.phone)


@cache
def buyer(number: int) -> Buyer:
    """The person with this number (0 to ``POOL`` - 1), the same one on all days."""
    tag = f"{MARK}{number:05d}"
    return Buyer(
        id=5_000_000 + number,
        email=f"buyer.{tag}@example.invalid",
        name=f"{_FIRST_NAMES[number * 31 % len(_FIRST_NAMES)]}-{tag}",
        surname=f"{_SURNAMES[number * 31 % len(_SURNAMES)]}-{tag}",
        phone=f"+70000{number:06d}",
    )


def link(action: str, number: int) -> str:
    return f"https://tickets.example.invalid/{action}/{MARK}{number:x}"


def barcode(day: int, sequence: int, line: int) -> str:
    """Twelve digits with prefix 87 (no id of the world has twelve digits and starts with 8)."""
    return f"87{day % 100_000:05d}{sequence % 10_000:04d}{line % 10}"
