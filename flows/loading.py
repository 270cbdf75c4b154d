"""`zakaz load`: run ingestion flows in this process and print what they did."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flows.ingest import Report
from flows.registry import SOURCES
from tasks.errors import UsageError
from tasks.settings import load_settings


def load_sources(
    source: str, env: Path | None, days: int | None, first: date | None, last: date | None, refresh: bool
) -> None:
    """Raises UsageError for an unknown source and whatever a flow raises."""
    names = list(SOURCES) if source == "all" else [source]
    if unknown := [name for name in names if name not in SOURCES]:
        raise UsageError(f"There is no source {unknown[0]}. Sources: {', '.join(SOURCES)}, all.")
    settings = load_settings(env)
    for name in names:
        # Before a flow run exists: a missing token is a matter for this terminal, not for the run history.
        SOURCES[name].source.check_settings(settings)
        report = load_one(name, env, days, first, last, refresh)
        print(f"{name} {report.message}")


def load_one(
    name: str, env: Path | None, days: int | None, first: date | None, last: date | None, refresh: bool
) -> Report:
    given = {"date_from": first, "date_to": last, "days": days, "env": str(env) if env else None}
    report = SOURCES[name].flow(
        refresh=refresh, **{key: value for key, value in given.items() if value is not None}
    )
    assert isinstance(report, Report)
    return report
