"""The table of faults: each kind of wrong reply x each endpoint x state of the warehouse x how often it comes.

Cells are made here and carried out in `bench.py`.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.bodies import BODIES, LISTS, REPORTS, without

STATES = ("fresh", "loaded", "settled")
"""An empty warehouse; one that holds the day before; an empty one long after the days are final, so that what was
fetched once is kept."""
ALWAYS = 10**6
TIMES = {"once": (1, 0), "second": (1, 1), "lasting": (ALWAYS, 0)}
"""How many replies, and after how many: the first reply, the second one alone, or all."""


@dataclass(frozen=True)
class Fault:
    kind: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """`shape`: list, object or report (TSV). `paged`: the table's world takes several calls of it. `fields`: of an
    item, each is left out once. `unfit`: kinds that make of a reply another one that is just as true, so that nobody
    could tell."""

    api: str
    name: str
    path: str
    shape: str = "list"
    counted: bool = False
    paged: bool = False
    fields: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    errors: tuple[dict[str, Any], ...] = ({},)


TAGS = frozenset(
    "utm utm_source utm_medium utm_campaign utm_content utm_term url link_url Href TrackingParams".split()
)
"""Free text that figures are divided by: another text there is another tag, and a true one."""
FREE = TAGS | frozenset("name Name title place_name CampaignName timezone".split())
_MADE_OF = {
    r".*_name|venue|city|timezone": FREE,
    r"utm_.*|link_event_id": TAGS,
    "currency": frozenset(["currency"]),
}
"""Columns of the warehouse, and the fields that they come from. VK's currency is taken for the report's where it is not
told, without a word."""


@dataclass(frozen=True)
class Cell:
    """`touched`: fields to which the reply gives other values, so that nobody could tell those of `blind`."""

    endpoint: Endpoint
    kind: str
    fault: Fault
    state: str
    times: str
    touched: set[str] = field(default_factory=set)

    @property
    def blind(self) -> str:
        """A pattern of columns. The reply must have been sent."""
        return "|".join(columns for columns, fields in _MADE_OF.items() if self.touched & fields)

    @property
    def id(self) -> str:
        return f"{self.endpoint.api}-{self.endpoint.name}-{self.kind}-{self.state}-{self.times}"


_VK_ERRORS: tuple[dict[str, Any], ...] = ({"status": 503}, {"status": 401})
_LEGACY_ERRORS: tuple[dict[str, Any], ...] = ({"code": 5}, {"code": 6}, {"code": 600})
_DIRECT_ERRORS: tuple[dict[str, Any], ...] = tuple({"code": code} for code in (52, 53, 152, 1000, 8800))
_ROWS = ("rows.date", "rows.base", *(f"rows.base.{name}" for name in "shows clicks spent goals vk".split()))


def _vk(name: str, *fields: str, unfit: tuple[str, ...] = (), paged: bool = False) -> Endpoint:
    path = f"/api/v2/{name}.json"
    return Endpoint("vk", name.replace("/", "_"), path, "list", True, paged, fields, unfit, _VK_ERRORS)


def _legacy(name: str, *fields: str) -> Endpoint:
    return Endpoint("legacy", name, f"/ads.{name}", fields=fields, errors=_LEGACY_ERRORS)


def _direct(name: str, *fields: str, unfit: tuple[str, ...] = ()) -> Endpoint:
    return Endpoint("direct", name, f"/json/*/{name}", fields=fields, unfit=unfit, errors=_DIRECT_ERRORS)


ENDPOINTS: tuple[Endpoint, ...] = (
    # Nobody asked for these orders by id, so others are as good.
    Endpoint("qtickets", "orders", "/orders", counted=True, paged=True, unfit=("other_ids",),
             fields=("id", "event_id", "payed", "payed_at", "created_at", "deleted_at", "currency_id", "utm", "baskets",
                     "baskets.id", "baskets.price", "baskets.quantity", "baskets.show_id", "baskets.deleted_at",
                     "baskets.refunded_at", "baskets.refunded_amount", "baskets.discount_value")),
    # Under another id it is another event.
    Endpoint("qtickets", "events", "/events", counted=True, paged=True, unfit=("day_moved", "other_ids"),
             fields=("id", "name", "city", "city.name", "city.timezone", "place_name", "currency_id", "is_active",
                     "shows", "shows.id", "shows.start_date")),
    Endpoint("vk", "token", "/api/v2/oauth2/token.json", "object", errors=_VK_ERRORS),
    Endpoint("vk", "user", "/api/v2/user.json", "object", errors=_VK_ERRORS),
    _vk("ad_plans", "id", "name", unfit=("day_moved",)),
    _vk("ad_groups", "id", "name", "ad_plan_id", "enable_utm", "utm", unfit=("day_moved",), paged=True),
    _vk("banners", "id", "ad_group_id", "urls", "urls.primary", "urls.primary.url", unfit=("day_moved",), paged=True),
    _vk("statistics/banners/day", "id", "rows", "total", *_ROWS),
    _vk("statistics/ad_plans/day", "id", "rows"),
    _vk("statistics/users/day", "id", "rows", "rows.base.spent"),
    _legacy("getCampaigns", "id", "name"),
    _legacy("getAds", "id", "campaign_id"),
    _legacy("getAdsLayout", "id", "link_url"),
    _legacy("getStatistics", "id", "stats", "stats.day", "stats.spent"),
    _direct("campaigns", "Id", "TextCampaign", "UnifiedCampaign", "TextCampaign.TrackingParams"),
    # Null is how Direct says that an ad has no link, and a group no parameters.
    _direct("ads", "Id", "TextAd", "TextAd.Href", "TextImageAd", unfit=("values_null_but_ids",)),
    _direct("adgroups", "Id", "TrackingParams", unfit=("values_null_but_ids",)),
    _direct("changes", "CampaignId", "BorderDate"),
    Endpoint("direct", "reports", "/json/*/reports", "report",
             fields=("Date", "CampaignId", "CampaignName", "AdGroupId", "AdId", "Impressions", "Clicks", "Cost",
                     "Conversions"), errors=_DIRECT_ERRORS),
)  # fmt: skip

TRANSPORT: dict[str, Fault] = {
    "status_401": Fault("status", {"status": 401, "body": b"{}"}),
    "status_429": Fault("status", {"status": 429, "body": b""}),
    "status_503_page": Fault("status", {"status": 503, "html": True}),
    "status_204": Fault("status", {"status": 204, "body": b""}),
    "redirect": Fault("status", {"status": 302, "body": b"", "headers": {"Location": "https://x.invalid/"}}),
    "page_200": Fault("html"),
    "no_data": Fault("no_data"),
    "truncated": Fault("truncated"),
    "disconnected": Fault("disconnect"),
    "disconnected_within": Fault("disconnect", {"partial": True}),
}


def faults_of(endpoint: Endpoint) -> dict[str, Fault]:
    """By kind: all that can go wrong with a reply of the endpoint."""
    shapes = {"list": BODIES | LISTS, "object": BODIES, "report": REPORTS}
    is_told = endpoint.counted or endpoint.shape != "list"
    fit = {kind: one for kind, one in shapes[endpoint.shape].items() if kind not in endpoint.unfit}
    editors = {kind: one for kind, one in fit.items() if is_told or "count" not in kind}
    editors |= {f"without_{name}": without(name) for name in endpoint.fields}
    errors = {
        "_".join(["error_200", *map(str, one.values())]): Fault("error_as_page", one) for one in endpoint.errors
    }
    return {**{kind: Fault("edit", {"call": editor}) for kind, editor in editors.items()}, **TRANSPORT, **errors}


def all_cells() -> Iterator[Cell]:
    return (cell for cells in _cells() for cell in cells)


def one_of_each(of: int = 1) -> Iterator[Cell]:
    """Every kind at every endpoint, once: which state and how often follows from its name. `of` takes every n-th."""
    for cells in _cells():
        number = zlib.crc32(f"{cells[0].endpoint.api} {cells[0].endpoint.name} {cells[0].kind}".encode())
        if number // 9 % of == 0:
            yield cells[number % len(cells)]


def _cells() -> Iterator[list[Cell]]:
    """Of each kind at each endpoint."""
    for endpoint in ENDPOINTS:
        how = [(state, times) for state in STATES for times in TIMES if endpoint.paged or times != "second"]
        for kind, fault in faults_of(endpoint).items():
            yield [Cell(endpoint, kind, fault, state, times) for state, times in how]
