"""What opens the stand-ins, and nothing else."""

from __future__ import annotations

from sandbox.world.secrets import MARK

VK_CLIENT_ID = "sandboxVkClient"
VK_CLIENT_SECRET = f"sandbox-vk-secret-{MARK}"
VK_LEGACY_TOKEN = f"sandbox-vk-legacy-token-{MARK}"
VK_ACCOUNT_ID = 16040007
"""The advertiser's account, in both APIs."""
