"""Frames of raw and of finished rows, of sales and of advertising, that are right in everything, to be broken in one thing at a
time."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import polars as pl

RAW_ORDER: dict[str, str | None] = {
    "ticket_id": "12000001", "order_id": "1000001", "event_id": "24000", "show_id": "150001", "payed": "true",
    "payed_at": "2025-06-01T12:23:40+03:00", "created_at": "2025-06-01T12:21:14+03:00", "order_deleted_at": None,
    "ticket_deleted_at": None, "order_price": "833", "order_original_price": "980", "original_price": "490",
    "currency": "RUB", "price": "343", "quantity": "1", "price_is_for": "unit", "refunded_at": None,
    "refunded_amount": None, "promo_code_id": "168000", "discount_id": "6800", "discount": "147",
    "utm_source": "vk", "utm_medium": "cpc", "utm_campaign": None, "utm_content": None, "utm_term": None,
}  # fmt: skip
RAW_EVENT: dict[str, str | None] = {
    "event_id": "24000", "event_name": "Щелкунчик", "is_active": "1", "currency": "RUB", "venue": "Дворец",
    "event_deleted_at": None, "city": "Томск", "timezone": "Asia/Tomsk", "shows_known": "true", "show_id": None,
    "show_start_at": None, "show_deleted_at": None, "show_is_active": "1", "sale_starts_at": None,
    "sale_ends_at": None,
}  # fmt: skip
_INSTANT, _MONEY = pl.Datetime("ms", "UTC"), pl.Decimal(18, 2)
TICKET: dict[str, tuple[Any, Any]] = {
    "account": (pl.String, "main"), "ticket_id": (pl.UInt64, 1), "order_id": (pl.UInt64, 1),
    "event_id": (pl.UInt64, 1), "show_id": (pl.UInt64, 0), "state": (pl.String, "paid"),
    "ordered_at": (_INSTANT, datetime(2025, 6, 1, tzinfo=UTC)),
    "paid_at": (_INSTANT, datetime(2025, 6, 1, tzinfo=UTC)), "price": (_MONEY, Decimal("343.00")),
    "quantity": (pl.UInt32, 1), "amount": (_MONEY, Decimal("343.00")), "refunded_amount": (_MONEY, Decimal("0.00")),
    "refunded_at": (_INSTANT, None), "currency": (pl.String, "RUB"),
    **{f"utm_{name}": (pl.String, "") for name in ("source", "medium", "campaign", "content", "term")},
    "promo_code_id": (pl.UInt64, 0), "discount_id": (pl.UInt64, 0), "discount": (_MONEY, Decimal(0)),
}  # fmt: skip


def raw(good: dict[str, str | None], *changes: dict[str, str | None]) -> pl.DataFrame:
    """A row a change."""
    return pl.DataFrame([good | change for change in changes], schema=dict.fromkeys(good, pl.String))


raw_orders, raw_events = partial(raw, RAW_ORDER), partial(raw, RAW_EVENT)


def tickets(*changes: dict[str, Any]) -> pl.DataFrame:
    return typed(TICKET, changes).with_columns(pl.coalesce("paid_at", "ordered_at").alias("booked_at"))


def of_main(facts: pl.DataFrame) -> pl.DataFrame:
    """What a transform made, as a load of the account `main` has it."""
    return facts.with_columns(pl.lit("main").alias("account"))


def typed(columns: dict[str, tuple[Any, Any]], changes: tuple[dict[str, Any], ...]) -> pl.DataFrame:
    good = {name: value for name, (_, value) in columns.items()}
    return pl.DataFrame(
        [good | change for change in changes], schema={name: kind for name, (kind, _) in columns.items()}
    )


_RAW: dict[str, str | None] = {
    "stat_date": "2026-01-19", "account_id": "a", "campaign_id": "700012672", "campaign_name": "Хиты",
    "ad_group_id": "5757287178", "ad_id": "17735868496", "impressions": "3955", "clicks": "132", "conversions": "4",
    "currency": "RUB", "link": "https://afisha.example.invalid/?utm_content=msk_01_10",
}  # fmt: skip
RAW_DIRECT = _RAW | {
    "cost": "5222.40", "include_vat": "YES", "group_tracking": None, "campaign_tracking": None,
    "link_known": "true",
}  # fmt: skip
RAW_VK = _RAW | {"spent": "1662.33", "ad_group_name": "Ретаргетинг", "group_utm": None, "enable_utm": "false"}
FACT: dict[str, tuple[Any, Any]] = {
    "stat_date": (pl.Date, date(2026, 1, 19)), "account": (pl.String, "main"), "account_id": (pl.String, "a"),
    "campaign_id": (pl.UInt64, 1), "ad_group_id": (pl.UInt64, 1), "ad_id": (pl.UInt64, 1),
    "campaign_name": (pl.String, "Хиты"), "impressions": (pl.UInt64, 100), "clicks": (pl.UInt64, 5),
    "spent": (pl.Decimal(18, 2), Decimal("10.00")), "spent_has_vat": (pl.UInt8, 0), "currency": (pl.String, "RUB"),
    "conversions": (pl.UInt64, 1), "utm_source": (pl.String, "vk"), "utm_medium": (pl.String, "cpc"),
    "utm_campaign": (pl.String, ""), "utm_content": (pl.String, "msk_01_10"), "utm_term": (pl.String, ""),
    "utm_city": (pl.String, "москва"), "utm_day": (pl.UInt8, 1), "utm_month": (pl.UInt8, 10),
    "link_event_id": (pl.UInt64, 0),
}  # fmt: skip


raw_direct, raw_vk = partial(raw, RAW_DIRECT), partial(raw, RAW_VK)


def ad_days(*changes: dict[str, Any]) -> pl.DataFrame:
    return typed(FACT, changes)
