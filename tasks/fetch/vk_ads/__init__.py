"""VK Ads: daily statistics by ad with what its tags are made of, from today's or the legacy API (VK_API)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from tasks.errors import SourceError
from tasks.fetch import beside, kinds, traffic
from tasks.fetch.vk_ads import legacy, today
from tasks.fetch.vk_ads.figures import TRIES, Statistics, check_complete, check_unit, comparable
from tasks.fetch.vk_ads.values import Record, Row, name_of, whole
from tasks.landing import Fetched
from tasks.settings import Settings, require
from tasks.translation import numbered
from tasks.window import MOSCOW, Window

logger = logging.getLogger("zakaz.fetch")

VERSION = "3"
COLUMNS = (
    "stat_date", "account_id", "campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "ad_id",
    "impressions", "clicks", "spent", "conversions", "currency", "link", "group_utm", "enable_utm",
)  # fmt: skip
HISTORY_DAYS = 365
"""VK gives statistics of the last 366 days."""

_LATEST = 4_102_444_800
"""The year 2100, in seconds."""
LEGACY_CURRENCY = "RUB"
"""The legacy API documents its money in roubles and has no field for a currency."""


def check_settings(settings: Settings) -> None:
    """Raises SettingsError if a setting that the chosen API needs is missing or malformed."""
    if settings.vk_api == "legacy":
        require(settings, "VK_TOKEN")
        require(settings, "VK_ACCOUNT_ID")
    elif settings.vk_token:
        require(settings, "VK_TOKEN")
    else:
        require(settings, "VK_CLIENT_ID")
        require(settings, "VK_CLIENT_SECRET")


def reads(settings: Settings) -> str:
    """The address and, after a #, the API and the account that are named, where they are."""
    is_legacy = settings.vk_api == "legacy"
    named = settings.vk_account_id if is_legacy else settings.vk_agency_client or settings.vk_account_id
    return f"{settings.vk_legacy_base_url if is_legacy else settings.vk_base_url}#{settings.vk_api} {named or ''}"


def credential(settings: Settings) -> str:
    """What opens one account alone."""
    fixed = settings.vk_token.get_secret_value() if settings.vk_token else ""
    who = hashlib.sha256(fixed.encode()).hexdigest() if fixed else settings.vk_client_id
    return f"{reads(settings)} {who}" if who else ""


def fetch_ad_days(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    """Columns: COLUMNS, all text; grain: day x ad; money net of VAT. An ad whose figures the API no longer gives
    has no row: what was loaded of it stays. Null in campaign, group, link or currency: not in the API's replies.
    Raises SourceError, also for incomplete statistics: what is absent is missing, not zero."""
    load = _legacy if settings.vk_api == "legacy" else _today
    fetched = asyncio.run(load(settings, window, as_of))
    for text in (*fetched.warnings, *fetched.notes):
        logger.warning("%s", text)
    return fetched


async def _today(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    api = today.Today(settings)
    try:
        user = None if settings.vk_account_id else await api.user()
        account_id = settings.vk_account_id or today.account_of(user or {})
        # From the bottom up: an object created meanwhile then has its parent.
        banners = await api.listing("banners")
        groups = await api.listing("ad_groups")
        listed_plans = await api.plans_or_none()
        if user is None:  # After the lists, which got the token: a second request for one could take another slot.
            user = await api.user_or_empty()
        read = await api.statistics(sorted(banners), window)
        account = await api.account_rows(user, window)
        if not read.partial and _lacks(read, account, window, as_of):
            # The list may have been short for a moment.
            banners |= (more := await api.listing("banners"))
            read.add(await api.statistics(sorted(more.keys() - read.days.keys() - set(read.lost)), window))
        if account is None and not banners and (groups or listed_plans):
            raise _no_ads(
                today.TITLE, f"{numbered(len(groups), 'group')} and {numbered(len(listed_plans or {}), 'campaign')}"
            )
        groups = await _with_parents(api, "ad_groups", groups, map(today.group_of, banners.values()))
        parents = [groups.get(key, {}) for key in map(today.group_of, banners.values()) if key is not None]
        plans = listed_plans or {}
        if listed_plans is not None:
            plan_ids = [whole(group.get("ad_plan_id")) for group in parents]
            plans = await _with_parents(api, "ad_plans", plans, plan_ids)
    finally:
        await api.close()
    notes = api.notes + check_complete(today.TITLE, window, as_of, read, account) + _lost(read)
    currency = today.currency_of(user)
    heads: dict[int, Row] = {}
    plan_of: dict[int, int | None] = {}
    for ad in read.days.keys() | read.partial.keys():
        group_id = today.group_of(banners[ad])
        group = groups.get(-1 if group_id is None else group_id, {})
        plan_of[ad] = plan_id = whole(group.get("ad_plan_id"))
        plan = plans.get(-1 if plan_id is None else plan_id, {})
        tags = today.tags_of(group)
        heads[ad] = {
            "account_id": account_id,
            "campaign_id": _text(plan_id),
            "campaign_name": name_of(plan.get("name")),
            "ad_group_id": _text(group_id),
            "ad_group_name": name_of(group.get("name")),
            "ad_id": str(ad),
            "currency": currency,
            # Without its group the tags of the link are not known.
            "link": today.link_of(banners[ad]) if tags else None,
            "group_utm": tags[1] if tags else None,
            "enable_utm": tags[0] if tags else "false",
        }
    for by, objects in ((plan_of, plans), ({ad: today.group_of(banners[ad]) for ad in heads}, groups)):
        spend = ((by[ad], row) for ad, days in (read.days | read.partial).items() for row in days)
        notes += check_unit(
            today.TITLE, window, spend, {key: one.get("budget_limit_day") for key, one in objects.items()}
        )
    if without_goals := sum(row["conversions"] is None for row in read.rows):
        text = f"{today.TITLE} did not tell the goals of {numbered(without_goals, 'ad day')}: no conversions count"
        (api.warnings if without_goals > len(read.rows) / 2 else notes).append(text)
    if orphans := sum(plan not in plans if listed_plans is not None else plan is None for plan in plan_of.values()):
        api.warnings.append(
            f"{today.TITLE} did not tell the campaign or group of {numbered(orphans, 'ad')}; what was known stays"
        )
    if unlinked := sum(head["link"] is None and plan_of[ad] is not None for ad, head in heads.items()):
        notes.append(f"{today.TITLE} did not tell the links of {numbered(unlinked, 'ad')}; what was known stays")
    others = {
        "totals": beside.totals(account or [], as_of, vat="NO", currency=currency),
        "campaigns": beside.campaigns((_campaign(key, plan) for key, plan in plans.items()), as_of),
        "balance": beside.balance(today.balance_of(user), as_of, currency=currency),
    }
    return _fetched(heads, read, window, api.warnings, notes, len(banners), today.marks_of(user), others)


async def _with_parents(
    api: today.Today, resource: str, listed: dict[int, Record], wanted: Iterable[int | None]
) -> dict[int, Record]:
    """The list, with missing objects requested by id. If all are missing the reply is wrong: raises SourceError."""
    ids = {key for key in wanted if key is not None}
    if missing := ids - listed.keys():
        listed = listed | (await api.these(resource, missing) or {})
    if ids and not ids & listed.keys():
        raise SourceError(
            f"{today.TITLE} sent none of the {len(ids)} {resource} that its ads belong to. "
            "Nothing was loaded; the next run tries again.",
            transient=True,
        )
    return listed


async def _legacy(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    api = legacy.Legacy(settings)
    async with api.client:
        ads = await api.ads()
        campaign_of = {ad: whole(one.get("campaign_id")) for ad, one in ads.items()}
        read = await api.statistics(sorted(ads), window)
        account = await api.account_rows({key for key in campaign_of.values() if key is not None}, window)
        if account == [] and any(read.rows):
            account = None  # An empty total above ads with figures is wrong.
        for attempt in range(TRIES - 1):
            lacks = bool(read.partial) if account is None else _lacks(read, account, window, as_of)
            if not lacks and not read.contradicted:
                break
            traffic.count(retries=1)
            figures = read.days | read.partial
            silent = [ad for ad, rows in figures.items() if not rows or ad in read.contradicted]
            # First those without any day; then all, as any other may lack one.
            read.add(await api.statistics(sorted(figures if attempt or not silent else silent), window))
        if not read.partial and _lacks(read, account, window, as_of):
            # The list may have been short for a moment.
            ads |= (more := await api.ads())
            read.add(await api.statistics(sorted(more.keys() - campaign_of.keys()), window))
            campaign_of |= {ad: whole(one.get("campaign_id")) for ad, one in more.items()}
        campaigns = await api.campaigns_or_empty({key for key in campaign_of.values() if key is not None})
        links = await api.links(sorted(ads))
    if not ads and campaigns and account is None:
        raise _no_ads(legacy.TITLE, numbered(len(campaigns), "campaign"))
    notes = list(api.notes)
    if ads and not read.rows and not account:
        # Seen since 2022 for accounts that the API no longer serves. It proves nothing: loaded rows stay.
        text = f"{legacy.TITLE} has no statistics at all of {numbered(len(ads), 'ad')}; what was loaded stays"
        (api.warnings if read.partial else notes).append(text)
        read = Statistics()
    else:
        notes += check_complete(legacy.TITLE, window, as_of, read, account)
    if orphans := sum(campaign is None for campaign in campaign_of.values()):
        text = f"{legacy.TITLE} did not tell the campaign of {numbered(orphans, 'ad')}; what was known stays"
        api.warnings.append(text)
    heads: dict[int, Row] = {
        ad: {
            "account_id": api.account_id,
            "campaign_id": _text(campaign),
            "campaign_name": name_of(campaigns.get(-1 if campaign is None else campaign, {}).get("name")),
            "ad_group_id": "0",
            "ad_id": str(ad),
            "currency": LEGACY_CURRENCY,
            "link": links.get(ad),
        }
        for ad, campaign in campaign_of.items()
    }
    # The sum of the campaigns, which takes the place of an absent total above, is no word of the source.
    if api.office_rows is None and account is not None:
        notes.append(f"{legacy.TITLE} did not tell the account's totals")
    others = {
        "totals": beside.totals(api.office_rows or [], as_of, vat="NO", currency=LEGACY_CURRENCY),
        "campaigns": beside.campaigns((_old_campaign(key, one) for key, one in campaigns.items()), as_of),
    }
    return _fetched(heads, read, window, api.warnings, notes, len(ads), (f"legacy {api.account_id}",), others)


def _campaign(key: int, plan: Record) -> Row:
    return {
        "campaign_id": str(key),
        "campaign_name": name_of(plan.get("name")),
        "status_told": kinds.state(plan.get("status")),
        "starts_on": kinds.instant(plan.get("date_start")),
        "ends_on": kinds.instant(plan.get("date_end")),
        "budget_day": kinds.number(plan.get("budget_limit_day")),
    }


def _old_campaign(key: int, campaign: Record) -> Row:
    """Times are seconds, 0 where there is none."""
    return {
        "campaign_id": str(key),
        "campaign_name": name_of(campaign.get("name")),
        "status_told": kinds.state(campaign.get("status")),
        "starts_on": _moscow_day(campaign.get("start_time")),
        "ends_on": _moscow_day(campaign.get("stop_time")),
        "budget_day": kinds.number(campaign.get("day_limit")),
    }


def _moscow_day(seconds: object) -> str | None:
    found = whole(seconds)
    return str(datetime.fromtimestamp(found, UTC).astimezone(MOSCOW).date()) if found and found < _LATEST else None


def _lacks(read: Statistics, account: list[Row] | None, window: Window, as_of: datetime) -> bool:
    whole_account = comparable(account or [], window, as_of)
    return account is not None and comparable(read.rows, window, as_of).is_short(whole_account)


def _no_ads(title: str, others: str) -> SourceError:
    return SourceError(
        f"{title} sent no ads at all, though it has {others}. Nothing was loaded; the next run tries again.",
        transient=True,
    )


def _lost(read: Statistics) -> list[str]:
    if not read.lost:
        return []
    return [f"{today.TITLE} gives no more figures of {numbered(len(read.lost), 'ad')}; what was loaded stays"]


def _fetched(
    heads: dict[int, Row],
    read: Statistics,
    window: Window,
    warnings: list[str],
    notes: list[str],
    ads: int,
    marks: tuple[str, ...],
    others: Mapping[str, Fetched],
) -> Fetched:
    """A listed ad without a row gets one of zeros: the API knows the ad and it had no delivery."""
    figures = read.days | read.partial
    rows = [heads[ad] | day for ad, days in figures.items() for day in days or [_undelivered(window)]]
    facts = {"ad_days": len(rows), "ads": ads}
    return Fetched(rows, COLUMNS, tuple(warnings), facts, notes=tuple(notes), marks=marks, beside=others)


def _undelivered(window: Window) -> Row:
    return {"stat_date": str(window.first), "impressions": "0", "clicks": "0", "spent": "0", "conversions": "0"}


def _text(key: int | None) -> str | None:
    return None if key is None else str(key)
