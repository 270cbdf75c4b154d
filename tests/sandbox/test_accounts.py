"""Several accounts at one address: each sees its own data alone, under ids that the others have too."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.direct import DirectApi
from sandbox.qtickets import QticketsApi
from sandbox.server import Running, serve
from sandbox.vk import VkAdsApi
from sandbox.world import World
from tests.flows import ad_truth

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
DAY = date(2026, 11, 10)
MAIN = World.generate(until=UNTIL, days=30, scale=0.05)
SPB = World.generate(until=UNTIL, days=30, scale=0.02, seed=8)
NOTHING = SPB.emptied()
AGENCY = {"grant_type": "agency_client_credentials"}


@dataclass
class Scene:
    qtickets: QticketsApi
    vk: VkAdsApi
    direct: DirectApi
    running: Running[QticketsApi]

    def orders(self, account: str) -> Any:
        token = self.qtickets.accounts[account].token
        return self._send("GET", self.qtickets, "/orders?perPage=500", token)

    def token(self, account: str, **form: str) -> Any:
        tokens = self.vk.accounts[account].tokens
        pair = {"client_id": tokens.client_id, "client_secret": tokens.client_secret}
        form = {"grant_type": "client_credentials", **pair, **form}
        return self._send("POST", self.vk, "/api/v2/oauth2/token.json", "none", data=form)

    def vk_get(self, token: Any, path: str, **params: object) -> Any:
        return self._send("GET", self.vk, f"/api/v2/{path}.json", token["access_token"], params=params)

    def campaigns(self, login: str | None, token: str | None = None) -> Any:
        headers = {} if login is None else {"Client-Login": login}
        body = {"method": "get", "params": {"FieldNames": ["Name", "Currency"]}}
        path = "/json/v501/campaigns"
        return self._send("POST", self.direct, path, token or self.direct.token, headers, json=body)

    def _send(self, method: str, api: Any, path: str, token: str, headers: Any = None, **more: Any) -> Any:
        sent = {"Authorization": f"Bearer {token}"} | (headers or {})
        return httpx.request(method, self.running.url_of(api) + path, headers=sent, **more).json()


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    qtickets, vk, direct = QticketsApi.of(MAIN), VkAdsApi.of(MAIN), DirectApi.of(MAIN)
    qtickets.add("spb", SPB)
    vk.add("spb", SPB)
    vk.add("client", SPB, currency="KZT", agency=vk.add("agency", NOTHING))
    direct.add("spb", SPB, currency="KZT")
    direct.add("new", NOTHING)
    direct.add("stranger", SPB, token="another-token")
    with serve(qtickets, vk, direct) as running:
        yield Scene(qtickets, vk, direct, running)


def names(world: World, source: str) -> set[str]:
    return {ad.campaign_name for ad in world.ads if ad.source == source and not ad.wizard}


def test_two_worlds_have_the_same_ids_and_nothing_else_in_common() -> None:
    events = [{event.id: (event.name, event.created_at) for event in world.events} for world in (MAIN, SPB)]
    orders = [{order.id: (order.created_at, order.buyer) for order in world.orders} for world in (MAIN, SPB)]
    facts = [ad_truth.facts(world, "vk_ads", date.min, date.max) for world in (MAIN, SPB)]
    for one, other in (events, orders, facts):
        both = one.keys() & other.keys()
        assert len(both) > 50
        assert sum(one[key] == other[key] for key in both) < len(both) / 50
    for place in (0, 1):
        assert not {event[place] for event in events[0].values()} & {event[place] for event in events[1].values()}


def test_the_token_of_qtickets_selects_the_organizer(scene: Scene) -> None:
    for account, world in (("main", MAIN), ("spb", SPB)):
        told = {order["id"]: Decimal(str(order["price"])) for order in scene.orders(account)["data"]}
        assert told == {order.id: order.price for order in world.orders}


def test_a_token_of_vk_sees_its_own_cabinet(scene: Scene) -> None:
    accounts = {"main": (MAIN, "RUB"), "spb": (SPB, "RUB"), "agency": (NOTHING, "RUB"), "client": (SPB, "KZT")}
    for account, (world, currency) in accounts.items():
        token, day = scene.token(account), {"date_from": DAY, "date_to": DAY, "metrics": "base"}
        user = scene.vk_get(token, "user")
        assert (user["id"], user["currency"]) == (scene.vk.accounts[account].cabinet.account_id, currency)
        plans = scene.vk_get(token, "ad_plans", limit=50)
        assert {plan["name"] for plan in plans["items"]} == names(world, "vk_ads")
        total = scene.vk_get(token, "statistics/users/day", id=user["id"], **day)["total"]["base"]
        facts = ad_truth.facts(world, "vk_ads", DAY, DAY).values()
        assert Decimal(total["spent"]) == sum(spent for _, _, spent, _ in facts)


def test_an_agency_gets_tokens_of_its_clients_in_slots_of_their_own(scene: Scene) -> None:
    client = scene.vk.accounts["client"]
    named = {"agency_client_name": client.cabinet.username}
    client.tokens.delete()
    for way in (named, {"agency_client_id": str(client.cabinet.account_id)}, named, named, named):
        token = scene.token("agency", **AGENCY, **way)
        assert scene.vk_get(token, "user")["id"] == client.cabinet.account_id
    assert scene.token("agency", **AGENCY, **named)["error"] == "token_limit_exceeded"
    assert scene.vk_get(scene.token("client"), "user")["id"] == client.cabinet.account_id
    refreshed = scene.token("agency", grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert scene.vk_get(refreshed, "user")["id"] == client.cabinet.account_id
    assert scene.vk_get(token, "user")["code"] == "invalid_token"
    for account, way in (("agency", {"agency_client_name": "nobody"}), ("agency", {}), ("spb", named)):
        assert scene.token(account, **AGENCY, **way)["code"] == "invalid_client"
    clients = scene.vk_get(scene.token("agency"), "agency/clients")
    assert [one["user"]["username"] for one in clients["items"]] == [client.cabinet.username]
    assert scene.vk_get(scene.token("spb"), "agency/clients")["error"]["code"] == "ERR_ACCESS_DENIED"


def test_the_header_chooses_the_login_of_direct(scene: Scene) -> None:
    logins = {None: MAIN, "sandbox-direct": MAIN, "Sandbox.Direct-SPB": SPB, "sandbox-direct-new": NOTHING}
    for login, world in logins.items():
        told = scene.campaigns(login)["result"]["Campaigns"]
        assert {campaign["Name"] for campaign in told} == names(world, "direct")
        assert {campaign["Currency"] for campaign in told} <= {"KZT" if world is SPB else "RUB"}
    refused = [("sandbox-direct-stranger", None), ("nobody", None), ("sandbox-direct", "another-token")]
    assert {scene.campaigns(*one)["error"]["error_code"] for one in refused} == {54}
    assert scene.campaigns(None, "another-token") == scene.campaigns("sandbox-direct-stranger", "another-token")
    left = [scene.direct.accounts[name].points.left for name in ("main", "spb", "new")]
    assert len(set(left)) == 3, "each pays with its own points"


def test_a_fault_and_a_request_belong_to_one_account(scene: Scene) -> None:
    scene.qtickets.requests.clear()
    scene.qtickets.faults.add("disconnect", "*", account="spb")
    assert scene.orders("main")["data"]
    with pytest.raises(httpx.RemoteProtocolError):
        scene.orders("spb")
    assert scene.orders("spb")["data"]
    seen = [(request.account, request.fault) for request in scene.qtickets.requests]
    assert seen == [("main", None), ("spb", "disconnect"), ("spb", None)]
