"""Which tags an order carries: those of the ad that brought the buyer, hand-made ones, or none."""

from __future__ import annotations

from random import Random

from sandbox.world.ads import DIRECT, VK
from sandbox.world.programme import Ad
from sandbox.world.randomness import happens, pick

_ORIGINS = ((None, 0.48), (VK, 0.16), (DIRECT, 0.16), ("other", 0.20))
_LIST_SHARE = 0.02
# Written by hand in posts, profiles and mailings, hence the missing keys and the loose spelling.
_HAND_MADE: tuple[dict[str, str], ...] = (
    {"utm_source": "insta", "utm_medium": "lenta_free1", "utm_campaign": "roditeli"},
    {"utm_source": "insta", "utm_medium": "opisanie", "utm_campaign": "profil"},
    {"utm_source": "tg", "utm_medium": "post"},
    {"utm_source": "vk", "utm_medium": "posty", "utm_campaign": "organizovannaya"},
    {"utm_source": "email", "utm_medium": "mailing", "utm_campaign": "dajdzhest", "utm_content": "knopka"},
    {"utm_source": "yandex", "utm_medium": "maps"},
    {"utm_source": "partner"},
    {"utm_campaign": "bloger", "utm_content": "stories"},
)


def draw_tags(rng: Random, ads: list[Ad]) -> tuple[dict[str, str], bool]:
    """Tags, and whether the API words them as a list of objects instead of one object."""
    origin = pick(rng, _ORIGINS)
    if origin is None:
        return {}, False
    tags = rng.choice(_HAND_MADE) if origin == "other" else _of_an_ad(rng, ads, origin)
    return dict(tags), bool(tags) and happens(rng, _LIST_SHARE)


def _of_an_ad(rng: Random, ads: list[Ad], source: str) -> dict[str, str]:
    candidates = [ad.tags for ad in ads if ad.source == source]
    return rng.choice(candidates) if candidates else {}
