"""Dashboards in DataLens."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from cli import terminal
from cli.commands.options import EnvFile, examples, group
from tasks.errors import UsageError
from tasks.settings import load_settings

app = group()
_DONE = {"create": "created", "update": "updated", "leave": "unchanged"}
_TO_DO = {"create": "to create", "update": "to update", "leave": "unchanged"}


@app.command(
    "datalens",
    epilog=examples(
        "zakaz datalens --dry-run",
        "zakaz datalens",
        "zakaz datalens --new-password     after DATALENS_PASSWORD has changed",
    ),
)
def datalens_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Give the connection DATALENS_PASSWORD again.")
    ] = False,
    _env: EnvFile = None,
) -> None:
    """Make or renew the connection, datasets, charts and the dashboard in a DataLens workbook."""
    settings = load_settings()
    try:
        from ops.datalens.publish import publish
    except ModuleNotFoundError as error:
        if error.name != "datalens_sdk":
            raise
        raise UsageError(
            "DataLens's SDK is not installed. In a checkout: make datalens. "
            "Elsewhere: pip install 'zakaz[datalens]' --constraint constraints.txt."
        ) from None
    words, counts = _TO_DO if dry_run else _DONE, Counter[str]()
    for step in publish(settings, dry_run=dry_run, new_password=new_password):
        counts[words[step.verb]] += 1
        terminal.say(f"{words[step.verb]:<10} {step.word:<11} {step.name}")
    terminal.say(", ".join(f"{number} {word}" for word, number in counts.items()) + ".")
