"""Load: a window, a long range, or a demo."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli import terminal
from cli.commands.options import AccountName, EnvFile, as_day, group
from tasks.errors import UsageError

app = group()


@app.command()
def demo(
    days: Annotated[int, typer.Option("--days", min=1, max=1100, help="Days to make up.")] = 90,
    scale: Annotated[float, typer.Option("--scale", min=0.01, max=50, help="1 is 120 orders a day.")] = 1.0,
) -> None:
    """A made-up promoter's months: served by a local sandbox, loaded, summed up."""
    from cli.demo import run_demo

    run_demo(days, scale)


@app.command()
def load(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="qtickets, vk_ads, direct, costs, or all.")],
    _env: EnvFile = None,
    days: Annotated[
        int | None, typer.Option("--days", help="Moscow days back: from today, for ads from yesterday.")
    ] = None,
    date_from: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day.")] = None,
    date_to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DATE",
            help="Last day; by default today, for ads yesterday. Today's spend is not final, but can be asked for.",
        ),
    ] = None,
    account: AccountName = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Ignore what was fetched before.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's own log too.")] = False,
) -> None:
    """Load a source into the warehouse, safely repeated at any time."""
    if days is not None and (date_from or date_to):
        raise UsageError("Give either --days or --from and --to.")
    first, last = as_day(date_from), as_day(date_to)
    terminal.show_progress(verbose)
    from cli.run import Request, load_sources

    raise typer.Exit(load_sources(source, account, Request(days, first, last, refresh)))


@app.command("backfill")
def backfill_command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="qtickets, vk_ads or direct.")],
    date_from: Annotated[str, typer.Option("--from", metavar="DATE", help="First day.")],
    date_to: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day; at most today, for ads yesterday.")
    ] = None,
    _env: EnvFile = None,
    account: AccountName = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Load again what is done.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's own log too.")] = False,
) -> None:
    """Load a long range of days; started again, it goes on where it ended."""
    first, last = as_day(date_from), as_day(date_to)
    assert first
    terminal.show_progress(verbose)
    from cli.run import run_backfill

    raise typer.Exit(run_backfill(source, account, first, last, refresh))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def sandbox(context: typer.Context) -> None:
    """Serve stand-ins of the APIs (--live: time goes on there; --port, --days, --since, --scale, --seed)."""
    # A process of its own: the sandbox shares nothing with the product, not even an interpreter.
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *context.args])  # noqa: S606
