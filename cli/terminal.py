"""What a person sees in the terminal: progress and logs on stderr, tables on stdout.

What is shown may hold text of buyers, APIs and servers: none of it gets here but through `tasks.harmless`.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from decimal import Decimal
from threading import Timer
from typing import TYPE_CHECKING, TextIO

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli import stopping
from cli.server_address import server_address
from tasks.harmless import LONGEST_VALUE, for_terminal, json_line
from tasks.logs import lines
from tasks.settings import GIVEN_FILE, language
from tasks.translation import marked, named, retold, said
from tasks.window import MOSCOW

if TYPE_CHECKING:
    from tasks.quality.checks import Result
    from tasks.quality.complete import Answer
    from tasks.smoke import Probe

QUARANTINE_COLUMNS = named(
    rejected_at="rejected (Moscow)",
    source="source",
    account="account",
    resource="what",
    record_key="key",
    reason="reason",
    value="value",
)
_STATUSES = marked("ok", "unjudged", "broken", "open", "accepted")
"""Of checks and findings."""
SEVERITIES = marked("fail", "warn")
_RUNS = marked("success", "failed", "running")
_COLOURS = dict(zip(_RUNS, ("green", "red", "yellow"), strict=True))

INDENT = 11
"""Wider than any status in any language."""
_IN_NUMBERS = "\N{NO-BREAK SPACE}"
"""Between thousands: a narrow column would tear a number."""
_LEVEL_COLOURS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
_WIDE = 10_000
"""Columns of what is no terminal, unless COLUMNS says another number: a row stays on its line, for grep."""


def _width(stream: TextIO) -> int | None:
    return None if stream.isatty() or "COLUMNS" in os.environ else _WIDE


out = Console(width=_width(sys.stdout))
err = Console(stderr=True)


class _Lines(logging.Handler):
    """Log lines on stderr, wrapped by nobody, so that a path in them can be copied. Warnings, which ask for
    something to be done, in the reader's language."""

    def emit(self, record: logging.LogRecord) -> None:
        time = f"{datetime.fromtimestamp(record.created, UTC).astimezone():%H:%M:%S} "
        level = (f"{record.levelname:<8} ", _LEVEL_COLOURS.get(record.levelname, "dim"))
        words = record.getMessage()
        if record.levelno >= logging.WARNING:
            words = retold(words, language())
        err.print(Text.assemble((time, "dim"), level, words), soft_wrap=True)


def show_warnings() -> None:
    """Also of a command that shows no progress, or before it does."""
    logging.lastResort = _Lines(logging.WARNING)


def show_progress(verbose: bool) -> None:
    """Our own log lines on stderr. On a Prefect server its console, with tracebacks, only where it is asked for;
    the run's log in the UI has everything either way. Call it before Prefect is imported."""
    # Somebody waits here: a server that is gone is given up soon, not after six minutes a call. One that is merely
    # busy has half a minute for an answer.
    os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "3")
    os.environ.setdefault("PREFECT_API_REQUEST_TIMEOUT", "30")
    if verbose and server_address():
        return
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
    # What its threads could not send to a server that is gone, which is said in a line of ours.
    os.environ["PREFECT_LOGGING_INTERNAL_LEVEL"] = "CRITICAL"
    logging.raiseExceptions = False
    logger = logging.getLogger("zakaz")
    logger.setLevel(logging.INFO)
    logger.addHandler(_Lines())


@contextmanager
def unless_done_in(seconds: float, say_why: Callable[[], None]) -> Iterator[None]:
    """Call `say_why` once, from a thread, where the block is not done by then."""
    timer = Timer(seconds, copy_context().run, (say_why,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Around what takes more than two seconds: a moving line in a terminal, elsewhere a line of its own. Gives what
    to call when something else is done."""
    spoken = language()
    if stopping.is_still():
        yield lambda _what: None
        return
    if err.is_terminal:
        with err.status(said(what, spoken)) as status, stopping.moving(status.stop):
            yield lambda what: status.update(said(what, spoken))
        return

    def show(what: str) -> None:
        print(f"{said(what, spoken)} …", file=sys.stderr, flush=True)

    show(what)
    yield show


def say(text: str) -> None:
    """A result, on stdout, in the reader's language."""
    _print(lines(retold(text, language())), sys.stdout)


def complain(text: str) -> None:
    """One line on stderr, for a person."""
    _print(f"zakaz: {lines(retold(text, language()))}", sys.stderr)


def _print(text: str, where: TextIO) -> None:
    """A terminal would break lines within words; what is longer than one of its lines, as a path, stays whole."""
    if where.isatty():
        wide = shutil.get_terminal_size().columns
        text = "\n".join(
            textwrap.fill(one, wide, break_long_words=False, break_on_hyphens=False)
            if len(one) > wide else one
            for one in text.split("\n")
        )  # fmt: skip
    print(text, file=where)


def print_frame(
    rows: pl.DataFrame,
    as_json: bool,
    columns: Mapping[str, str],
    empty: str,
) -> None:
    """`columns`: which to show, and their titles; `empty`: what to say of no row. JSON has all columns, in English,
    one object a line."""
    spoken = language()
    if as_json:
        for row in rows.iter_rows(named=True):
            print(json_line(row, _json))
        return
    if rows.is_empty():
        err.print(said(empty, spoken))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, title in columns.items():
        numeric = rows.schema[name].is_numeric()
        table.add_column(said(title, spoken), justify="right" if numeric else "left", overflow="fold")
    for values in rows.select(list(columns)).iter_rows():
        table.add_row(*map(cell, values))
    out.print(table)


def print_answers(answers: list[Answer], question: str, language: str) -> None:
    """Of each account whether its day is complete, between empty lines."""
    say("")
    say(question)
    for one in answers:
        colour = {"yes": "green", "no": "red", "look": "yellow", "later": "yellow"}[one.word]
        print_finding(one.told(language), colour, one.why(language), typed(one.remedy(language)))
    say("")


def print_runs(rows: pl.DataFrame, empty: str) -> None:
    """Each run with its message. Names of jobs stay: `--job` takes them."""
    from tasks.load.runs import told  # noqa: PLC0415 - brings the warehouse, which not every command needs

    spoken = language()
    if rows.is_empty():
        err.print(said(empty, spoken))
    for row in rows.iter_rows(named=True):
        begun = f"{row['started_at'].astimezone(MOSCOW):%Y-%m-%d %H:%M}"
        who = f"{row['job']} {row['account']}".rstrip()
        status, what = row["status"], f"{begun}  {who}: {told(row, spoken)}"
        # Other programs may have written other words.
        print_finding(said(status, spoken), _COLOURS.get(status, "dim"), what)


def print_rejected(rows: pl.DataFrame, empty: str) -> None:
    spoken = language()
    reasons = pl.Series("reason", [retold(reason, spoken) for reason in rows["reason"]], pl.String)
    print_frame(rows.with_columns(reasons), False, QUARANTINE_COLUMNS, empty)


def print_checks(results: list[Result]) -> None:
    """Broken checks last, where the eye ends."""
    spoken = language()
    order = {"ok": 0, "unjudged": 1, "broken": 2}
    for result in sorted(results, key=lambda r: (order[r.status], r.check.severity == "fail", r.check.name)):
        colour = {"ok": "green", "unjudged": "dim", "broken": "red" if result.fails else "yellow"}[result.status]
        severity = padded(result.check.severity, SEVERITIES, spoken)
        print_finding(
            said(result.status, spoken), colour, f"{severity}{result.check.titled(spoken)}", result.said(spoken)
        )


def print_probes(probes: list[Probe], summary: str) -> None:
    """Each probe on a line, with how it went; below it what to do."""
    spoken = language()
    for probe in probes:
        colour = {"ok": "green", "warning": "yellow", "failure": "red"}[probe.status]
        one = probe.told(spoken)
        print_finding(one.status, colour, f"{one.name}: {one.found}", one.todo)
    say(summary)


def padded(word: str, words: Sequence[str], spoken: str) -> str:
    """As wide as the widest of the words."""
    return said(word, spoken).ljust(max(len(said(one, spoken)) for one in words) + 2)


def print_finding(status: str, colour: str, found: str, todo: str = "") -> None:
    """What was found, and below it what to do. Wrapped between words alone: a path or a command is never torn."""
    shown = _indented(found, f"{status:<{INDENT - 1}} ")
    shown.stylize(colour, 0, len(status))
    out.print(shown, soft_wrap=True)
    if todo:
        print_beneath(todo)


def typed(command: str) -> str:
    """As it is to be typed here: for the settings file that this command was given."""
    file = os.environ.get(GIVEN_FILE)
    given = f" --env {shlex.quote(file)}" if file and command.startswith("zakaz ") else ""
    return " && ".join(f"{one}{given}" for one in command.split(" && "))


def print_beneath(text: str) -> None:
    out.print(_indented(text, " " * INDENT), soft_wrap=True)


def _indented(text: str, begin: str) -> Text:
    lines = textwrap.wrap(
        for_terminal(text), out.width, initial_indent=begin, subsequent_indent=" " * INDENT,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return Text("\n".join(lines))


def cell(value: object) -> Text:
    """A `Text`, in which markup of rich's means nothing."""
    text = str(value)
    if value is None:
        text = ""
    elif isinstance(value, datetime):
        text = f"{value.astimezone(MOSCOW):%Y-%m-%d %H:%M}"
    elif isinstance(value, Decimal):
        text = f"{value:,.2f}".replace(",", _IN_NUMBERS)
    elif isinstance(value, int):
        text = f"{value:,}".replace(",", _IN_NUMBERS)
    return Text(for_terminal(text, LONGEST_VALUE))


def _json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
