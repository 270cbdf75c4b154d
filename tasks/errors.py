"""All errors that a person may read: what happened, to which source and window, what to do next.

    ZakazError              exit status 1
      SourceError           an API did not give what was asked; `transient` says if a later try may succeed
      WarehouseError        ClickHouse: locked, unreachable, read-only, an edited migration
      ReconcileError        what was read back is not what was loaded
    UsageError              exit status 2: a wrong argument
      SettingsError         a setting is missing or malformed

A message never holds a secret, a reply's body or personal data.
"""


class ZakazError(Exception):
    exit_status = 1


class SourceError(ZakazError):
    """An API refused, failed or answered with something that is not the data asked for."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class WarehouseError(ZakazError):
    pass


class ReconcileError(ZakazError):
    pass


class UsageError(ZakazError):
    exit_status = 2


class SettingsError(UsageError):
    pass
