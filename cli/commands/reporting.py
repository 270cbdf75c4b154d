"""What people take away: the report as a page, and any view as a file."""

from __future__ import annotations

import sys
import webbrowser
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.commands.options import EnvFileOrDemoFigures, examples, group
from tasks.errors import UsageError
from tasks.settings import load_settings

app = group()


class Language(StrEnum):
    ru = "ru"
    en = "en"


class Format(StrEnum):
    xlsx = "xlsx"
    csv = "csv"
    parquet = "parquet"


@app.command(
    "report",
    epilog=examples(
        "zakaz report --open",
        "zakaz report --days 90 --out autumn.html",
        "zakaz report --language en",
    ),
)
def report_command(
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=366, help="Up to yesterday, in Moscow.")
    ] = 30,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Only there, instead of REPORT_URL.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="In the browser.")] = False,
    language: Annotated[
        Language | None, typer.Option("--language", help="By default that of ZAKAZ_LANGUAGE.")
    ] = None,
    _env: EnvFileOrDemoFigures = None,
) -> None:
    """One page to look at: how it goes, what pays back, which shows sell, and whether the data can be trusted."""
    terminal.show_progress(verbose=False)
    from tasks.report.place import ReportPlace
    from tasks.report.run import draw_report, keep_report

    settings = load_settings()
    if open_it and out is None and ReportPlace(settings.report_url).folder is None:
        raise UsageError("REPORT_URL is not on this machine: add --out FILE to open the page.")
    with terminal.working("Drawing the report"):
        report = draw_report(settings, days, language)
        if out is None:
            address = keep_report(settings, report)
        else:
            out.write_text(report.page, "utf-8")
            address = str(out)
    print(address)
    if open_it and not webbrowser.open(Path(address).absolute().as_uri()):
        terminal.complain("no browser was found here; open the file yourself.")


def _complete_view() -> list[str]:
    from tasks.load.sql import sql_files

    return [file.name for file in sql_files("views")]


@app.command(
    "export",
    epilog=examples(
        "zakaz export v_marketing_daily --format xlsx --days 90",
        "zakaz export v_campaign_performance --format csv --out campaigns.csv",
        "zakaz export v_show_economics --format parquet --out - > shows.parquet",
    ),
)
def export_command(
    view: Annotated[
        str,
        typer.Argument(
            metavar="VIEW", help="Its name begins with v_, see the README.", autocompletion=_complete_view
        ),
    ],
    fmt: Annotated[Format, typer.Option("--format", help="xlsx and csv are for spreadsheets.")],
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, help="The last ones, today included; else all.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="By default VIEW.FORMAT here; - is stdout."),
    ] = None,
    _env: EnvFileOrDemoFigures = None,
) -> None:
    """A view as a file: a workbook, CSV or Parquet. Text that begins like a formula stays text."""
    ends = out.suffix.removeprefix(".") if out else ""
    if ends != fmt and ends in [*Format]:
        raise UsageError(f"{out} would hold {fmt}: name it .{fmt}, or take --format {ends}.")
    from tasks.load.export import exported
    from tasks.load.migrate import look

    with look(load_settings()) as client:
        content = exported(client, view, fmt, days)
    if str(out) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    file = out or Path(f"{view}.{fmt}")
    file.write_bytes(content)
    print(file)
