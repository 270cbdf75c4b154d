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

from cli.concerts import attention_table, shows_table
from cli.run import Request, judge, line_of, load_all
from cli.stand_in import DEMO_HOME, bare_environment, home_settings, settings_for
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
from tasks.report.run import make_report
from tasks.settings import load_settings
from tasks.window import moscow_today

_CURRENCY = "RUB"
_ROWS = 8
"""Of tables that may be long."""
_NEXT = """
Try next, until there are data of your own:
  {zakaz} forecast --backtest
  {zakaz} attention
  {zakaz} sql "SELECT city, spend_total, net_revenue,
    round(roas, 2) AS roas FROM v_romi_kpi WHERE spend_total > 0
    ORDER BY d DESC, spend_total DESC LIMIT 5"
  {zakaz} quality
  {zakaz} runs
Your own figures: put the tokens into secrets/ (samples in configs/), then
  {zakaz} smoke
  {zakaz} load all
What was made up is in {home} and mixes with nothing of yours.
All of it on one page, for a browser: {page}"""


def run_demo(days: int, scale: float) -> None:
    """Raises ZakazError; the sandbox is stopped in any case."""
    show_progress(verbose=False)
    begun = time.monotonic()
    with (
        _own_home(),
        working(f"Making up {days} days of a promoter's sales and advertising") as now,
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
    say(f"quality {summary(judged)}.")
    for result in judged:
        if result.status == "unjudged" and not result.hindered:
            say(f"Not judged for want of data, which is no fault: {result.check.name}:\n{result.message}")
    print(f"Made up, fetched, loaded and judged in {time.monotonic() - begun:.0f} s.\n")
    _show(tables)
    _show_concerts(tables["coming"], found)
    _show_next(page)


@contextmanager
def _own_home() -> Iterator[None]:
    """The demo's folders, empty: what an earlier one made up is of another world. Raises UsageError."""
    make_private(DEMO_HOME)
    try:
        with FileLock(DEMO_HOME / "demo.lock", timeout=0, thread_local=False):
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


def _show(tables: dict[str, pl.DataFrame]) -> None:
    out.print(_table("In the warehouse", tables["totals"]))
    out.print(_table("Top events", tables["events"]))
    out.print(_table("What each rouble brought, by source", tables["sources"]))
    out.print(_table("What each rouble brought, by city", tables["cities"]))
    days = tables["days"]
    highest = float(max(days["net_revenue"].max() or 0, 1))  # type: ignore[arg-type]
    chart = Table(title="Net revenue by day, RUB", title_justify="left", box=None, show_header=False)
    for day, net in days.iter_rows():
        chart.add_row(f"{day:%a %d.%m}", cell(net), Bar(highest, 0, max(0.0, float(net)), width=40, color="green"))
    out.print(chart)


def _show_concerts(coming: pl.DataFrame, found: list[Finding]) -> None:
    if not coming.is_empty():
        print(f"\nComing shows, the next {_ROWS} of {coming.height}" if coming.height > _ROWS else "\nComing shows")
        out.print(shows_table(coming.head(_ROWS), "en"))
    if found:
        print("\nWhat deserves attention")
        out.print(attention_table(found[:_ROWS], "en"))


def _table(title: str, rows: pl.DataFrame) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for name, kind in rows.schema.items():
        table.add_column(name.replace("_", " "), justify="right" if kind.is_numeric() else "left")
    for values in rows.iter_rows():
        table.add_row(*("(none)" if value == "" else cell(value) for value in values))
    return table


def _show_next(page: str) -> None:
    ours = Path(sys.executable).with_name("zakaz")
    is_on_path = shutil.which("zakaz") == str(ours)
    zakaz = Path("zakaz") if is_on_path else ours
    print(_NEXT.format(zakaz=_from_here(zakaz), home=_from_here(DEMO_HOME), page=_from_here(Path(page))))


def _from_here(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
