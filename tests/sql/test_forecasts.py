"""How shows sell against comparable ones, and what that lets expect: worked out anew by loops over the same sales."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, quantiles
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tests.quality.healthy import Lines
from tests.tasks.load.engines import rows, values


@dataclass
class Show:
    show: int
    on: date
    city: str
    seats: int
    sold: dict[date, int]
    cancelled: bool = False

    def until(self, day: date) -> int:
        return sum(n for at, n in self.sold.items() if at <= day)

    def at(self, days_out: int, known: date) -> int:
        return sum(n for at, n in self.sold.items() if at <= known and max((self.on - at).days, 0) >= days_out)


def promoter(today: date) -> list[Show]:
    """Forty shows over and seven to come, of halls of three sizes in three cities; some moved late, one was cancelled."""
    chance = random.Random(5)
    shows = []
    for n in range(1, 48):
        on = today + timedelta(days=chance.randint(-500, -1) if n <= 40 else (n - 41) * 9)
        ago = [
            int(60 * chance.random() ** 2) - chance.choice([0] * 9 + [3]) for _ in range(chance.choice([4, 30, 60]))
        ]
        days = [on - timedelta(days=n) for n in ago]
        sold = {day: chance.randint(1, 9) for day in days if day <= today}
        city = chance.choice(["москва", "москва", "казань", "пермь"]) if n != 44 else "уфа"
        shows.append(Show(n, on, city, chance.choice([0, 150, 400]), sold, n == 3))
    return [*shows, Show(99, today - timedelta(days=600), "москва", 0, {today - timedelta(days=640): 30})]


def filled(client: Client, make: Callable[[date], list[Show]] = promoter) -> tuple[date, list[Show]]:
    today = date.fromisoformat(values(client, "SELECT toDate(now(), 'Europe/Moscow') AS day")[0][0])
    shows, lines = make(today), Lines()
    for one in shows:
        gone = {"deleted_at": f"{one.on - timedelta(days=2)} 09:00:00"} if one.cancelled else {}
        lines.show(one.show, one.on, one.city, **gone)
        if one.seats:
            seats = {"day": min(one.on, today), "seats_total": one.seats, "seats_free": one.seats - 1}
            lines["fact_show_seats_daily"].append({"show_id": one.show} | seats)
        for day, n in one.sold.items():
            state = "paid" if len(lines["stg_qtickets_tickets"]) % 9 else "refunded"
            lines.sell(one.show, day, n, n * 100, state=state)
    lines.put(client)
    return today, shows


def comparable(show: Show, shows: list[Show], known: date, size: int) -> list[Show]:
    """Those that were over on the day before `known`, at the latest."""
    first = min(day for one in shows for day in one.sold)
    usable = [
        one
        for one in shows
        if one.on < known and not one.cancelled and one.until(known) and min(one.sold) > first + timedelta(days=7)
        and (not size or size / 2 <= (one.seats or one.until(known)) <= size * 2)
    ]  # fmt: skip
    near = [one for one in usable if one.city == show.city]
    return near if len(near) >= 5 else usable if len(usable) >= 5 else []


def test_the_forecast_is_what_comparable_shows_say_that_were_known_then(client: Client) -> None:
    today, shows = filled(client)
    found = {(row["show_id"], row["days_out"]): row for row in rows(client, "SELECT * FROM v_forecasts")}
    expected = {}
    for one in shows:
        for out in (30, 14, 7, 3) if one.on < today else ((one.on - today).days,):
            if one.cancelled or (one.on < today and (one.show == 99 or not one.sold)):
                continue
            known = one.on - timedelta(days=out)
            now, others = one.until(known), comparable(one, shows, known, one.seats)
            told = (None, None, None)
            shares = [other.at(out, known) / other.until(known) for other in others]
            if others and now >= 20 and median(shares) >= 0.05:
                finals = [now / share if share else 1e15 for share in shares]
                finals = [max(now, min(final, one.seats or 1e15)) for final in finals]
                told = tuple(None if n >= 1e14 else n for n in quantiles(finals, n=4, method="inclusive"))
            expected[one.show, out] = (now, len(others), told)

    assert found.keys() == expected.keys()
    for key, (now, others, told) in expected.items():
        row = found[key]
        assert (key, row["tickets"]) == (key, now)
        if row["reason"].endswith("comparable shows"):
            assert (key, others) == (key, 0)
        elif not row["reason"].endswith("not loaded"):
            assert (key, row["comparable"]) == (key, others)
        got = tuple(row[f"tickets_p{n}"] for n in (25, 50, 75))
        assert [number is None for number in got] == [number is None for number in told], (key, row, told)
        assert [n for n in got if n is not None] == pytest.approx([n for n in told if n is not None], abs=0.5), key
    made = [row for row in found.values() if not row["reason"]]
    assert len(made) > 20 and len({row["reason"] for row in found.values()}) == 3


@pytest.mark.parametrize(("late", "told"), [(0, (50, 50, 50)), (3, (50, 50, 300)), (4, (None, None, None))])
def test_where_the_past_does_not_agree_the_range_is_wide_or_there_is_none(
    client: Client, late: int, told: Any
) -> None:
    """Seven halls of 300: all seats went forty days before or, of the `late` ones, on the day itself. Of the eighth fifty
    are sold ten days before."""

    def world(today: date) -> list[Show]:
        days = [(n, today - timedelta(days=20 * n), timedelta(days=0 if n <= late else 40)) for n in range(1, 8)]
        shows = [Show(n, on, "москва", 300, {on - before: 300}) for n, on, before in days]
        first = Show(99, today - timedelta(days=600), "пермь", 0, {today - timedelta(days=640): 1})
        return [*shows, first, Show(8, today + timedelta(days=10), "москва", 300, {today - timedelta(days=30): 50})]

    filled(client, world)
    (row,) = rows(client, "SELECT * FROM v_show_forecast")
    assert tuple(row[f"tickets_p{n}"] for n in (25, 50, 75)) == told, row
