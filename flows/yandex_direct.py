"""Yandex Direct: what each ad showed, cost and brought, by day."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.marketing import MARKETING, ad_days, ad_facts
from flows.running import INGESTION, Days, FirstDay, LastDay, Refresh, run_source
from flows.source import Source
from tasks.fetch import probes
from tasks.fetch import yandex_direct as api
from tasks.transform import yandex_direct as to
from validation import ads as must

# Figures settle within three days as a rule, conversions later; corrected older days are asked for as well.
SOURCE = Source(
    name="direct",
    title="Yandex Direct",
    job="direct_loader",
    noun="ad days",
    version=api.VERSION,
    account=api.account,
    check_settings=api.check_settings,
    probe=probes.direct,
    resources=(ad_days(api.fetch_ad_days, must.raw_direct, money="cost"),),
    outputs=(ad_facts("fact_direct_daily", to.ad_days, to.unreadable, ("account_id",), api.canonical),),
    marts=(MARKETING,),
    days=7,
    restated_days=90,
    lag_days=1,
    history_days=api.HISTORY_DAYS,
    backfill_months=3,
)


@flow(name="direct", description=__doc__, **INGESTION)
def yandex_direct(
    days: Days = SOURCE.days,
    date_from: FirstDay = None,
    date_to: LastDay = None,
    refresh: Refresh = False,
) -> State[object]:
    """Load advertising figures into ClickHouse.

    Args:
        days: How many days up to yesterday, in Moscow. Today's figures are not complete.
    """
    return run_source(SOURCE, days, date_from, date_to, refresh)


if __name__ == "__main__":
    import sys

    from flows.cli import main

    main(["load", SOURCE.name, *sys.argv[1:]])
