"""Concerts: what they may sell, and what of them deserves attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import terminal
from cli.commands.options import AsJson, EnvFileOrDemoFigures, examples, group, looking
from tasks.settings import load_settings
from tasks.translation import marked, said

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

app = group()


@app.command(
    "forecast",
    epilog=examples(
        "zakaz forecast",
        "zakaz forecast --backtest",
    ),
)
def forecast_command(
    backtest: Annotated[
        bool, typer.Option("--backtest", help="How good it would have been for shows that are over.")
    ] = False,
    as_json: AsJson = False,
    _env: EnvFileOrDemoFigures = None,
) -> None:
    """What the coming shows sold, and may sell in the end."""
    from cli.concerts import backtest_table, shows_table
    from tasks.load.frames import select
    from tasks.load.sql import sql_text

    settings = load_settings()
    with looking() as client:
        rows = select(client, sql_text(f"forecast/{'backtest' if backtest else 'coming'}.sql"))
        has_table = not (backtest or as_json or rows.is_empty())
        whole = select(client, sql_text("forecast/whole_events.sql")).to_dicts() if has_table else []
        none = "No show is over whose sales are loaded from their beginning." if backtest else "No show is to come."
        nothing = "" if rows.height else _nothing(client, none)
    if as_json or rows.is_empty():
        terminal.print_frame(rows, as_json, {}, said(nothing, settings.zakaz_language))
    else:
        language = settings.zakaz_language
        terminal.out.print(backtest_table(rows, language) if backtest else shows_table(rows, language, whole))


@app.command(
    "attention",
    epilog=examples(
        "zakaz attention",
        "zakaz attention --json",
    ),
)
def attention_command(as_json: AsJson = False, _env: EnvFileOrDemoFigures = None) -> None:
    """What to look at in shows and campaigns: the roubles at stake, and what to do."""
    terminal.show_progress(verbose=False)
    from cli.concerts import print_attention
    from tasks.harmless import json_line
    from tasks.quality.attention import attention
    from tasks.window import moscow_today

    settings = load_settings()
    with looking() as client:
        found = attention(client, settings, moscow_today())
        nothing = "" if found else _nothing(client, "Nothing deserves attention.")
    if as_json:
        for one in found:
            told = {"what": one.what, "what_ru": one.what_ru, "do": one.check.do, "do_ru": one.check.do_ru}
            told |= {"finding": f"{one.check.name} {one.key}", "source": one.source, "account": one.account}
            print(json_line(told | {"money": one.money, "row": dict(one.row)}))
    elif found:
        print_attention(found, settings.zakaz_language)
    else:
        terminal.err.print(said(nothing, settings.zakaz_language))


_NOTHING = marked(
    *("Nothing is loaded yet: `zakaz load all`.", "No show is to come.", "Nothing deserves attention."),
    "No show is over whose sales are loaded from their beginning.",
)


def _nothing(client: Client, otherwise: str) -> str:
    """Why nothing is shown: of an empty warehouse that all is well would be a lie."""
    from tasks.load.frames import select

    good = "SELECT 1 FROM meta_job_runs WHERE status = 'success' AND endsWith(job, '_loader') LIMIT 1"
    return otherwise if select(client, good).height else _NOTHING[0]
