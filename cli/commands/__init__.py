"""The commands of `zakaz`, by what they are for: arguments in, exit status out. What each does lives elsewhere.

Prefect takes seconds to import, so commands import what they need when they run.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from cli.commands import checking, concerts, loading, server, warehouse

app = typer.Typer(
    name="zakaz",
    help="Ticket sales and advertising spend into ClickHouse, exact to the kopeck.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _group in (loading, checking, concerts, warehouse, server):
    app.add_typer(_group.app)


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
