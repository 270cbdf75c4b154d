"""Stand-ins of VK's two advertising APIs, today's and the legacy one, over the same account."""

from sandbox.vk.ads.api import VkAdsApi
from sandbox.vk.cabinet import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, VK_LEGACY_TOKEN, Cabinet
from sandbox.vk.legacy.api import VkLegacyApi

__all__ = [
    "VK_ACCOUNT_ID",
    "VK_CLIENT_ID",
    "VK_CLIENT_SECRET",
    "VK_LEGACY_TOKEN",
    "Cabinet",
    "VkAdsApi",
    "VkLegacyApi",
]
