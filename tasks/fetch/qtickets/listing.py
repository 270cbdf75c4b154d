"""One list endpoint of QTickets: sends the parameters of a page and checks the reply.

Knows the envelope and the two ways to send parameters; `reading.py` decides which pages are read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from tasks.errors import SourceError
from tasks.fetch.http import Api, ApiClient, FormRefused, Query
from tasks.fetch.qtickets.values import whole
from tasks.settings import Settings

logger = logging.getLogger("zakaz.fetch")

Record = dict[str, Any]

# The only part of an error body that is shown, e.g. UNKNOWN_ERROR. The error's text may repeat what was sent.
CODE = re.compile(r"[A-Z][A-Z_]{2,39}")

_NAME = re.compile(r"[A-Za-z0-9_]+")
_REFUSED_PARAMETERS = {400, 422, 503}
"""Statuses of a request that QTickets cannot process; 503 is also sent when it is down."""
_MOST_RECORDS = 10**8
"""A larger total is an error."""


class Client(ApiClient):
    """An ApiClient that keeps the status of its last reply."""

    def __init__(self, api: Api, settings: Settings) -> None:
        super().__init__(replace(api, judge=self._keep_status), settings)
        self._status = 0

    def _keep_status(self, reply: httpx.Response) -> None:
        self._status = reply.status_code

    @property
    def refused_parameters(self) -> bool:
        """Whether the last reply may be a refusal of some parameter."""
        return self._status in _REFUSED_PARAMETERS


@dataclass(frozen=True)
class Condition:
    column: str
    operator: str
    value: str | int


@dataclass(frozen=True)
class Page:
    number: int
    per_page: int
    total: int
    records: list[Record]

    @property
    def pages(self) -> int:
        """Number of pages of the listing, by the API's total."""
        return max(1, -(-self.total // self.per_page))

    @property
    def is_whole(self) -> bool:
        """Whether it has as many records as `total` and `per_page` require of this page."""
        before = (self.number - 1) * self.per_page
        return len(self.records) == min(self.per_page, max(0, self.total - before))


@dataclass
class Form:
    """How parameters are sent: as a JSON `body` of the GET, or in the `query`. Shared by the listings of a run:
    when a server in between refuses a body and the form `may_change`, all of them switch to the query."""

    name: str = "body"
    may_change: bool = False


@dataclass(frozen=True)
class Listing:
    """A listing at `/{path}` with its parameters, without the page."""

    client: ApiClient
    path: str
    page_size: int | None
    select: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    newest_first: bool = False
    ordered: bool = True
    form: Form = field(default_factory=Form)

    async def page(self, number: int) -> Page:
        sent = self.form.name
        try:
            reply = await self._get(number)
        except FormRefused:
            if not self.form.may_change or sent == "query":
                raise
            logger.warning(
                "QTickets: a GET with a body is refused by a server in between; sending the query from now on"
            )
            self.form.name = "query"
            reply = await self._get(number)
        return _page(self.path, number, reply)

    async def _get(self, number: int) -> Any:
        parameters = self._parameters(number)
        if self.form.name == "query":
            return await self.client.get(self.path, query=list(brackets(parameters)))
        # The page in the query too: a proxy may drop the body of a GET, and each page must still be another.
        paging: Query = [("page", number)]
        if self.page_size:
            paging.append(("perPage", self.page_size))
        return await self.client.get(self.path, query=paging, body=parameters)

    def without_select(self) -> Listing:
        return replace(self, select=())

    def plain(self) -> Listing:
        """Without select, orderBy and perPage, which no fetch depends on."""
        return replace(self, select=(), ordered=False, page_size=None)

    def _parameters(self, number: int) -> dict[str, Any]:
        parameters: dict[str, Any] = {"page": number}
        if self.ordered:
            parameters["orderBy"] = {"id": "desc" if self.newest_first else "asc"}
        if self.page_size:
            parameters["perPage"] = self.page_size
        if self.where:
            parameters["where"] = [
                {"column": c.column, "operator": c.operator, "value": c.value} for c in self.where
            ]
        if self.select:
            parameters["select"] = list(self.select)
        return parameters


def brackets(parameters: dict[str, Any]) -> Sequence[tuple[str, str]]:
    """`where[0][column]=payed_at&page=2`: PHP's way to put nested values into a query."""
    pairs: list[tuple[str, str]] = []

    def walk(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{name}[{key}]" if name else key, inner)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                walk(f"{name}[{index}]", inner)
        else:
            pairs.append((name, str(value)))

    walk("", parameters)
    return pairs


def _page(path: str, number: int, reply: Any) -> Page:
    """Raises SourceError for a reply that is not a page: an error must never be read as an empty page."""
    records = _records(reply.get("data")) if isinstance(reply, dict) else None
    if records is None:
        raise SourceError(
            f"QTickets answered GET /{path} (page {number}) without `data`{_code(reply)}.", transient=True
        )
    # A field that is left out may mean no date or no refund, so one whose name is damaged would mean that too.
    if not all(map(_NAME.fullmatch, _names(records))):
        raise SourceError(f"QTickets answered GET /{path} (page {number}) with damaged names.", transient=True)
    paging = reply.get("paging")
    numbers = paging if isinstance(paging, dict) else {}
    total, per_page, current = (whole(numbers.get(name)) for name in ("total", "perPage", "currentPage"))
    if (total is None or per_page is None) and number > 1 and not records:
        total, per_page = 0, 1
    if total is None or total > _MOST_RECORDS or not per_page:
        raise SourceError(f"QTickets answered GET /{path} (page {number}) without `paging`.", transient=True)
    if current not in (None, number):
        raise SourceError(f"QTickets answered GET /{path} (page {number}) with page {current}.", transient=True)
    return Page(number, per_page, total, records)


def _records(data: Any) -> list[Record] | None:
    """The records of a page; None if it has no list. PHP sends a list with gaps in its keys as an object. A record
    that is not an object becomes an empty one, which validation rejects, unless none is an object."""
    if isinstance(data, dict) and data and all(str(key).isdecimal() for key in data):
        data = list(data.values())
    if not isinstance(data, list) or (data and not any(isinstance(record, dict) for record in data)):
        return None
    return [record if isinstance(record, dict) else {} for record in data]


def _names(records: Iterable[Record]) -> set[str]:
    """Of the records' fields and of those of their parts: the baskets of an order, the shows of an event."""
    found: set[str] = set()
    for record in records:
        found.update(record)
        for part in (record.get("baskets"), record.get("shows")):
            for one in part if isinstance(part, list) else ():
                found.update(one if isinstance(one, dict) else ())
    return found


def _code(reply: Any) -> str:
    code = reply.get("code") if isinstance(reply, dict) else None
    return f", with the code {code}" if isinstance(code, str) and CODE.fullmatch(code) else ""
