"""The `zakaz` command line: arguments in, exit status out. What a command does lives elsewhere.

Prefect takes seconds to import, so commands import what they need when they run. Standard output carries the
result alone, everything else goes to standard error. Exit status: 0 done, 1 failed, 2 wrong usage or settings.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from flows import terminal
from tasks.errors import UsageError, ZakazError
from tasks.settings import load_settings

app = typer.Typer(
    name="zakaz",
    help="Ticket sales and advertising spend into ClickHouse, exact to the kopeck.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
quarantine_app = typer.Typer(help="Rows that were rejected, and why.", rich_markup_mode=None)
app.add_typer(quarantine_app, name="quarantine")

EnvFile = Annotated[
    Path | None, typer.Option("--env", metavar="FILE", help="Settings file, e.g. secrets/.env.qtickets.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, newest first.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text or 'Nothing'} is not a date. Write it as 2026-01-31.") from None


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"zakaz {version('zakaz')}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    days: Annotated[int, typer.Option("--days", min=1, max=1100, help="Days to make up.")] = 90,
    scale: Annotated[float, typer.Option("--scale", min=0.01, max=50, help="1 is 120 orders a day.")] = 1.0,
) -> None:
    """A made-up promoter's months: served by a local sandbox, loaded, summed up."""
    from flows.demo import run_demo

    run_demo(days, scale)


@app.command()
def load(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="qtickets, vk_ads, direct, or all.")],
    env: EnvFile = None,
    days: Annotated[
        int | None, typer.Option("--days", help="Moscow days back: from today, for ads from yesterday.")
    ] = None,
    date_from: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day.")] = None,
    date_to: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day; today, for ads yesterday.")
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Ignore what was fetched before.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's own log too.")] = False,
) -> None:
    """Load a source into the warehouse, safely repeated at any time."""
    if days is not None and (date_from or date_to):
        raise UsageError("Give either --days or --from and --to.")
    first, last = _day(date_from), _day(date_to)
    load_settings(env)
    terminal.show_progress(verbose)
    from flows.commands import Request, load_sources

    raise typer.Exit(load_sources(source, Request(days, first, last, refresh, env)))


@app.command("backfill")
def backfill_command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="qtickets, vk_ads or direct.")],
    date_from: Annotated[str, typer.Option("--from", metavar="DATE", help="First day.")],
    date_to: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day.")] = None,
    env: EnvFile = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Load again what is done.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show Prefect's own log too.")] = False,
) -> None:
    """Load a long range of days; started again, it goes on where it ended."""
    first, last = _day(date_from), _day(date_to)
    assert first
    terminal.show_progress(verbose)
    from flows.commands import run_backfill

    print(run_backfill(source, first, last, refresh, env))


@app.command("quality")
def quality_command(as_json: AsJson = False, env: EnvFile = None) -> None:
    """Judge the data: freshness, duplicates, completeness, volume, reconciliation."""
    load_settings(env)
    terminal.show_progress(verbose=False)
    from flows.commands import run_quality

    raise typer.Exit(run_quality(as_json, env))


@app.command("migrate")
def migrate_command(env: EnvFile = None) -> None:
    """Bring the warehouse's schema up to date."""
    from tasks.load.migrate import migrate
    from tasks.load.warehouse import warehouse

    with warehouse(load_settings(env)) as client:
        applied = migrate(client)
    print("\n".join(applied) if applied else "The schema is up to date.")


# A statement that begins with a comment, `-- …`, is no option.
@app.command(context_settings={"ignore_unknown_options": True})
def sql(
    statement: Annotated[str, typer.Argument(metavar="SQL", help="One statement; - reads it from stdin.")],
    fmt: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="Any ClickHouse format, e.g. CSV or JSONEachRow."),
    ] = None,
    env: EnvFile = None,
) -> None:
    """Run any SQL on the warehouse."""
    from tasks.load.ask import ask
    from tasks.load.warehouse import warehouse

    text = sys.stdin.read() if statement == "-" else statement
    with warehouse(load_settings(env)) as client:
        reply = ask(client, text, fmt, pretty=sys.stdout.isatty())
    sys.stdout.buffer.write(reply)
    sys.stdout.flush()


@app.command("runs")
def runs_command(limit: Limit = 20, job: str | None = None, as_json: AsJson = False, env: EnvFile = None) -> None:
    """The newest runs: when, what, how it ended."""
    from tasks.load.migrate import migrate
    from tasks.load.runs import history
    from tasks.load.warehouse import warehouse

    with warehouse(load_settings(env)) as client:
        migrate(client)
        terminal.print_frame(history(client, limit, job), as_json, terminal.RUN_COLUMNS, "No runs yet.")


@quarantine_app.command("list")
def quarantine_list(
    limit: Limit = 50,
    source: Annotated[str | None, typer.Option("--source", help="Only this source.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="WORDS", help="Only with these words.")] = None,
    day: Annotated[str | None, typer.Option("--day", metavar="DATE", help="Only rejected on this day.")] = None,
    as_json: AsJson = False,
    env: EnvFile = None,
) -> None:
    """The newest rejected rows, with the reason."""
    from tasks.load.migrate import migrate
    from tasks.load.quarantine import listing
    from tasks.load.warehouse import warehouse

    with warehouse(load_settings(env)) as client:
        migrate(client)
        rows = listing(client, limit, source, reason, _day(day))
        terminal.print_frame(rows, as_json, terminal.QUARANTINE_COLUMNS, "Nothing is in quarantine.")


@quarantine_app.command("replay")
def quarantine_replay(
    source: Annotated[str | None, typer.Option("--source", help="Only this source.")] = None, env: EnvFile = None
) -> None:
    """Try rejected rows again; they leave the quarantine when they are in the warehouse."""
    load_settings(env)
    terminal.show_progress(verbose=False)
    from flows.commands import run_replay

    print(run_replay(source, env))


@app.command("smoke")
def smoke_command(
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what is well, too.")] = False,
    as_json: AsJson = False,
    env: EnvFile = None,
) -> None:
    """Does everything that a load needs answer, right now?"""
    load_settings(env)
    terminal.show_progress(verbose=False)
    from flows.commands import run_smoke

    raise typer.Exit(run_smoke(verbose, as_json, env))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def sandbox(context: typer.Context) -> None:
    """Serve stand-ins of the APIs on this machine (--port, --days, --scale, --seed)."""
    # A process of its own: the sandbox shares nothing with the product, not even an interpreter.
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *context.args])  # noqa: S606


def main(arguments: list[str] | None = None) -> None:
    """Run a command line. A user's mistake is one line on stderr, never a traceback."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        status = app(args=arguments or ["--help"], standalone_mode=False)
    except TyperException as error:
        terminal.complain(f"{error.format_message()} Try `zakaz --help`.")
        status = 2
    except ZakazError as error:
        terminal.complain(str(error))
        status = error.exit_status
    except (KeyboardInterrupt, typer.Abort):
        terminal.complain("stopped.")
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
