"""What tables show and marts do not yet is not forgotten, whoever dies, and not taken from a run that is at work."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from clickhouse_connect.driver.client import Client

from tasks.load import runs
from tasks.load.runs import Run
from tasks.load.unfinished import all_days, close, note, note_all_days, to_finish

NOW = datetime.now(UTC).replace(microsecond=0)
MINE, DEAD, LIVING, ANOTHERS = (
    Run("qtickets_loader", name, NOW - timedelta(minutes=number), account)
    for number, (name, account) in enumerate([("mine", "a"), ("dead", "a"), ("living", "a"), ("another's", "b")])
)
DAYS = (date(2026, 3, 9), date(2026, 3, 10))


def found(client: Client, run: Run) -> dict[str, tuple[date, ...]]:
    return {entry.run.run_id: entry.days for entry in to_finish(client, run)}


def test_a_run_finishes_its_own_changes_and_those_of_runs_of_its_account_that_are_no_more(client: Client) -> None:
    for run in (MINE, DEAD, LIVING, ANOTHERS):
        runs.begin(client, run, "loading")
        note(client, run, "stg_qtickets_tickets", reversed(DAYS))
    runs.end(client, DEAD, "failed", 0, "it died", {})

    assert found(client, MINE) == {"mine": DAYS, "dead": DAYS}
    close(client, to_finish(client, MINE))
    assert found(client, MINE) == {}
    assert found(client, LIVING) == {"living": DAYS}
    runs.end(client, LIVING, "failed", 0, "it died, too", {})
    assert found(client, MINE) == {"living": DAYS}
    assert found(client, replace(ANOTHERS, run_id="next")) == {}, "it lives"


def test_a_mart_that_is_to_be_compared_anew_while_it_is_compared_stays_so(client: Client) -> None:
    note_all_days(client, ["agg_marketing_daily", "stg_qtickets_sales_raw"])
    compared = all_days(client)
    note_all_days(client, ["agg_marketing_daily"])

    close(client, compared.values())
    assert all_days(client).keys() == {"agg_marketing_daily"}
    close(client, all_days(client).values())
    assert all_days(client) == {}
