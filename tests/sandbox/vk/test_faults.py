"""Scheduled faults of today's API, and that every request is remembered."""

from __future__ import annotations

import httpx
import pytest

from sandbox.vk import Figures, VkAdsApi

LIST, DAY = "/api/v2/banners.json", "/api/v2/statistics/banners/day.json"


def test_transport_faults(get, api: VkAdsApi):
    api.faults.add("status", LIST, status=503)
    assert get("banners.json").json()["error"]["code"] == "ERR_INTERNAL"
    api.faults.add("disconnect", LIST)
    with pytest.raises(httpx.RemoteProtocolError):
        get("banners.json")
    api.faults.add("truncated", LIST)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|Invalid"):
        get("banners.json").json()
    api.faults.add("html", LIST)
    assert get("banners.json").text.startswith("<!DOCTYPE")
    assert [request.fault for request in api.requests] == ["status", "disconnect", "truncated", "html"]


def test_faults_inside_a_page(get, api: VkAdsApi):
    count = get("banners.json").json()["count"]
    api.faults.add("no_data", LIST)
    assert "items" not in get("banners.json").json()
    api.faults.add("wrong_total", LIST, by=2)
    assert get("banners.json").json()["count"] == count + 2
    api.faults.add("error_as_page", LIST)
    answer = get("banners.json")
    assert (answer.status_code, list(answer.json())) == (200, ["error"])


def test_a_wrong_total_of_statistics_is_no_sum_of_its_items(get, api: VkAdsApi):
    banner = max(api.cabinet.banners)
    api.faults.add("wrong_total", DAY)
    answer = get("statistics/banners/day.json", id=banner, date_from="2026-11-20").json()
    clicks = [item["total"]["base"]["clicks"] for item in answer["items"]]
    assert answer["total"]["base"]["clicks"] == sum(clicks) + 1


@pytest.mark.parametrize(("mode", "seen_twice", "missing"), [("insert", 1, 0), ("remove", 0, 1)])
def test_a_list_can_drift_between_two_pages(get, api: VkAdsApi, mode: str, seen_twice: int, missing: int):
    known = api.cabinet.known("banners")
    first = [item["id"] for item in get("banners.json", limit=30).json()["items"]]
    api.faults.add("drift", LIST, mode=mode)
    second = [item["id"] for item in get("banners.json", limit=30, offset=30).json()["items"]]
    assert len(set(first) & set(second)) == seen_twice
    assert len(set(known) - set(first) - set(second)) == missing


@pytest.mark.parametrize("name", ["ad_groups", "ad_plans", "campaigns"])
def test_parents_can_drift_too(get, api: VkAdsApi, name: str):
    count = get(f"{name}.json").json()["count"]
    api.faults.add("drift", f"/api/v2/{name}.json")
    assert get(f"{name}.json").json()["count"] == count + 1


def test_the_account_can_change_before_an_answer(get, api: VkAdsApi):
    banner = max(api.cabinet.banners)

    def change(cabinet) -> None:
        cabinet.days[banner][cabinet.today] = Figures(9, 9)

    api.faults.add("mutate", DAY, after=1, call=change)
    params = {"id": banner, "date_from": "2026-11-23"}
    shows = [get("statistics/banners/day.json", **params).json()["total"]["base"]["shows"] for _ in range(2)]
    assert shows[1] == 9
    assert shows[0] != 9


def test_every_request_is_remembered_with_its_parameters(get, api: VkAdsApi):
    get("banners.json", limit=5, fields="id,name")
    get("statistics/banners/day.json", id=[1, 2])
    assert [(request.path, request.params, request.status) for request in api.requests] == [
        (LIST, {"limit": "5", "fields": "id,name"}, 200),
        (DAY, {"id": "1,2"}, 400),
    ]
    assert api.writes == []
