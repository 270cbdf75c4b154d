"""The cheapest authorised call of each API, for the smoke test. Each returns a few words, or raises SourceError."""

from __future__ import annotations

import asyncio

from tasks.fetch.direct.service import Direct
from tasks.fetch.http import ApiClient
from tasks.fetch.qtickets import api_of, first_form
from tasks.fetch.qtickets.listing import Listing
from tasks.fetch.vk_ads.legacy import Legacy
from tasks.fetch.vk_ads.today import Today
from tasks.settings import Settings
from tasks.translation import numbered


def qtickets(settings: Settings) -> str:
    """One event."""

    async def probe() -> str:
        async with ApiClient(api_of(settings), settings) as client:
            page = await Listing(client, "events", 1, select=("id",), form=first_form(settings)).page(1)
            return numbered(page.total, "event")

    return asyncio.run(probe())


def vk_ads(settings: Settings) -> str:
    """The account of the token; of the old API, the campaigns."""

    async def probe() -> str:
        if settings.vk_api == "legacy":
            legacy = Legacy(settings)
            async with legacy.client:
                return numbered(len(await legacy.campaigns()), "campaign")
        api = Today(settings.model_copy(update={"vk_account_id": None}))
        try:
            return f"it is the account {await api.account_id()}"
        finally:
            await api.close()

    return asyncio.run(probe())


def direct(settings: Settings) -> str:
    """One campaign: eleven points."""

    async def probe() -> str:
        api = Direct(settings)
        async with api.client:
            parameters = {"SelectionCriteria": {}, "FieldNames": ["Id"], "Page": {"Limit": 1, "Offset": 0}}
            await api.call("campaigns", "get", parameters)
            return f"{api.points_left:.0%} of the day's points left"

    return asyncio.run(probe())
