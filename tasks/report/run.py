"""Make a report and keep it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.load.migrate import migrated
from tasks.report.figures import Figures, figures
from tasks.report.page import render
from tasks.report.place import ReportPlace
from tasks.settings import Settings
from tasks.window import moscow_today

DAYS = 30


@dataclass(frozen=True)
class Report:
    figures: Figures
    page: str


def draw_report(settings: Settings, days: int = DAYS, language: str | None = None) -> Report:
    """Raises WarehouseError."""
    now = datetime.now(UTC)
    with migrated(settings) as client:
        found = figures(client, settings, now, moscow_today(now), days)
    return Report(found, render(found, language or settings.zakaz_language))


def keep_report(settings: Settings, report: Report) -> str:
    """Its address. Raises ReportError."""
    return ReportPlace(settings.report_url).write(report.page, moscow_today(report.figures.made_at))


def make_report(settings: Settings, days: int = DAYS, language: str | None = None) -> str:
    return keep_report(settings, draw_report(settings, days, language))
