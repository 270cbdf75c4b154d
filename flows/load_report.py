"""The artifact of a load: the figures of each day, to hold against the source's own pages, and what was written."""

from __future__ import annotations

import logging

import polars as pl
from prefect.artifacts import create_markdown_artifact

from flows.faults import fault_of
from tasks.harmless import for_markdown
from tasks.ingest import Report
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.load.warehouse import warehouse
from tasks.sources.accounts import Account, label
from tasks.translation import marked, retold, said
from tasks.window import Window

logger = logging.getLogger("zakaz.flow")

_COLUMNS = marked("new", "changed", "removed", "unchanged", "kept", "overtaken")
_BY_DAY = marked(
    *("day", "source", "impressions", "clicks", "spent", "tickets", "revenue", "refunds", "currency", "vat"),
)
"""Columns of `sql/by_day`."""
_VAT = marked("with VAT", "without VAT")
(_LEFT_OUT,) = marked("These are the newest {n} days with figures; earlier ones are loaded too.")
_MOST_DAYS = 31


def publish(account: Account, report: Report) -> None:
    """Raises nothing: the data are in and the run is recorded, so what fails now is worth a warning and no more."""
    language = account.settings.zakaz_language
    # An artifact's key takes no underscores.
    key = f"{account.label.replace('_', '-').replace(' ', '-')}-load"
    try:
        lines = [
            f"## {label(said(account.source.title, language), account.name)}, {report.window}",
            "",
            *_figures(_by_day(account, report.window), report.window, language),
            "",
            said(
                "{rows} rows in {calls} API calls ({retries} retries), {rejected} rejected, {released} released.",
                language,
                rows=report.rows,
                calls=report.traffic.calls,
                retries=report.traffic.retries,
                rejected=report.rejected,
                released=report.released,
            ),
            "",
            f"| {said('table', language)} | {' | '.join(said(name, language) for name in _COLUMNS)} |",
            "|---" * (len(_COLUMNS) + 1) + "|",
            *(
                f"| {name} | {' | '.join(str(result.as_dict()[c]) for c in _COLUMNS)} |"
                for name, result in report.tables.items()
            ),
            *(
                f"\n**{said('Warning', language)}:** {for_markdown(retold(text, language))}"
                for text in report.warnings
            ),
            *(f"\n**{said('Note', language)}:** {for_markdown(retold(text, language))}" for text in report.notes),
        ]
        create_markdown_artifact(
            "\n".join(lines), key=key, description=for_markdown(retold(report.message, language))
        )
    except Exception as error:  # noqa: BLE001
        fault = fault_of(error)
        logger.warning("the load is done, its report failed: %s", fault.words if fault else type(error).__name__)


def _by_day(account: Account, window: Window) -> pl.DataFrame:
    """Of the newest days of the window, as the warehouse has them now."""
    file, table = account.source.shown_by_day
    scope = {"table": table, "account": account.name, "first": window.first, "last": window.last}
    scope |= {"most": _MOST_DAYS}
    with warehouse(account.settings) as client:
        return select(client, sql_text(f"by_day/{file}.sql"), scope)


def _figures(rows: pl.DataFrame, window: Window, language: str) -> list[str]:
    """A table of whole days, and what is said of the days that it leaves out."""
    table = _table(rows, language)
    if rows.is_empty() or rows["day"].n_unique() < _MOST_DAYS or rows["day"].min() == window.first:
        return table
    newest = said(
        "These are the newest {n} days with figures; earlier ones are loaded too.", language, n=_MOST_DAYS
    )
    return [*table, "", newest]


def _table(rows: pl.DataFrame, language: str) -> list[str]:
    if not rows.columns:
        return []
    if rows.is_empty():
        return [said("No figures of these days.", language)]
    numbers = [kind.is_numeric() for kind in rows.dtypes]
    return [
        f"| {' | '.join(said(name, language) for name in rows.columns)} |",
        f"|{'|'.join('---:' if right else '---' for right in numbers)}|",
        *(f"| {' | '.join(_cell(value, language) for value in row)} |" for row in rows.iter_rows()),
    ]


def _cell(value: object, language: str) -> str:
    if value in _VAT:
        return said(str(value), language)
    return for_markdown(value) if isinstance(value, str) else str(value)
