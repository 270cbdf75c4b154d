"""Yandex Direct: daily figures by ad with the links of the ads, in as few calls as the limits allow.

The order of the calls is in `fetching.py`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from tasks.fetch.direct.fetching import COLUMNS as COLUMNS
from tasks.fetch.direct.fetching import HISTORY_DAYS as HISTORY_DAYS
from tasks.fetch.direct.fetching import fetch
from tasks.fetch.direct.values import canonical_login
from tasks.landing import Fetched
from tasks.settings import Settings, require
from tasks.window import Window

VERSION = "4"


def check_settings(settings: Settings) -> None:
    """Raises SettingsError where the login or the token is missing."""
    require(settings, "DIRECT_LOGIN")
    require(settings, "DIRECT_TOKEN")


def reads(settings: Settings) -> str:
    """The address and, after a #, the login and the version of the API."""
    return f"{credential(settings)} {settings.direct_version}"


def credential(settings: Settings) -> str:
    """An account is a login, whichever token opens it."""
    login = canonical_login(settings.direct_login or "")
    return f"{settings.direct_base_url}#{login}" if login else ""


def fetch_ad_days(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    """Columns: COLUMNS, all text; grain: day x campaign x group x ad. Money with or without VAT as AD_SPEND_VAT
    says, which `include_vat` repeats.

    The window is extended back to the first day that Direct has corrected lately. Raises SourceError.
    """
    return asyncio.run(fetch(settings, window, as_of))
