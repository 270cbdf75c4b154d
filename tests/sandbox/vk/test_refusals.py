"""Error bodies of today's API: flat for tokens, nested for objects and statistics."""

from __future__ import annotations

import pytest

from sandbox.vk import VK_ACCOUNT_ID, VkAdsApi

MESSAGES = {
    "invalid_token": "Unknown access token",
    "expired_token": "Access token is expired",
    "invalid_user": "User is blocked",
    "revoked_token": "Access token has been revoked",
}
PATHS = [
    "banners.json",
    "user.json",
    "throttling.json",
    "statistics/banners/day.json",
    "v3/statistics/users/day.json",
]


def spoil(api: VkAdsApi, code: str) -> None:
    if code == "expired_token":
        api.tokens.expire()
    elif code == "invalid_user":
        api.tokens.blocked = True
    elif code == "revoked_token":
        api.tokens.revoke()
    else:
        api.tokens.delete()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("code", MESSAGES)
def test_each_bad_token_is_a_flat_401_with_a_header(get, api: VkAdsApi, code: str, path: str):
    spoil(api, code)
    answer = get(path)
    message = MESSAGES[code]
    assert (answer.status_code, answer.json()) == (401, {"code": code, "message": message})
    expected = f'Bearer realm="api", error="{code}", error_description="{message}"'
    assert answer.headers["www-authenticate"] == expected


def test_no_token_is_an_unknown_one(get):
    assert get("banners.json", token=None).json()["code"] == "invalid_token"


def test_a_revoked_token_cannot_be_refreshed(oauth, api: VkAdsApi):
    token = api.tokens.issue()
    api.tokens.revoke()
    assert oauth("token", grant_type="refresh_token", refresh_token=token.refresh).status_code == 400


def test_unknown_paths_and_ids_are_404(get):
    assert get("nothing.json").json()["error"]["code"] == "not_found"
    assert get("banners/1.json").status_code == 404
    assert get("banners/x.json").status_code == 404
    for path in ("statistics/ads/day.json", "statistics/banners/week.json", "statistics/day.json"):
        answer = get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ERR_WRONG_RESOURCE")


def test_codes_of_statistics_may_come_without_their_prefix(get, api: VkAdsApi):
    api.switches.bare_error_codes = True
    assert get("statistics/ads/day.json").json()["error"]["code"] == "WRONG_RESOURCE"
    assert get("statistics/nothing.json").json()["error"]["code"] == "WRONG_RESOURCE"
    assert get("statistics/banners/day.json").json()["error"]["code"] == "WRONG_PARAMETER"


def test_writing_is_405_with_the_supported_methods_and_is_remembered(post, oauth, api: VkAdsApi):
    answer = post("/vk/api/v2/ad_plans.json", json={"name": "x"})
    assert answer.status_code == 405
    assert answer.json()["error"]["supported_methods"] == ["GET"]
    oauth("token", grant_type="client_credentials")
    assert [request.path for request in api.writes] == ["/api/v2/ad_plans.json"]


def test_the_account_is_told_and_an_advertiser_has_no_clients(get):
    assert get("user.json").json()["id"] == get("v3/user.json").json()["id"] == VK_ACCOUNT_ID
    assert get("agency/clients.json").status_code == 403
