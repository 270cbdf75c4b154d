"""The sandbox instead of the real APIs: how a process is pointed at it, and at nothing of the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from tasks.settings import Settings

_KEPT = ("alert_", "zakaz_alert_")
"""Where alerts go may stay the user's."""


def bare_environment() -> dict[str, str]:
    """This process's, without the user's settings: neither may a real token reach the sandbox nor made-up sales a
    warehouse that is not for them."""
    ours = {name.upper() for name in Settings.model_fields if not name.startswith(_KEPT)} | {"ZAKAZ_ENV"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    return kept | {"ZAKAZ_IGNORE_SECRETS": "1"}


def settings_for(served: dict[str, str], token_file: Path) -> dict[str, str]:
    """Settings by name, for the addresses and tokens that the sandbox announced."""
    return {
        "QTICKETS_BASE_URL": served["qtickets"],
        "QTICKETS_TOKEN": served["qtickets_token"],
        "QTICKETS_RATE": "500",
        "VK_API": "ads",
        "VK_BASE_URL": served["vk"],
        "VK_CLIENT_ID": served["vk_client_id"],
        "VK_CLIENT_SECRET": served["vk_client_secret"],
        "VK_TOKEN_FILE": str(token_file),
        "VK_RATE": "15",
        "DIRECT_BASE_URL": served["direct"],
        "DIRECT_LOGIN": served["direct_login"],
        "DIRECT_TOKEN": served["direct_token"],
    }
