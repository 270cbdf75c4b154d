"""The days of a load's report: whole ones, in the account's own currency and on its basis of VAT."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from clickhouse_connect.driver.client import Client

from flows.load_report import _figures
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.window import Window
from tests.tasks.load.engines import client, put, settings  # noqa: F401 - fixtures

LAST = date(2026, 3, 31)


def test_the_newest_days_are_whole_and_what_is_left_out_is_said(client: Client) -> None:  # noqa: F811
    days = [LAST - timedelta(days=n) for n in range(3)]
    for day in days:
        for currency, vat, spent in (("RUB", 0, "100.10"), ("RUB", 0, "0.05"), ("KZT", 1, "7.00")):
            row = {"stat_date": day, "currency": currency, "spent_has_vat": vat, "spent": spent, "clicks": 2}
            put(client, "fact_vk_ads_daily", row | {"ad_id": int(float(spent) * 100), "campaign_id": 1})
    scope = {"table": "fact_vk_ads_daily", "account": "main", "first": days[-1], "last": LAST, "most": 2}
    shown = select(client, sql_text("by_day/ads.sql"), scope)
    assert shown.select("day", "currency", "spent", "vat").rows() == [
        (day, *rest)
        for day in days[:2]
        for rest in (("KZT", 7, "with VAT"), ("RUB", Decimal("100.15"), "without VAT"))
    ]
    year = Window(first=LAST - timedelta(days=365), last=LAST)
    frame = pl.DataFrame({"day": [LAST - timedelta(days=n // 2) for n in range(62)]})
    assert "последние дни" in _figures(frame, year, "ru")[-1]
    assert _figures(frame, Window.trailing(31, LAST), "ru")[-1].startswith("|")
