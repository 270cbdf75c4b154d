"""Where the promoter plays. Zones as the vendor has them (Томск and Барнаул as captured, unlike tzdata)."""

from __future__ import annotations

from sandbox.world.programme import City

CITIES: tuple[City, ...] = (
    City(1, "Москва", "msk", "Europe/Moscow", 55.755864, 37.617698, 3.0),
    City(2, "Санкт-Петербург", "spb", "Europe/Moscow", 59.938951, 30.315635, 2.2),
    City(24, "Томск", "tomsk", "Asia/Krasnoyarsk", 56.459527, 84.965525, 1.0),
    City(68, "Барнаул", "barnaul", "Asia/Novokuznetsk", 53.349532, 83.637654, 0.8),
    City(30, "Новосибирск", "nsk", "Asia/Novosibirsk", 55.030204, 82.920430, 1.3),
    City(31, "Екатеринбург", "ekb", "Asia/Yekaterinburg", 56.838011, 60.597474, 1.3),
    City(32, "Казань", "kazan", "Europe/Moscow", 55.796127, 49.106414, 1.2),
    City(33, "Краснодар", "krd", "Europe/Moscow", 45.035470, 38.975313, 1.0),
    City(34, "Владивосток", "vladivostok", "Asia/Vladivostok", 43.115542, 131.885494, 0.7),
    City(35, "Калининград", "kgd", "Europe/Kaliningrad", 54.710162, 20.510137, 0.7),
    City(36, "Самара", "samara", "Europe/Samara", 53.195878, 50.100202, 0.8),
    City(37, "Нижний Новгород", "nn", "Europe/Moscow", 56.326797, 44.006516, 0.9),
    City(401, "Алматы", "almaty", "Asia/Almaty", 43.238949, 76.889709, 0.5, "KZT"),
    City(402, "Минск", "minsk", "Europe/Minsk", 53.902284, 27.561831, 0.5, "BYN"),
)
