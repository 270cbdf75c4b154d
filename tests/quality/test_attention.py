"""What deserves attention is found, with the roubles at stake, and what goes well is not."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.quality.attention import attention
from tasks.settings import Settings
from tests.quality.healthy import make_marts, warehouse_in
from tests.tasks.load.engines import put, values


def test_what_is_at_stake_is_found_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: PLR0915
    monkeypatch.setattr("tasks.settings.HOME", tmp_path)
    lines: dict[str, list[dict[str, object]]] = defaultdict(list)
    with warehouse_in(tmp_path) as client:
        today = date.fromisoformat(values(client, "SELECT toDate(now(), 'Europe/Moscow') AS day")[0][0])
        ago = lambda days: today - timedelta(days=days)  # noqa: E731

        def show(number: int, on: date, city: str = "москва", **more: object) -> None:
            names = {
                "account": "main", "event_id": number, "show_id": 10 * number, "currency": "RUB", "is_active": 1,
            }  # fmt: skip
            currency = {"currency": more.pop("currency", "RUB")}
            lines["dim_events"].append(names | currency | {"event_name": f"Концерт {number}", "city": city})
            lines["dim_shows"].append(names | {"show_date": on, "show_at": f"{on} 16:00:00"} | more)

        def spend(campaign: int, spent: int, days: range, link: int = 0, **more: object) -> None:
            for n in days:
                names = {
                    "stat_date": ago(n), "account": "main", "campaign_id": campaign,
                    "campaign_name": f"К{campaign}",
                }  # fmt: skip
                money = {"spent": spent, "spent_has_vat": 1, "link_event_id": link}
                lines["fact_vk_ads_daily"].append(names | money | more)

        def sell(number: int, day: date, quantity: int, amount: int, **more: object) -> None:
            paid = dict.fromkeys(("ordered_at", "paid_at", "booked_at"), f"{day} 12:00:00.000")
            names = {
                "account": "main", "ticket_id": len(lines["stg_qtickets_tickets"]), "state": "paid",
                "currency": "RUB",
            }  # fmt: skip
            ticket = (
                names | paid | {"event_id": number, "show_id": 10 * number, "quantity": quantity, "amount": amount}
            )
            lines["stg_qtickets_tickets"].append(ticket | more)

        show(1, ago(4))
        show(2, ago(-30), "пермь")
        show(3, ago(-30), "уфа", deleted_at=f"{ago(5)} 09:00:00", is_active=0)
        show(4, ago(-30), "омск")
        for number in (1, 2, 3, 4):
            spend(number, 10**number, range(1, 8), number)
        show(5, ago(9), "псков")
        lines["dim_shows"].append(lines["dim_shows"][-1] | {"show_id": 51})
        spend(10, 7, range(1, 8), 5)
        over = ago(4)
        spend(5, 3, range(1, 8), utm_city="москва", utm_day=over.day, utm_month=over.month)
        for day, free in ((3, 5), (2, 0), (1, 0)):
            seats = {"day": ago(day), "account": "main", "show_id": 20, "seats_total": 100, "seats_free": free}
            lines["fact_show_seats_daily"].append(seats)
        lines["fact_show_seats_daily"].append(seats | {"show_id": 40, "seats_free": 1})

        spend(6, 500, range(1, 11), utm_campaign="dead")
        spend(7, 500, range(1, 11), utm_campaign="alive")
        spend(8, 1100, range(1, 11), utm_campaign="{{campaign}}")
        sell(4, ago(6), 1, 100, utm_source="vk", utm_campaign="dead")
        sell(4, ago(1), 1, 50_000, utm_source="vk", utm_campaign="alive")
        sell(4, ago(2), 1, 100, utm_source="vk", utm_campaign="8", currency="KZT")

        spend(9, 1000, range(2, 16))
        spend(9, 5000, range(1, 2))
        for campaign, limit in ((7, "409.84"), (8, "409.84"), (9, "9000")):
            limits = {"source": "vk_ads", "account": "main", "campaign_id": campaign, "status": "active"}
            lines["dim_campaigns"].append(limits | {"campaign_name": f"К{campaign}", "budget_day": limit})

        for account, left in (("main", 10_000), ("idle", 1)):
            balance = {"source": "vk_ads", "account": account, "day": today, "balance": left, "currency": "RUB"}
            lines["fact_ad_balance_daily"].append(balance)
        lines["fact_ad_balance_daily"].append(balance | {"account": "main", "day": ago(1), "balance": 1})

        sell(0, ago(400), 1, 1)
        for n in range(11, 17):
            show(n, ago(30 * (n - 10)), "тула")
            sell(n, ago(30 * (n - 10) + 20), 60 if n < 13 else 100, 10_000)
        show(17, ago(-10), "тула")
        show(18, ago(-10), "тула")
        show(19, ago(-10), "тула", currency="KZT")
        sell(17, ago(5), 30, 3000)
        sell(19, ago(5), 20, 90_000, currency="KZT")
        sell(18, ago(5), 80, 9000)  # Of four comparable ones less than two had sold less.

        for table, its in lines.items():
            put(client, table, *its)
        make_marts(client)

        found = attention(client, Settings(_env_file=None), today)

    assert [(one.check.name, one.key, one.money) for one in found] == [
        # 103,540 in seven days; 12,200 with VAT are left.
        ("runs_dry", "vk_ads/main", Decimal("32174.29")),
        ("slow_show", "main/170", Decimal("7000.00")),
        ("advertised_in_vain", "main/3/30/0", Decimal("4000.00")),
        ("doubled_spend", f"vk_ads/main/9/{ago(1)}", Decimal("4000.00")),
        ("no_tickets", "vk_ads/main/6", Decimal("2500.00")),
        ("limit_used_up", "vk_ads/main/7", Decimal("409.84")),
        ("advertised_in_vain", "main/2/20/0", Decimal("200.00")),
        ("advertised_in_vain", "main/5/0/0", Decimal("49.00")),
        ("advertised_in_vain", "main/1/10/0", Decimal("30.00")),
        ("advertised_in_vain", "/0/0/5", Decimal("9.00")),
        ("slow_show", "main/190", None),
    ]
    _, slow, cancelled, *_, over_one, by_tags, abroad = (one.what_ru for one in found)
    yesterday = f"{ago(1):%d.%m}"
    assert f"через 10 дн., на {yesterday}" in slow and "билетов: 30, обычно к этому сроку: 100, недобор 7" in slow
    assert abroad.endswith(" 20, обычно к этому сроку: 100"), "not known in roubles"
    assert "отменён, а реклама за семь дней стоила 4" in cancelled and "уже позади" in over_one
    assert "Концерт 17, Тула, " in slow and "Концерт 3, Уфа, " in cancelled and f", {ago(4):%d.%m}" in over_one
    assert "по меткам ведёт на прошедшую дату" in by_tags, by_tags
    assert all(one.what and "{" not in one.what + one.what_ru and one.check.do_ru != one.check.do for one in found)
