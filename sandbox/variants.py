"""How the APIs behave where `zakaz probe` got an answer: by question and answer, as its file has them.

An answer that a loader cannot live with has no variant: `direct_vat` `other`, for one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.accounts import Accounts

_QTICKETS: dict[str, dict[str, dict[str, Any]]] = {
    "qtickets_filter": {
        "both": {},
        "body": {"honour_query": False},
        "query": {"honour_body": False},
        "neither": {"honour_filters": False},
    },
    "qtickets_date_format": {name: {"dates": name} for name in ("both", "iso", "sql")},
    "qtickets_select": {
        "nested": {},
        "whole": {"honour_nested_select": False},
        "ignored": {"honour_select": False},
        "lost": {"lose_nested_select": True},
    },
    "qtickets_page_size": {
        "given": {},
        "cut": {"max_per_page": 70},
        "ignored": {"honour_per_page": False},
        "refused": {"max_per_page": 250, "refuse_larger_pages": True},
    },
    "qtickets_refund_price": {"kept": {}, "reduced": {"price_reduced_after_refund": True}},
    "qtickets_refund_dates": {"kept": {}, "deleted": {"deleted_after_refund": True}},
    "qtickets_quantity": {"unit": {}, "line": {"price_per_line": True}},
    "qtickets_past_show": {name: {"past_seats": name} for name in ("told", "empty", "refused")},
    "vk_default_tags": {"group": {}, "campaign": {"other_campaigns": "campaigns"}},
}
_VK: dict[str, dict[str, dict[str, Any]]] = {
    "vk_host": {"both": {}, "here": {"moved_to": "127.0.0.1"}, "moved": {"moved_to": "localhost"}},
    "vk_page_size": {
        "given": {"list_cap": 250},
        "cut": {"list_cap": 50, "clamp_limit": True},
        "refused": {"list_cap": 50, "clamp_limit": False},
    },
    "vk_day_rows": {"every": {}, "absent": {"omits_undelivered": True}},
    "vk_vat": {"net": {}, "gross": {"charges": "gross"}},
}
_LEGACY: dict[str, dict[str, dict[str, Any]]] = {
    "vk_legacy_alive": {"alive": {}, "silent": {"statistics": "empty"}, "refused": {"authorization": "revoked"}},
}
_DIRECT: dict[str, dict[str, dict[str, Any]]] = {
    "direct_version": {"both": {}, "v501": {"unified_on_v5": False}, "v5": {"versions": ("v5",)}},
    "direct_combinatorial": {"linked": {"combinatorial_on_v5": "text"}, "bare": {"combinatorial_on_v5": "bare"}},
    "direct_unlisted": {"some": {}, "none": {"lists_wizard": True}},
    "direct_currency": {"report": {}, "other": {"currency": "KZT"}},
    "direct_vat": {"rate": {}, "nothing": {"adds_vat": False}},
    "direct_units": {"not_told": {}, "told": {"units_on_reports": True}},
}
VARIANTS = {"qtickets": _QTICKETS, "vk": _VK, "legacy": _LEGACY, "direct": _DIRECT}


def answers_in(name: str) -> dict[str, str]:
    """By question, of the first account of each source. Raises ValueError."""
    found: dict[str, str] = {}
    try:
        for account in reversed(json.loads(Path(name).read_text("utf-8"))["accounts"]):
            found |= account["answers"]
    except (OSError, KeyError, TypeError) as error:
        raise ValueError("no file of `zakaz probe`") from error
    return found


def behave(apis: Mapping[str, Accounts], answers: Mapping[str, str]) -> list[str]:
    """Set the switches of ``apis``, which go by the names of VARIANTS; answers without a variant are returned."""
    left = []
    for question, answer in answers.items():
        name = next((name for name, variants in VARIANTS.items() if answer in variants.get(question, {})), None)
        if name is None:
            left.append(f"{question} {answer}")
            continue
        api: Any = apis[name]
        for switch, value in VARIANTS[name][question][answer].items():
            given = _campaigns_of_groups(api) if value == "campaigns" else value
            setattr(api.switches if hasattr(api.switches, switch) else api, switch, given)
    return left


def _campaigns_of_groups(qtickets: Any) -> dict[str, str]:
    return {str(ad.group_id): str(ad.campaign_id) for ad in qtickets.world.ads if ad.source == "vk_ads"}
