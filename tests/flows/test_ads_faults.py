"""Whatever the advertising APIs do on the way, a load that ends well has exact figures and counts its calls."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from sandbox.direct import DirectApi
from sandbox.direct.errors import error_body
from sandbox.vk import VK_ACCOUNT_ID, VK_LEGACY_TOKEN
from sandbox.vk.ads.api import VkAdsApi
from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import Product
from tests.flows.loaded import ServeAll, facts, first_day, the_world

pytestmark = pytest.mark.slow
V2 = "/api/v2"
JSON = "/json/v501"
# Longer than Direct answers at once, so the report waits in the queue.
LOAD = ("load", "all", "--days", "36")


def metrics(product: Product, job: str) -> dict[str, Any]:
    text = product.select(f"SELECT metrics FROM meta_job_runs WHERE job = '{job}' ORDER BY started_at DESC").item(
        0, 0
    )
    return dict(json.loads(text))


def exact(product: Product, source: str, *, groups: bool = True) -> None:
    assert facts(product, source) == ad_truth.facts(
        the_world(), source, first_day(), clock.yesterday(), groups=groups
    )


def break_vk(vk: VkAdsApi) -> int:
    """How many requests will fail in a way that calls for another."""
    a_second = {"body": b'{"remaining":{"1":0},"limits":{"1":20}}'}
    vk.faults.add("status", f"{V2}/user.json", times=2, status=429, body=b"")
    vk.faults.add("timeout", f"{V2}/user.json", seconds=15)
    vk.faults.add("status", f"{V2}/ad_plans.json", status=429, **a_second)
    vk.faults.add("html", f"{V2}/ad_plans.json", after=1)
    vk.faults.add("truncated", f"{V2}/ad_groups.json", times=2)
    vk.faults.add("truncated", f"{V2}/statistics/*", keep=0.9)
    vk.faults.add("status", f"{V2}/banners.json", times=2, status=503)
    vk.faults.add("disconnect", f"{V2}/banners.json", after=3, partial=True)
    vk.faults.add("disconnect", f"{V2}/statistics/*")
    vk.faults.add("status", f"{V2}/statistics/*", status=502, html=True)
    vk.faults.add("status", f"{V2}/statistics/*", status=500)
    vk.faults.add("status", f"{V2}/statistics/*", status=429, retry_after=1, body=b"")
    return sum(fault.times for fault in vk.faults.pending())


def break_direct(direct: DirectApi) -> int:
    """The same. Broken bodies come first: of them a call bears two."""
    cut_in_a_letter = "Date\tCampaignName\tCost\n2026-11-01\tМ".encode()[:-1]
    direct.faults.add("html", f"{JSON}/campaigns")
    direct.faults.add("status", f"{JSON}/campaigns", status=429, body=error_body(56), retry_after=1)
    direct.faults.add("status", f"{JSON}/campaigns", times=2, status=500)
    direct.faults.add("truncated", f"{JSON}/changes")
    direct.faults.add("status", f"{JSON}/changes", status=429, body=b"")
    direct.faults.add("html", f"{JSON}/reports")
    direct.faults.add("status", f"{JSON}/reports", status=200, body=cut_in_a_letter)
    direct.faults.add("status", f"{JSON}/reports", status=429, body=b"", retry_after=1)
    direct.faults.add("timeout", f"{JSON}/reports", seconds=15)
    direct.faults.add("status", f"{JSON}/ads", times=2, status=503, html=True)
    direct.faults.add("disconnect", f"{JSON}/ads", partial=True)
    direct.faults.add("timeout", f"{JSON}/adgroups", seconds=15)
    direct.faults.add("error_as_page", f"{JSON}/adgroups", code=1000)
    return sum(fault.times for fault in direct.faults.pending())


def fill_the_queue(product: Product) -> None:
    """Another program of the same account has ordered five reports."""
    for number in range(5):
        order = {
            "SelectionCriteria": {},
            "FieldNames": ["Date", "Cost"],
            "ReportName": f"of another program, {number}",
            "ReportType": "CUSTOM_REPORT",
            "DateRangeType": "YESTERDAY",
            "Format": "TSV",
            "IncludeVAT": "YES",
        }
        headers = {"Authorization": f"Bearer {product.env['DIRECT_TOKEN']}", "processingMode": "offline"}
        url = f"{product.env['DIRECT_BASE_URL']}{JSON}/reports"
        assert httpx.post(url, json={"params": order}, headers=headers).status_code == 201


def empty_the_queue(direct: DirectApi) -> None:
    """They are done once one request without a fault was turned away."""
    direct.switches.finished_within_seconds = 600
    before = sum(fault.times for fault in direct.faults.pending() if fault.path == f"{JSON}/reports")
    direct.faults.mutate(lambda _rows: direct.queue.reports.clear(), f"{JSON}/reports", after=before + 1)


def test_todays_apis(product: Product, serve_all: ServeAll) -> None:
    """Every kind of trouble in one load: limits, errors, silence, broken bodies, a full queue, a report too long."""
    apis = serve_all(the_world())
    product.env |= {"HTTP_TIMEOUT": "6", "DIRECT_RATE": "50"}
    apis.direct.switches.offline_days_limit = 20  # 36 days take the server too long, half of them do not
    fill_the_queue(product)
    foreign = len(apis.direct.requests)
    wrong_vk, wrong_direct = break_vk(apis.vk), break_direct(apis.direct)
    empty_the_queue(apis.direct)

    product.loaded(*LOAD)

    assert apis.vk.faults.pending() == apis.direct.faults.pending() == []
    exact(product, "vk_ads")
    exact(product, "direct")
    assert product.sales() == truth.sales(the_world())
    assert not apis.vk.writes
    assert not apis.direct.writes
    statuses = [request.status for request in apis.direct.requests[foreign:] if request.path == f"{JSON}/reports"]
    assert {200, 201, 202, 400, 502} <= set(statuses)
    vk, direct = metrics(product, "vk_ads_loader"), metrics(product, "direct_loader")
    assert vk["api_calls"] == len(apis.vk.requests)
    assert direct["api_calls"] == len(apis.direct.requests) - foreign
    assert (vk["retries"], direct["retries"]) == (wrong_vk, wrong_direct)


def test_an_answer_without_its_objects_is_no_answer(product: Product, serve_all: ServeAll) -> None:
    """The report has figures of ads and groups that the services then know nothing of: not one of them."""
    apis = serve_all(the_world())
    product.env |= {"DIRECT_RATE": "50"}
    for service in ("ads", "adgroups"):
        apis.direct.faults.add("no_data", f"{JSON}/{service}")

    done = product.run("load", "direct", "--days", "20")

    told = dict(product.select("SELECT DISTINCT ad_id, utm_content FROM fact_direct_daily WHERE ad_id != 0").rows())
    right = ad_truth.contents(the_world(), clock.today())
    assert done.returncode == 1 or told == {ad: right[ad] for ad in told}


def test_a_token_that_expires_in_the_middle_of_a_run(product: Product, serve_all: ServeAll) -> None:
    """It is refreshed, which takes none of the five that VK gives."""
    apis = serve_all(the_world())
    apis.vk.tokens.expire_after(4)

    product.loaded("load", "vk_ads", "--days", "20")

    exact(product, "vk_ads")
    assert len(apis.vk.tokens.issued) == 1
    assert [request.status for request in apis.vk.requests].count(401) == 1
    assert metrics(product, "vk_ads_loader")["api_calls"] == len(apis.vk.requests)


def test_the_legacy_api(product: Product, serve_all: ServeAll) -> None:
    apis = serve_all(the_world())
    product.env |= {
        "VK_API": "legacy",
        "VK_TOKEN": VK_LEGACY_TOKEN,
        "VK_ACCOUNT_ID": str(VK_ACCOUNT_ID),
        "HTTP_TIMEOUT": "6",
    }
    faults = apis.vk_legacy.faults
    for code in (6, 10, 1):
        faults.add("error_as_page", "/ads.getCampaigns", code=code)
    faults.add("html", "/ads.getAds")
    faults.add("status", "/ads.getAds", times=2, status=500, html=True)
    faults.add("timeout", "/ads.getAdsLayout", seconds=15)
    faults.add("truncated", "/ads.getAdsLayout")
    faults.add("status", "/ads.getAdsLayout", status=429, body=b"")
    faults.add("error_as_page", "/ads.getStatistics", code=9)
    faults.add("no_data", "/ads.getStatistics")
    faults.add("disconnect", "/ads.getStatistics")
    wrong = sum(fault.times for fault in faults.pending())

    product.loaded("load", "vk_ads", "--days", "20")

    assert faults.pending() == []
    exact(product, "vk_ads", groups=False)
    told = metrics(product, "vk_ads_loader")
    assert (told["api_calls"], told["retries"]) == (len(apis.vk_legacy.requests), wrong)
    assert not apis.vk_legacy.writes
