"""The artifact of a load: the figures of each day, to hold against the source's own pages, and what was written."""

from __future__ import annotations

import logging
from collections.abc import Callable

import polars as pl
from prefect.artifacts import create_markdown_artifact

from flows.faults import fault_of
from tasks.harmless import for_markdown
from tasks.ingest import Report
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.load.warehouse import warehouse
from tasks.sources.accounts import Account
from tasks.window import Window

logger = logging.getLogger("zakaz.flow")

_RUSSIAN = {
    "day": "день",
    "source": "источник",
    "impressions": "показы",
    "clicks": "клики",
    "spent": "расход",
    "tickets": "билеты",
    "revenue": "выручка",
    "refunds": "возвраты",
    "currency": "валюта",
    "table": "таблица",
    "new": "новых",
    "changed": "изменено",
    "removed": "удалено",
    "unchanged": "без изменений",
    "kept": "оставлено",
    "overtaken": "новее нас",
    "Warning": "Внимание",
    "Note": "К сведению",
    "No figures of these days.": "За эти дни ничего нет.",
    "{rows} rows in {calls} API calls ({retries} retries), {rejected} rejected, {released} released.": (
        "Строк: {rows}; запросов к API: {calls}, из них повторных: {retries}; "
        "отвергнуто: {rejected}, вышло из карантина: {released}."
    ),
}


def publish(account: Account, report: Report) -> None:
    """Raises nothing: the data are in and the run is recorded, so what fails now is worth a warning and no more."""
    words = _RUSSIAN if account.settings.zakaz_language == "ru" else {}

    def said(text: str) -> str:
        return words.get(text, text)

    columns = ("new", "changed", "removed", "unchanged", "kept", "overtaken")
    # An artifact's key takes no underscores.
    key = f"{account.label.replace('_', '-').replace(' ', '-')}-load"
    try:
        lines = [
            f"## {account.title}, {report.window}",
            "",
            *_table(_by_day(account, report.window), said),
            "",
            said(
                "{rows} rows in {calls} API calls ({retries} retries), {rejected} rejected, {released} released."
            ).format(
                rows=report.rows,
                calls=report.traffic.calls,
                retries=report.traffic.retries,
                rejected=report.rejected,
                released=report.released,
            ),
            "",
            f"| {said('table')} | {' | '.join(map(said, columns))} |",
            "|---" * (len(columns) + 1) + "|",
            *(
                f"| {name} | {' | '.join(str(result.as_dict()[c]) for c in columns)} |"
                for name, result in report.tables.items()
            ),
            *(f"\n**{said('Warning')}:** {for_markdown(text)}" for text in report.warnings),
            *(f"\n**{said('Note')}:** {for_markdown(text)}" for text in report.notes),
        ]
        create_markdown_artifact("\n".join(lines), key=key, description=for_markdown(report.message))
    except Exception as error:  # noqa: BLE001
        logger.warning("the load is done, its report failed: %s", fault_of(error) or type(error).__name__)


def _by_day(account: Account, window: Window) -> pl.DataFrame:
    """Of the newest days of the window, as the warehouse has them now."""
    file, table = account.source.shown_by_day
    scope = {"table": table, "account": account.name, "first": window.first, "last": window.last}
    with warehouse(account.settings) as client:
        return select(client, sql_text(f"by_day/{file}.sql"), scope)


def _table(rows: pl.DataFrame, said: Callable[[str], str]) -> list[str]:
    if not rows.columns:
        return []
    if rows.is_empty():
        return [said("No figures of these days.")]
    numbers = [kind.is_numeric() for kind in rows.dtypes]
    return [
        f"| {' | '.join(map(said, rows.columns))} |",
        f"|{'|'.join('---:' if right else '---' for right in numbers)}|",
        *(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows.iter_rows()),
    ]


def _cell(value: object) -> str:
    return for_markdown(value) if isinstance(value, str) else str(value)
