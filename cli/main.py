"""The `zakaz` command line. Standard output carries the result alone, everything else goes to standard error.

Exit status: 0 done, 1 failed or stopped, 2 wrong usage or settings.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import signal
import sys


def main(arguments: list[str] | None = None) -> None:
    """Run a command line. A user's mistake is one line on stderr, never a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(
            signal.SIGINT, signal.SIG_DFL
        )  # The imports take a while, and Python's handler shows a traceback.
    # A short command spends a tenth of its time on what it would otherwise look for: garbage among the many objects
    # of its imports, and plugins of pydantic, which nobody has, in the metadata of all that is installed.
    gc.set_threshold(100_000)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from cli import stopping
    from tasks.errors import why_stopped
    from tasks.logs import LogRecord, show_traceback
    from tasks.settings import language
    from tasks.translation import retold

    atexit.register(stopping.finish)
    logging.setLogRecordFactory(LogRecord)
    sys.excepthook = show_traceback
    stopping.handle_signals()
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt as stop:
        stopping.stand_still()
        how = why_stopped(stop)
        print(f"zakaz: {retold(f'{how}.', language())}", file=sys.stderr)
        stopping.exit_after_signal(how, 1)
    stopping.exit_with(status)


def _run(arguments: list[str]) -> int:
    """The exit status. Raises Stopped."""
    import typer
    from pydantic import ValidationError
    from typer.exceptions import TyperException

    from cli import stopping, terminal
    from cli.commands import app
    from tasks.errors import ZakazError
    from tasks.settings import language

    terminal.show_warnings()
    try:
        status = stopping.run_interruptibly(
            lambda: _flushed(app(args=arguments or ["--help"], prog_name="zakaz", standalone_mode=False))
        )
    except TyperException as error:
        from cli.usage import in_words

        terminal.complain(in_words(error, language()))
        return 2
    except ZakazError as error:
        terminal.complain(error.dated)
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


def _trouble_of_prefect(error: Exception) -> str | None:
    if "prefect" not in sys.modules:
        return None
    from cli.on_server import message_of_fault

    return message_of_fault(error)


def _trouble_of_system(error: Exception) -> str | None:
    """In words, what the operating system refused where nothing more is known of it, such as a full disk."""
    if not isinstance(error, OSError) or not error.strerror:
        return None
    _mute_stdout()
    from tasks.exposure import remedy

    return f"{error.strerror}: {error.filename or 'the output could not be written'}.{remedy(error)}"


if __name__ == "__main__":
    main()
