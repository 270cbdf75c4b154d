"""The commands of `zakaz`, by what they are for: arguments in, exit status out. What each does lives elsewhere.

Prefect takes seconds to import, so commands import what they need when they run.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.commands import checking, concerts, datalens, loading, reporting, server, warehouse
from cli.commands.options import examples

_HEADINGS = {
    loading: "Load",
    checking: "Look",
    concerts: "Concerts",
    reporting: "Take away",
    datalens: "DataLens",
    warehouse: "The warehouse itself",
    server: "Prefect",
}


class _Grouped(TyperGroup):
    """The list of commands by what they are for, each with its whole line."""

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        width = max(map(len, self.commands))
        for module, heading in _HEADINGS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (name.ljust(width), command.get_short_help_str(limit=200))
                        for name, command in self.commands.items()
                        if _module_of(command) == module.__name__ and not command.hidden
                    ]
                )


def _module_of(command: Any) -> str:
    """A group without a callback is where its commands are."""
    return str((command.callback or next(iter(command.commands.values())).callback).__module__)


app = typer.Typer(
    name="zakaz",
    help="Ticket sales and advertising spend into ClickHouse, exact to the kopeck.",
    epilog=examples(
        "zakaz demo                          a made-up promoter, no token needed",
        "zakaz smoke                         is all there that a load needs?",
        "zakaz load all --days 30",
        'zakaz sql "SHOW TABLES"',
        "zakaz load --help                   more examples under each command",
        "zakaz --install-completion          names completed by Tab: bash, zsh, fish",
    ),
    cls=_Grouped,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _group in _HEADINGS:
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
