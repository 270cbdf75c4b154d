"""One list endpoint of QTickets, page by page: how a question is put and what an honest page looks like.

Knows the envelope and the ways to send a filter; which pages to read is decided in `reading.py`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from tasks.errors import SourceError
from tasks.fetch.http import Api, ApiClient, FormRefused, Query
from tasks.fetch.qtickets.values import whole
from tasks.settings import Settings

logger = logging.getLogger("zakaz.fetch")

Record = dict[str, Any]

# The one part of an error's body that may be shown: a word of the API's own, e.g. UNKNOWN_ERROR. Its text may
# repeat what was sent.
CODE = re.compile(r"[A-Z][A-Z_]{2,39}")


_OF_THE_QUESTION = {400, 422, 503}
"""What QTickets answers to a question it cannot process; 503 is also its answer when it is down."""
_MOST_RECORDS = 10**8
"""A larger total is no total."""


class Client(ApiClient):
    """Remembers the status of its last reply."""

    def __init__(self, api: Api, settings: Settings) -> None:
        super().__init__(replace(api, judge=self._heard), settings)
        self._status = 0

    def _heard(self, reply: httpx.Response) -> None:
        self._status = reply.status_code

    @property
    def refused_question(self) -> bool:
        """Whether what failed last may have failed for what was asked."""
        return self._status in _OF_THE_QUESTION


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
        """How many pages the listing has, by its own count."""
        return max(1, -(-self.total // self.per_page))

    @property
    def is_whole(self) -> bool:
        """Whether it holds as many records as its place in the listing demands."""
        before = (self.number - 1) * self.per_page
        return len(self.records) == min(self.per_page, max(0, self.total - before))


@dataclass
class Form:
    """How questions travel: in a JSON `body` on GET, or in the `query`. Shared by the listings of a run: where one
    finds that bodies are refused on their way and the form `may_change`, all go on with the query."""

    name: str = "body"
    may_change: bool = False


@dataclass(frozen=True)
class Listing:
    """A question to `/{path}`."""

    client: ApiClient
    path: str
    page_size: int | None
    select: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    newest_first: bool = False
    ordered: bool = True
    form: Form = field(default_factory=Form)

    async def page(self, number: int) -> Page:
        asked = self.form.name
        try:
            reply = await self._ask(number)
        except FormRefused:
            if not self.form.may_change or asked == "query":
                raise
            logger.warning("QTickets: a GET with a body is refused on its way; asking in the query from now on")
            self.form.name = "query"
            reply = await self._ask(number)
        return _page(self.path, number, reply)

    async def _ask(self, number: int) -> Any:
        question = self._question(number)
        if self.form.name == "query":
            return await self.client.get(self.path, query=list(_brackets(question)))
        # The page in the query as well: where a proxy drops the body of a GET, the pages must still turn.
        paging: Query = [("page", number)]
        if self.page_size:
            paging.append(("perPage", self.page_size))
        return await self.client.get(self.path, query=paging, body=question)

    def without_select(self) -> Listing:
        return replace(self, select=())

    def plain(self) -> Listing:
        """Without what only makes the answer smaller or tidier."""
        return replace(self, select=(), ordered=False, page_size=None)

    def _question(self, number: int) -> dict[str, Any]:
        question: dict[str, Any] = {"page": number}
        if self.ordered:
            question["orderBy"] = {"id": "desc" if self.newest_first else "asc"}
        if self.page_size:
            question["perPage"] = self.page_size
        if self.where:
            question["where"] = [{"column": c.column, "operator": c.operator, "value": c.value} for c in self.where]
        if self.select:
            question["select"] = list(self.select)
        return question


def _brackets(question: dict[str, Any]) -> Sequence[tuple[str, str]]:
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

    walk("", question)
    return pairs


def _page(path: str, number: int, reply: Any) -> Page:
    """Raises SourceError for anything that is not a page: an error must never pass for an empty page."""
    records = _records(reply.get("data")) if isinstance(reply, dict) else None
    if records is None:
        raise SourceError(
            f"QTickets answered GET /{path} (page {number}) without `data`{_code(reply)}.", transient=True
        )
    paging = reply.get("paging")
    said = paging if isinstance(paging, dict) else {}
    total, per_page, current = (whole(said.get(name)) for name in ("total", "perPage", "currentPage"))
    if (total is None or per_page is None) and number > 1 and not records:
        total, per_page = 0, 1
    if total is None or total > _MOST_RECORDS or not per_page:
        raise SourceError(f"QTickets answered GET /{path} (page {number}) without `paging`.", transient=True)
    if current not in (None, number):
        raise SourceError(f"QTickets answered GET /{path} (page {number}) with page {current}.", transient=True)
    return Page(number, per_page, total, records)


def _records(data: Any) -> list[Record] | None:
    """PHP sends a list whose keys have gaps as an object. A record that is no object is an empty one, to be judged,
    unless all are such."""
    if isinstance(data, dict) and data and all(str(key).isdecimal() for key in data):
        data = list(data.values())
    if not isinstance(data, list) or (data and not any(isinstance(record, dict) for record in data)):
        return None
    return [record if isinstance(record, dict) else {} for record in data]


def _code(reply: Any) -> str:
    code = reply.get("code") if isinstance(reply, dict) else None
    return f", with the code {code}" if isinstance(code, str) and CODE.fullmatch(code) else ""
