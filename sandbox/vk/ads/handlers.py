"""What each route of today's API answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.vk.ads import documents, errors, lists, oauth, statistics, statistics_v3
from sandbox.vk.ads.gate import Answer, Gate, Method, worded
from sandbox.vk.ads.parameters import Parameters
from sandbox.vk.ads.period import LEVELS
from sandbox.vk.cabinet import AD_GROUPS, AD_PLANS, BANNERS
from sandbox.vk.wire import Document

if TYPE_CHECKING:
    from sandbox.vk.ads.api import VkAdsApi

_LISTS = {AD_PLANS: AD_PLANS, AD_GROUPS: AD_GROUPS, "campaigns": AD_GROUPS, BANNERS: BANNERS}
_STATISTICS = {"day": statistics.by_day, "summary": statistics.summary}
_ACCOUNT_TYPES = ["advert"]


class Handlers:
    """Binds routes to one API."""

    def __init__(self, api: VkAdsApi) -> None:
        self._api = api
        self._gate = Gate(api)

    def routing(self) -> dict[str, Any]:
        """Keyword arguments for ``Starlette``."""
        v2 = "/api/v2"
        routes = [
            Route(f"{v2}/oauth2/token.json", self._gate.issuing(self._token), methods=["POST"]),
            Route(f"{v2}/oauth2/token/delete.json", self._gate.issuing(self._delete_tokens), methods=["POST"]),
            *(self._get(f"{v2}/{path}.json", (name, "v2"), self._list(name)) for path, name in _LISTS.items()),
            *(
                self._get(f"{v2}/{path}/{{id}}.json", (name, "v2"), self._one(name))
                for path, name in _LISTS.items()
            ),
            *(self._get(f"/api/{version}/user.json", ("user", version), self._user) for version in ("v2", "v3")),
            self._get(f"{v2}/urls/{{id}}.json", ("urls", "v2"), self._url),
            self._get(f"{v2}/agency/clients.json", ("agency_clients", "v2"), self._agency_clients),
            self._get(f"{v2}/throttling.json", ("throttling", "v2"), self._throttling),
            self._get(f"{v2}/statistics/goals/{{level}}/day.json", ("goals_statistics", "v2"), self._goals),
            self._get(f"{v2}/statistics/{{level}}/{{kind}}.json", ("statistics", "v2"), self._statistics),
            self._get("/api/v3/statistics/{level}/day.json", ("statistics", "v3"), self._statistics_v3),
        ]
        return {"routes": routes, "exception_handlers": {404: self._no_route, 405: self._wrong_method}}

    def _get(self, path: str, method: Method, answer: Answer) -> Route:
        return Route(path, self._gate.reading(method, answer), methods=["GET"])

    def _token(self, request: HttpRequest) -> Response:
        return oauth.token_answer(request.scope["sandbox.request"], self._api.tokens, self._api.switches)

    def _delete_tokens(self, request: HttpRequest) -> Response:
        account_id = self._api.cabinet.account_id
        return oauth.delete_answer(request.scope["sandbox.request"], self._api.tokens, account_id)

    def _list(self, name: str) -> Answer:
        def answer(_: HttpRequest, parameters: Parameters) -> Document:
            turn = len(self._api.requests)
            return lists.page(name, self._api.cabinet, parameters, self._api.switches, turn)

        return answer

    def _one(self, name: str) -> Answer:
        def answer(request: HttpRequest, parameters: Parameters) -> Document:
            return lists.one(name, self._api.cabinet, _number(request), parameters)

        return answer

    def _user(self, *_: object) -> Document:
        account_id = self._api.cabinet.account_id
        account = {"id": account_id, "currency": "RUB", "balance": "10000.00"}
        return {
            "id": account_id,
            "username": oauth.username(account_id),
            "types": _ACCOUNT_TYPES,
            "status": "active",
            "currency": "RUB",
            "account": account,
        }

    def _url(self, request: HttpRequest, _: Parameters) -> Document:
        wanted = _number(request)
        for banner in self._api.cabinet.banners.values():
            for role in banner.urls:
                if documents.url_id(banner.id, role) == wanted:
                    found = documents.url(banner, role)
                    known = {key: found[key] for key in ("id", "url", "url_types")}
                    return {**known, "counters": [], "has_goals": False}
        raise errors.not_found()

    def _agency_clients(self, *_: object) -> Document:
        raise errors.forbidden()

    def _throttling(self, *_: object) -> Document:
        return self._api.throttling()

    def _statistics(self, request: HttpRequest, parameters: Parameters) -> Document:
        answer = _STATISTICS.get(request.path_params["kind"])
        if answer is None:
            raise errors.wrong_resource()
        return answer(_level(request), parameters, self._api.cabinet, self._api.switches)

    def _goals(self, request: HttpRequest, parameters: Parameters) -> Document:
        return statistics.goals_by_day(_level(request), parameters, self._api.cabinet, self._api.switches)

    def _statistics_v3(self, request: HttpRequest, parameters: Parameters) -> Document:
        return statistics_v3.page(_level(request), parameters, self._api.cabinet, self._api.switches)

    async def _no_route(self, request: HttpRequest, _: Exception) -> Response:
        error = errors.wrong_resource() if "/statistics/" in request.url.path else errors.not_found()
        return worded(error, self._api.switches).response()

    async def _wrong_method(self, request: HttpRequest, error: Exception) -> Response:
        allowed = (getattr(error, "headers", None) or {}).get("Allow", "GET")
        supported = sorted(set(allowed.replace(" ", "").split(",")) - {"HEAD"})
        return errors.method_not_allowed(request.method, supported).response()


def _level(request: HttpRequest) -> str:
    level: str = request.path_params["level"]
    if level not in LEVELS:
        raise errors.wrong_resource()
    return level


def _number(request: HttpRequest) -> int:
    text: str = request.path_params["id"]
    if not text.isdecimal():
        raise errors.not_found()
    return int(text)
