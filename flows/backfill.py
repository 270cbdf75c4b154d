"""A long range of days, in windows that can be resumed: what is done is skipped, a failed window ends the run."""

from __future__ import annotations

import logging
from typing import cast
from uuid import UUID

from prefect import Flow, flow, tags
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State

from flows import costs, direct, qtickets, vk_ads
from flows.accounts import PART, run_each
from flows.faults import fault_of
from flows.hooks import INGESTION
from flows.outcomes import completed, in_words, note
from flows.parameters import AccountName, Beginning, LastDay, Redo, SourceName
from tasks import backfill as windows
from tasks.settings import load_settings
from tasks.sources.accounts import wanted
from tasks.window import Window

FLOWS: dict[str, Flow[..., State[object]]] = {
    str(of_source.name): of_source for of_source in (qtickets.qtickets, vk_ads.vk_ads, direct.direct, costs.costs)
}
"""The flow of each source, which has its name."""
_DASHES = str.maketrans("_ ", "--")
"""An artifact's key takes nothing else."""
logger = logging.getLogger("zakaz.flow")


@flow(name="backfill", **INGESTION, description=__doc__)
@in_words
def backfill(
    source: SourceName,
    date_from: Beginning,
    date_to: LastDay = None,
    refresh: Redo = False,
    account: AccountName = None,
) -> State[object]:
    """Load a long range of days of a source.

    Args:
        date_from: Where to begin. Days that the source no longer keeps are left out.
        refresh: Also the days that an earlier backfill or load has done. Off, they are skipped.
    """
    accounts = wanted(source, account, load_settings())
    if len(accounts) > 1:
        return run_each(accounts, lambda each: backfill(source, date_from, date_to, refresh, each))
    one = accounts[0]
    progress: list[UUID] = []

    def load(window: Window) -> None:
        with tags(PART):
            FLOWS[source](date_from=window.first, date_to=window.last, refresh=refresh, account=one.name)

    def show(share: float) -> None:
        """A bar that cannot be shown ends no backfill."""
        try:
            if progress:
                update_progress_artifact(progress[0], 100 * share)
            else:
                made = create_progress_artifact(100 * share, key=f"backfill-{one.label}".translate(_DASHES))
                progress.append(cast(UUID, made))
        except Exception as error:  # noqa: BLE001
            fault = fault_of(error)
            logger.warning("the progress is not shown: %s", fault.words if fault else type(error).__name__)

    show(0)
    message = windows.backfill(
        one,
        date_from,
        date_to,
        refresh=refresh,
        load=load,
        progress=show,
    )
    note(message)
    return completed(message, message)
