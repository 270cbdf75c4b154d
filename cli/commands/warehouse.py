"""The warehouse itself: its schema, its users, backups, and any SQL."""

from __future__ import annotations

import sys
from typing import Annotated
from uuid import uuid4

import typer

from cli import stopping, terminal
from cli.commands.options import AdministratorFile, EnvFile, EnvFileOrDemo, examples, group
from tasks.settings import language, load_settings
from tasks.translation import said

app = group()


# A statement that begins with a comment, `-- …`, is no option.
@app.command(
    context_settings={"ignore_unknown_options": True},
    epilog=examples(
        'zakaz sql "SHOW TABLES"',
        'zakaz sql "SELECT * FROM v_data_freshness" --format CSVWithNames',
        "zakaz sql - < report.sql",
    ),
)
def sql(
    statement: Annotated[str, typer.Argument(metavar="SQL", help="One statement; - reads it from stdin.")],
    fmt: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="Any ClickHouse format, e.g. CSV or JSONEachRow; by default a table."
        ),
    ] = None,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Every byte as it is. Else a terminal gets no control characters, and in CSV an apostrophe stands "
            "before text that a spreadsheet would take for a formula.",
        ),
    ] = False,
    _env: EnvFileOrDemo = None,
) -> None:
    """Run any SQL on the warehouse."""
    from tasks.load.query import run_query, stop_query
    from tasks.load.warehouse import warehouse

    text, settings, query_id = sys.stdin.read() if statement == "-" else statement, load_settings(), str(uuid4())
    with stopping.on_stop(lambda _: stop_query(settings, query_id)), warehouse(settings, only_looks=True) as client:
        reply = run_query(client, text, fmt, raw=raw, seen=sys.stdout.isatty(), query_id=query_id)
    sys.stdout.buffer.write(reply)
    sys.stdout.flush()
    if not reply:
        terminal.err.print(said("Done: no rows to show.", language()))


@app.command("migrate")
def migrate_command(_env: EnvFile = None) -> None:
    """Bring the warehouse's schema up to date."""
    from tasks.load.migrate import migrate
    from tasks.load.warehouse import warehouse

    with warehouse(load_settings()) as client:
        applied = migrate(client)
    terminal.say("\n".join(applied) if applied else "The schema is up to date.")


@app.command(
    "access",
    epilog=examples(
        "zakaz access --env secrets/access.env",
    ),
)
def access_command(_env: AdministratorFile = None) -> None:
    """Make or renew the server's roles, limits and users, with the passwords of the settings."""
    from tasks.load.access import grant_access

    print("\n".join(grant_access(load_settings())))


@app.command(
    "backup",
    epilog=examples(
        "zakaz backup",
        "zakaz backup before-the-upgrade",
    ),
)
def backup_command(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="By default the database and the time in UTC.")
    ] = None,
    _env: EnvFile = None,
) -> None:
    """Back up the warehouse to BACKUP_URL, beside running loads."""
    from cli.run import run_backup

    terminal.show_progress(verbose=False)
    terminal.say(run_backup(name))


@app.command(
    "restore",
    epilog=examples(
        "zakaz restore zakaz-20260131T023000Z --into zakaz_restored",
    ),
)
def restore_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `zakaz backup` printed it.")],
    into: Annotated[
        str | None, typer.Option("--into", metavar="DATABASE", help="Another one than CLICKHOUSE_DATABASE.")
    ] = None,
    _env: EnvFile = None,
) -> None:
    """Bring a backup back into an empty database, and check that it is whole."""
    from tasks.load.backup import restore

    settings = load_settings()
    database = into or settings.clickhouse_database
    half = f"{database} is half restored: drop that database before the next try."
    with stopping.on_stop(lambda _how: terminal.complain(half)), terminal.working("Bringing it back"):
        restored = restore(settings, name, into)
    for table, rows in restored.rows.items():
        print(f"{rows:>12} {table}")
    terminal.say(str(restored))
