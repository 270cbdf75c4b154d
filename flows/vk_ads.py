"""VK Ads: what each ad showed, cost and brought, by day."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import INGESTION
from flows.ingestion import run_source
from flows.outcomes import in_words
from flows.parameters import AccountName, Days, FirstDay, LastDay, Refresh
from tasks.sources.vk_ads import SOURCE


@flow(name="vk_ads", description=__doc__, **INGESTION)
@in_words
def vk_ads(
    days: Days = SOURCE.days,
    date_from: FirstDay = None,
    date_to: LastDay = None,
    refresh: Refresh = False,
    account: AccountName = None,
) -> State[object]:
    """Load advertising figures into ClickHouse.

    Args:
        days: How many days up to yesterday, in Moscow. Today's figures are not complete.
    """
    return run_source(vk_ads, SOURCE, days, date_from, date_to, refresh, account)


if __name__ == "__main__":
    import sys

    from cli.main import main

    main(["load", SOURCE.name, *sys.argv[1:]])
