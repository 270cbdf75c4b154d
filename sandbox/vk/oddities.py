"""Ads that the promoter's world has no reason for, each a trap that somebody met. Not part of its ground truth.

They have figures of their own, the same every day.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sandbox.vk.from_world import Contents
from sandbox.vk.objects import ACTIVE, Banner, Campaign, Figures, Group
from sandbox.world.clock import day_start

ODD_CAMPAIGN_ID = 14_000_001
ODD_FIGURES = Figures(shows=100, clicks=5, spent=Decimal("10.50"), goals=1)
ODD_DAYS = 10
"""They ran on that many days, the last of which is yesterday."""

_SITE = "https://afisha.example.invalid/odd"
_MACROS = (
    "utm_source=vk_ads&utm_medium={{gender}}&utm_campaign={{campaign_name}}"
    "&utm_content={{ad_plan_name}}&utm_term={{search_phrase}}"
)
# Name, group id, text of the group or None where it is off, urls by role.
_ODD: tuple[tuple[str, int, str | None, dict[str, str]], ...] = (
    ("Группа ноль", 0, None, {"primary": f"{_SITE}?utm_source=vk&utm_content=msk_01_10"}),
    ("Сообщество", 164_000_001, "utm_source=vk&utm_content=club", {"primary": "https://vk.com/club1"}),
    ("Только клип", 164_000_002, None, {"vk_clip": "https://vk.com/clip-1_1"}),
    ("Макросы зрителя", 164_000_003, _MACROS, {"primary": _SITE}),
    ("Форма с метками", 164_000_004, "", {"primary": "leadads://1000201/14/"}),
    ("Старый баннер", 164_000_005, "utm_source=vk&utm_content=spb_02_11", {"primary": f"{_SITE}?a=1#kupit"}),
)


def add_oddities(contents: Contents) -> None:
    """One campaign with a group and a banner for each."""
    first = contents.today - timedelta(days=ODD_DAYS)
    born = day_start(first)
    contents.campaigns[ODD_CAMPAIGN_ID] = Campaign(ODD_CAMPAIGN_ID, "Странности", ACTIVE, born, Decimal(100))
    for number, (name, group_id, utm, urls) in enumerate(_ODD):
        banner_id = 264_000_001 + number
        contents.groups[group_id] = Group(group_id, ODD_CAMPAIGN_ID, name, utm is not None, utm or "")
        contents.banners[banner_id] = Banner(
            banner_id, group_id, name, ACTIVE, born, dict(urls), old_parent=name == "Старый баннер"
        )
        contents.days[banner_id] = {first + timedelta(days=day): ODD_FIGURES for day in range(ODD_DAYS)}
