"""Report: one page to look at, kept where REPORT_URL says: each day's, and the newest under a name that stays."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.settings import get_current_settings
from pydantic import Field

from flows.hooks import ALERT_HOOKS, name_of_day
from flows.outcomes import completed, in_words
from flows.parameters import shown
from tasks.harmless import for_markdown
from tasks.report.run import DAYS, draw_report, keep_report
from tasks.report.summary import summary
from tasks.settings import load_settings
from tasks.translation import marked

_DAYS = marked("How many days", "Up to yesterday, in Moscow: those of its charts and tables.")
Days = Annotated[int, Field(ge=1, le=366, json_schema_extra=shown(*_DAYS))]


@flow(name="report", flow_run_name=name_of_day, description=__doc__, **ALERT_HOOKS)
@in_words
def report(days: Days = DAYS) -> State[object]:
    """Draw the report and keep it.

    Args:
        days: Up to yesterday, in Moscow, of the charts and tables.
    """
    settings = load_settings()
    made = draw_report(settings, days)
    address = keep_report(settings, made)
    lines = [f"- {for_markdown(line)}" for line in summary(made.figures, settings.zakaz_language)]
    text = "\n".join([*lines, "", _link(), "", f"`{address}`"])
    create_markdown_artifact(text, key="report", description=lines[0].removeprefix("- "))
    return completed(address, address)


def _link() -> str:
    """To the newest one, where the server serves it."""
    ui = get_current_settings().ui_url or ""
    return f"[{ui.rstrip('/')}/report]({ui.rstrip('/')}/report)" if ui else ""
