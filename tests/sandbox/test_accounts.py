"""Several accounts at one address: each sees its own data alone, under ids that the others have too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from sandbox.direct import DirectApi
from sandbox.qtickets import QticketsApi
from sandbox.server import Running, serve
from sandbox.vk import VK_ACCOUNT_ID, VkAdsApi
from sandbox.world import World
from tests.flows import ad_truth

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
DAY = date(2026, 11, 10)
MAIN = World.generate(until=UNTIL, days=30, scale=0.05)
SPB = World.generate(until=UNTIL, days=30, scale=0.02, seed=8)


@dataclass
class Scene:
    qtickets: QticketsApi
    vk: VkAdsApi
    direct: DirectApi
    running: Running[QticketsApi]

    def orders(self, account: str, **more: Any) -> Any:
        token = self.qtickets.accounts[account].token
        return self._send("GET", self.qtickets, "/orders", token, params={"perPage": 500}, **more)

    def token(self, account: str, **form: str) -> Any:
        tokens = self.vk.accounts[account].tokens
        pair = {"client_id": tokens.client_id, "client_secret": tokens.client_secret}
        form = {"grant_type": "client_credentials", **pair, **form}
        return self._send("POST", self.vk, "/api/v2/oauth2/token.json", "none", data=form)

    def of_vk(self, token: Any, path: str, **params: str) -> Any:
        return self._send("GET", self.vk, f"/api/v2/{path}.json", token["access_token"], params=params)

    def campaigns(self, login: str | None, token: str = "") -> Any:
        headers = {} if login is None else {"Client-Login": login}
        body = {"method": "get", "params": {"FieldNames": ["Id", "Name", "Currency"]}}
        path, token = "/json/v501/campaigns", token or self.direct.token
        return self._send("POST", self.direct, path, token, json=body, headers=headers)

    def _send(self, method: str, api: Any, path: str, token: str, headers: Any = None, **more: Any) -> Any:
        sent = {"Authorization": f"Bearer {token}"} | (headers or {})
        return httpx.request(method, self.running.url_of(api) + path, headers=sent, **more).json()


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    qtickets, vk, direct = QticketsApi.of(MAIN), VkAdsApi.of(MAIN), DirectApi.of(MAIN)
    for api in (qtickets, vk, direct):
        api.add("spb", SPB)
    vk.add("agency", SPB.emptied())
    vk.add("client", SPB, currency="KZT", agency=vk.accounts["agency"])
    for api in (vk, direct):
        api.add("new", SPB.emptied(), currency="KZT")
    direct.add("stranger", SPB, token="another-token")
    with serve(qtickets, vk, direct) as running:
        yield Scene(qtickets, vk, direct, running)


def test_two_worlds_have_the_same_ids_and_nothing_else_in_common() -> None:
    names, others = ({event.id: (event.name, event.created_at) for event in world.events} for world in (MAIN, SPB))
    assert names.keys() == others.keys()
    assert not {name for name, _ in names.values()} & {name for name, _ in others.values()}
    assert not {at for _, at in names.values()} & {at for _, at in others.values()}
    orders, other_orders = ({order.id: order for order in world.orders} for world in (MAIN, SPB))
    both = orders.keys() & other_orders.keys()
    assert len(both) > 30
    assert all(orders[one].created_at != other_orders[one].created_at for one in both)
    assert {line.id for one in both for line in orders[one].baskets} & {
        line.id for one in both for line in other_orders[one].baskets
    }
    for source in ("vk_ads", "direct"):
        one, other = (ad_truth.facts(world, source, date.min, date.max) for world in (MAIN, SPB))
        assert len(one.keys() & other.keys()) > 100
        assert not any(one[key] == other[key] for key in one.keys() & other.keys())


def test_the_token_of_qtickets_selects_the_organizer(scene: Scene) -> None:
    for account, world in (("main", MAIN), ("spb", SPB)):
        answer = scene.orders(account)
        assert answer["paging"]["total"] == len(world.orders)
        told = {one["id"]: one["price"] for one in answer["data"]}
        assert told.items() <= {order.id: order.price for order in world.orders}.items()


def test_a_token_of_vk_sees_its_own_cabinet(scene: Scene) -> None:
    for number, (account, world, currency) in enumerate(
        (
            ("main", MAIN, "RUB"),
            ("spb", SPB, "RUB"),
            ("agency", None, "RUB"),
            ("client", SPB, "KZT"),
            ("new", None, "KZT"),
        )
    ):
        token = scene.token(account)
        user = scene.of_vk(token, "user")
        assert (user["id"], user["currency"]) == (VK_ACCOUNT_ID + number, currency)
        names = {ad.campaign_name for ad in world.ads if ad.source == "vk_ads"} if world else set()
        plans = scene.of_vk(token, "ad_plans", limit="50")
        assert {plan["name"] for plan in plans["items"]} == names
        spent = scene.of_vk(
            token, "statistics/users/day", id=str(user["id"]), date_from=f"{DAY}", date_to=f"{DAY}", metrics="base"
        )
        facts = ad_truth.facts(world, "vk_ads", DAY, DAY).values() if world else ()
        assert float(spent["total"]["base"]["spent"]) == float(sum(fact[2] for fact in facts))


def test_an_agency_gets_tokens_of_its_clients_in_slots_of_their_own(scene: Scene) -> None:
    client = scene.vk.accounts["client"]
    ways = ({"agency_client_name": client.cabinet.username}, {"agency_client_id": str(client.cabinet.account_id)})
    grant = {"grant_type": "agency_client_credentials"}
    own = len(client.tokens.issued)
    for way in (*ways, *ways, ways[0]):
        token = scene.token("agency", **grant, **way)
        assert scene.of_vk(token, "user")["id"] == client.cabinet.account_id
    assert scene.token("agency", **grant, **ways[0])["error"] == "token_limit_exceeded"
    assert Counter(token.client_id for token in client.tokens.issued) == {
        scene.vk.accounts["agency"].tokens.client_id: 5,
        **({client.tokens.client_id: own} if own else {}),
    }
    refreshed = scene.token("agency", grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert scene.of_vk(refreshed, "user")["id"] == client.cabinet.account_id
    for account, way in (("agency", {"agency_client_name": "nobody"}), ("agency", {}), ("spb", ways[0])):
        assert scene.token(account, **grant, **way)["code"] == "invalid_client"
    clients = scene.of_vk(scene.token("agency"), "agency/clients")
    assert [one["user"]["username"] for one in clients["items"]] == [client.cabinet.username]
    assert scene.of_vk(scene.token("spb"), "agency/clients")["error"]["code"] == "ERR_ACCESS_DENIED"


def test_the_header_chooses_the_login_of_direct(scene: Scene) -> None:
    for login, world in (
        (None, MAIN),
        ("sandbox-direct", MAIN),
        ("Sandbox.Direct-SPB", SPB),
        ("sandbox-direct-new", None),
    ):
        told = {one["Name"] for one in scene.campaigns(login)["result"]["Campaigns"]}
        assert told == (
            {ad.campaign_name for ad in world.ads if ad.source == "direct" and not ad.wizard} if world else set()
        )
    for login in ("sandbox-direct-stranger", "nobody"):
        assert scene.campaigns(login)["error"]["error_code"] == 54
    stranger = scene.direct.accounts["stranger"]
    assert scene.campaigns(None, "another-token") == scene.campaigns(stranger.login, "another-token")
    assert scene.campaigns("sandbox-direct", "another-token")["error"]["error_code"] == 54
    left = {name: one.points.left for name, one in scene.direct.accounts.items()}
    assert left["new"] > left["spb"], "each pays with its own points"


def test_a_fault_and_a_request_belong_to_one_account(scene: Scene) -> None:
    scene.qtickets.requests.clear()
    scene.qtickets.faults.add("disconnect", "*", times=99, account="spb")
    with pytest.raises(httpx.RemoteProtocolError):
        scene.orders("spb")
    assert scene.orders("main")["data"]
    with pytest.raises(httpx.RemoteProtocolError):
        scene.orders("spb")
    scene.qtickets.faults.clear()
    assert scene.orders("spb")["data"]
    seen = [(request.account, request.fault) for request in scene.qtickets.requests]
    assert seen == [("spb", "disconnect"), ("main", None), ("spb", "disconnect"), ("spb", None)]
