"""Yandex Direct: what each ad showed, cost and brought, by day."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import INGESTION
from flows.ingestion import run_source
from flows.outcomes import in_words
from flows.parameters import AccountName, Days, FirstDay, LastDay, Refresh
from tasks.sources.direct import SOURCE


@flow(name="direct", description=__doc__, **INGESTION)
@in_words
def direct(
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
    return run_source(direct, SOURCE, days, date_from, date_to, refresh, account)


if __name__ == "__main__":
    import sys

    from cli.main import main

    main(["load", SOURCE.name, *sys.argv[1:]])
