"""Costs file: what was paid elsewhere than for ads, by day."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import INGESTION
from flows.ingestion import run_source
from flows.outcomes import in_words
from flows.parameters import AccountName, Days, FirstDay, LastDay, Refresh
from tasks.sources.costs import SOURCE


@flow(name="costs", description=__doc__, **INGESTION)
@in_words
def costs(
    days: Days = SOURCE.days,
    date_from: FirstDay = None,
    date_to: LastDay = None,
    refresh: Refresh = False,
    account: AccountName = None,
) -> State[object]:
    """Load the costs file into ClickHouse.

    Args:
        days: Of no effect: the whole file is loaded.
    """
    return run_source(costs, SOURCE, days, date_from, date_to, refresh, account)


if __name__ == "__main__":
    import sys

    from cli.main import main

    main(["load", SOURCE.name, *sys.argv[1:]])
