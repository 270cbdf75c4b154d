"""What commands share: their options, and a look into the warehouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.stand_in import show_demo_instead_of_nothing
from cli.terminal import complain
from tasks.errors import EmptyWarehouseError, UsageError
from tasks.settings import load_settings, use_file

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def group() -> typer.Typer:
    """A group whose commands are listed at the top level of `zakaz --help`."""
    return typer.Typer(rich_markup_mode=None)


def examples(*lines: str) -> str:
    """The end of a command's help: what to type."""
    # The sign of typer's that keeps line breaks.
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


@contextmanager
def looking() -> Iterator[Client]:
    """A client for a command that lists what is there. Of nothing at all it says so, and that is no failure."""
    from tasks.load.migrate import look

    try:
        with look(load_settings()) as client:
            yield client
    except EmptyWarehouseError as nothing:
        complain(str(nothing))
        raise typer.Exit(0) from None


def complete_source() -> list[str]:
    from tasks.sources import SOURCES

    return [*SOURCES]


def complete_source_or_all() -> list[str]:
    return [*complete_source(), "all"]


def use_env_file(env: Path | None) -> None:
    if env is not None:
        use_file(env)


def use_env_file_or_demo(env: Path | None) -> None:
    use_env_file(env)
    _say_that_it_is_the_demo(show_demo_instead_of_nothing())


def _use_env_file_or_demo_for_figures(env: Path | None) -> None:
    use_env_file(env)
    _say_that_it_is_the_demo(show_demo_instead_of_nothing(until="agg_"))


def _say_that_it_is_the_demo(is_demo: bool) -> None:
    if is_demo:
        complain("made-up figures, of the demo: there are no data of your own yet.")


_ENV: dict[str, Any] = {"metavar": "FILE", "help": "Settings file, e.g. secrets/.env.qtickets."}
EnvFile = Annotated[Path | None, typer.Option("--env", **_ENV, callback=use_env_file)]
AdministratorFile = Annotated[
    Path | None,
    typer.Option("--env", **_ENV | {"help": "Settings file, e.g. secrets/access.env."}, callback=use_env_file),
]
EnvFileOfGroup = Annotated[Path | None, typer.Option("--env", **_ENV)]
"""Of a group that is a command, too: its own work uses the file, a command of the group may name another."""
EnvFileOrDemo = Annotated[Path | None, typer.Option("--env", **_ENV, callback=use_env_file_or_demo)]
"""Of a command that only looks: after `zakaz demo`, and before a load of one's own was begun, it looks there."""
EnvFileOrDemoFigures = Annotated[
    Path | None, typer.Option("--env", **_ENV, callback=_use_env_file_or_demo_for_figures)
]
"""Of a command that shows figures: also after loads of one's own that brought none."""
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many, newest first.")]
AccountName = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Only this account, e.g. spb; all if left out.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


def as_day(text: str | None) -> date | None:
    """Also as messages write it in Russian, 31.01.2026. Raises UsageError."""
    try:
        written = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})", text or "")
        return None if text is None else date.fromisoformat("-".join(written.groups()[::-1]) if written else text)
    except ValueError:
        raise UsageError(f"{text or 'Nothing'} is not a date. Write it as 2026-01-31.") from None
