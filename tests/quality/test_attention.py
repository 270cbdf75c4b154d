"""What deserves attention is found, with the roubles at stake, and what goes well is not."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tasks.quality.attention import attention
from tasks.settings import Settings
from tests.quality.healthy import Lines, warehouse_in
from tests.tasks.load.engines import values


def test_what_is_at_stake_is_found_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.settings.HOME", tmp_path)
    lines = Lines()
    with warehouse_in(tmp_path) as client:
        today = date.fromisoformat(values(client, "SELECT toDate(now(), 'Europe/Moscow') AS day")[0][0])
        ago = lambda days: today - timedelta(days=days)  # noqa: E731

        def spend(campaign: int, spent: int, days: range, **more: object) -> None:
            for n in days:
                lines.spend(campaign, ago(n), spent, **more)

        lines.show(1, ago(4), "москва")
        lines.show(2, ago(-30), "пермь")
        lines.show(3, ago(-30), "уфа", deleted_at=f"{ago(5)} 09:00:00", is_active=0)
        lines.show(4, ago(-30), "омск")
        for number in (1, 2, 3, 4):
            spend(number, 10**number, range(1, 8), link_event_id=number)
        lines.show(5, ago(9), "псков")
        lines["dim_shows"].append(lines["dim_shows"][-1] | {"show_id": 51})
        spend(10, 7, range(1, 8), link_event_id=5)
        over = ago(4)
        spend(5, 300, range(1, 8), utm_campaign="past", utm_city="москва", utm_day=over.day, utm_month=over.month)
        for show, day, free, held in ((2, 3, 5, 0), (2, 2, 0, 0), (2, 1, 0, 49), (4, 1, 1, 0), (18, 1, 0, 90)):
            seats = {"day": ago(day), "show_id": show, "seats_total": 100, "seats_free": free, "seats_held": held}
            lines["fact_show_seats_daily"].append(seats)

        spend(6, 500, range(1, 11), utm_campaign="dead")
        spend(7, 500, range(1, 11), utm_campaign="alive")
        spend(8, 1100, range(1, 11), utm_campaign="{{campaign}}")
        lines.sell(4, ago(6), 1, 100, utm_source="vk", utm_campaign="dead")
        lines.sell(4, ago(1), 1, 50_000, utm_source="vk", utm_campaign="alive")
        lines.sell(4, ago(2), 1, 100, utm_source="vk", utm_campaign="8", currency="KZT")

        spend(9, 1000, range(2, 16))
        spend(9, 5000, range(1, 2))
        for campaign, limit in ((7, "409.84"), (8, "409.84"), (9, "9000")):
            limits = {"source": "vk_ads", "campaign_id": campaign, "status": "active", "budget_day": limit}
            lines["dim_campaigns"].append(limits | {"campaign_name": f"К{campaign}"})
        for account, day, left in (
            ("main", today, 10_000),
            ("main", ago(1), 1),
            ("idle", today, 1),
            ("main", ago(1), 1),
        ):
            balance = {"source": "vk_ads", "account": account, "day": day, "balance": left, "currency": "RUB"}
            lines["fact_ad_balance_daily"].append(balance)

        lines.sell(0, ago(400), 1, 1)
        for n in range(11, 17):
            lines.show(n, ago(30 * (n - 10)), "тула")
            lines.sell(n, ago(30 * (n - 10) + 20), 60 if n < 13 else 100, 10_000)
        for n, currency in ((17, "RUB"), (18, "RUB"), (19, "KZT"), (20, "RUB")):
            lines.show(n, ago(-10), "тула", currency=currency)
        lines.sell(17, ago(5), 30, 3000)
        lines.sell(19, ago(5), 20, 90_000, currency="KZT")
        # Of four comparable ones less than two had sold less; and the first sales of the other may not be loaded.
        for show, day, sold in ((18, 5, 80), (20, 399, 5)):
            lines.sell(show, ago(day), sold, 9000)
        lines.put(client)
        assert values(client, f"SELECT show_id FROM v_show_forecast WHERE sells_out_on <= '{today}'") == [(2,)]

        found = attention(client, Settings(_env_file=None), today)

    assert [(one.check.name, one.key, str(one.money)) for one in found] == [
        ("runs_dry", "vk_ads/main", "33065.29"),  # 105,619 in seven days; 12,200 with VAT are left.
        ("slow_show", "main/17", "7000.00"),
        ("advertised_in_vain", "main/3/3/0", "4000.00"),
        ("doubled_spend", f"vk_ads/main/9/{ago(1)}", "4000.00"),
        ("no_tickets", "vk_ads/main/6", "2500.00"),
        ("advertised_in_vain", "/0/0/5", "900.00"),  # Once, though it sold nothing either.
        ("limit_used_up", "vk_ads/main/7", "409.84"),
        ("advertised_in_vain", "main/2/2/0", "200.00"),
        ("advertised_in_vain", "main/5/0/0", "49.00"),
        ("advertised_in_vain", "main/1/1/0", "30.00"),
        ("slow_show", "main/19", "None"),
    ]
    _, slow, cancelled, _, _, by_tags, *_, over_one, abroad = (one.what_ru for one in found)
    assert f"через 10 дн., на {ago(1):%d.%m}" in slow
    assert "билетов: 30, обычно к этому сроку: 100, недобор 7" in slow
    assert abroad.endswith(" 20, обычно к этому сроку: 100"), "not known in roubles"
    assert "отменён, а реклама за семь дней стоила 4" in cancelled and "уже позади" in over_one
    assert "Концерт 17, Тула, " in slow and "Концерт 3, Уфа, " in cancelled and f", {ago(4):%d.%m}" in over_one
    assert "по меткам ведёт на прошедшую дату" in by_tags, by_tags
    assert all(one.what and "{" not in one.what + one.what_ru and one.check.do_ru != one.check.do for one in found)
