"""The `zakaz` command line. Standard output carries the result alone, everything else goes to standard error.

Exit status: 0 done, 1 failed, 2 wrong usage or settings.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from typer.exceptions import TyperException

from flows import terminal
from flows.commands import judging, keeping, loading, serving
from tasks.errors import ZakazError

app = typer.Typer(
    name="zakaz",
    help="Ticket sales and advertising spend into ClickHouse, exact to the kopeck.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (loading, judging, keeping, serving):
    app.add_typer(group.app)


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


def _trouble_of_prefect(error: Exception) -> str | None:
    """In words, what the Prefect client raises where its server is the trouble; of our own calls no such error gets
    here."""
    import httpx
    from prefect.exceptions import MissingResult

    if isinstance(error, httpx.TransportError) or str(error).startswith("Failed to reach API"):
        return (
            f"The Prefect server {os.environ.get('PREFECT_API_URL', '')} cannot be reached. Start it (`make up`), "
            "set PREFECT_API_URL right, or unset it to run without a server."
        )
    if isinstance(error, MissingResult):  # it answered so late that it was asked again, and only then with less
        return "The run is done, but the Prefect server was too busy to say what it did. See `zakaz runs`."
    return None


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
    except Exception as error:
        trouble = _trouble_of_prefect(error)
        if trouble is None:
            raise
        terminal.complain(trouble)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
