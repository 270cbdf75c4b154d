"""Statements that people already run and feed dashboards with: unchanged, with right answers after a real load. And what
the reports say of rows put in by hand: levels, and which campaign a ticket belongs to."""

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from sandbox.world import World
from sandbox.world.spend import ad_days
from tasks.load import runs
from tasks.load.query import run_query
from tasks.load.runs import Run
from tasks.load.sql import sql_text
from tests.flows import ad_truth, truth
from tests.path.conftest import FIRST, TODAY, YESTERDAY
from tests.quality.healthy import set_references
from tests.tasks.load.engines import put, rows

_FILE = Path(__file__).parents[1] / "data" / "contract" / "seed_queries.sql"
# Statements hold no semicolon of their own.
(
    FRESH_SALES, FRESH_VK, FRESH_DIRECT, DUPLICATES, DAYS, RUNS, METRICS, SALES, VK, DIRECT, UNITED, *COUNTS
) = _FILE.read_text("utf-8").split(";")[:-1]  # fmt: skip
Row = dict[str, Any]
Marketing = dict[tuple[Any, str, str], tuple[Any, ...]]


def marketing(organizers: list[World], cabinets: dict[str, list[World]]) -> Marketing:
    """(d, city, source) -> impressions, clicks, spend, tickets, revenue, refunds, by ground truth of all accounts: the
    sales of the organizers, and by source the spend of the cabinets."""
    lines = [ad_truth.marketing(world, [], {}) for world in organizers]
    for source, worlds in cabinets.items():
        for world in worlds:
            spend = [row for row in ad_days(world) if row.ad.source == source and FIRST <= row.day <= YESTERDAY]
            lines.append(ad_truth.marketing(world.emptied(), spend, ad_truth.contents(world, TODAY)))
    found: Marketing = defaultdict(lambda: (0,) * 6)
    for key, line in ((key, line) for one in lines for key, line in one.items()):
        found[key] = tuple(map(sum, zip(found[key], line, strict=True)))
    return dict(found)


def agree(answer: list[Row], lines: Marketing, source: str) -> None:
    """Each day and city once, exact, and romi what the two of them make."""
    told = {(row["d"], row["city"]): (row["spend_total"], row["net_revenue"]) for row in answer}
    assert len(told) == len(answer)
    assert told == {
        (str(d), city): (line[2], line[4] - line[5]) for (d, city, of), line in lines.items() if of == source
    }
    for row in answer:
        spend, romi = row["spend_total"], row["romi"]
        net = row["net_revenue"] - spend
        assert romi is None if not spend else float(romi) == pytest.approx(float(net / spend))


def sales_by_name(world: World) -> list[tuple[Any, ...]]:
    events = {event.id: event for event in world.events}
    return [
        (str(day), events[event].city.name.lower(), events[event].name, sold, revenue, refunds, revenue - refunds)
        for (day, event, _), (sold, revenue, refunds) in truth.sales(world).items()
    ]


def ask(client: Client, statement: str) -> list[Row]:
    """As `zakaz sql` does, on the last day of the world."""
    statement = statement.replace("zakaz.", f"{client.database}.").replace("today()", f"toDate('{TODAY}')")
    reply = run_query(client, statement, "JSONEachRow", raw=True)
    return [json.loads(line, parse_float=Decimal) for line in reply.decode().splitlines()]


def prove(client: Client, organizers: list[World], cabinets: dict[str, list[World]]) -> None:
    """Without FINAL, as they are asked: no superseded or deleted row is left behind. `cabinets`: those in roubles."""
    wanted = [row for world in organizers for row in sales_by_name(world)]
    assert Counter(tuple(row.values()) for row in ask(client, SALES)) == Counter(wanted)
    newest = max(day for day, *_ in wanted)
    for statement, latest in ((FRESH_SALES, newest), (FRESH_VK, str(YESTERDAY)), (FRESH_DIRECT, str(YESTERDAY))):
        ((_, day, behind),) = (row.values() for row in ask(client, statement))
        assert (day, behind) == (latest, (TODAY - date.fromisoformat(latest)).days)
    lately = [row for row in wanted if row[0] >= str(TODAY - timedelta(days=7))]
    assert ask(client, DUPLICATES) == [{"duplicates": len(lately) - len({row[:3] for row in lately})}]
    assert [tuple(row.values()) for row in ask(client, DAYS)] == [
        (day, len({row[1] for row in rows}), sum(row[3] for row in rows), sum(row[4] for row in rows))
        for day in sorted({row[0] for row in lately})
        if (rows := [row for row in lately if row[0] == day])
    ]
    lines, united = marketing(organizers, cabinets), ask(client, UNITED)
    for source, statement in (("vk_ads", VK), ("direct", DIRECT)):
        agree(ask(client, statement), lines, source)
        agree([row for row in united if row["source"] == source], lines, source)
    assert {row["source"] for row in united} == {"vk_ads", "direct"}
    order = [(row["d"], row["city"].encode(), row["source"]) for row in united]
    assert order == sorted(order)
    assert ask(client, COUNTS[0]) == [{"count()": len(wanted)}]


def test_each_run_is_told_once_with_its_end(client: Client) -> None:
    """Twelve runs, an hour each after the other; the last but one is of another job, and the last is going on."""
    for hour in range(12):
        started = datetime(2026, 3, 1, hour, tzinfo=UTC)
        run = Run("quality" if hour == 10 else "qtickets_loader", f"run-{hour}", started)
        runs.begin(client, run, "loading")
        if hour < 11:
            runs.end(client, run, "failed" if hour == 9 else "success", hour, f"run {hour}", {"rows_written": hour})
    told = [tuple(row.values()) for row in ask(client, RUNS)]
    assert [(job, at[11:13], end is None, *others) for job, at, end, *others in told][:3] == [
        ("qtickets_loader", "11", True, "running", 0, "loading"),
        ("quality", "10", False, "success", 10, "run 10"),
        ("qtickets_loader", "09", False, "failed", 9, "run 9"),
    ]
    assert [at[11:13] for _, at, *_ in told] == [f"{hour:02}" for hour in range(11, 1, -1)]
    assert ask(client, METRICS) == [
        {"metrics": "{}", "message": "loading"},
        *({"metrics": f'{{"rows_written": {hour}}}', "message": f"run {hour}"} for hour in (9, 8, 7, 6)),
    ]


DAY = date(2026, 3, 10)
TAGS = {"utm_source": "vk", "utm_campaign": "spring", "utm_content": "msk_10_03"}


@pytest.fixture(autouse=True)
def _references(client: Client) -> None:
    """Reports in roubles with VAT."""
    set_references(client)


def ad_day(spent: object, day: object = DAY, **more: object) -> dict[str, object]:
    names = {"stat_date": day, "account_id": "a", "campaign_id": 1, "ad_id": 1, "utm_city": "москва"}
    return names | {"impressions": 100, "clicks": 10, "spent": str(spent)} | TAGS | more


def ticket(number: int, amount: object, **more: object) -> dict[str, object]:
    names = {"ticket_id": number, "order_id": number, "event_id": 7, "state": "paid", "currency": "RUB"}
    paid = "2026-03-10 12:00:00.000"
    times = dict.fromkeys(("ordered_at", "paid_at", "booked_at"), paid)
    return names | times | {"quantity": 1, "amount": str(amount)} | TAGS | more


def make(client: Client, *marts: str) -> None:
    for name in marts:
        client.command(f"INSERT INTO {name} SELECT *, 1 FROM ({sql_text(f'marts/{name}.sql')})")


def test_the_level_follows_the_kopecks(client: Client) -> None:
    """green roas > 1.5, yellow 1 to 1.5, red < 1, none without spend; spend of one source, revenue of another."""
    cases = [
        ("100", "160", "10", "yellow"), ("100", "160", "9.99", "green"), ("100", "100", "0", "yellow"),
        ("0.20", "0.30", "0", "yellow"),  # 1.4999999999999998 as floats
        ("100", "250", "150.01", "red"), ("0", "5", "0", "none"),
        ("6000000000000000", "9000000000000000.01", "0", "green"),
    ]  # fmt: skip
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


def test_a_ticket_belongs_to_the_one_campaign_that_its_tags_name(client: Client) -> None:
    """By all tags, else by utm_campaign alone, else by the campaign's id, whoever sold it; two that fit, also those of
    two accounts, are none."""
    # fmt: off
    put(client, "fact_vk_ads_daily",
        ad_day("10.00", campaign_id=1, ad_id=1, campaign_name="Старое имя"),
        ad_day("10.00", date(2026, 3, 11), campaign_id=1, ad_id=1, campaign_name="Весна", clicks=0),
        ad_day("5.00", campaign_id=2, ad_id=2, utm_content="spb_10_03", clicks=0),
        ad_day("4.00", campaign_id=3, ad_id=3, utm_campaign="both", utm_content="x"),
        ad_day("4.00", campaign_id=4, ad_id=4, utm_campaign="both", utm_content="x"),
        ad_day("3.00", campaign_id=5, ad_id=5, utm_campaign="", utm_content=""),
        ad_day("2.00", campaign_id=6, ad_id=6, utm_campaign="alone", utm_content="y"),
        ad_day("1.00", campaign_id=1, account="spb", utm_campaign="winter"),
        ad_day("1.00", campaign_id=6, account="spb", utm_campaign="both", utm_content="x"))
    put(client, "fact_direct_daily", ad_day("1.00", campaign_id=1, spent_has_vat=1))
    put(client, "stg_qtickets_tickets",
        ticket(1, "100.00", state="refunded", refunded_amount="30.00"), ticket(2, "10.00", utm_content="spb_10_03"),
        ticket(3, "1.00", utm_content="elsewhere"), ticket(4, "2.00", utm_campaign="both", utm_content="x"),
        ticket(5, "4.00", utm_campaign="5"), ticket(6, "8.00", utm_campaign="alone", utm_content="another"),
        ticket(7, "16.00", utm_campaign="", utm_content=""), ticket(8, "32.00", utm_source="direct"),
        ticket(9, "64.00", utm_source="insta"), ticket(10, "128.00", currency="KZT"),
        ticket(1, "256.00", account="spb"), ticket(2, "512.00", account="spb", utm_campaign="winter"),
        ticket(3, "1024.00", account="spb", utm_campaign="1"))
    # fmt: on
    make(client, "agg_campaigns_monthly", "agg_tags_monthly", "agg_marketing_daily")
    told = rows(client, "SELECT * FROM v_campaign_performance WHERE source = 'vk_ads'")
    figures = ("spend_total", "tickets_sold", "revenue")
    assert {(row["account"], row["campaign_id"]): tuple(row[name] for name in figures) for row in told} == {
        ("", 0): ("0.00", 4, "1043.00"), ("main", 1): ("24.40", 2, "356.00"), ("main", 2): ("6.10", 1, "10.00"),
        ("main", 3): ("4.88", 0, "0.00"), ("main", 4): ("4.88", 0, "0.00"), ("main", 5): ("3.66", 1, "4.00"),
        ("main", 6): ("2.44", 1, "8.00"), ("spb", 1): ("1.22", 1, "512.00"), ("spb", 6): ("1.22", 0, "0.00"),
    }  # fmt: skip
    by_id = {row["campaign_id"]: row for row in told if row["account"] != "spb"}
    first = by_id[1]
    assert (first["campaign_name"], first["first_day"], first["last_day"]) == ("Весна", "2026-03-10", "2026-03-11")
    assert (first["impressions"], first["clicks"], first["net_revenue"]) == (200, 10, "326.00")
    assert (first["ctr"], first["cpc"]) == pytest.approx((0.05, 2.44))
    assert first["romi"] == pytest.approx((326 - 24.40) / 24.40)
    assert (by_id[2]["cpc"], by_id[0]["ctr"], by_id[0]["romi"]) == (None, None, None)
    direct = rows(client, "SELECT campaign_id, revenue FROM v_campaign_performance WHERE source = 'direct'")
    assert direct == [{"campaign_id": 1, "revenue": "32.00"}]

    # Nobody described the event: its city is unknown, its money is there.
    marketing = rows(client, "SELECT source, sum(revenue) AS revenue FROM v_marketing_daily GROUP BY source")
    assert {row["source"]: row["revenue"] for row in marketing} == {
        "direct": "32.00", "other": "64.00", "vk_ads": "1933.00"
    }  # fmt: skip
