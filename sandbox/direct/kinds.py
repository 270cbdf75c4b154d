"""The get methods: which fields and criteria each knows, and the limits measured for them."""

from __future__ import annotations

from sandbox.direct.selection import Kind

_CAMPAIGN_TYPES = (
    "TEXT_CAMPAIGN", "UNIFIED_CAMPAIGN", "SMART_CAMPAIGN", "DYNAMIC_TEXT_CAMPAIGN", "MOBILE_APP_CAMPAIGN",
    "CPM_BANNER_CAMPAIGN",
)  # fmt: skip
_AD_TYPES = (
    "TEXT_AD", "IMAGE_AD", "MOBILE_APP_AD", "DYNAMIC_TEXT_AD", "SMART_AD", "CPC_VIDEO_AD", "CPM_BANNER_AD",
    "CPM_VIDEO_AD", "SHOPPING_AD", "LISTING_AD", "RESPONSIVE_AD",
)  # fmt: skip
_TRACKING = ("TrackingParams", "CounterIds")
_HREF = ("Href",)

CAMPAIGNS = Kind(
    key="Campaigns",
    fields=(
        "Id", "Name", "Type", "State", "Status", "StatusPayment", "StatusClarification", "StartDate", "EndDate",
        "TimeZone", "Currency", "DailyBudget", "Funds", "Statistics", "ClientInfo", "SourceId",
    ),
    extras={
        "TextCampaign": _TRACKING,
        "UnifiedCampaign": _TRACKING,
        "DynamicTextCampaign": _TRACKING,
        "SmartCampaign": ("TrackingParams",),
    },
    ids={"Ids": ("Id", 1000)},
    choices={
        "Types": ("Type", _CAMPAIGN_TYPES),
        "States": ("State", ("ARCHIVED", "CONVERTED", "ENDED", "OFF", "ON", "SUSPENDED")),
        "Statuses": ("Status", ("ACCEPTED", "DRAFT", "MODERATION", "REJECTED")),
        "StatusesPayment": ("StatusPayment", ("ALLOWED", "DISALLOWED")),
    },
    criteria_required=False,
)  # fmt: skip

AD_GROUPS = Kind(
    key="AdGroups",
    fields=(
        "Id", "CampaignId", "Name", "Status", "ServingStatus", "Type", "RegionIds", "NegativeKeywords",
        "TrackingParams",
    ),
    extras={},
    ids={"Ids": ("Id", 10_000), "CampaignIds": ("CampaignId", 10)},
    choices={
        "Types": ("Type", ("TEXT_AD_GROUP", "UNIFIED_AD_GROUP")),
        "Statuses": ("Status", ("ACCEPTED", "DRAFT", "MODERATION", "PREACCEPTED", "REJECTED")),
    },
)  # fmt: skip

ADS = Kind(
    key="Ads",
    fields=(
        "Id", "CampaignId", "AdGroupId", "Status", "StatusClarification", "State", "Type", "Subtype", "AgeLabel",
        "AdCategories",
    ),
    extras={
        "TextAd": ("Title", "Title2", "Text", "Href", "Mobile", "DisplayUrlPath", "SitelinkSetId", "FinalUrl"),
        "TextImageAd": _HREF,
        "TextAdBuilderAd": _HREF,
        "CpcVideoAdBuilderAd": _HREF,
        "CpmBannerAdBuilderAd": _HREF,
        "ResponsiveAd": _HREF,
    },
    ids={"Ids": ("Id", 10_000), "AdGroupIds": ("AdGroupId", 1000), "CampaignIds": ("CampaignId", 10)},
    choices={
        "States": ("State", ("OFF", "ON", "SUSPENDED", "OFF_BY_MONITORING", "ARCHIVED")),
        "Statuses": ("Status", ("DRAFT", "MODERATION", "PREACCEPTED", "ACCEPTED", "REJECTED")),
        "Types": ("Type", _AD_TYPES),
    },
)  # fmt: skip
