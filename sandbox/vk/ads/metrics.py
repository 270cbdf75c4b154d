"""Sets of metrics of one row or total. ``base`` is true; of the other sets only the shape is.

Types as captured or in the vendor's sample: counts are int, money and its averages text with two places (``"0"``
for nothing), percentages float (0 for nothing).
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.vk.ads.switches import Switches
from sandbox.vk.objects import Figures
from sandbox.vk.wire import Document, money, percent, ratio

_MILLE = 1000
_EVENTS = (
    "opening_app opening_post moving_into_group clicks_on_external_url launching_video comments joinings likes"
    " shares votings sending_form"
).split()
_VIDEO_STEPS = [f"viewed_{step}" for step in "10_seconds 25_percent 50_percent 75_percent 100_percent".split()]
_VIDEO_STATES = (
    "started paused resumed_after_pause fullscreen_on fullscreen_off sound_turned_off sound_turned_on".split()
)
_SOCIAL = "vk_subscribe vk_join ok_join dzen_join result_join vk_message ok_message result_message".split()
_SLIDES = 6


def base(figures: Figures, switches: Switches) -> Document:
    """Conversions are in ``vk.goals``; ``goals``, ``cpa`` and ``cr`` beside them are always nothing."""
    cpa: str | int = ratio(figures.spent, figures.goals)
    if not figures.goals and switches.empty_cpa_as_int:
        cpa = 0
    vk: Document = {"goals": figures.goals, "cpa": cpa, "cr": percent(figures.goals, figures.clicks)}
    if switches.extra_keys:
        vk["result"] = figures.goals
    return {
        "shows": figures.shows,
        "clicks": figures.clicks,
        "goals": 0,
        "spent": money(figures.spent),
        **({"not_ad_spent": "0"} if switches.has_not_ad_spent else {}),
        "cpm": ratio(figures.spent * _MILLE, figures.shows),
        "cpc": ratio(figures.spent, figures.clicks),
        "cpa": "0",
        "ctr": percent(figures.clicks, figures.shows),
        "cr": 0,
        "vk": vk,
    }


def _zeros(names: list[str]) -> Document:
    return dict.fromkeys(names, 0)


def _events(figures: Figures, _: Switches) -> Document:
    return {**_zeros(_EVENTS), "clicks_on_external_url": figures.clicks}


def _uniques(figures: Figures, _: Switches) -> Document:
    counts = {"reach": 0, "total": figures.shows, "increment": figures.shows, "initial_total": 0}
    return {**counts, "frequency": 1 if figures.shows else 0}


def _unique_video(_: Figures, __: Switches) -> Document:
    rates = _zeros([f"{step}_rate" for step in _VIDEO_STEPS])
    return {"started": 0, **_zeros(_VIDEO_STEPS), **rates, "viewed_range_rate": "", "depth_of_view": 0}


def _video(_: Figures, switches: Switches) -> Document:
    rates = _zeros([f"{step}_rate" for step in _VIDEO_STEPS])
    costs = dict.fromkeys([f"{name}_cost" for name in ("started", *_VIDEO_STEPS)], "0")
    extra = _zeros(["first_second", "viewed_3_seconds"]) if switches.extra_keys else {}
    return {
        **_zeros(_VIDEO_STATES),
        **_zeros(_VIDEO_STEPS),
        **rates,
        "viewed_range_rate": "0",
        "depth_of_view": 0,
        **costs,
        **extra,
    }


def _carousel(_: Figures, __: Switches) -> Document:
    kinds = ("clicks", "shows", "ctr")
    return _zeros([f"slide_{number}_{kind}" for number in range(1, _SLIDES + 1) for kind in kinds])


def _social_network(_: Figures, switches: Switches) -> Document:
    return _zeros([*_SOCIAL, "ok_subscribe"] if switches.extra_keys else _SOCIAL)


SETS: dict[str, Callable[[Figures, Switches], Document]] = {
    "base": base,
    "events": _events,
    "uniques": _uniques,
    "uniques_video": _unique_video,
    "video": _video,
    "carousel": _carousel,
    "ad_offers": lambda *_: _zeros(["offer_postponed", "upload_receipt", "earn_offer_rewards"]),
    "playable": lambda *_: _zeros(["playable_game_open", "playable_game_close", "playable_call_to_action"]),
    "tps": lambda *_: {"tps": "0", "tpd": "0"},
    "romi": lambda *_: {"value": "0", "romi": 0, "adv_cost_share": 0},
    "social_network": _social_network,
    "custom_event": lambda *_: {},
}
_UNKNOWN_SET = "moat"


def known_sets() -> list[str]:
    return ["all", *SETS]


def row(figures: Figures, wanted: list[str], switches: Switches) -> Document:
    """The sets asked for, by name."""
    everything = "all" in wanted
    found = {name: make(figures, switches) for name, make in SETS.items() if everything or name in wanted}
    if everything and switches.extra_keys:
        found[_UNKNOWN_SET] = {"impressions": 0}
    return found
