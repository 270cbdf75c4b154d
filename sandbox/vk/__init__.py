"""Stand-ins of VK's two advertising APIs, today's and the legacy one, over the same account."""

from sandbox.vk.ads.api import VkAdsApi
from sandbox.vk.ads.switches import Switches as VkAdsSwitches
from sandbox.vk.cabinet import Cabinet
from sandbox.vk.credentials import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, VK_LEGACY_TOKEN
from sandbox.vk.legacy.api import VkLegacyApi
from sandbox.vk.legacy.switches import Switches as VkLegacySwitches
from sandbox.vk.objects import Banner, Campaign, Figures, Group

__all__ = [
    "VK_ACCOUNT_ID",
    "VK_CLIENT_ID",
    "VK_CLIENT_SECRET",
    "VK_LEGACY_TOKEN",
    "Banner",
    "Cabinet",
    "Campaign",
    "Figures",
    "Group",
    "VkAdsApi",
    "VkAdsSwitches",
    "VkLegacyApi",
    "VkLegacySwitches",
]
