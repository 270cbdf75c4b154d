"""All errors that a person may read: what happened, to which source and window, what to do next.

    ZakazError              exit status 1
      SourceError           an API refused, failed or sent something else
      LandingError          the landing area cannot be reached, written or read
      WarehouseError        ClickHouse: locked, unreachable, read-only, an edited migration
        EmptyWarehouseError there is nothing to look at yet
      ReconcileError        what was read back is not what was loaded
      ReportError           the place of the reports cannot be reached, written or read
      PrefectError          the Prefect server was lost before the work was done
    UsageError              exit status 2: a wrong argument
      SettingsError         a setting is malformed
        MissingError        or missing: what it is for is not set up

A message never holds a secret, a reply's body or personal data. It may quote a server or a value that was sent, and
it is Prefect that shows it as the state of a run: so what cannot be printed is made visible here.
"""

import signal

from tasks.harmless import whole_for_terminal
from tasks.translation import RECORD, retold, said


class ZakazError(Exception):
    """`transient`: a later try may succeed where nobody has changed anything. `window`: the days that were to be
    loaded, e.g. `2026-11-23..2026-11-24`, once there is a run of them."""

    exit_status = 1

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(whole_for_terminal(message))
        self.transient = transient
        self.window = ""

    @property
    def dated(self) -> str:
        """The message behind the days that it is about."""
        return f"{self.window}: {self}" if self.window else str(self)

    def told(self, language: str) -> str:
        """The message in the reader's language; the log and the warehouse have it in English."""
        return retold(str(self), language)


class SourceError(ZakazError):
    """An API refused, failed or answered with something other than the requested data."""


class LandingError(ZakazError):
    pass


class WarehouseError(ZakazError):
    pass


class EmptyWarehouseError(WarehouseError):
    """There is none yet, for somebody who only looks."""


class ReconcileError(ZakazError):
    pass


class ReportError(ZakazError):
    pass


class PrefectError(ZakazError):
    pass


class UsageError(ZakazError):
    exit_status = 2


class SettingsError(UsageError):
    pass


class MissingError(SettingsError):
    pass


def why_stopped(error: BaseException) -> str:
    """`stopped by SIGTERM`, of our own, Python's and Prefect's exceptions for signals."""
    number = getattr(error, "signal", signal.SIGINT if isinstance(error, KeyboardInterrupt) else None)
    return said("stopped by {what}", RECORD, what=signal.Signals(number).name if number else type(error).__name__)


def why_ended(error: BaseException) -> str:
    """Why a run failed, for its row in the history."""
    if isinstance(error, ZakazError):
        return str(error)
    if isinstance(error, Exception):
        return said("{error}: see the run's log", RECORD, error=type(error).__name__)
    return why_stopped(error)
