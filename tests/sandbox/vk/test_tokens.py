"""OAuth2: five slots a client, refresh without a slot, expiry, revocation, deletion."""

from __future__ import annotations

import pytest

from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VkAdsApi

PLANS = "ad_plans.json"


def issue(oauth, **form: str) -> dict:
    answer = oauth("token", grant_type="client_credentials", **form)
    assert answer.status_code == 200
    return answer.json()


def refresh(oauth, token: dict):
    return oauth("token", grant_type="refresh_token", refresh_token=token["refresh_token"])


def test_a_token_has_the_documented_keys_and_a_text_as_lifetime(oauth, api: VkAdsApi):
    token = issue(oauth)
    assert list(token) == ["access_token", "token_type", "scope", "expires_in", "refresh_token"]
    assert (token["token_type"], token["expires_in"]) == ("bearer", "86400")
    assert token["scope"] == ["read_ads", "read_payments"]


def test_types_of_a_token_answer_can_drift(oauth, api: VkAdsApi):
    api.switches.expires_in_as_int = api.switches.scope_as_text = api.switches.tells_tokens_left = True
    token = issue(oauth)
    assert (token["expires_in"], token["scope"], token["tokens_left"]) == (86400, "read_ads,read_payments", 4)


def test_the_sixth_token_of_a_client_is_refused_whatever_became_of_the_five(oauth, api: VkAdsApi):
    for _ in range(5):
        issue(oauth)
    api.tokens.expire()
    api.tokens.revoke()
    answer = oauth("token", grant_type="client_credentials")
    assert answer.status_code == 403
    assert answer.json()["error"] == "token_limit_exceeded"
    assert answer.json()["error_description"].startswith("Active access token limit reached")


def test_a_refresh_takes_no_slot_and_ends_the_old_access_token(oauth, get, api: VkAdsApi):
    token = issue(oauth)
    free = api.tokens.left(VK_CLIENT_ID)
    renewed = refresh(oauth, token).json()
    assert renewed["access_token"] != token["access_token"]
    assert renewed["refresh_token"] == token["refresh_token"]
    assert api.tokens.left(VK_CLIENT_ID) == free
    assert get(PLANS, token=token["access_token"]).json()["code"] == "invalid_token"
    assert get(PLANS, token=renewed["access_token"]).status_code == 200


def test_refresh_tokens_may_rotate(oauth, api: VkAdsApi):
    api.switches.rotates_refresh_tokens = True
    token = issue(oauth)
    assert refresh(oauth, token).json()["refresh_token"] != token["refresh_token"]
    answer = refresh(oauth, token)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_a_token_expires_after_its_lifetime_and_a_refresh_revives_it(oauth, get, api: VkAdsApi, clock):
    api.tokens.lifetime = 60
    token = issue(oauth)
    assert token["expires_in"] == "60"
    clock.now += 59
    assert get(PLANS, token=token["access_token"]).status_code == 200
    clock.now += 1
    assert get(PLANS, token=token["access_token"]).json()["code"] == "expired_token"
    renewed = refresh(oauth, token).json()
    assert get(PLANS, token=renewed["access_token"]).status_code == 200


def test_a_token_can_expire_in_the_middle_of_a_run(get, api: VkAdsApi):
    api.tokens.expire_after(2)
    assert [get(PLANS).status_code for _ in range(4)] == [200, 200, 401, 401]


def test_a_permanent_token_does_not_expire_unless_that_means_nothing(oauth, get, api: VkAdsApi, clock):
    forever = issue(oauth, permanent="true")["access_token"]
    api.switches.honours_permanent = False
    ordinary = issue(oauth, permanent="true")["access_token"]
    clock.now += 90_000
    assert get(PLANS, token=forever).status_code == 200
    assert get(PLANS, token=ordinary).json()["code"] == "expired_token"


def test_a_token_unused_for_a_month_is_unknown_and_its_slot_free(oauth, get, api: VkAdsApi, clock):
    token = issue(oauth)
    clock.now += 31 * 86400
    assert get(PLANS, token=token["access_token"]).json()["code"] == "invalid_token"
    assert api.tokens.left(VK_CLIENT_ID) == 5


@pytest.mark.parametrize("user", [{}, {"user_id": str(VK_ACCOUNT_ID)}])
def test_deleting_kills_every_token_of_the_account_and_frees_all_slots(oauth, get, user: dict[str, str]):
    tokens = [issue(oauth) for _ in range(4)]
    answer = oauth("token/delete", **user)
    assert (answer.status_code, answer.content) == (204, b"")
    assert {get(PLANS, token=token["access_token"]).json()["code"] for token in tokens} == {"invalid_token"}
    assert [oauth("token", grant_type="client_credentials").status_code for _ in range(6)] == [200] * 5 + [403]


def test_deleting_those_of_another_user_leaves_ours(oauth, get):
    assert oauth("token/delete", user_id="1").status_code == 204
    assert get(PLANS).status_code == 200


@pytest.mark.parametrize("wrong", [{"client_secret": "x"}, {"client_id": "x"}])
@pytest.mark.parametrize("path", ["token", "token/delete"])
def test_a_wrong_client_is_401_and_flat(oauth, path: str, wrong: dict[str, str]):
    answer = oauth(path, grant_type="client_credentials", **wrong)
    assert answer.status_code == 401
    assert answer.json() == {"code": "invalid_client", "message": "Invalid client id or secret provided"}
    assert answer.headers["www-authenticate"].startswith('Bearer realm="api", error="invalid_client"')


def test_other_grants_and_bodies_that_are_no_form_are_refused(oauth, post, api: VkAdsApi):
    assert oauth("token", grant_type="password").json() == {"error": "unsupported_grant_type"}
    answer = post("/vk/api/v2/oauth2/token.json", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_recorded_parameters_have_no_secrets(oauth, api: VkAdsApi):
    refresh(oauth, issue(oauth))
    assert [request.params["grant_type"] for request in api.requests] == ["client_credentials", "refresh_token"]
    assert all("secret" not in str(request.params) for request in api.requests)
    assert all("refresh_token" not in request.params for request in api.requests)
