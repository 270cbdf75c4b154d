"""Look whether all is well: the data, what loads need, what was rejected."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import terminal
from cli.commands.options import (
    AccountName,
    AsJson,
    EnvFile,
    EnvFileOfGroup,
    EnvFileOrDemo,
    EnvFileOrDemoFigures,
    Limit,
    as_day,
    complete_source,
    complete_source_or_all,
    examples,
    group,
    looking,
    use_env_file,
    use_env_file_or_demo,
)
from tasks.settings import load_settings
from tasks.translation import said

Job = Annotated[
    str | None,
    typer.Option(
        "--job",
        metavar="NAME",
        help="Only those of a source, or quality.",
        autocompletion=complete_source,
    ),
]
app = group()
quarantine_app = typer.Typer(help="Rows that were rejected, and why.", rich_markup_mode=None)
quality_app = typer.Typer(rich_markup_mode=None)
app.add_typer(quality_app, name="quality")
app.add_typer(quarantine_app, name="quarantine")


@quality_app.callback(
    invoke_without_command=True,
    epilog=examples(
        "zakaz quality",
        "zakaz quality --json | jq .status",
        "zakaz quality findings",
    ),
)
def quality_command(context: typer.Context, as_json: AsJson = False, env: EnvFileOfGroup = None) -> None:
    """Judge the data: is it loaded, is it equal to what the sources say, does it look right?"""
    if context.invoked_subcommand is not None:
        use_env_file(env)
        return
    use_env_file_or_demo(env)
    terminal.show_progress(verbose=False)
    from cli.run import run_quality

    raise typer.Exit(run_quality(as_json))


@quality_app.command(
    "findings",
    epilog=examples(
        "zakaz quality findings --limit 10",
    ),
)
def findings_command(limit: Limit = 50, as_json: AsJson = False, _env: EnvFileOrDemo = None) -> None:
    """What checks have found and is not mended."""
    from cli.findings import print_findings
    from tasks.quality.checks import checks
    from tasks.quality.findings import listing
    from tasks.window import moscow_today

    settings = load_settings()
    with looking() as client:
        found = listing(client, known := checks(), moscow_today())
    if as_json or found.is_empty():
        left = found.height - limit
        terminal.print_frame(found.head(limit), as_json, {}, "Nothing is open.")
    else:
        left = print_findings(found, known, settings.zakaz_language, limit)
    if left > 0:
        terminal.err.print(said("{n} more; --limit shows them.", settings.zakaz_language, n=left))


@quality_app.command(
    "accept",
    epilog=examples(
        "zakaz quality accept restated_days 'qtickets/main/2026-11-20' \\",
        "    --until 2026-12-31 --why 'the venue cancelled'",
        "zakaz quality accept completeness_events 'main/24000/*' \\",
        "    --until 2026-12-31 --why 'its sale is paused'",
    ),
)
def accept_command(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="The check, e.g. volume_spend.")],
    key: Annotated[
        str, typer.Argument(metavar="FINDING", help="The finding, as listed; with a * behind all that begin so.")
    ],
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="The last day on which it is accepted, as 2026-01-31.")
    ],
    why: Annotated[str, typer.Option("--why", metavar="WORDS", help="For whoever sees it next.")],
    _env: EnvFile = None,
) -> None:
    """Accept what is known: no message until that day."""
    from tasks.alerts.channel import settings_channel
    from tasks.quality.run import accept_findings

    settings, last = load_settings(), as_day(until)
    assert last is not None  # `until` is given.
    terminal.say(accept_findings(settings, check, key, last, why, settings_channel(settings)))


@quality_app.command(
    "reopen",
    epilog=examples(
        "zakaz quality reopen completeness_events 'main/24000/*'",
    ),
)
def reopen_command(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="The check, e.g. volume_spend.")],
    key: Annotated[str, typer.Argument(metavar="FINDING", help="The name under which it was accepted.")],
    _env: EnvFile = None,
) -> None:
    """Take back that something is accepted."""
    from tasks.quality.run import reopen_findings

    terminal.say(reopen_findings(load_settings(), check, key))


@app.command(
    "smoke",
    epilog=examples(
        "zakaz smoke",
        "zakaz smoke --verbose",
        "zakaz smoke --account spb --json",
    ),
)
def smoke_command(
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what is well, too.")] = False,
    account: AccountName = None,
    as_json: AsJson = False,
    _env: EnvFile = None,
) -> None:
    """Does everything that a load needs answer, right now?"""
    terminal.show_progress(verbose=False)
    from cli.run import run_smoke

    raise typer.Exit(run_smoke(verbose, as_json, account))


@app.command(
    "probe",
    epilog=examples(
        "zakaz probe",
        "zakaz probe qtickets --account spb",
        "zakaz probe --apply",
    ),
)
def probe_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", autocompletion=complete_source_or_all, help="qtickets, vk_ads, direct or all."
        ),
    ] = "all",
    account: AccountName = None,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Write the settings that follow into the token files, after showing them."),
    ] = False,
    _env: EnvFile = None,
) -> None:
    """Ask live accounts what nobody else can tell, by reading alone; see docs/unknowns.md."""
    terminal.show_progress(verbose=False)
    from cli.probing import run_probe

    raise typer.Exit(run_probe(source, account, apply))


@app.command(
    "digest",
    epilog=examples(
        "zakaz digest --dry-run",
        "zakaz digest",
    ),
)
def digest_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print it, send nothing.")] = False,
    _env: EnvFileOrDemoFigures = None,
) -> None:
    """The morning message: yesterday, campaigns, what deserves attention. It is sent once a day."""
    terminal.show_progress(verbose=False)
    if not dry_run:
        from cli.run import run_digest

        terminal.say(run_digest())
        return
    from tasks.digest.sending import draw_digest
    from tasks.window import moscow_today

    with terminal.working("Judging the data and looking at yesterday"):
        text = draw_digest(load_settings(), moscow_today()).text
    print(text)


@app.command(
    "runs",
    epilog=examples(
        "zakaz runs",
        "zakaz runs --job vk_ads --limit 5",
        "zakaz runs --json",
    ),
)
def runs_command(limit: Limit = 20, job: Job = None, as_json: AsJson = False, _env: EnvFileOrDemo = None) -> None:
    """The newest runs: when, what, how it ended."""
    from tasks.load.runs import end_crashed, history
    from tasks.sources import SOURCES

    with looking() as client:
        end_crashed(client)
        # By its source, too, which is what all other commands take.
        rows = history(client, limit, SOURCES[job].job if job in SOURCES else job)
    if as_json:
        terminal.print_frame(rows, as_json, {}, "")
    else:
        terminal.print_runs(rows, "No runs yet." if job is None else "No runs of this job.")


@quarantine_app.command(
    "list",
    epilog=examples(
        "zakaz quarantine list --source qtickets",
        "zakaz quarantine list --reason currency --day 2026-01-31",
    ),
)
def quarantine_list(
    limit: Limit = 50,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="SOURCE", autocompletion=complete_source, help="Only this source."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="WORDS", help="Only with these words.")] = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DATE", help="As 2026-01-31: only rejected on this day.")
    ] = None,
    as_json: AsJson = False,
    _env: EnvFileOrDemo = None,
) -> None:
    """The newest rejected rows, with the reason."""
    from tasks.load.quarantine import listing

    if source is not None:
        from tasks.sources import source_named

        source_named(source)
    with looking() as client:
        rows = listing(client, limit, source, reason, as_day(day))
    if as_json:
        terminal.print_frame(rows, as_json, {}, "")
    else:
        terminal.print_rejected(rows, "Nothing is in quarantine.")


@quarantine_app.command(
    "replay",
    epilog=examples(
        "zakaz quarantine replay",
        "zakaz quarantine replay --source vk_ads --account spb",
    ),
)
def quarantine_replay(
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="SOURCE", autocompletion=complete_source, help="Only this source."),
    ] = None,
    account: AccountName = None,
    _env: EnvFile = None,
) -> None:
    """Try rejected rows again; they leave the quarantine when they are in the warehouse."""
    terminal.show_progress(verbose=False)
    from cli.run import run_replay

    terminal.say(run_replay(source, account))
