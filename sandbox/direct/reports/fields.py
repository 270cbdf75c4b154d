"""The fields of reports: what each is worth on an ad's day, and in which report types it may be asked for.

A subset: fields that the world has no figures for (devices, placements, regions) are known but not served.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from sandbox.direct.objects import campaign_type, is_on_networks
from sandbox.world.spend import AdDay

Plain = int | str | None

ACCOUNT, CAMPAIGN, ADGROUP, AD = (
    f"{level}_PERFORMANCE_REPORT" for level in ("ACCOUNT", "CAMPAIGN", "ADGROUP", "AD")
)
CRITERIA, CUSTOM = "CRITERIA_PERFORMANCE_REPORT", "CUSTOM_REPORT"
REACH, SEARCH_QUERY = "REACH_AND_FREQUENCY_PERFORMANCE_REPORT", "SEARCH_QUERY_PERFORMANCE_REPORT"

_MONTHS_A_QUARTER = 3


def _week(row: AdDay) -> str:
    return (row.day - timedelta(days=row.day.weekday())).isoformat()


def _quarter(row: AdDay) -> str:
    first = (row.day.month - 1) // _MONTHS_A_QUARTER * _MONTHS_A_QUARTER + 1
    return date(row.day.year, first, 1).isoformat()


# None is told as ``--``: ads of the campaign wizard show neither group nor ad.
DIMENSIONS: dict[str, Callable[[AdDay], Plain]] = {
    "Date": lambda row: row.day.isoformat(),
    "Week": _week,
    "Month": lambda row: row.day.replace(day=1).isoformat(),
    "Quarter": _quarter,
    "Year": lambda row: row.day.replace(month=1, day=1).isoformat(),
    "CampaignId": lambda row: row.ad.campaign_id,
    "CampaignName": lambda row: row.ad.campaign_name,
    "CampaignType": lambda row: campaign_type(row.ad),
    "AdGroupId": lambda row: None if row.ad.wizard else row.ad.group_id,
    "AdGroupName": lambda row: None if row.ad.wizard else row.ad.group_name,
    "AdId": lambda row: None if row.ad.wizard else row.ad.ad_id,
    "AdNetworkType": lambda row: "AD_NETWORK" if is_on_networks(row.ad) else "SEARCH",
    "Query": lambda row: row.ad.tags.get("utm_term"),
}
PERIODS = ("Date", "Week", "Month", "Quarter", "Year")
MONEY = frozenset({"Cost", "AvgCpc", "CostPerConversion", "Revenue"})
METRICS = (
    "Impressions", "Clicks", "Cost", "Ctr", "AvgCpc", "Conversions", "ConversionRate", "CostPerConversion",
    "Revenue", "GoalsRoi", "Bounces", "Sessions",
)  # fmt: skip
OF_GOALS = frozenset({"Conversions", "ConversionRate", "CostPerConversion", "Revenue", "GoalsRoi"})
NOT_SERVED = frozenset(
    """Age AudienceTargetId AvgClickPosition AvgCpm AvgImpressionPosition AvgPageviews AvgTrafficVolume BounceRate
    CarrierType ClickType Criteria CriteriaId CriteriaType Criterion CriterionId CriterionType Device Gender Income
    LocationOfPresenceId LocationOfPresenceName MatchType MobilePlatform Placement Profit RlAdjustmentId Slot
    TargetingCategory TargetingLocationId TargetingLocationName AdFormat ImpressionReach AvgImpressionFrequency
    WeightedCtr WeightedImpressions""".split()
)

FILTERABLE = frozenset(
    {"CampaignId", "CampaignType", "AdGroupId", "AdId", "AdNetworkType", "Keyword", "Query"}
) | frozenset(METRICS) - {"Bounces", "Sessions"}

_CRITERIA_FIELDS = frozenset(
    "AudienceTargetId Criteria CriteriaId CriteriaType Criterion CriterionId CriterionType Keyword".split()
)
_BELOW_CAMPAIGN = frozenset({"AdGroupId", "AdGroupName", "AdId"})
FORBIDDEN: dict[str, frozenset[str]] = {
    ACCOUNT: _BELOW_CAMPAIGN | {"CampaignId", "CampaignName", "Query"},
    CAMPAIGN: _BELOW_CAMPAIGN | {"Query"},
    ADGROUP: frozenset({"AdId", "Query"}),
    AD: _CRITERIA_FIELDS | {"Query"},
    CRITERIA: frozenset({"AdFormat", "AdId", "Query"}),
    CUSTOM: frozenset({"Query"}),
    REACH: _BELOW_CAMPAIGN | {"AdNetworkType", "Placement", "Query"},
    SEARCH_QUERY: frozenset({"AdNetworkType", "Sessions"}),
}
# Rows are split by these even where they are not listed. Ids of the wizard being hidden, so is the campaign.
IMPLICIT: dict[str, tuple[str, ...]] = {
    ACCOUNT: (),
    CAMPAIGN: ("CampaignId",),
    ADGROUP: ("CampaignId", "AdGroupId"),
    AD: ("CampaignId", "AdGroupId", "AdId"),
    CRITERIA: ("CampaignId", "AdGroupId"),
    CUSTOM: (),
    REACH: ("CampaignId",),
    SEARCH_QUERY: ("CampaignId", "AdGroupId", "Query"),
}
