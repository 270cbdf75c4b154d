"""Log lines that no server's text can forge or garble, in whatever process of ours: a command, a worker's run."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

from tasks.harmless import for_terminal, whole_for_terminal


class LogRecord(logging.LogRecord):
    """Of whatever library: Prefect logs the text of an error too, and the traceback of one that nobody expected."""

    def getMessage(self) -> str:
        return lines(super().getMessage())

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, lines(value) if name == "exc_text" and value else value)


def show_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A `sys.excepthook`."""
    sys.stderr.write(whole_for_terminal("".join(traceback.format_exception(kind, error, trace))))


def lines(text: str) -> str:
    """Only the first can be taken for one of ours."""
    return "\n  ".join(map(for_terminal, text.split("\n")))
