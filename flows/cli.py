"""The `zakaz` command line. Standard output carries the result alone, everything else goes to standard error.

Exit status: 0 done, 1 failed or stopped, 2 wrong usage or settings.
"""

from __future__ import annotations

import os
import signal
import sys


def main(arguments: list[str] | None = None) -> None:
    """Run a command line. A user's mistake is one line on stderr, never a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(
            signal.SIGINT, signal.SIG_DFL
        )  # The imports take a while, and Python's handler shows a traceback.
    from flows import stopping
    from flows.logs import show_traceback

    sys.excepthook = show_traceback
    stopping.listen()
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt as stop:
        how = stopping.how_stopped(stop)
        print(f"zakaz: {how}.", file=sys.stderr)
        stopping.leave(how, 1)
    stopping.deaf()  # What is to be done is done and recorded; Python's own end would show a signal as a traceback.
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    """The exit status. Raises Stopped."""
    import typer
    from pydantic import ValidationError
    from typer.exceptions import TyperException

    from flows import stopping, terminal
    from flows.commands import app
    from tasks.errors import ZakazError

    try:
        status = stopping.apart(lambda: _flushed(app(args=arguments or ["--help"], standalone_mode=False)))
    except TyperException as error:
        terminal.complain(f"{error.format_message()} Try `zakaz --help`.")
        return 2
    except ZakazError as error:
        terminal.complain(str(error))
        return error.exit_status
    except typer.Abort:
        raise KeyboardInterrupt from None
    except BrokenPipeError:
        _mute_stdout()  # As in `zakaz sql … | head`: the reader has had enough.
        return 1
    except ValidationError as error:
        if not error.title.endswith("Settings"):
            raise
        first = error.errors(include_input=False, include_context=False)[0]  # of Prefect: ours are a SettingsError
        names = " ".join(map(str, first["loc"])) or "PREFECT_API_URL or another"
        terminal.complain(f"A setting of Prefect is wrong, {names}: {first['msg']}.")
        return 2
    except Exception as error:
        trouble = _trouble_of_prefect(error) or _trouble_of_system(error)
        if trouble is None:
            raise
        terminal.complain(trouble)
        return 1
    return status if isinstance(status, int) else 0


def _flushed(status: object) -> object:
    sys.stdout.flush()
    return status


def _mute_stdout() -> None:
    """Or Python, at its end, would try once more what failed, and show a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _trouble_of_system(error: Exception) -> str | None:
    """In words, what the operating system refused where nothing more is known of it, such as a full disk."""
    if not isinstance(error, OSError) or not error.strerror:
        return None
    _mute_stdout()
    return f"{error.strerror}: {error.filename or 'the output could not be written'}."


def _trouble_of_prefect(error: Exception) -> str | None:
    """In words, what the Prefect client raises where its server is the trouble; of our own calls no such error gets
    here."""
    import httpx

    if isinstance(error, httpx.TransportError) or str(error).startswith("Failed to reach API"):
        return (
            f"The Prefect server {os.environ.get('PREFECT_API_URL', '')} cannot be reached. Start it (`make up`), "
            "set PREFECT_API_URL right, or unset it to run without a server."
        )
    if "ephemeral Prefect API server" in str(error):
        return (
            "The Prefect server that a command starts where PREFECT_API_URL is not set did not start: the machine "
            f"is too busy, or {os.environ.get('PREFECT_HOME', '~/.prefect')} (PREFECT_HOME) is not writable."
        )
    if (
        type(error).__name__ == "MissingResult"
    ):  # it answered so late that it was asked again, and only then with less
        return "The run is done, but the Prefect server was too busy to say what it did. See `zakaz runs`."
    return None


if __name__ == "__main__":
    main()
