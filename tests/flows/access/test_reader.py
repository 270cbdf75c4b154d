"""datalens_reader reads every view, right, with what DataLens sends."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.flows import clock, truth
from tests.flows.access.asker import Asker
from tests.flows.access.conftest import READER, VIEWS
from tests.flows.loaded import the_world
from tests.flows.test_contract import DIRECT, SALES, UNITED, VK, agree, marketing
from tests.support.clickhouse_server import ClickHouseServer

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("view", VIEWS)
def test_the_reader_reads_each_view_as_the_owner_does(reader: Asker, admin: Asker, view: str) -> None:
    moving = " EXCEPT minutes_since_success" if view == "v_data_freshness" else ""
    statement = f"SELECT *{moving} FROM zakaz.{view} ORDER BY ALL"

    found = reader.ask(statement)

    assert found
    assert found == admin.ask(statement, readonly=0, join_use_nulls=0)


def test_the_statements_of_datalens_are_right(reader: Asker) -> None:
    events = {event.id: event for event in the_world().events}
    assert {
        (row["event_date"], row["city"], row["event_name"]): (
            row["tickets_sold"], row["revenue"], row["refunds_amount"], row["net_revenue"],
        )
        for row in reader.ask(SALES)
    } == {
        (str(day), events[event].city.name.lower(), events[event].name): (sold, revenue, refunds, revenue - refunds)
        for (day, event, _), (sold, revenue, refunds) in truth.sales(the_world()).items()
    }  # fmt: skip
    vk, direct, united = (reader.ask(statement) for statement in (VK, DIRECT, UNITED))
    agree(vk, marketing("vk_ads"))
    agree(direct, marketing("direct"))
    agree([row for row in united if row["source"] == "vk_ads"], marketing("vk_ads"))
    agree([row for row in united if row["source"] == "direct"], marketing("direct"))
    assert len(united) == len(vk) + len(direct)


def test_the_united_statement_owes_that_to_the_profile(reader: Asker) -> None:
    """The trap is real: without the setting each row is there twice, of whichever source."""
    (of_all_sources,) = reader.ask("SELECT count() AS rows FROM zakaz.v_marketing_daily")

    assert len(reader.ask(UNITED, prefer_column_name_to_alias=0)) == 2 * of_all_sources["rows"]


def test_romi_of_a_city_from_sums_is_right_and_the_average_of_days_is_not(reader: Asker) -> None:
    """The formula of docs/datalens.md over the dataset, as DataLens writes a query over a dataset's statement."""
    net, spend = "SUM(t1.net_revenue)", "SUM(t1.spend_total)"
    ratio = f"if({spend} > 0, (toFloat64({net}) - toFloat64({spend})) / toFloat64({spend}), NULL)"
    statement = SALES_BY_DAY.format(what=f"{ratio} AS romi, avg(t1.romi) AS average")
    answer = {row["city"]: row for row in reader.ask(statement)}

    expected: dict[str, list[Decimal]] = {}
    for source in ("vk_ads", "direct", "other"):
        for (_, city), (spent, brought) in marketing(source).items():
            sums = expected.setdefault(city, [Decimal(0), Decimal(0)])
            sums[0] += spent
            sums[1] += brought
    assert set(answer) == set(expected)
    for city, (spent, brought) in expected.items():
        if spent:
            assert float(answer[city]["romi"]) == pytest.approx(float((brought - spent) / spent))
        else:
            assert answer[city]["romi"] is None
    assert any(
        row["romi"] is not None and float(row["average"]) != pytest.approx(float(row["romi"]), rel=0.05)
        for row in answer.values()
    )


SALES_BY_DAY = """
SELECT t1.city AS city, {what}
FROM (SELECT d, city, source, spend_total, net_revenue, romi FROM zakaz.v_marketing_daily) AS t1
GROUP BY t1.city LIMIT 1000001
"""


def test_what_datalens_asks_before_a_dataset_is_answered(reader: Asker, server: ClickHouseServer) -> None:
    assert reader.ask("SELECT timezone() AS tz") == [{"tz": "Europe/Moscow"}]
    tables = "SELECT name FROM system.tables WHERE database = 'zakaz' ORDER BY name"
    assert [row["name"] for row in reader.ask(tables)] == VIEWS
    assert [row["name"] for row in reader.ask("SHOW TABLES FROM zakaz")] == VIEWS
    columns = [row["name"] for row in reader.ask("DESCRIBE TABLE zakaz.v_romi_kpi")]
    assert columns[:3] == ["d", "city", "spend_total"]
    described = reader.ask("DESCRIBE TABLE (SELECT d, romi FROM zakaz.v_romi_kpi)")
    assert [(row["name"], row["type"]) for row in described] == [("d", "Date"), ("romi", "Nullable(Float64)")]
    # Where a connection names no database, DataLens says this one.
    assert Asker(server, READER, "system").ask("SELECT 1 AS one") == [{"one": 1}]


def test_today_is_the_moscow_day(reader: Asker) -> None:
    today = reader.ask("SELECT today() AS today, toString(toDateTime(0)) AS epoch")[0]
    assert today["today"] == str(clock.today())
    assert today["epoch"] == "1970-01-01 03:00:00"
