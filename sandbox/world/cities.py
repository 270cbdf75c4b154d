"""Where the promoter plays. Zones as the vendor has them (Томск and Барнаул as captured, unlike tzdata)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class City:
    """``code`` is how the promoter's advertising tags abbreviate it, ``weight`` how well it sells."""

    id: int
    name: str
    code: str
    timezone: str
    weight: float
    currency: str = "RUB"


CITIES: tuple[City, ...] = (
    City(1, "Москва", "msk", "Europe/Moscow", 3.0),
    City(2, "Санкт-Петербург", "spb", "Europe/Moscow", 2.2),
    City(24, "Томск", "tomsk", "Asia/Krasnoyarsk", 1.0),
    City(68, "Барнаул", "barnaul", "Asia/Novokuznetsk", 0.8),
    City(30, "Новосибирск", "nsk", "Asia/Novosibirsk", 1.3),
    City(31, "Екатеринбург", "ekb", "Asia/Yekaterinburg", 1.3),
    City(32, "Казань", "kazan", "Europe/Moscow", 1.2),
    City(33, "Краснодар", "krd", "Europe/Moscow", 1.0),
    City(34, "Владивосток", "vladivostok", "Asia/Vladivostok", 0.7),
    City(35, "Калининград", "kgd", "Europe/Kaliningrad", 0.7),
    City(36, "Самара", "samara", "Europe/Samara", 0.8),
    City(37, "Нижний Новгород", "nn", "Europe/Moscow", 0.9),
    City(401, "Алматы", "almaty", "Asia/Almaty", 0.5, "KZT"),
    City(402, "Минск", "minsk", "Europe/Minsk", 0.5, "BYN"),
)
