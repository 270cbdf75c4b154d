"""What the statistics refuse, and with which code."""

from __future__ import annotations

import pytest

from sandbox.vk import Cabinet, Figures, VkAdsApi

PATH = "statistics/banners/day.json"


def refused(answer) -> str:
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    return answer.json()["error"]["code"]


@pytest.fixture
def many(cabinet: Cabinet) -> list[int]:
    """More ads than one call may ask for."""
    pattern = cabinet.banners[min(cabinet.banners)]
    for number in range(1, 250):
        cabinet.banners[number] = pattern
    return list(range(1, 250))


def ask(get, ids, first: str = "2026-11-22", last: str = "2026-11-23", **more):
    return get(PATH, id=",".join(map(str, ids)), date_from=first, date_to=last, **more)


def test_two_hundred_ids_are_answered_and_one_more_is_not(get, many: list[int]):
    assert len(ask(get, many[:200]).json()["items"]) == 200
    assert refused(ask(get, many[:201])) == "ERR_LIMIT_EXCEEDED"
    assert len(ask(get, many[:200] * 2).json()["items"]) == 200


def test_ids_may_repeat_the_parameter(get, many: list[int]):
    answer = get(PATH, id=[1, 2], date_from="2026-11-23")
    assert [item["id"] for item in answer.json()["items"]] == [1, 2]


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("banners", "ERR_WRONG_BANNERS"),
        ("ad_groups", "ERR_WRONG_ADGROUPS"),
        ("ad_plans", "ERR_WRONG_ADPLANS"),
        ("users", "ERR_WRONG_USERS"),
    ],
)
@pytest.mark.parametrize("kind", ["day", "summary"])
def test_one_unknown_id_fails_the_whole_call(get, cabinet: Cabinet, level: str, code: str, kind: str):
    good = cabinet.known(level)[0]
    path = f"statistics/{level}/{kind}.json"
    assert get(path, id=good, date_from="2026-11-23").status_code == 200
    assert refused(get(path, id=f"{good},77", date_from="2026-11-23")) == code


def test_a_vanished_ad_is_an_unknown_id(get, cabinet: Cabinet):
    banner = max(cabinet.banners)
    assert ask(get, [banner]).status_code == 200
    cabinet.vanish(banner)
    assert refused(ask(get, [banner])) == "ERR_WRONG_BANNERS"


def test_a_period_ends_after_366_days_and_reaches_no_further_back(get, cabinet: Cabinet):
    banner = max(cabinet.banners)
    # 2026-11-23 is today; 2025-11-22 lies 366 days back.
    assert len(ask(get, [banner], "2025-11-23").json()["items"][0]["rows"]) == 366
    assert refused(ask(get, [banner], "2025-11-22")) == "ERR_LIMIT_EXCEEDED"
    assert len(ask(get, [banner], "2025-11-22", "2025-11-22").json()["items"][0]["rows"]) == 1
    assert refused(ask(get, [banner], "2025-11-21", "2025-11-21")) == "ERR_LIMIT_EXCEEDED"


def test_older_days_may_silently_be_missing(get, api: VkAdsApi):
    api.switches.cuts_old_days, api.switches.max_days = True, 3
    banner = max(api.cabinet.banners)
    rows = ask(get, [banner], "2026-11-01").json()["items"][0]["rows"]
    assert [row["date"] for row in rows] == ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"]
    assert ask(get, [banner], "2026-11-01", "2026-11-02").json()["items"][0]["rows"] == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"date_from": None}, "ERR_WRONG_PARAMETER"),
        ({"date_from": "23.11.2026"}, "ERR_WRONG_DATE"),
        ({"date_from": "20261123"}, "ERR_WRONG_DATE"),
        ({"date_to": "2026-11-31"}, "ERR_WRONG_DATE"),
        ({"date_to": "2026-11-01"}, "ERR_WRONG_DATE"),
        ({"id": None}, "ERR_WRONG_PARAMETER"),
        ({"id": "one"}, "ERR_WRONG_PARAMETER"),
        ({"metrics": "base,clicks"}, "ERR_WRONG_PARAMETER"),
        ({"attribution": "click"}, "ERR_WRONG_PARAMETER"),
    ],
)
def test_each_wrong_parameter_has_its_code(get, cabinet: Cabinet, params: dict, code: str):
    good = {"id": max(cabinet.banners), "date_from": "2026-11-20", "date_to": "2026-11-23"}
    sent = {name: value for name, value in {**good, **params}.items() if value is not None}
    assert refused(get(PATH, **sent)) == code


def test_without_ids_all_objects_come_if_the_server_allows_it(get, api: VkAdsApi):
    api.switches.requires_ids = False
    answer = get(PATH, date_from="2026-11-23").json()
    assert [item["id"] for item in answer["items"]] == api.cabinet.known("banners")


def test_attribution_is_accepted(get, cabinet: Cabinet):
    cabinet.days[max(cabinet.banners)] = {cabinet.today: Figures(10, 1)}
    assert ask(get, [max(cabinet.banners)], attribution="impression").status_code == 200
