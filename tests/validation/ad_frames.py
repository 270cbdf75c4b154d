"""Rows of advertising, raw and finished, that are right in everything, to be broken in one thing at a time."""

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import polars as pl

from tests.validation.frames import raw, typed

_RAW: dict[str, str | None] = {
    "stat_date": "2026-01-19",
    "account_id": "a",
    "campaign_id": "700012672",
    "campaign_name": "Хиты",
    "ad_group_id": "5757287178",
    "ad_id": "17735868496",
    "impressions": "3955",
    "clicks": "132",
    "conversions": "4",
    "currency": "RUB",
    "link": "https://afisha.example.invalid/?utm_content=msk_01_10",
}
RAW_DIRECT = _RAW | {
    "cost": "5222.40",
    "include_vat": "YES",
    "group_tracking": None,
    "campaign_tracking": None,
    "link_known": "true",
}
RAW_VK = _RAW | {"spent": "1662.33", "ad_group_name": "Ретаргетинг", "group_utm": None, "enable_utm": "false"}
FACT: dict[str, tuple[Any, Any]] = {
    "stat_date": (pl.Date, date(2026, 1, 19)),
    "account": (pl.String, "main"),
    "account_id": (pl.String, "a"),
    "campaign_id": (pl.UInt64, 1),
    "ad_group_id": (pl.UInt64, 1),
    "ad_id": (pl.UInt64, 1),
    "campaign_name": (pl.String, "Хиты"),
    "impressions": (pl.UInt64, 100),
    "clicks": (pl.UInt64, 5),
    "spent": (pl.Decimal(18, 2), Decimal("10.00")),
    "spent_has_vat": (pl.UInt8, 0),
    "currency": (pl.String, "RUB"),
    "conversions": (pl.UInt64, 1),
    "utm_source": (pl.String, "vk"),
    "utm_medium": (pl.String, "cpc"),
    "utm_campaign": (pl.String, ""),
    "utm_content": (pl.String, "msk_01_10"),
    "utm_term": (pl.String, ""),
    "utm_city": (pl.String, "москва"),
    "utm_day": (pl.UInt8, 1),
    "utm_month": (pl.UInt8, 10),
}


raw_direct, raw_vk = partial(raw, RAW_DIRECT), partial(raw, RAW_VK)


def ad_days(*changes: dict[str, Any]) -> pl.DataFrame:
    return typed(FACT, changes)
