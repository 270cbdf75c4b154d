"""What a report does not have: campaigns with their currency, links and tracking parameters of ads.

None of it is needed for the figures, so a load goes on without it. What one of these services refuses or leaves out
is unknown, which is not the same as empty: the warehouse may know it from an earlier load.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from tasks.errors import SourceError
from tasks.fetch import kinds
from tasks.fetch.direct.service import Direct, Refused
from tasks.fetch.direct.table import one_line
from tasks.fetch.direct.values import Object, identifier, part
from tasks.fetch.paging import batches
from tasks.translation import numbered

logger = logging.getLogger("zakaz.fetch")

_ADS_A_CALL = 10_000
_GROUPS_A_CALL = 1_000
_CAMPAIGNS_A_CALL = 1_000
_MALFORMED = {4000, 8000}
"""Error codes for a request that Direct does not understand."""
_MICROS = 1_000_000
_LINKED_ADS = ("TextAd", "TextImageAd", "TextAdBuilderAd", "CpcVideoAdBuilderAd", "CpmBannerAdBuilderAd")
_LINKED_IN_V501 = ("ResponsiveAd",)
_LINKLESS = {"DYNAMIC_TEXT_AD", "SMART_AD", "SHOPPING_AD", "LISTING_AD", "MOBILE_APP_AD"}
"""Kinds of ads that have no link by nature."""
_CAMPAIGN_KINDS = {
    "TEXT_CAMPAIGN": "TextCampaign",
    "UNIFIED_CAMPAIGN": "UnifiedCampaign",
    "DYNAMIC_TEXT_CAMPAIGN": "DynamicTextCampaign",
    "SMART_CAMPAIGN": "SmartCampaign",
}


@dataclass(frozen=True)
class Campaign:
    """None: not in the reply. `daily_budget` is in the account's currency, net of VAT. `state`: whether it runs,
    and what moderation says."""

    name: str | None = None
    currency: str | None = None
    tracking: str | None = None
    daily_budget: Decimal | None = None
    state: str | None = None
    starts_on: str | None = None
    ends_on: str | None = None


@dataclass(frozen=True)
class Links:
    """By id: an ad's link (None where it has none), tracking parameters of groups. What is absent is unknown."""

    ads: dict[int, str | None] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)


def unavailable(service: str, error: SourceError) -> str:
    """The text of a warning: which optional service did not answer, and why. Raises the error if access was denied:
    then no service will answer."""
    if isinstance(error, Refused) and error.is_access:
        raise error
    reason = str(error).partition(". ")[0].rstrip(".")
    logger.warning("%s, so this load goes on without %s", reason, service)
    return f"{service} ({reason})"


async def campaigns(
    direct: Direct, unread: list[str], only: Collection[int] | None = None
) -> tuple[dict[int, Campaign], bool]:
    """All campaigns that Direct lists, or `only` those: it never lists campaigns of the campaign wizard.

    With them, whether Direct answered to the end; `unread` grows by what it did not answer.
    """
    kinds = {f"{kind}FieldNames": ["TrackingParams"] for kind in _CAMPAIGN_KINDS.values()}
    names = ["Id", "Type", "Name", "Currency", "DailyBudget", "State", "Status", "StartDate", "EndDate"]
    fields: Object = {"FieldNames": names, **kinds}
    criteria: list[Object] = (
        [{}] if only is None else [{"Ids": ids} for ids in batches(sorted(only), _CAMPAIGNS_A_CALL)]
    )
    found: dict[int, Campaign] = {}
    try:
        for wanted in criteria:
            listed, fields = await _get(direct, ("campaigns", "Campaigns"), wanted, fields, unread)
            found |= {number: _campaign(item) for number, item in _by_id(listed).items()}
    except SourceError as error:
        unread.append(unavailable("campaigns.get", error))
        return found, False
    if nameless := sum(campaign.currency is None for campaign in found.values()):
        unread.append(f"currency of {numbered(nameless, 'campaign')}")
    return found, True


async def links(direct: Direct, ads: Collection[int], groups: Collection[int], unread: list[str]) -> Links:
    """Links of these ads and parameters of these groups, in as few calls as the limits allow. What a reply lacks
    is requested once more."""
    kinds = _LINKED_ADS + (_LINKED_IN_V501 if direct.version == "v501" else ())
    of_ads: Object = {"FieldNames": ["Id", "Type"], **{f"{kind}FieldNames": ["Href"] for kind in kinds}}
    of_groups: Object = {"FieldNames": ["Id", "TrackingParams"]}
    found_ads = await _get_by_ids(direct, ("ads", "Ads"), batches(sorted(ads), _ADS_A_CALL), of_ads, unread)
    found_groups = await _get_by_ids(
        direct, ("adgroups", "AdGroups"), batches(sorted(groups), _GROUPS_A_CALL), of_groups, unread
    )
    return Links(
        {number: _href(ad, kinds) for number, ad in found_ads.items() if _has_link_field(ad, kinds)},
        {
            number: _text(group["TrackingParams"])
            for number, group in found_groups.items()
            if _has_text(group, "TrackingParams")
        },
    )


async def _get_by_ids(
    direct: Direct, of: tuple[str, str], parts: Iterable[list[int]], fields: Object, unread: list[str]
) -> dict[int, Object]:
    found: dict[int, Object] = {}
    try:
        for ids in parts:
            for _attempt in range(2):
                if missing := [number for number in ids if number not in found]:
                    came, fields = await _get(direct, of, {"Ids": missing}, fields, unread)
                    found |= _by_id(came)
    except SourceError as error:
        unread.append(unavailable(f"{of[0]}.get", error))
    return found


async def _get(
    direct: Direct, of: tuple[str, str], criteria: Object, fields: Object, unread: list[str]
) -> tuple[list[Object], Object]:
    """As `Direct.get`, with the fields that Direct accepted. It refuses a whole request for one
    unknown field; then each field is tried alone, and those that it refuses are left out."""
    service, key = of
    request: Object = {"SelectionCriteria": criteria}
    try:
        return await direct.get(service, key, request | fields), fields
    except Refused as error:
        if error.code not in _MALFORMED:
            raise
    taken: Object = {"FieldNames": ["Id"]}
    left_out: list[str] = []
    for name, value in fields.items():
        for each in value:
            if each == "Id":
                continue
            wider = taken | {name: [*taken.get(name, []), each]}
            try:
                await direct.call(service, "get", request | wider | {"Page": {"Limit": 1, "Offset": 0}})
                taken = wider
            except Refused as error:
                if error.code not in _MALFORMED:
                    raise
                what = each if name == "FieldNames" else name
                left_out.append(f"{what} of {service}.get (refused with code {error.code})")
    found = await direct.get(service, key, request | taken)
    unread += left_out
    return found, taken


def _by_id(items: list[Object]) -> dict[int, Object]:
    return {number: item for item in items if (number := identifier(item.get("Id")))}


def _campaign(item: Object) -> Campaign:
    name, currency = item.get("Name"), str(item.get("Currency") or "").strip().upper()
    budget = identifier(part(item, "DailyBudget").get("Amount"))
    return Campaign(
        one_line(name[: kinds.LONGEST]) if isinstance(name, str) else None,
        currency if re.fullmatch("[A-Z]{3}", currency) else None,
        _tracking(item),
        Decimal(budget) / _MICROS if budget else None,
        " ".join(text for text in (kinds.state(item.get(key)) for key in ("State", "Status")) if text) or None,
        kinds.instant(item.get("StartDate")),
        kinds.instant(item.get("EndDate")),
    )


def _tracking(item: Object) -> str | None:
    """None if this type of campaign has parameters and the reply has none: fields of another type get neither
    a value nor an error."""
    values = [
        part(item, kind)["TrackingParams"]
        for kind in _CAMPAIGN_KINDS.values()
        if _has_text(part(item, kind), "TrackingParams")
    ]
    if not values and str(item.get("Type")) in _CAMPAIGN_KINDS:
        return None
    return next(filter(None, map(_text, values)), "")


def _has_link_field(ad: Object, kinds: tuple[str, ...]) -> bool:
    return str(ad.get("Type")) in _LINKLESS or any(_has_text(part(ad, kind), "Href") for kind in kinds)


def _href(ad: Object, kinds: tuple[str, ...]) -> str | None:
    values = (part(ad, kind)["Href"] for kind in kinds if _has_text(part(ad, kind), "Href"))
    return next(filter(None, map(_text, values)), None)


def _has_text(item: Object, name: str) -> bool:
    """Whether the field is in the reply, be it null."""
    return name in item and isinstance(item[name], str | None) and len(item[name] or "") <= kinds.LONGEST_LINK


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
