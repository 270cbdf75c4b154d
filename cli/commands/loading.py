"""Load: a window, a long range, or a demo."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from cli import terminal
from cli.commands.options import (
    AccountName,
    EnvFile,
    as_day,
    complete_source,
    complete_source_or_all,
    examples,
    group,
)
from tasks.errors import UsageError

app = group()
_LIVE = 60
"""Seconds between two moments of a sandbox whose time goes on."""


@app.command(
    "demo",
    epilog=examples(
        "zakaz demo",
        "zakaz demo --days 30 --scale 0.2     a month of a small promoter",
    ),
)
def demo(
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=1100, help="Days to make up.")] = 270,
    scale: Annotated[
        float, typer.Option("--scale", metavar="X", min=0.01, max=50, help="1 is 120 orders a day.")
    ] = 0.3,
) -> None:
    """A made-up promoter's months: served by a local sandbox, loaded, summed up."""
    from cli.demo import run_demo

    run_demo(days, scale)


@app.command(
    "load",
    epilog=examples(
        "zakaz load all",
        "zakaz load vk_ads --days 30",
        "zakaz load direct --from 2026-01-01 --to 2026-01-31",
        "zakaz load vk_ads --account spb",
        "zakaz load qtickets --env /etc/zakaz/qtickets.env",
    ),
)
def load(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", autocompletion=complete_source_or_all, help="qtickets, vk_ads, direct, costs, or all."
        ),
    ],
    _env: EnvFile = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            metavar="N",
            help="Moscow days back: from today, for ads from yesterday. By default as many as change: QTickets 2, "
            "VK Ads 14, Direct 7.",
        ),
    ] = None,
    date_from: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day, as 2026-01-31.")
    ] = None,
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


@app.command(
    "backfill",
    epilog=examples(
        "zakaz backfill qtickets --from 2025-01-01",
        "zakaz backfill direct --from 2025-01-01 --to 2025-12-31 --refresh",
    ),
)
def backfill_command(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", autocompletion=complete_source, help="qtickets, vk_ads, direct or costs."),
    ],
    date_from: Annotated[str, typer.Option("--from", metavar="DATE", help="First day, as 2026-01-31.")],
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


class _MaybeSeconds(TyperCommand):
    """`--live` alone is `--live` and so many seconds: an option of typer has a value or none, and never maybe."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        pairs = zip(args, [*args[1:], "-"], strict=False)
        said = [f"{one}={_LIVE}" if one == "--live" and after.startswith("-") else one for one, after in pairs]
        return super().parse_args(ctx, said)


@app.command(
    "sandbox",
    cls=_MaybeSeconds,
    epilog=examples(
        "zakaz sandbox --settings made-up.env    its addresses and tokens, for a loader",
        "zakaz sandbox --days 30 --scale 0.2     a month of a small promoter",
        "zakaz sandbox --live 10                 new orders every ten seconds",
    ),
)
def sandbox(
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=0, max=65535, help="8765 if left out; 0 takes any free one."),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, help="Days of orders; 90 if left out.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="First day of orders instead, the same at every start."),
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option("--scale", metavar="X", min=0, help="1, or left out, is about 120 orders a day."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Which world; 7 if left out.")] = None,
    live: Annotated[
        float | None,
        typer.Option(
            "--live",
            metavar="[SECONDS]",
            min=1,
            help=f"Let time go on: new orders, refunds and spend every so many seconds, {_LIVE} if left out.",
        ),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option("--like", metavar="FILE", exists=True, help="Behave as a file of `zakaz probe` says."),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="Write what a loader takes as --env FILE.")
    ] = None,
) -> None:
    """Serve stand-ins of the APIs on this machine, to try things, until it is stopped."""
    if days is not None and since is not None:
        raise UsageError("Give either --days or --since.")
    given: dict[str, object] = {"port": port, "days": days, "since": as_day(since), "scale": scale, "seed": seed}
    given |= {"live": live, "like": like, "settings": settings}
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    # A process of its own: the sandbox shares nothing with the product, not even an interpreter.
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *options])  # noqa: S606
