"""The costs file: each mistake is told with its line and column, and a right one is in the reports to the kopeck."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SourceError, ZakazError
from tasks.fetch.costs import fetch_costs, reads
from tasks.ingest import ingest
from tasks.load.frames import insert, select
from tasks.load.migrate import migrated
from tasks.load.warehouse import warehouse
from tasks.quality.checks import checks, judge
from tasks.settings import Settings
from tasks.sources import SOURCES, in_use
from tasks.sources.accounts import Account
from tasks.transform.costs import cost_days
from tasks.window import Window, moscow_today
from tests.tasks.load.engines import embedded, put
from tests.validation.frames import tickets

HEAD = "date_from,date_to,source,amount,city,event_id,show_id,comment\n"
DAY = Window(first=date(2026, 4, 1), last=date(2026, 4, 1))
NOON = datetime(2026, 4, 1, 9, tzinfo=UTC)
SettingsFor = Callable[..., Settings]


@pytest.fixture
def settings(make_settings: SettingsFor, tmp_path: Path) -> Settings:
    return make_settings(costs_file=tmp_path / "costs.csv", zakaz_language="en")


@pytest.fixture
def held(settings: Settings) -> Iterator[None]:
    """The engine starts anew with each connection where none is open."""
    with warehouse(embedded(settings)):
        yield


def mistakes(settings: Settings, content: str | bytes) -> str:
    assert settings.costs_file
    settings.costs_file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError) as caught:
        fetch_costs(settings, DAY, NOON)
    assert not caught.value.transient
    return str(caught.value).partition("nothing of it was loaded: ")[2]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("2026-02-30,,radio,1", 'date_from: "2026-02-30", expected a date such as 2026-03-31 or 31.03.2026'),
        (",,radio,1", 'date_from: "", expected a date'),
        ("2026-03-02,2026-03-01,radio,1", 'date_to: "2026-03-01", expected a day from 2026-03-02 on'),
        ("2026-03-02,2062-03-01,radio,1", 'date_to: "2062-03-01", expected a day from 2026-03-02 on, at most 1100 days'),
        *(
            (f"2026-03-01,,{label},1", f'source: "{label}", expected a label of small letters')
            for label in ("Radio", "vk_ads", "direct", "other", "", "two words")
        ),
        *(
            (f"2026-03-01,,radio,{amount}", "expected an amount above zero such as 10000.50")
            for amount in ("0", "-5", "", "ten", "10.001", "1e3", '"1,000"', "10000000000000")
        ),
        ("2026-03-01,,radio,1,,x", 'event_id: "x", expected the number of an event in QTickets'),
        ("2026-03-01,,radio,1,,0", 'event_id: "0", expected the number of an event'),
        ("2026-03-01,,radio,1,,,7", 'event_id: "", expected the event of the show'),
        ("2026-03-01,,radio,1,,,,a,b", 'line: "b", expected no more than 8 cells'),
    ],
)  # fmt: skip
def test_a_mistake_has_its_line_its_column_and_what_is_expected(settings: Settings, cells: str, told: str) -> None:
    found = mistakes(settings, f"{HEAD}2026-03-01,2026-03-03,radio,100\n\n{cells}\n")
    assert found.startswith("line 4, ") and told in found


def test_a_file_as_a_spreadsheet_in_russian_writes_it(settings: Settings) -> None:
    assert settings.costs_file
    of_excel = "﻿date_from;source;amount;city;\r\n01.03.2026;афиши;10 000,50;Казань;\r\n".encode()
    plain = "date_from;source;amount;city\n2026-03-01;афиши;10000,50;Казань\n".encode("cp1251")
    contents = set()
    for content in (of_excel, plain):
        settings.costs_file.write_bytes(content)
        contents.add(reads(settings))
        assert fetch_costs(settings, DAY, NOON).rows == [
            {"date_from": "2026-03-01", "date_to": "2026-03-01", "source": "афиши", "amount": "10000.50",
             "city": "Казань", "event_id": None, "show_id": None}
        ]  # fmt: skip
    assert len(contents) == 2, "what was read before an edit is not used again"


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 40)), min_size=1, max_size=4))
def test_an_amount_is_whole_over_its_days_the_first_have_a_kopeck_more(lines: list[tuple[int, int]]) -> None:
    names = ("date_from", "date_to", "source", "amount", "city", "event_id", "show_id")
    rows = [
        ("2026-03-01", str(date(2026, 2, 28) + timedelta(days)), f"label-{number}", str(Decimal(kopecks) / 100), *[None] * 3)
        for number, (kopecks, days) in enumerate(lines)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    made = cost_days(frame, pl.DataFrame({"city": [""], "alias": [""]}))
    for number, (kopecks, days) in enumerate(lines):
        spent = made.filter(source=f"label-{number}").sort("day")["spent"].to_list()
        least, more = divmod(kopecks, days)
        wanted = [(least + (day < more)) for day in range(days)]
        assert [int(money * 100) for money in spent] == [one for one in wanted if one]


@pytest.mark.usefixtures("held")
def test_costs_follow_the_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, make_settings: SettingsFor
) -> None:
    assert settings.costs_file
    assert set(SOURCES) - {*in_use(make_settings())} == {"costs"}
    assert "costs" in in_use(settings)
    spellings = pl.DataFrame({"utm_source": ["bloger"], "source": ["bloggers"]})
    monkeypatch.setattr("tasks.load.mart.utm_sources", lambda: spellings)
    account, today = Account(SOURCES["costs"], "main", settings), moscow_today()

    def load(*lines: str) -> str:
        settings.costs_file.write_text(HEAD + "".join(f"{line}\n" for line in lines))  # type: ignore[union-attr]
        return ingest(account, DAY, str(uuid4())).message

    def asked(sql: str) -> list[tuple[Any, ...]]:
        with migrated(settings) as client:
            return select(client, sql).rows()

    def report() -> dict[tuple[date, str, str], tuple[Decimal, int]]:
        spent = asked("SELECT sum(spent) FROM fact_other_costs_daily")
        assert asked("SELECT sum(spend_total) FROM v_marketing_daily") == spent
        rows = asked("SELECT d, city, source, spend_total, tickets_sold FROM v_marketing_daily")
        return {row[:3]: row[3:] for row in rows}

    paid = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with migrated(settings) as client:
        sold = tickets({"utm_source": "Bloger", "paid_at": paid, "ordered_at": paid})
        of_load = {"account": pl.lit("main"), "_ver": pl.lit(1, pl.UInt64)}
        insert(client, "stg_qtickets_tickets", sold.with_columns(**of_load))
        put(client, "dim_events", {"event_id": 1, "city": "казань", "currency": "RUB", "is_active": 1})

    lines = ("2026-03-01,2026-03-03,bloggers,10000,Казань,24000", "2026-03-03,,bloggers,0.50,kazan,24000,150001")
    assert load(*lines).endswith(": 4 cost days, 4 new")
    first, second, third = (date(2026, 3, day) for day in (1, 2, 3))
    wanted = {
        (first, "казань", "bloggers"): (Decimal("3333.34"), 0),
        (second, "казань", "bloggers"): (Decimal("3333.33"), 1),
        (third, "казань", "bloggers"): (Decimal("3333.83"), 0),
    }
    assert report() == wanted
    held = asked("SELECT * FROM fact_other_costs_daily ORDER BY ALL")
    assert "nothing changed" in load(*lines)
    with pytest.raises(ZakazError, match="line 4, amount"):
        load(*lines, "2026-03-04,,radio,-1")
    assert asked("SELECT * FROM fact_other_costs_daily ORDER BY ALL") == held
    assert "3 removed" in load(lines[1]), "most of its money at once: that is what the file says"
    assert report() == {
        (second, "казань", "bloggers"): (Decimal(0), 1),
        (third, "казань", "bloggers"): (Decimal("0.50"), 0),
    }
    windows = asked("SELECT metrics FROM meta_job_runs FINAL WHERE status = 'success'")
    days = [json.loads(metrics)["window"] for (metrics,) in windows]
    assert all(one["first"] <= str(today - timedelta(days=90)) and one["last"] >= str(today) for one in days)
    fresh = asked("SELECT latest_date, days_behind FROM v_data_freshness WHERE source = 'costs'")
    assert fresh == [(third, None)]
    reconcile = next(check for check in checks() if check.name == "reconcile_marketing")
    with migrated(settings) as client:
        for more, status in ((0, "ok"), (1, "broken")):
            dearer = f"UPDATE spent = spent + {more} WHERE 1 SETTINGS mutations_sync = 1"
            client.command(f"ALTER TABLE fact_other_costs_daily {dearer}")
            assert judge(client, reconcile, DAY.last, [("costs", "main")], {}).status == status
    assert "1 removed" in load()


AD = 1234567890123456789


@pytest.mark.usefixtures("held")
def test_a_file_says_which_show_an_ad_is_for_and_a_wrong_one_changes_nothing(settings: Settings) -> None:
    assert settings.costs_file
    settings.costs_file.write_text(HEAD)
    file = settings.costs_file.with_name("ad_shows.csv")
    account = Account(SOURCES["costs"], "main", settings.model_copy(update={"ad_shows_file": file}))

    def said(*lines: str) -> tuple[str, list[tuple[object, ...]]]:
        file.write_text("".join(f"{line}\n" for line in ("source,campaign_id,ad_id,event_id,show_id", *lines)))
        message = ingest(account, DAY, str(uuid4())).message
        with migrated(settings) as client:
            rows = "SELECT source, campaign_id, ad_id, event_id, show_id, _ver FROM dim_ad_shows ORDER BY ALL"
            return message, select(client, rows).rows()

    def tags() -> list[tuple[object, ...]]:
        """What the mart has of an ad, long past, of that campaign."""
        with migrated(settings) as client:
            tags = "SELECT is_filed, tag_event_id, tag_show_id, spend FROM agg_ad_tags_daily FINAL"
            return select(client, tags).rows()

    right = ("vk_ads,71,,24000,", f"direct,71,{AD},24000,150001")
    with migrated(settings) as client:
        day = {"stat_date": "2026-03-02", "campaign_id": 71, "ad_id": AD, "spent": "10.00", "spent_has_vat": 1}
        put(client, "fact_direct_daily", day)
    _, held = said(*right)
    assert tags() == [(1, 24000, 150001, Decimal("10.00"))]
    assert [row[:5] for row in held] == [("direct", 71, AD, 24000, 150001), ("vk_ads", 71, 0, 24000, 0)]
    assert said(*right)[1] == held
    message, left = said(right[0], "vk,71,x,24000,")
    wrong = 'line 3, source: "vk", expected one of direct, vk_ads; line 3, ad_id: "x", expected the number'
    assert wrong in message
    assert left == held
    assert said(right[0], right[0])[1] == held
    assert said(right[0])[1] == held[1:]
    assert tags() == [(0, 0, 0, Decimal("10.00"))]
