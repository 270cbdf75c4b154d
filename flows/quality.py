"""Quality: freshness, duplicates, completeness, volume, reconciliation, judged apart from the loads."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from typing import Any

from prefect import Flow, flow, runtime
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import TagsContext

from flows.hooks import ALERT_HOOKS, error_of, name_of_day, run_failed, run_recovered
from flows.outcomes import completed, in_words
from flows.parameters import Today, Whole
from tasks.alerts.block import block_channel
from tasks.errors import ZakazError
from tasks.harmless import for_chat, for_markdown
from tasks.prefect_tasks import judge
from tasks.quality.checks import Result
from tasks.quality.complete import answers, question
from tasks.quality.run import ChecksBroken, refuse_broken, run_checks, summary
from tasks.settings import Settings, load_settings
from tasks.translation import marked, named, said
from tasks.window import moscow_today

logger = logging.getLogger("zakaz.flow")

_MARKS = named(ok="ok", broken="BROKEN", unjudged="not judged")
_SEVERITIES = marked("fail", "warn")


def alert_unless_sent(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A run that came to its end has sent an alert for each broken check. That nothing could be judged is a
    failure of its own."""
    came_to_its_end = isinstance(error_of(state), ChecksBroken)
    (run_recovered if came_to_its_end else run_failed)(flow, flow_run, state)


@flow(
    name="quality",
    flow_run_name=name_of_day,
    description=__doc__,
    **ALERT_HOOKS | {"on_failure": [alert_unless_sent]},
)
@in_words
def quality(today: Today = None, whole: Whole = True) -> State[object]:
    """Judge the data in the warehouse.

    Args:
        today: None: as of today. To judge as of another day, in Moscow, choose date and pick it.
        whole: Also the checks that read the tickets and ads of all days, which takes longer.
    """
    settings = load_settings()
    day, run_id = today or moscow_today(), str(runtime.flow_run.id)
    with TagsContext(current_tags=set()):  # As in `ingestion`: nothing waits for the server, the warehouse in hand.
        results = run_checks(settings, day, run_id, channel=block_channel(settings), whole=whole, judge=judge)
    _publish(results, whole, settings.zakaz_language, _yesterday(settings, results, day))
    refuse_broken(results)
    return completed(summary(results, settings.zakaz_language), results)


def _yesterday(settings: Settings, results: list[Result], today: date) -> list[str]:
    """Whether it is complete, in Markdown; nothing where the warehouse does not answer any more."""
    language = settings.zakaz_language
    try:
        told = answers(settings, results, today)
    except ZakazError as error:
        logger.warning(
            "the checks are judged and recorded, but whether yesterday is complete is not known: %s", error
        )
        return []
    lines = [f"- **{one.told(language)}** {for_markdown(one.why(language))}" for one in told]
    return [f"## {question(today, language)}", "", *lines, ""]


def _publish(results: list[Result], whole: bool, language: str, above: Sequence[str] = ()) -> None:
    """Broken ones first: a person reads the top. `above`: lines of Markdown."""

    order = {"broken": 0, "unjudged": 1, "ok": 2}
    rows = [
        {
            said("check", language): r.check.titled(language),
            said("status", language): said(_MARKS[r.status], language),
            said("what", language): for_chat(r.said(language)),  # Prefect's page shows it as it is.
            said("if broken", language): said(r.check.severity, language),
            said("name", language): f"{r.check.name} {r.findings[0].key}" if r.findings else r.check.name,
        }
        for r in sorted(results, key=lambda r: (order[r.status], not r.hindered, r.check.severity, r.check.name))
    ]
    description = for_markdown(summary(results, language))
    create_table_artifact(rows, key="quality-checks", description=description)
    lines = [
        f"- **{r.check.titled(language)}** ({said(r.check.severity, language)}): "
        f"{for_markdown(r.said(language))}. {r.check.reason(language)}."
        for r in results
        if r.status == "broken"
    ]
    lines += [
        f"- **{r.check.titled(language)}** ({said('not judged', language)}): {for_markdown(r.said(language))}."
        for r in results
        if r.hindered
    ]
    rest = [] if whole else ["", said("Checks that read all of history are left to the night.", language)]
    text = "\n".join([*above, f"## {description}", "", *(lines or [said("Nothing is broken.", language)]), *rest])
    create_markdown_artifact(text, key="quality", description=description)
