"""The costs file: what was paid elsewhere than for ads, by day and label."""

from __future__ import annotations

import polars as pl

from tasks.fetch import costs as api
from tasks.load.tables import Table
from tasks.reference import cities
from tasks.sources.ads import AD_TAGS, MARKETING
from tasks.sources.source import Output, Resource, Source
from tasks.transform import costs as to
from validation import costs as must

COSTS = Table(
    "fact_other_costs_daily",
    key=("day", "account", "source", "city", "event_id", "show_id"),
    measures=("spent",),
    day=pl.col("day"),
    money=pl.col("spent"),
)

# The whole file at each load, whatever the window: what is no longer in it leaves.
SOURCE = Source(
    name="costs",
    word="costs",
    title="Costs file",
    job="costs_loader",
    noun="cost day",
    version=api.VERSION,
    reads=api.reads,
    credential=lambda _: "",
    names_itself=False,
    listed="",
    check_settings=api.check_settings,
    probe=api.probe,
    is_set=lambda settings: settings.costs_file is not None,
    resources=(
        Resource(
            "costs",
            api.fetch_costs,
            must.raw_costs,
            key=("date_from", "source"),
            may_be_empty=True,
        ),
    ),
    outputs=(
        Output(
            COSTS,
            lambda raw: to.cost_days(raw["costs"], cities()),
            must.costs,
            "costs",
            protects="source",
            identity=("source",),
            may_shrink=True,
        ),
    ),
    marts=(MARKETING, AD_TAGS),  # The second for a changed AD_SHOWS_FILE alone.
    days=1,
    shown_by_day=("costs", "fact_other_costs_daily"),
    restated_days=100_000,
    piece_months=1200,
)
