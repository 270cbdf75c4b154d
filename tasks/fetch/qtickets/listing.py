"""One list endpoint of QTickets, page by page: how a question is put and what an honest page looks like.

Knows the envelope and the ways to send a filter; which pages to read is decided in `reading.py`.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tasks.errors import SourceError
from tasks.fetch.http import ApiClient, FormRefused, Query

logger = logging.getLogger("zakaz.fetch")

Record = dict[str, Any]

# The one part of an error's body that may be shown: a word of the API's own, e.g. UNKNOWN_ERROR. Its text may
# repeat what was sent.
CODE = re.compile(r"[A-Z][A-Z_]{2,39}")


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
        return max(1, math.ceil(self.total / self.per_page))


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
    page_size: int
    select: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    newest_first: bool = False
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
        paging: Query = [("page", number), ("perPage", self.page_size)]
        return await self.client.get(self.path, query=paging, body=question)

    def without_select(self) -> Listing:
        return replace(self, select=())

    def _question(self, number: int) -> dict[str, Any]:
        question: dict[str, Any] = {
            "orderBy": {"id": "desc" if self.newest_first else "asc"},
            "page": number,
            "perPage": self.page_size,
        }
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
    data = reply.get("data") if isinstance(reply, dict) else None
    paging = reply.get("paging") if isinstance(reply, dict) else None
    if not isinstance(data, list) or not all(isinstance(record, dict) for record in data):
        raise SourceError(
            f"QTickets answered GET /{path} (page {number}) without `data`{_code(reply)}.", transient=True
        )
    try:
        total, per_page = int(paging["total"]), int(paging["perPage"])  # type: ignore[index]
        current = int(paging.get("currentPage", number))  # type: ignore[union-attr]
    except (TypeError, KeyError, ValueError):
        total, per_page, current = (len(data), 1, number) if number > 1 and not data else (-1, 0, number)
    if total < 0 or per_page < 1:
        raise SourceError(f"QTickets answered GET /{path} (page {number}) without `paging`.", transient=True)
    if current != number:
        raise SourceError(f"QTickets answered GET /{path} (page {number}) with page {current}.", transient=True)
    return Page(number, per_page, total, data)


def _code(reply: Any) -> str:
    code = reply.get("code") if isinstance(reply, dict) else None
    return f", with the code {code}" if isinstance(code, str) and CODE.fullmatch(code) else ""
