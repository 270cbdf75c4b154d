"""`zakaz demo`: a local sandbox, all sources loaded from it, and a summary that fits on one screen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout
from rich.bar import Bar
from rich.table import Table

from cli.concerts import print_attention, shows_table
from cli.run import Request, judge, line_of, load_all
from cli.stand_in import DEMO_HOME, DEMO_PAGE, bare_environment, home_settings, settings_for
from cli.stopping import at_end
from cli.terminal import cell, out, say, show_progress, working
from tasks.errors import UsageError, ZakazError
from tasks.exposure import make_private
from tasks.ingest import Report
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.load.warehouse import warehouse
from tasks.quality.attention import attention
from tasks.quality.checks import Finding
from tasks.quality.run import summary
from tasks.quality.words import weekday
from tasks.report.run import make_report
from tasks.settings import load_settings
from tasks.translation import marked, said
from tasks.window import moscow_today

_CURRENCY = "RUB"
_ROWS = 8
"""Of tables that may be long."""
_NEXT = """
{next}
  {zakaz} forecast --backtest
  {zakaz} attention
  {zakaz} sql "SELECT city, spend_total, net_revenue,
    round(roas, 2) AS roas FROM v_romi_kpi WHERE spend_total > 0
    ORDER BY d DESC, spend_total DESC LIMIT 5"
  {zakaz} quality
  {zakaz} runs
{own}
  {zakaz} smoke
  {zakaz} load all
{made_up}
{page}"""
_SAID = {"": "none", "others": "others"}
"""Values that are no names."""
_COLUMNS = marked(
    "others",
    *("currency", "events", "cities", "tickets", "revenue", "refunds", "net revenue", "event", "city", "source"),
    *("net", "spend", "romi", "roas"),
)
"""Of the tables that `sql/demo` makes."""


def run_demo(days: int, scale: float) -> None:
    """Raises ZakazError; the sandbox is stopped in any case."""
    show_progress(verbose=False)
    begun = time.monotonic()
    with (
        _own_home(),
        working("Making up a promoter's sales and advertising") as now,
        _sandbox(days, scale),
    ):
        now("Loading ticket sales and advertising")
        outcomes = load_all(Request(days=days))
        now("Judging the data")
        judged = judge()
        now("Summing up")
        tables, found = _read(
            "demo/totals", "demo/events", "demo/sources", "demo/cities", "demo/days", "forecast/coming"
        )
        page = make_report(load_settings())
    failed = [outcome for outcome in outcomes.values() if isinstance(outcome, Exception)]
    for outcome in outcomes.values():
        if isinstance(outcome, Report):
            say(line_of(outcome))
    if failed:
        raise failed[0]
    language = load_settings().zakaz_language
    say(f"quality {summary(judged, language)}.")
    for result in judged:
        if result.status == "unjudged" and not result.hindered:
            why = said("Not judged for want of data, which is no fault: {check}", language, check=result.check.name)
            say(f"{why}:\n{result.said(language)}")
    took = f"{time.monotonic() - begun:.0f}"
    print(said("Made up, fetched, loaded and judged in {seconds} s.", language, seconds=took), end="\n\n")
    _show(tables, language)
    _show_concerts(tables["coming"], found, language)
    _show_next(page, language)


@contextmanager
def _own_home() -> Iterator[None]:
    """The demo's folders, empty: what an earlier one made up is of another world. Raises UsageError."""
    make_private(DEMO_HOME)
    try:
        with FileLock(DEMO_HOME / "demo.lock", timeout=0, thread_local=False):
            # The page first: without it no command takes what is left, or what is half made, for a demo.
            (DEMO_HOME / DEMO_PAGE).unlink(missing_ok=True)
            for name in ("warehouse", "landing", "backups", "reports"):
                shutil.rmtree(DEMO_HOME / name, ignore_errors=True)
            yield
    except Timeout:
        raise UsageError("Another `zakaz demo` is at work here. Wait for it to end.") from None


@contextmanager
def _sandbox(days: int, scale: float) -> Iterator[None]:
    """The sandbox as a process of its own; this process is pointed at it."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--days", str(days), "--scale", str(scale)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,  # noqa: S603
    ):
        at_end(process.kill)
        at_end(lambda: shutil.rmtree(folder, ignore_errors=True))
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise ZakazError("The sandbox did not start; see the lines above.")
            served = json.loads(line)
            pointed = bare_environment() | settings_for(served, Path(folder) / "vk_token.json")
            pointed |= home_settings(DEMO_HOME)
            # In this process, also in a terminal that is for a Prefect server.
            pointed.pop("PREFECT_API_URL", None)
            os.environ.clear()
            os.environ.update(pointed)
            yield
        finally:
            process.terminate()


def _read(*paths: str) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """What each file of `sql/` answers, by its name, and what deserves attention."""
    settings = load_settings()
    with warehouse(settings) as client:
        tables = {
            path.rpartition("/")[2]: select(client, sql_text(f"{path}.sql"), {"currency": _CURRENCY})
            for path in paths
        }
        return tables, attention(client, settings, moscow_today())


def _show(tables: dict[str, pl.DataFrame], language: str) -> None:
    titles = {
        "totals": said("In the warehouse", language),
        "events": said("Top events", language),
        "sources": said("What each rouble brought, by source: tickets by their tags", language),
        "cities": said("What each rouble brought, by city: all tickets", language),
    }
    for name, title in titles.items():
        print(f"\n{title}")  # Rich would break it at the width of the table.
        out.print(_table(tables[name], language))
    days = tables["days"]
    highest = float(max(days["net_revenue"].max() or 0, 1))  # type: ignore[arg-type]
    chart = Table(box=None, show_header=False)
    for day, net in days.iter_rows():
        chart.add_row(
            f"{weekday(day, language)} {day:%d.%m}",
            cell(net),
            Bar(highest, 0, max(0.0, float(net)), width=40, color="green"),
        )
    print("\n" + said("Net revenue by day, RUB", language))
    out.print(chart)


def _show_concerts(coming: pl.DataFrame, found: list[Finding], language: str) -> None:
    if coming.height > _ROWS:
        print("\n" + said("Coming shows, the next {n} of {all}", language, n=_ROWS, all=coming.height))
    elif coming.height:
        print("\n" + said("Coming shows", language))
    if coming.height:
        out.print(shows_table(coming.head(_ROWS), language))
    if found:
        print("\n" + said("What deserves attention", language))
        print_attention(found[:_ROWS], language)


def _table(rows: pl.DataFrame, language: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, kind in rows.schema.items():
        table.add_column(said(name.replace("_", " "), language), justify="right" if kind.is_numeric() else "left")
    for values in rows.iter_rows():
        table.add_row(*(f"({said(_SAID[value], language)})" if value in _SAID else cell(value) for value in values))
    return table


def _show_next(page: str, language: str) -> None:
    ours = Path(sys.executable).with_name("zakaz")
    is_on_path = shutil.which("zakaz") == str(ours)
    zakaz = _from_here(Path("zakaz") if is_on_path else ours)
    home = _from_here(DEMO_HOME)
    words = {
        "next": said("Try next, until there are data of your own:", language),
        "own": said("Your own figures: put the tokens into secrets/ (samples in configs/), then", language),
        "made_up": said("What was made up is in {home} and mixes with nothing of yours.", language, home=home),
        "page": said("All of it on one page, for a browser: {page}", language, page=_from_here(Path(page))),
    }
    print(_NEXT.format(zakaz=zakaz, **words))


def _from_here(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
