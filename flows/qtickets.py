"""QTickets: ticket sales by day, event and city."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import INGESTION
from flows.ingestion import run_source
from flows.outcomes import in_words
from flows.parameters import AccountName, Days, FirstDay, LastDay, Refresh
from tasks.sources.qtickets import SOURCE


@flow(name="qtickets", description=__doc__, **INGESTION)
@in_words
def qtickets(
    days: Days = SOURCE.days,
    date_from: FirstDay = None,
    date_to: LastDay = None,
    refresh: Refresh = False,
    account: AccountName = None,
) -> State[object]:
    """Load ticket sales into ClickHouse.

    Args:
        days: How many days up to today, in Moscow. More days pick up later refunds, which count on the day of sale.
    """
    return run_source(qtickets, SOURCE, days, date_from, date_to, refresh, account)


if __name__ == "__main__":
    import sys

    from cli.main import main

    main(["load", SOURCE.name, *sys.argv[1:]])
