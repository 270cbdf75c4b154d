"""What the stand-in of Direct does that no test of the product would notice missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox import World, serve
from sandbox.direct import DIRECT_TOKEN, DirectApi
from sandbox.world.spend import AdDay, ad_days

UNTIL = datetime(2026, 1, 20, 15, 30, tzinfo=UTC)
ORDER = {
    "SelectionCriteria": {"DateFrom": "2025-12-31", "DateTo": "2026-01-01"},
    "FieldNames": ["Date", "CampaignId", "AdId", "Clicks", "Cost", "Conversions"],
    "ReportName": "spend",
    "ReportType": "CUSTOM_REPORT",
    "DateRangeType": "CUSTOM_DATE",
    "Format": "TSV",
    "IncludeVAT": "YES",
}
MONTH = {"SelectionCriteria": {"DateFrom": "2025-12-20", "DateTo": "2026-01-19"}}

Ask = Callable[..., httpx.Response]


@pytest.fixture
def api() -> DirectApi:
    return DirectApi.of(World.generate(until=UNTIL, days=60, scale=0.1))


@pytest.fixture
def ask(api: DirectApi) -> Iterator[Ask]:
    """``ask("ads", params)`` calls ``get``; keywords are headers."""

    def send(service: str, params: Any, method: str = "get", **headers: str) -> httpx.Response:
        headers |= {"Authorization": f"Bearer {DIRECT_TOKEN}"}
        return client.post(f"/json/v501/{service}", json={"method": method, "params": params}, headers=headers)

    with serve(api) as running, httpx.Client(base_url=running.base_url) as client:
        yield send


def code(answer: httpx.Response) -> int:
    return int(answer.json()["error"]["error_code"])


def test_a_report_is_worded_as_documented_with_vat_of_its_day(api: DirectApi, ask: Ask) -> None:
    ad, wizard = (next(ad for ad in api.world.ads if ad.wizard == is_wizard) for is_wizard in (False, True))
    api.rows[:] = [
        AdDay(date(2025, 12, 31), ad, impressions=100, clicks=5, spent=Decimal("10.00"), conversions=1),
        AdDay(date(2026, 1, 1), wizard, impressions=100, clicks=5, spent=Decimal("10.00"), conversions=0),
    ]

    assert ask("reports", ORDER | {"OrderBy": [{"Field": "Date"}]}).content.decode() == (
        '"spend (2025-12-31 - 2026-01-01)"\nDate\tCampaignId\tAdId\tClicks\tCost\tConversions\n'
        f"2025-12-31\t{ad.campaign_id}\t{ad.ad_id}\t5\t12000000\t1\n"
        f"2026-01-01\t{wizard.campaign_id}\t--\t5\t12200000\t--\nTotal rows: 2\n"
    )


@pytest.mark.parametrize("order", [[], [{"Field": "Date"}, {"Field": "AdId"}, {"Field": "CampaignId"}]])
def test_pages_fit_together_only_where_rows_are_ordered(ask: Ask, order: list[Any]) -> None:
    def rows(name: str, limit: int, offset: int) -> list[str]:
        page = {"ReportName": name, "Page": {"Limit": limit, "Offset": offset}, "OrderBy": order}
        return ask("reports", ORDER | MONTH | page, skipReportHeader="true").text.splitlines()[1:-1]

    whole = rows("whole", 10_000, 0)
    half = len(whole) // 2

    assert (rows("first", half, 0) + rows("second", 10_000, half) == whole) == bool(order)


def test_a_stored_report_keeps_its_figures_and_its_name_for_five_hours(api: DirectApi, ask: Ask) -> None:
    def poll(seconds: float, **changed: str) -> httpx.Response:
        api.clock = lambda: seconds
        return ask("reports", ORDER | changed, processingMode="offline")

    # Of two polls that it takes, none counts that comes sooner than it was told to.
    assert [poll(second).status_code for second in (0, 0.5, 3)] == [201, 202, 202]
    told = poll(5).text
    api.rows.clear()
    assert poll(4 + 5 * 3600).text == told
    assert code(poll(4 + 5 * 3600, IncludeVAT="NO")) == 4000
    assert poll(5 + 5 * 3600).status_code == 201


def test_changes_tell_the_first_day_whose_figures_differ_from_those_told_then(api: DirectApi, ask: Ask) -> None:
    corrected = next(i for i, row in enumerate(api.rows) if row.day == date(2025, 12, 20))
    api.rows[corrected] = replace(api.rows[corrected], clicks=api.rows[corrected].clicks + 1)
    then = UNTIL - timedelta(days=1)
    told = {(row.day, row.ad.ad_id): row for row in ad_days(replace(api.world, until=then, days=59))}
    expected: dict[int, str] = {}
    for row in api.rows:
        if told.get((row.day, row.ad.ad_id)) != row and not row.ad.wizard:
            expected.setdefault(row.ad.campaign_id, str(row.day))
    ids = sorted({ad.campaign_id for ad in api.world.ads})

    asked = {"CampaignIds": ids, "Timestamp": f"{then:%Y-%m-%dT%H:%M:%SZ}", "FieldNames": ["CampaignsStat"]}
    borders = ask("changes", asked, "check").json()["result"]["Modified"]["CampaignsStat"]

    assert {item["CampaignId"]: item["BorderDate"] for item in borders} == expected
    assert 0 < len(expected) < len(ids)
    assert min(expected.values()) == "2025-12-20"


def test_more_or_other_than_the_api_takes_is_refused(api: DirectApi, ask: Ask) -> None:
    ids = {"SelectionCriteria": {"Ids": list(range(1, 10_002))}, "FieldNames": ["Id"]}
    refused = [ask("ads", ids), ask("campaigns", ids), ask("ads", {"FieldNames": ["Id"]}),
               ask("ads", ids | {"FieldNames": ["Sum"]}), ask("ads", ids, "add"),
               *(ask("reports", ORDER | changed) for changed in ({"FieldNames": ["Href"]}, {"Page": {}}))]  # fmt: skip
    assert [code(answer) for answer in refused] == [4001, 4001, 8000, 8000, 55, 8000, 4002]
    assert [answer.status_code for answer in refused] == [*[200] * 5, 400, 400]
    assert len(api.writes) == 1
