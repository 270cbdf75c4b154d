"""A page of one of the lists: campaigns (``ad_plans``), groups, ads (``banners``), deleted ones too.

Of the vendor's many fields only those that a reader of statistics may want.
"""

from __future__ import annotations

from sandbox.vk.ads import errors
from sandbox.vk.ads.switches import Switches
from sandbox.vk.cabinet import AD_GROUPS, AD_PLANS, BANNERS, Cabinet
from sandbox.vk.objects import Banner, Campaign, Group
from sandbox.vk.wire import Document, Parameters, money

_DEFAULT_LIMIT = 20
DEFAULT_FIELDS = {
    AD_PLANS: ["id", "name"],
    AD_GROUPS: ["id", "name"],
    BANNERS: ["id", "ad_group_id", "campaign_id"],
}
"""What comes unasked."""
# What a banner lacks because it has another name for it may still be asked for.
_PARENTS = ["ad_group_id", "campaign_id"]


def page(name: str, cabinet: Cabinet, parameters: Parameters, switches: Switches, turn: int) -> Document:
    """``count`` is that of everything that matches. ``turn`` shifts a list whose order is not stable."""
    found = _documents(name, cabinet)
    fields = _fields(name, found, parameters)
    only = parameters.list("_id__in")
    found = [item for item in found if not only or str(item["id"]) in only]
    if parameters.get("sorting") not in (None, "id"):
        raise errors.invalid("sorting", "bad_value", "The sandbox sorts by id alone")
    if found and not switches.stable_order and parameters.get("sorting") is None:
        start = turn % len(found)
        found = found[start:] + found[:start]
    answer = _paged(found, parameters, switches)
    answer["items"] = [{name: value for name, value in item.items() if name in fields} for item in answer["items"]]
    return answer


def clients(cabinets: list[Cabinet], parameters: Parameters, switches: Switches) -> Document:
    """An agency's clients; an account that has none is refused."""
    if not cabinets:
        raise errors.access_denied()
    return _paged([_client(cabinet) for cabinet in cabinets], parameters, switches)


def _paged(found: list[Document], parameters: Parameters, switches: Switches) -> Document:
    limit, offset = _limit(parameters, switches), _number(parameters, "offset", 0)
    answer: Document = {"count": len(found), "offset": offset}
    if switches.tells_limit:
        answer["limit"] = limit
    return answer | {"items": found[offset : offset + limit]}


def _documents(name: str, cabinet: Cabinet) -> list[Document]:
    """By id, with all their fields."""
    if name == AD_PLANS:
        return [_ad_plan(cabinet.campaigns[number]) for number in cabinet.known(name)]
    if name == AD_GROUPS:
        return [_ad_group(cabinet.groups[number]) for number in cabinet.known(name)]
    return [_banner(cabinet.banners[number]) for number in cabinet.known(name)]


def _ad_plan(campaign: Campaign) -> Document:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "status": campaign.status,
        "budget_limit_day": money(campaign.budget_day),
        "date_start": campaign.starts and str(campaign.starts),
        "date_end": campaign.ends and str(campaign.ends),
    }


def _ad_group(group: Group) -> Document:
    return {
        "id": group.id,
        "ad_plan_id": group.campaign_id,
        "name": group.name,
        "enable_utm": group.enable_utm,
        "utm": group.utm,
        "budget_limit_day": None,
    }


def _banner(banner: Banner) -> Document:
    """Links with their macros as written."""
    return {
        "id": banner.id,
        "campaign_id" if banner.old_parent else "ad_group_id": banner.group_id,
        "name": banner.name,
        "status": banner.status,
        "urls": {role: {"url": url} for role, url in banner.urls.items()},
    }


def _client(cabinet: Cabinet) -> Document:
    return {
        "access_type": "full_access",
        "status": "active",
        "user": {
            "id": cabinet.account_id,
            "username": cabinet.username,
            "status": "active",
            "account": {"id": cabinet.account_id, "balance": "10000.00", "type": "agency_client"},
            "additional_info": {"client_name": f"Клиент {cabinet.account_id}"},
        },
    }


def _fields(name: str, found: list[Document], parameters: Parameters) -> list[str]:
    wanted = parameters.list("fields")
    known = [*(found[0] if found else wanted), *(_PARENTS if name == BANNERS else ())]
    unknown = [field for field in wanted if field not in known]
    if unknown:
        raise errors.unknown_fields(unknown, known)
    return wanted or DEFAULT_FIELDS[name]


def _limit(parameters: Parameters, switches: Switches) -> int:
    limit = _number(parameters, "limit", min(_DEFAULT_LIMIT, switches.list_cap))
    if limit <= switches.list_cap:
        return limit
    if switches.clamp_limit:
        return switches.list_cap
    raise errors.invalid("limit", "max_value", f"Ensure this value is less than or equal to {switches.list_cap}")


def _number(parameters: Parameters, name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise errors.invalid(name, "bad_value", "Enter a whole number")
    return int(text)
