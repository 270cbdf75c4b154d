"""Yandex Direct: daily figures by ad with the links of the ads, in as few calls as the limits allow."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from tasks.fetch.yandex_direct.objects import Links, campaigns, changed_since, links
from tasks.fetch.yandex_direct.reports import FIELDS, Row, ad_days
from tasks.fetch.yandex_direct.service import Direct
from tasks.landing import Fetched
from tasks.settings import Settings, require
from tasks.window import Window, moscow_today

logger = logging.getLogger("zakaz.fetch")

VERSION = "1"
COLUMNS = (
    *FIELDS,
    "account_id",
    "include_vat",
    "currency",
    "link",
    "group_tracking",
    "campaign_tracking",
    "link_known",
)
_ASKED_BACK = 30
"""Days over which corrections are asked for: longer than any loader should have been down."""
HISTORY_DAYS = 3 * 365
"""Direct keeps statistics for three years before the current month."""


def check_settings(settings: Settings) -> None:
    """Raises SettingsError where the login or the token is missing."""
    require(settings.direct_login, "DIRECT_LOGIN", ".env.direct")
    require(settings.direct_token, "DIRECT_TOKEN", ".env.direct")


def account(settings: Settings) -> str:
    return f"{settings.direct_base_url}#{settings.direct_login}#{settings.direct_version}"


def fetch_ad_days(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    """Columns: COLUMNS, all text; grain: day x campaign x group x ad. Money with or without VAT as AD_SPEND_VAT
    says, which `include_vat` repeats.

    The window grows back to the first day that Direct says it has changed lately. Raises SourceError.
    """
    return asyncio.run(_fetch(settings, window, as_of))


async def _fetch(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    direct = Direct(settings)
    vat = "YES" if settings.ad_spend_vat == "include" else "NO"
    async with direct.client:
        tracking = await campaigns(direct)
        window = await _with_changed_days(direct, window, as_of, list(tracking))
        rows = await ad_days(direct, settings, window, as_of, vat)
        known, warnings = Links(), []
        if direct.must_save_points:
            warnings.append("Direct's points are nearly used up: tags of new ads will come with a later run")
            logger.warning("%s", warnings[0])
        elif rows:
            known = await links(direct, rows, tracking)
        return Fetched(
            [_with_link(row, known, direct.login, vat) for row in rows],
            COLUMNS,
            tuple(warnings),
            {"ad_days": len(rows), "ads": len(known.ads)},
            window=window,
        )


async def _with_changed_days(direct: Direct, window: Window, as_of: datetime, ids: list[int]) -> Window:
    """Direct corrects older days now and then. Asked over the length of the window, so that a correction is found
    by several runs and none that fails loses it."""
    if window.last < moscow_today(as_of) - timedelta(days=1) or not ids or direct.must_save_points:
        return window
    since = as_of.astimezone(UTC) - timedelta(days=max(window.days, _ASKED_BACK))
    border = await changed_since(direct, ids, since)
    if border is None or border >= window.first:
        return window
    logger.info("Yandex Direct changed days since %s; the window begins there", border)
    return Window(first=border, last=window.last)


def _with_link(row: Row, known: Links, login: str, vat: str) -> Row:
    ad, group, campaign = (_number(row.get(name)) for name in ("ad_id", "ad_group_id", "campaign_id"))
    # Ads of the campaign wizard have no id and so no link; that is knowledge too. An ad whose group is not known is
    # not: the group's parameters would win over the link's.
    is_known = not ad or (ad in known.ads and (not group or group in known.groups))
    return row | {
        "account_id": login,
        "include_vat": vat,
        "link": known.ads.get(ad),
        "group_tracking": known.groups.get(group),
        "campaign_tracking": known.campaigns.get(campaign),
        "link_known": "true" if is_known else "false",
    }


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
