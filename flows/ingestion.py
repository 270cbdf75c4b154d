"""What the flow of each source does: its window loaded by tasks, the report published, the run's state named."""

from __future__ import annotations

import logging
from datetime import date

import polars as pl
from prefect import Flow, runtime
from prefect.client.schemas.objects import State
from prefect.context import TagsContext

from flows.accounts import run_each
from flows.hooks import SKIPPED
from flows.load_report import publish
from flows.outcomes import completed, noted
from tasks.ingest import ingest
from tasks.load.migrate import migrated
from tasks.load.runs import covered, reads
from tasks.prefect_tasks import AS_TASKS
from tasks.settings import load_settings
from tasks.sources.accounts import Account, wanted
from tasks.sources.source import Source
from tasks.sources.windows import requested_window
from tasks.translation import RECORD, said
from tasks.window import Window

logger = logging.getLogger("zakaz.flow")


def run_source(
    flow: Flow[..., State[object]],
    source: Source,
    days: int | None,
    date_from: date | None,
    date_to: date | None,
    refresh: bool,
    name: str | None,
) -> State[object]:
    """Load one window of an account; the run's state says what was loaded and carries the Report. Where no account
    is named and there are several, run `flow` for each."""
    accounts = wanted(source.name, name, load_settings())
    window = requested_window(source, days, date_from, date_to)
    # Looked at here also for all: when a run within this one was due is when it began.
    left = [account for account in accounts if refresh or not _is_superseded(account, window)]
    if not left:
        message = f"{window}: {said('read by another run since this one was due', RECORD)}"
        return completed(message, message, SKIPPED)
    if len(accounts) > 1:
        given = {"days": days, "date_from": date_from, "date_to": date_to, "refresh": refresh}
        return run_each(left, lambda each: flow(**given, account=each))
    account = left[0]
    # Of a step with tags Prefect asks its server for a slot of each: a load would fail where the server is gone.
    with noted() as note, TagsContext(current_tags=set()):
        report = ingest(account, window, str(runtime.flow_run.id), refresh=refresh, by=AS_TASKS)
        note(report)
        publish(account, report)
    return completed(report.message, report)


def _is_superseded(account: Account, window: Window) -> bool:
    """Whether a good run has read these days since this one was due: after an outage, the first of the runs that
    waited does the work of all."""
    if runtime.deployment.id is None:
        return False
    due = runtime.flow_run.scheduled_start_time
    with migrated(account.settings) as client:
        good = covered(client, account.source.job, account.name, even_with_warnings=True, since=due)
    return reads(good, window).filter(pl.col("read_at") > due).height > 0
