"""Which show an ad is for, and what each show cost and brought: worlds by hand, with what a person finds in them."""

import re
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tasks.quality.checks import checks, judge
from tests.quality.healthy import Lines
from tests.tasks.load.engines import put, rows


@dataclass(frozen=True)
class Show:
    show: int
    event: int
    on: date
    city: str = "москва"
    account: str = "main"
    name: str = "Концерт"
    before: tuple[date, ...] = ()
    since: date | None = None
    deleted: date | None = None


@dataclass(frozen=True)
class AdDay:
    """`tag`: `москва 14.3`, `москва`, or nothing."""

    day: date = date(2026, 3, 2)
    tag: str = ""
    link: int = 0
    campaign: int = 1
    ad: int = 1
    source: str = "vk_ads"
    spent: Decimal = Decimal("10.01")

    @property
    def city(self) -> str:
        return self.tag.partition(" ")[0]

    @property
    def date(self) -> tuple[int, int]:
        day, _, month = self.tag.partition(" ")[2].partition(".")
        return int(day or 0), int(month or 0)


@dataclass(frozen=True)
class World:
    """`file`: of VK's campaigns and ads the event and the show; `costs`: event, show, roubles."""

    shows: list[Show] = field(default_factory=list)
    ads: list[AdDay] = field(default_factory=list)
    file: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    sales: list[dict[str, Any]] = field(default_factory=list)
    costs: list[tuple[int, int, Decimal]] = field(default_factory=list)

    def apart(self, n: int) -> "World":
        """The same world with numbers and cities of its own: many are in the warehouse at once."""
        own = lambda number: number and 1000 * n + number  # noqa: E731
        shows = [replace(s, show=own(s.show), event=own(s.event), city=f"{s.city}~{n}") for s in self.shows]
        ads = [
            replace(a, campaign=own(a.campaign), link=own(a.link), tag=re.sub(r"^\w+", rf"\g<0>~{n}", a.tag))
            for a in self.ads
        ]
        file = {(own(campaign), ad): (own(event), own(show)) for (campaign, ad), (event, show) in self.file.items()}
        return World(shows, ads, file)


def fill(client: Client, worlds: list[World]) -> None:
    lines = Lines()
    for world in worlds:
        for one in world.shows:
            names = {"account": one.account, "event_id": one.event, "event_name": one.name}
            begins = {"sale_starts_at": one.since and f"{one.since} 09:00:00"}
            gone = {"deleted_at": one.deleted and f"{one.deleted} 09:00:00", "is_active": int(not one.deleted)}
            lines.show(one.show, one.on, one.city, **names, **begins, **gone)
            days = ({"show_date": day} for day in (one.on, *one.before))
            lines["dim_show_dates"] += [names | {"show_id": one.show} | day for day in days]
        for number, ad in enumerate(world.ads):
            tags = {"utm_city": ad.city, "utm_day": ad.date[0], "utm_month": ad.date[1], "link_event_id": ad.link}
            of = {"account": "ads", "account_id": f"{number}", "ad_id": ad.ad}
            lines.spend(ad.campaign, ad.day, ad.spent, ad.source, **of, **tags)
        for (campaign, ad), (event, show) in world.file.items():
            names = {"source": "vk_ads", "campaign_id": campaign, "ad_id": ad}
            lines["dim_ad_shows"].append(names | {"event_id": event, "show_id": show})
        for line in world.sales:
            of = dict(line)
            lines.sell(of.pop("event_id"), date(2026, 3, 2), of.pop("quantity"), of.pop("amount"), **of)
        for event, show, spent in world.costs:
            label = f"label{len(lines['fact_other_costs_daily'])}"
            cost = {"day": "2026-03-02", "source": label, "event_id": event, "show_id": show, "spent": str(spent)}
            lines["fact_other_costs_daily"].append(cost)
    lines.put(client)


TOUR = [Show(n, 7, date(2026, 3, 9 + n), city) for n, city in enumerate(("москва",) * 6, 1)]
CITIES = ("москва", "казань", "пермь", "уфа", "омск", "тула")
SIX = [Show(n, 20 + n, date(2026, 3, 9 + n), city, name="Тур") for n, city in enumerate(CITIES, 1)]
MARCH = Show(70, 7, date(2026, 3, 14))
CASES: dict[str, tuple[list[Show], AdDay, dict[tuple[int, int], tuple[int, int]], tuple[object, ...]]] = {
    "the file before all else": ([MARCH, Show(80, 8, date(2026, 3, 15))], AdDay(link=7, tag="москва 14.3"), {(1, 0): (8, 0)}, (8, 80, "file", "")),
    "the ad's own line before its campaign's": ([MARCH, Show(80, 8, date(2026, 3, 15))], AdDay(ad=5), {(1, 0): (7, 0), (1, 5): (8, 80)}, (8, 80, "file", "")),
    "the file names an event of many shows": (TOUR, AdDay(tag="москва 10.3"), {(1, 0): (7, 0)}, (7, 0, "file", "")),
    "the file names nothing known": (TOUR, AdDay(tag="москва 10.3"), {(1, 0): (9, 0)}, (0, 0, "", "the file names an event that is not known")),
    "a link to an event of one show": ([MARCH], AdDay(link=7, tag="казань 1.1"), {}, (7, 70, "link", "")),
    "a link, and tags name no day of it": (TOUR, AdDay(link=7), {}, (7, 0, "link", "")),
    "a link, and tags name a day of it": (TOUR, AdDay(link=7, tag="москва 12.3"), {}, (7, 3, "link", "")),
    "a link to a day of it that is over": (TOUR, AdDay(date(2026, 3, 13), link=7, tag="москва 12.3"), {}, (7, 3, "link", "")),
    "a link to one show beside a cancelled one": ([MARCH, Show(71, 7, date(2026, 3, 15), deleted=date(2026, 2, 1))], AdDay(link=7), {}, (7, 70, "link", "")),
    "a link to nothing known": ([MARCH], AdDay(link=9, tag="москва 14.3"), {}, (0, 0, "", "the link leads to an event that is not known")),
    "one event on that day": ([MARCH, Show(80, 8, date(2026, 3, 14), "казань")], AdDay(tag="москва 14.3"), {}, (7, 70, "tags", "")),
    "two events on that day": ([MARCH, Show(80, 8, date(2026, 3, 14))], AdDay(tag="москва 14.3"), {}, (0, 0, "", "two events on that day")),
    "two shows of an event on that day": ([MARCH, Show(71, 7, date(2026, 3, 14))], AdDay(tag="москва 14.3"), {}, (7, 0, "tags", "")),
    "of two years the next": ([Show(70, 7, date(2026, 3, 1)), Show(71, 7, date(2027, 3, 1))], AdDay(tag="москва 1.3"), {}, (7, 71, "tags", "")),
    "more than a year ahead": ([Show(71, 7, date(2027, 3, 3))], AdDay(tag="москва 3.3"), {}, (0, 0, "", "no show on that day in москва")),
    "over": ([Show(70, 7, date(2026, 3, 1))], AdDay(tag="москва 1.3"), {}, (0, 0, "", "the show is over")),
    "moved to a later day": ([Show(70, 7, date(2026, 4, 1), before=(date(2026, 3, 1),))], AdDay(tag="москва 1.3"), {}, (7, 70, "tags", "")),
    "moved, by its new day": ([Show(70, 7, date(2026, 4, 1), before=(date(2026, 3, 1),))], AdDay(tag="москва 1.4"), {}, (7, 70, "tags", "")),
    "cancelled, and nothing else on that day": ([Show(70, 7, date(2026, 3, 14), deleted=date(2026, 3, 1))], AdDay(tag="москва 14.3"), {}, (7, 70, "tags", "")),
    "cancelled beside another": ([Show(70, 7, date(2026, 3, 14), deleted=date(2026, 3, 1)), Show(80, 8, date(2026, 3, 14))], AdDay(tag="москва 14.3"), {}, (8, 80, "tags", "")),
    "a city, and one event on sale": ([MARCH, Show(80, 8, date(2026, 3, 1)), Show(90, 9, date(2026, 4, 1), since=date(2026, 3, 3))], AdDay(tag="москва"), {}, (7, 70, "city", "")),
    "a city, and one event of many shows": (TOUR, AdDay(tag="москва"), {}, (7, 0, "city", "")),
    "a city, and two events": ([MARCH, Show(80, 8, date(2026, 3, 15))], AdDay(tag="москва"), {}, (0, 0, "", "two events on sale in москва")),
    "a city, and none": ([Show(70, 7, date(2026, 3, 1))], AdDay(tag="москва"), {}, (0, 0, "", "no event on sale in москва")),
    "a city, and a cancelled one": ([MARCH, Show(80, 8, date(2026, 3, 15), deleted=date(2026, 3, 1))], AdDay(tag="москва"), {}, (7, 70, "city", "")),
    "a city, and none but a cancelled one": ([Show(80, 8, date(2026, 3, 15), deleted=date(2026, 3, 1))], AdDay(tag="москва"), {}, (0, 0, "", "no event on sale in москва")),
    "nothing": ([MARCH], AdDay(), {}, (0, 0, "", "the ad names no city and no event")),
    "an event of two accounts is one": ([MARCH, Show(70, 7, date(2026, 3, 14), account="spb")], AdDay(tag="москва 14.3"), {}, (7, 70, "tags", "")),
    "two events of one number": ([MARCH, Show(70, 7, date(2026, 3, 15), account="spb", name="Балет")], AdDay(link=7, tag="москва 14.3"), {}, (0, 0, "", "several accounts have an event of this number")),
    **{f"a tour of six cities: {one.city}": (SIX, AdDay(tag=f"{one.city} {one.on.day}.3"), {}, (one.event, one.show, "tags", "")) for one in SIX},
}  # fmt: skip


def test_an_ad_is_for_the_show_that_a_person_would_name(client: Client) -> None:
    fill(client, [World(shows, [ad], file).apart(n) for n, (shows, ad, file, _) in enumerate(CASES.values(), 1)])
    prove_sums(client)
    found = {row["campaign_id"] // 1000: row for row in rows(client, "SELECT * FROM v_ad_shows")}
    for n, (case, (*_, expected)) in enumerate(CASES.items(), 1):
        row = found[n]
        told = (row["event_id"] % 1000, row["show_id"] % 1000, row["matched_by"], row["reason"].partition("~")[0])
        assert (case, *told) == (case, *expected)
        assert (row["spend"], row["event_account"]) == ("10.01", "main" if expected[0] else "")


def prove_sums(client: Client) -> None:
    """By the checks: all rows add up to all spend and all sales, and the marts below to tickets and ads."""
    for name in ("reconcile_show_marts", "reconcile_shows"):
        (check,) = (one for one in checks() if one.name == name)
        assert judge(client, check, date(2026, 3, 2), [], {}).message == ""


ROW = {"event_id": 0, "city": "", "spend_total": "0.00", "tickets_sold": 0, "reason": ""}


def test_a_show_that_moves_later_or_whose_city_is_renamed_takes_what_it_had_along(client: Client) -> None:
    """No mart is made anew for it: the spend of days long past is found by its old and its new name."""
    line = {"event_id": 7, "show_id": 70, "quantity": 1, "amount": "400.00"}
    ads = [AdDay(tag="питер 14.3"), AdDay(tag="петербург 14.3", campaign=2), AdDay(tag="петербург 1.4", campaign=3)]
    fill(client, [World([replace(MARCH, city="питер")], ads, sales=[line])])
    spent = "SELECT event_id, city, spend_total, tickets_sold, reason FROM v_show_economics ORDER BY ALL"
    unknown, one = "no show on that day in петербург", {"city": "питер", "spend_total": "10.01", "tickets_sold": 1}
    assert rows(client, spent)[:1] == [ROW | {"spend_total": "20.02", "reason": unknown}]
    assert rows(client, spent)[1:] == [ROW | one | {"event_id": 7}]
    put(client, "dim_events", {"event_id": 7, "event_name": "Концерт", "city": "петербург", "_ver": 2})
    moved = {"event_id": 7, "show_id": 70, "show_date": date(2026, 4, 1)}
    put(client, "dim_shows", moved | {"show_at": "2026-04-01 16:00:00", "is_active": 1, "_ver": 2})
    put(client, "dim_show_dates", moved)
    lost = ROW | {"spend_total": "10.01", "reason": "no show on that day in питер"}
    assert rows(client, spent) == [lost, ROW | one | {"event_id": 7, "city": "петербург", "spend_total": "20.02"}]


def test_a_show_by_hand_with_its_seats_ratios_promo_codes_and_refunds(client: Client) -> None:
    line, to_event = {"event_id": 7, "show_id": 70, "quantity": 1}, {"event_id": 7, "show_id": 0, "quantity": 1}
    back = {"state": "refunded", "refunded_amount": "300.00"}
    on_vk = AdDay(link=7, spent=Decimal("150.00"))
    sales: list[dict[str, Any]] = [
        line | {"amount": "400.00", "promo_code_id": 1, "discount": "100.00"},
        line | back | {"amount": "300.00", "promo_code_id": 2, "discount": "200.00", "refunded_at": "2026-03-09 20:00:00.000"},
        line | {"amount": "500.00", "quantity": 2, "discount_id": 4, "discount": "10.00"},
        line | {"amount": "0.00", "promo_code_id": 9},
        to_event | back | {"amount": "600.00", "refunded_at": "2026-03-03 20:59:00.000"},
        line | {"amount": "7000.00", "state": "reserved"},
        line | {"amount": "7000.00", "currency": "KZT"},
    ]  # fmt: skip
    costs = [(7, 70, Decimal("20.00")), (7, 0, Decimal("4.00")), (9, 0, Decimal("0.50"))]
    ads = [on_vk, replace(on_vk, source="direct", spent=Decimal("50.00"), ad=2)]
    fill(client, [World([MARCH], ads, sales=sales, costs=costs)])
    prove_sums(client)
    put(client, "dim_promo_codes", {"promo_code_id": 1, "code": "ВЕСНА"}, {"promo_code_id": 2})
    put(client, "fact_show_seats_daily", *({"show_id": 70, "day": f"2026-03-0{day}", "seats_total": 200, "seats_sold": 40 + day,
        "seats_held": 6, "seats_free": 154 - day, "price_left": "1000.50"} for day in (2, 1)))  # fmt: skip
    cancelled = {"event_id": 7, "show_id": 71, "show_at": "2036-03-30 16:00:00", "show_date": "2036-03-30"}
    put(client, "dim_shows", cancelled | {"deleted_at": "2026-03-01 09:00:00"})
    seats = {"show_id": 71, "day": "2026-03-02", "seats_total": 50, "seats_free": 50, "price_left": 9}
    put(client, "fact_show_seats_daily", seats)

    nobody, whole, show, _ = rows(client, "SELECT * FROM v_show_economics ORDER BY event_id, show_id")
    _, event = rows(client, "SELECT * FROM v_event_economics ORDER BY event_id")
    codes = rows(client, "SELECT * FROM v_promo_codes ORDER BY kind, code")
    refunds = rows(client, "SELECT * FROM v_refunds ORDER BY show_id")

    told = ("spend_other", "reason", "tickets_sold")
    assert [nobody[name] for name in told] == ["0.50", "the costs file names an event that is not known", 0]
    figures = (
        "tickets_sold", "tickets_free", "promo_tickets", "revenue", "refunds_amount", "net_revenue", "discount",
    )  # fmt: skip
    assert [show[name] for name in figures] == [5, 1, 3, "1200.00", "300.00", "900.00", "310.00"]
    assert [event[name] for name in figures] == [6, 1, 3, "1800.00", "600.00", "1200.00", "310.00"]
    spent = ("spend_vk_ads", "spend_direct", "spend_other", "spend_total", "price_left")
    assert [show[name] for name in spent] == ["150.00", "50.00", "20.00", "220.00", "1000.50"]
    assert [event[name] for name in spent] == ["150.00", "50.00", "24.00", "224.00", "1000.50"]
    ratios = ("average_price", "cost_per_ticket", "romi", "refund_share", "sold_share")
    assert [show[name] for name in ratios] == pytest.approx([300, 44, 680 / 220, 0.25, 0.21])
    assert [whole[name] for name in ratios[:4]] == pytest.approx([600, 4, 74, 0.5])
    assert {whole[name] for name in ("sold_share", "show_at", "days_to_show", "seats_total")} == {None}
    assert [event[name] for name in ratios] == pytest.approx([360, 224 / 6, 976 / 224, 1 / 3, 0.21])
    assert (event["shows"], event["show_at"], event["days_to_show"]) == (2, show["show_at"], show["days_to_show"])
    assert [(c["kind"], c["code"], c["tickets_sold"], c["revenue"], c["discount"]) for c in codes] == [
        ("code", "ВЕСНА", 1, "400.00", "100.00"), ("discount", "", 2, "500.00", "10.00"),
        ("personal", "", 1, "300.00", "200.00"), ("unknown", "", 1, "0.00", "0.00"),
    ]  # fmt: skip
    assert [(r["show_id"], r["days_after_sale"], r["days_before_show"], r["refunds_amount"]) for r in refunds] == [
        (0, 1, None, "300.00"), (70, 7, 5, "300.00"),
    ]  # fmt: skip
