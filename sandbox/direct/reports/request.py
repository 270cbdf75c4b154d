"""A report request, checked, as far as a loader of spend by ad asks: two types of report, in one format.

Fields that the world has figures for are served, and one filter; all else that the vendor knows is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.direct.errors import DirectError
from sandbox.world.spend import AdDay

# None is told as ``--``: ads of the campaign wizard show neither group nor ad.
DIMENSIONS: dict[str, Callable[[AdDay], int | str | None]] = {
    "Date": lambda row: row.day.isoformat(),
    "CampaignId": lambda row: row.ad.campaign_id,
    "CampaignName": lambda row: row.ad.campaign_name,
    "AdGroupId": lambda row: None if row.ad.wizard else row.ad.group_id,
    "AdId": lambda row: None if row.ad.wizard else row.ad.ad_id,
}
ACCOUNT = "ACCOUNT_PERFORMANCE_REPORT"
METRICS = ("Impressions", "Clicks", "Cost", "Conversions")

_REQUIRED = ("SelectionCriteria", "FieldNames", "ReportName", "ReportType", "DateRangeType", "Format", "IncludeVAT")
_KEYS = {*_REQUIRED, "Page", "OrderBy"}
_CRITERIA_KEYS = {"DateFrom", "DateTo", "Filter"}
_NAME_AT_MOST, _VALUES_AT_MOST = 255, 10_000
_ROWS_AT_MOST = 1_000_000
"""Without ``Page``; more are left out without a word."""
_DEPTH_YEARS = 3


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """``order`` names fields, all ascending. ``campaigns`` are the only ones wanted, None is all of them.

    ``fingerprint`` is equal for requests with equal parameters, whatever the order of their keys.
    """

    name: str
    fields: tuple[str, ...]
    first: date
    last: date
    campaigns: frozenset[str] | None
    order: tuple[str, ...]
    limit: int
    offset: int
    of_account: bool
    with_vat: bool
    fingerprint: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def parse(params: object, today: date) -> ReportRequest:
    """Raises DirectError 8000, 4001 or 4002."""
    if not isinstance(params, dict):
        raise DirectError(8000, "The required field params is omitted")
    _check_keys("", params, _KEYS)
    for name in _REQUIRED:
        if name not in params:
            raise DirectError(8000, f"The required field {name} is omitted")
    criteria, name = params["SelectionCriteria"], params["ReportName"]
    if not isinstance(criteria, dict):
        raise DirectError(8000, "SelectionCriteria must be an object")
    _check_keys("SelectionCriteria.", criteria, _CRITERIA_KEYS)
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_AT_MOST:
        raise DirectError(8000, f"ReportName must be a string of 1 to {_NAME_AT_MOST} characters")
    of_account = _enum("ReportType", params["ReportType"], ("CUSTOM_REPORT", ACCOUNT)) == ACCOUNT
    _enum("Format", params["Format"], ("TSV",))
    fields = _fields(params["FieldNames"])
    if of_account and not {"Date", *METRICS}.issuperset(fields):
        raise DirectError(4000, f"{ACCOUNT} has no fields of campaigns, groups and ads")
    first, last = _period(params["DateRangeType"], criteria, today)
    limit, offset = _page(params)
    return ReportRequest(
        name=name,
        fields=fields,
        first=first,
        last=last,
        campaigns=_campaigns(criteria["Filter"]) if "Filter" in criteria else None,
        order=tuple(_enum("OrderBy.Field", item.get("Field"), fields) for item in params.get("OrderBy", [])),
        limit=limit,
        offset=offset,
        of_account=of_account,
        with_vat=_enum("IncludeVAT", params["IncludeVAT"], ("YES", "NO")) == "YES",
        fingerprint=json.dumps(params, sort_keys=True),
    )


def _check_keys(prefix: str, given: Mapping[str, Any], allowed: set[str]) -> None:
    for name in given:
        if name not in allowed:
            raise DirectError(8000, f"Unknown parameter {prefix}{name}")


def _enum(name: str, value: object, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise DirectError(8000, f"{name} contains an incorrect enumeration value {value}")
    return value


def _fields(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not names:
        raise DirectError(8000, "FieldNames must contain at least one field")
    fields = tuple(_enum("FieldNames", name, (*DIMENSIONS, *METRICS)) for name in names)
    if len(set(fields)) < len(fields):
        raise DirectError(8000, "FieldNames must not contain duplicates")
    return fields


def _period(kind: object, criteria: Mapping[str, Any], today: date) -> tuple[date, date]:
    """First and last Moscow day. Dates are for CUSTOM_DATE alone, and required there."""
    if _enum("DateRangeType", kind, ("CUSTOM_DATE", "YESTERDAY")) == "YESTERDAY":
        return today - timedelta(days=1), today - timedelta(days=1)
    try:
        first, last = (date.fromisoformat(criteria[name]) for name in ("DateFrom", "DateTo"))
    except (KeyError, TypeError, ValueError) as error:
        raise DirectError(8000, "DateFrom and DateTo must be dates in the format YYYY-MM-DD") from error
    if first > last:
        raise DirectError(4001, "DateFrom must not be later than DateTo")
    deepest = date(today.year - _DEPTH_YEARS, today.month, 1)
    if first < deepest:
        raise DirectError(4001, f"Statistics are available from {deepest} on")
    return first, last


def _page(params: Mapping[str, Any]) -> tuple[int, int]:
    page = params.get("Page", {"Limit": _ROWS_AT_MOST})
    limit, offset = (page.get("Limit"), page.get("Offset", 0)) if isinstance(page, dict) else (None, 0)
    if type(limit) is not int or type(offset) is not int or limit < 1 or offset < 0:
        raise DirectError(4002, "Page.Limit must be at least 1 and Page.Offset at least 0")
    return limit, offset


def _campaigns(filters: object) -> frozenset[str]:
    match filters:
        case [{"Field": "CampaignId", "Operator": "IN", "Values": [_, *_] as values}]:
            if all(isinstance(value, str) for value in values) and len(values) <= _VALUES_AT_MOST:
                return frozenset(values)
    raise DirectError(8000, f"Filter: the sandbox knows CampaignId IN, with 1 to {_VALUES_AT_MOST} strings")
