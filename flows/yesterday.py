"""Yesterday again: all sources in use loaded anew for the last days that are over, and the data judged."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow, tags
from prefect.client.schemas.objects import State

from flows.accounts import PART, AccountsFailed
from flows.backfill import FLOWS
from flows.hooks import ALERT_HOOKS, name_of_run
from flows.outcomes import completed, in_words
from flows.parameters import Days
from flows.quality import alert_unless_sent, quality
from tasks.alerts.alert import words_of
from tasks.quality.complete import answers, question
from tasks.quality.run import counts
from tasks.settings import load_settings
from tasks.sources import in_use
from tasks.window import moscow_today


@flow(
    name="yesterday",
    flow_run_name=name_of_run,
    description=__doc__,
    **ALERT_HOOKS | {"on_failure": [alert_unless_sent]},
)
@in_words
def yesterday(days: Days = 1) -> State[object]:
    """Load all sources anew and judge the data.

    Args:
        days: How many days up to yesterday, in Moscow.
    """
    settings, last = load_settings(), moscow_today() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    failed, done = {}, []
    with tags(PART):
        for name in in_use(settings):
            try:
                FLOWS[name](date_from=first, date_to=last, refresh=True)
            except Exception as error:  # noqa: BLE001 - reported with all others
                failed[name] = words_of(error)
            else:
                done.append(name)
        if failed:
            raise AccountsFailed(failed, done)
        judged = quality(whole=False)
    assert isinstance(judged, list)
    language = settings.zakaz_language
    told = "; ".join(
        f"{one.told(language)}: {one.why(language)}" for one in answers(settings, judged, moscow_today())
    )
    return completed(
        f"{question(moscow_today(), language)} {told}; {counts(judged, language)}", dict.fromkeys(done)
    )
