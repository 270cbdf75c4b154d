"""A warehouse that holds all three sources: loaded once in a session, and copied to whoever asks after that."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sandbox.world import World
from tests.flows import clock
from tests.flows.conftest import Apis, Product, shared_world

ServeAll = Callable[[World], Apis]
DAYS = 20
LOAD = ("load", "all", "--days", str(DAYS))
_TABLES = {"vk_ads": "fact_vk_ads_daily", "direct": "fact_direct_daily"}


def the_world() -> World:
    """Today's. Shared: nobody changes it. Its first day is the first day of the loads."""
    return shared_world(clock.now(), DAYS)


def first_day() -> date:
    """Of the ads of the loads."""
    return clock.first_of(DAYS)


def serve_loaded(product: Product, serve_all: ServeAll, kept: Path) -> Apis:
    """The APIs of the world, and the product with all of it in its warehouse. `kept`: the session's folder.

    Nobody has asked these APIs yet, and nothing but the warehouse is there of the load: it was made in another home,
    so that whoever comes first finds what the others find.
    """
    product.env |= {"DIRECT_RATE": "50", "CLICKHOUSE_LOCK_WAIT": "60"}
    loaded = kept / f"loaded-{clock.today()}"
    if not loaded.exists():
        serve_all(the_world())
        shutil.rmtree(kept / "loader", ignore_errors=True)
        loader = product.in_home(kept / "loader")
        loader.loaded(*LOAD)
        loader.warehouse.rename(loaded)
    shutil.copytree(loaded, product.warehouse, symlinks=True)
    return serve_all(the_world())


def facts(product: Product, source: str) -> dict[tuple[object, ...], tuple[object, ...]]:
    """What the warehouse says, in the shape of `ad_truth.facts`; without FINAL, as people ask."""
    rows = product.select(
        "SELECT stat_date, campaign_id, ad_group_id, ad_id, impressions, clicks, spent, conversions "
        f"FROM {_TABLES[source]}"
    ).rows()
    assert len({row[:4] for row in rows}) == len(rows)
    return {row[:4]: row[4:] for row in rows}
