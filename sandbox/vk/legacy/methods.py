"""The methods a loader may call. Every other one is unknown here, above all those that create and change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.vk.legacy import documents, errors
from sandbox.vk.legacy.arguments import Arguments, flag, id_list, number, required
from sandbox.vk.legacy.statistics import statistics
from sandbox.vk.objects import DELETED, Banner
from sandbox.vk.wire import Document

if TYPE_CHECKING:
    from sandbox.vk.legacy.api import VkLegacyApi

_MAX_ADS, _MAX_USERS = 2000, 1000
_OWNER_ID = 1_604_000_070
_BUDGET = "10000.00"


class Methods:
    """Binds methods to one API."""

    def __init__(self, api: VkLegacyApi) -> None:
        self._api = api
        self._methods: dict[str, Callable[[Arguments], Any]] = {
            "ads.getAccounts": self._accounts,
            "ads.getClients": self._clients,
            "ads.getCampaigns": self._campaigns,
            "ads.getAds": self._ads,
            "ads.getAdsLayout": self._layouts,
            "ads.getStatistics": self._statistics,
            "ads.getBudget": self._budget,
            "ads.getFloodStats": self._flood_stats,
            "users.get": self._users,
        }

    def knows(self, name: str) -> bool:
        return name in self._methods

    def call(self, name: str, arguments: Arguments) -> Any:
        if not self.knows(name):
            raise errors.LegacyError(errors.NO_METHOD)
        return self._methods[name](arguments)

    def _accounts(self, _: Arguments) -> list[Document]:
        return [
            {
                "account_id": self._api.cabinet.account_id,
                "account_type": "general",
                "account_status": 1,
                "account_name": "Песочница",
                "access_role": "reports",
                "can_view_budget": True,
            }
        ]

    def _clients(self, arguments: Arguments) -> list[Document]:
        """Only an agency has clients."""
        self._account(arguments)
        raise errors.LegacyError(errors.NO_PERMISSION)

    def _campaigns(self, arguments: Arguments) -> list[Document]:
        self._account(arguments)
        wanted = id_list(arguments, "campaign_ids")
        deleted = flag(arguments, "include_deleted")
        found = sorted(self._api.cabinet.campaigns.values(), key=lambda campaign: campaign.id)
        return [
            documents.campaign(campaign, self._api.switches)
            for campaign in found
            if (wanted is None or campaign.id in wanted) and (deleted or campaign.status != DELETED)
        ]

    def _ads(self, arguments: Arguments) -> list[Document]:
        return [documents.ad(one, self._api.cabinet, self._api.switches) for one in self._chosen(arguments)]

    def _layouts(self, arguments: Arguments) -> list[Document]:
        return [documents.layout(one, self._api.cabinet, self._api.switches) for one in self._chosen(arguments)]

    def _chosen(self, arguments: Arguments) -> list[Banner]:
        """``limit`` and ``offset`` count only for one campaign without ``ad_ids``."""
        self._account(arguments)
        ads, campaigns = id_list(arguments, "ad_ids"), id_list(arguments, "campaign_ids")
        found = [
            banner
            for banner in sorted(self._api.cabinet.banners.values(), key=lambda banner: banner.id)
            if (ads is None or banner.id in ads)
            and (campaigns is None or self._campaign_id(banner) in campaigns)
            and _alive(banner, arguments)
        ]
        if ads is None and campaigns is not None and len(campaigns) == 1:
            offset = number(arguments, "offset", 0)
            found = found[offset : offset + number(arguments, "limit", _MAX_ADS)]
        return found[:_MAX_ADS]

    def _campaign_id(self, banner: Banner) -> int:
        return self._api.cabinet.groups[banner.group_id].campaign_id

    def _statistics(self, arguments: Arguments) -> list[Document]:
        self._account(arguments)
        return statistics(arguments, self._api.cabinet, self._api.switches)

    def _budget(self, arguments: Arguments) -> str:
        self._account(arguments)
        return _BUDGET

    def _flood_stats(self, arguments: Arguments) -> Document:
        self._account(arguments)
        return self._api.flood_stats()

    def _users(self, arguments: Arguments) -> list[Document]:
        texts = [text for text in arguments.get("user_ids", "").split(",") if text] or [str(_OWNER_ID)]
        if len(texts) > _MAX_USERS:
            raise errors.invalid("user_ids")
        if not all(text.isdecimal() for text in texts):
            raise errors.LegacyError(errors.NO_USER)
        return [{"id": int(text), "first_name": "Песочница", "last_name": "Вторая"} for text in texts]

    def _account(self, arguments: Arguments) -> None:
        text = required(arguments, "account_id")
        if not text.isdecimal():
            raise errors.invalid("account_id")
        if int(text) != self._api.cabinet.account_id:
            raise errors.LegacyError(errors.NO_PERMISSION)


def _alive(banner: Banner, arguments: Arguments) -> bool:
    deleted = banner.status == DELETED
    if flag(arguments, "only_deleted"):
        return deleted
    return not deleted or flag(arguments, "include_deleted")
