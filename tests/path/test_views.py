"""What the reports say of rows put in by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.mart import reference_tables
from tasks.load.migrate import migrated
from tasks.load.sql import sql_text
from tasks.load.tables import Scope
from tasks.load.upsert import upsert
from tasks.settings import Settings

DAY = date(2026, 3, 10)
TAGS = {"utm_source": "vk", "utm_campaign": "spring", "utm_content": "msk_10_03"}


@pytest.fixture
def client(clickhouse_dsn: str, clickhouse_database: str) -> Iterator[Client]:
    """A warehouse without a fact, reports in roubles with VAT."""
    settings = Settings(_env_file=None, clickhouse_dsn=clickhouse_dsn, clickhouse_database=clickhouse_database)
    with migrated(settings) as client:
        report_in(client, "RUB", with_vat=True)
        yield client


def rows(client: Client, sql: str) -> list[dict[str, Any]]:
    """By another way than the product takes: JSON text, with money as text, `1.50`."""
    how = {"output_format_json_quote_decimals": 1, "output_format_decimal_trailing_zeros": 1}
    return [json.loads(line) for line in client.raw_query(sql, fmt="JSONEachRow", settings=how).splitlines()]


def values(client: Client, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows(client, sql)]


def report_in(client: Client, currency: str, *, with_vat: bool, version: int = 1) -> None:
    for table, frame in reference_tables(currency, with_vat):
        upsert(client, table, frame, Scope(), version)


def put(client: Client, table: str, *lines: dict[str, object]) -> None:
    """Columns left out are empty or zero."""
    text = "\n".join(json.dumps({"_ver": 1} | line, default=str) for line in lines)
    client.command(f"INSERT INTO {table} FORMAT JSONEachRow\n{text}")


def ad_day(spent: object, day: object = DAY, **more: object) -> dict[str, object]:
    names = {"stat_date": day, "account_id": "a", "campaign_id": 1, "ad_id": 1, "utm_city": "москва"}
    return names | {"impressions": 100, "clicks": 10, "spent": str(spent)} | TAGS | more


def ticket(number: int, amount: object, paid: str = "2026-03-10 12:00:00.000", **more: object) -> dict[str, object]:
    names = {"ticket_id": number, "order_id": number, "event_id": 7, "state": "paid", "currency": "RUB"}
    return names | {"ordered_at": paid, "paid_at": paid, "quantity": 1, "amount": str(amount)} | TAGS | more


def events(client: Client) -> None:
    put(client, "dim_events", {"event_id": 7, "event_name": "Лекция", "city": "тверь", "_ver": 0})
    put(client, "dim_events", {"event_id": 7, "event_name": "Лекция", "city": "москва"},
        {"event_id": 8, "event_name": "Балет", "city": "казань"})  # fmt: skip


def restate(client: Client) -> None:
    """What a load does to the mart, without its care for what is there."""
    client.command("TRUNCATE TABLE agg_marketing_daily")
    client.command(
        f"INSERT INTO agg_marketing_daily SELECT *, 1 FROM ({sql_text('marts/agg_marketing_daily.sql')})"
    )


def test_the_level_follows_the_kopecks(client: Client) -> None:
    """green roas > 1.5, yellow 1 to 1.5, red < 1, none without spend; spend of one source, revenue of another."""
    cases = [
        ("100", "150.01", "0", "green"),
        ("100", "150", "0", "yellow"),
        ("100", "160", "10", "yellow"),
        ("100", "160", "9.99", "green"),
        ("0.20", "0.30", "0", "yellow"),  # 1.4999999999999998 as floats
        ("1.10", "1.65", "0", "yellow"),
        ("1.10", "1.66", "0", "green"),
        ("0.01", "0.02", "0", "green"),
        ("100", "100", "0", "yellow"),
        ("100", "99.99", "0", "red"),
        ("100", "250", "150.01", "red"),
        ("100", "0", "0", "red"),
        ("6000000000000000", "9000000000000000", "0", "yellow"),
        ("6000000000000000", "9000000000000000.01", "0", "green"),
        ("0", "5", "0", "none"),
        ("0", "0", "0", "none"),
    ]
    for number, (spend, revenue, refunds, _) in enumerate(cases):
        put(client, "agg_marketing_daily",
            {"d": DAY + timedelta(days=number), "source": "vk_ads", "spend_total": spend},
            {"d": DAY + timedelta(days=number), "source": "other", "revenue": revenue, "refunds_amount": refunds}
        )  # fmt: skip

    told = rows(client, "SELECT * FROM v_romi_kpi ORDER BY d")
    assert [row["level"] for row in told] == [level for _, _, _, level in cases]
    for row, (spend, revenue, refunds, _) in zip(told, cases, strict=True):
        paid, net = Decimal(spend), Decimal(revenue) - Decimal(refunds)
        assert (Decimal(row["spend_total"]), Decimal(row["net_revenue"])) == (paid, net)
        assert row["roas"] == (pytest.approx(float(net / paid)) if paid else None)
        assert row["romi"] == (pytest.approx(float((net - paid) / paid)) if paid else None)


def test_vat_is_that_of_the_day_to_the_kopeck(client: Client) -> None:
    """20 % until the end of 2025, 22 % from then on; half a kopeck goes up. Direct came with VAT, VK without."""
    days = (date(2025, 12, 31), date(2026, 1, 1))
    nets = [Decimal(text) for text in "0.01 0.04 0.25 0.75 1.25 33.33 99.99 1234567.89 9999999999999.99".split()]
    rates = dict(zip(days, (Decimal("1.20"), Decimal("1.22")), strict=True))
    gross = {
        (day, net): (net * rates[day]).quantize(Decimal("0.01"), ROUND_HALF_UP) for day in days for net in nets
    }
    assert gross[days[1], Decimal("0.25")] == Decimal("0.31")
    for number, (day, net) in enumerate(gross):
        put(client, "fact_vk_ads_daily", ad_day(net, day, ad_id=number, spent_has_vat=0))
        put(client, "fact_direct_daily", ad_day(gross[day, net], day, ad_id=number, spent_has_vat=1))

    def spend() -> list[tuple[Any, ...]]:
        restate(client)
        told = [tuple(row) for row in values(client, "SELECT source, ad_id, spend FROM v_ad_spend ORDER BY ALL")]
        total = values(client, "SELECT sum(spend_total) FROM v_marketing_daily")[0][0]
        assert Decimal(total) == sum(Decimal(row[2]) for row in told)
        return told

    sources = ("direct", "vk_ads")
    assert spend() == [(of, n, str(gross[key])) for of in sources for n, key in enumerate(gross)]
    report_in(client, "RUB", with_vat=False, version=2)
    assert spend() == [(of, n, str(net)) for of in sources for n, (_, net) in enumerate(gross)]


def test_sales_and_spend_stand_side_by_side_and_nothing_is_lost(client: Client) -> None:
    """Days with only one of them, events nobody knows, other currencies, spellings of sources, Moscow midnight."""
    events(client)
    put(client, "fact_vk_ads_daily", ad_day("10.00"), ad_day("5.00", utm_city="", ad_id=2),
        ad_day("3.33", date(2026, 3, 12)))  # fmt: skip
    put(client, "fact_direct_daily", ad_day("7.77", ad_id=3, spent_has_vat=1))
    put(
        client,
        "stg_qtickets_tickets",
        ticket(1, "100.00"),
        ticket(2, "50.00", utm_source="ВКонтакте"),
        ticket(3, "25.00", utm_source="Yandex.Direct", quantity=2),
        ticket(4, "12.00", utm_source="insta"),
        ticket(5, "6.00", utm_source="", state="refunded", refunded_amount="5.50"),
        ticket(6, "3.00", "2026-03-10 20:59:59.999", event_id=8),
        ticket(7, "1.00", "2026-03-10 21:00:00.000", event_id=8),
        ticket(8, "0.50", event_id=404),
        ticket(9, "900.00", currency="KZT"),
        ticket(10, "900.00", state="cancelled"),
        ticket(11, "900.00", state="reserved", paid_at=None),
        ticket(12, "0.00", utm_source="insta"),
        ticket(13, "999.00"),
    )
    # A ticket and an ad day have other figures now, as an event has another city.
    put(client, "stg_qtickets_tickets", ticket(13, "4.00") | {"_ver": 2})
    put(client, "fact_vk_ads_daily", ad_day("3.00", date(2026, 3, 12)) | {"_ver": 2})

    def report() -> list[tuple[Any, ...]]:
        restate(client)
        columns = "d, city, source, spend_total, tickets_sold, revenue, refunds_amount"
        return values(client, f"SELECT {columns} FROM v_marketing_daily ORDER BY d, city, source")

    assert report() == [
        ("2026-03-10", "", "vk_ads", "6.10", 1, "0.50", "0.00"),
        ("2026-03-10", "казань", "vk_ads", "0.00", 1, "3.00", "0.00"),
        ("2026-03-10", "москва", "direct", "7.77", 2, "25.00", "0.00"),
        ("2026-03-10", "москва", "other", "0.00", 3, "18.00", "5.50"),
        ("2026-03-10", "москва", "vk_ads", "12.20", 3, "154.00", "0.00"),
        ("2026-03-11", "казань", "vk_ads", "0.00", 1, "1.00", "0.00"),
        ("2026-03-12", "москва", "vk_ads", "3.66", 0, "0.00", "0.00"),
    ]
    report_in(client, "KZT", with_vat=True, version=2)
    assert [row[:3] + row[4:] for row in report() if row[4]] == [
        ("2026-03-10", "москва", "vk_ads", 1, "900.00", "0.00")
    ]


def test_a_ticket_belongs_to_the_one_campaign_that_its_tags_name(client: Client) -> None:
    """By all tags, else by utm_campaign alone, else by the campaign's id; two that fit are none."""
    events(client)
    put(
        client,
        "fact_vk_ads_daily",
        ad_day("10.00", campaign_id=1, ad_id=1, campaign_name="Старое имя"),
        ad_day("10.00", date(2026, 3, 11), campaign_id=1, ad_id=1, campaign_name="Весна", clicks=0),
        ad_day("5.00", campaign_id=2, ad_id=2, utm_content="spb_10_03", clicks=0, impressions=7),
        ad_day("4.00", campaign_id=3, ad_id=3, utm_campaign="both", utm_content="x"),
        ad_day("4.00", campaign_id=4, ad_id=4, utm_campaign="both", utm_content="x"),
        ad_day("3.00", campaign_id=5, ad_id=5, utm_campaign="", utm_content=""),
        ad_day("2.00", campaign_id=6, ad_id=6, utm_campaign="alone", utm_content="y", impressions=0, clicks=0),
    )
    put(client, "fact_direct_daily", ad_day("1.00", campaign_id=1, spent_has_vat=1))
    put(
        client,
        "stg_qtickets_tickets",
        ticket(1, "100.00", state="refunded", refunded_amount="30.00"),
        ticket(2, "10.00", utm_content="spb_10_03"),
        ticket(3, "1.00", utm_content="elsewhere"),
        ticket(4, "2.00", utm_campaign="both", utm_content="x"),
        ticket(5, "4.00", utm_campaign="5"),
        ticket(6, "8.00", utm_campaign="alone", utm_content="another"),
        ticket(7, "16.00", utm_campaign="", utm_content=""),
        ticket(8, "32.00", utm_source="direct"),
        ticket(9, "64.00", utm_source="insta"),
        ticket(10, "128.00", currency="KZT"),
    )
    told = rows(client, "SELECT * FROM v_campaign_performance WHERE source = 'vk_ads' ORDER BY campaign_id")
    by_id = {row["campaign_id"]: row for row in told}
    assert {number: (row["spend_total"], row["tickets_sold"], row["revenue"]) for number, row in by_id.items()} == {
        0: ("0.00", 3, "19.00"),
        1: ("24.40", 1, "100.00"),
        2: ("6.10", 1, "10.00"),
        3: ("4.88", 0, "0.00"),
        4: ("4.88", 0, "0.00"),
        5: ("3.66", 1, "4.00"),
        6: ("2.44", 1, "8.00"),
    }
    first = by_id[1]
    assert (first["campaign_name"], first["first_day"], first["last_day"]) == ("Весна", "2026-03-10", "2026-03-11")
    assert (first["impressions"], first["clicks"], first["net_revenue"]) == (200, 10, "70.00")
    assert (first["ctr"], first["cpc"]) == pytest.approx((0.05, 2.44))
    assert first["romi"] == pytest.approx((70 - 24.40) / 24.40)
    assert (by_id[2]["ctr"], by_id[2]["cpc"]) == (0, None)
    assert (by_id[6]["ctr"], by_id[6]["cpc"]) == (None, None)
    assert (by_id[0]["ctr"], by_id[0]["cpc"], by_id[0]["romi"]) == (None, None, None)
    assert values(client, "SELECT campaign_id, revenue FROM v_campaign_performance WHERE source = 'direct'") == [
        (1, "32.00")
    ]


def test_freshness_of_an_empty_warehouse_and_of_runs_that_failed(client: Client) -> None:
    ask = "SELECT * EXCEPT minutes_since_success FROM v_data_freshness ORDER BY source"
    assert values(client, ask) == [(source, None, None, None, "") for source in ("direct", "qtickets", "vk_ads")]
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    # Of the engine, whose day the view takes; a day later it says one more.
    today = date.fromisoformat(values(client, "SELECT toDate(now(), 'Europe/Moscow') AS today")[0][0])
    put(client, "stg_qtickets_sales_raw", {"event_date": today - timedelta(days=9)}, {"event_date": today})
    put(client, "fact_vk_ads_daily", ad_day(1, today - timedelta(days=3)), ad_day(1, today - timedelta(days=4)))
    for job, status, minutes in (
        *(("qtickets", "success", 90), ("qtickets", "success", 60), ("qtickets", "failed", 30)),
        *(("vk_ads", "success", 45), ("vk_ads", "running", 5), ("direct", "failed", 20)),
    ):
        at = now - timedelta(minutes=minutes)
        run = {"job": f"{job}_loader", "run_id": str(minutes), "status": status, "started_at": at}
        put(client, "meta_job_runs", run | {"finished_at": None if status == "running" else at})
    told = {row[0]: row[1:] for row in values(client, ask)}
    assert told["direct"] == (None, None, None, "failed")
    assert told["qtickets"][0::2] == (str(today), f"{now - timedelta(minutes=60)}.000")
    assert told["vk_ads"][0::2] == (str(today - timedelta(days=3)), f"{now - timedelta(minutes=45)}.000")
    assert (told["qtickets"][1], told["vk_ads"][1]) in {(0, 3), (1, 4)}
    assert (told["qtickets"][3], told["vk_ads"][3]) == ("failed", "running")
