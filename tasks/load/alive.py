"""Whether the process of a run is still there: it holds a lock on a file in data/runs until the run ends.

The kernel releases the lock with the process, however it died, also with its container or machine. A process id
would not do: another process may have it by now, and in another container it means another process.
"""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.exposure import make_private
from tasks.settings import HOME

LONGEST = timedelta(days=2)
"""No run takes as long: at two calls a second it would have read ten million orders. Where there is no lock to
check, as for a run on another machine, a run counts as alive until then."""
_FOLDER = HOME / "data" / "runs"
_held: dict[str, int] = {}


def hold(name: str) -> None:
    """Take the lock of a run. Where none can be taken (a read-only or full disk) see LONGEST."""
    _sweep()
    with suppress(OSError):
        make_private(_FOLDER)
        file = os.open(_FOLDER / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(file, _here())
        except OSError:
            os.close(file)
            raise
        _held[name] = file


def let_go(name: str) -> None:
    """Release the lock of a run that is recorded as ended."""
    file = _held.pop(name, None)
    with suppress(OSError):
        (_FOLDER / name).unlink(missing_ok=True)
    if file is not None:
        os.close(file)


def is_gone(name: str, since: datetime) -> bool:
    """Whether the process of the run, which began at `since`, is surely not there any more."""
    is_old = since < datetime.now(UTC) - LONGEST
    try:
        file = os.open(_FOLDER / name, os.O_RDWR)
    except OSError:
        return is_old
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Without a name: released after it was opened here and before it was locked.
        return is_old or (os.fstat(file).st_nlink > 0 and _is_shared_with(os.read(file, 1000)))
    except BlockingIOError:
        return False
    except OSError:
        return is_old
    finally:
        os.close(file)


def _here() -> bytes:
    """This machine by name, which a restart keeps, and its running kernel, which its containers have in common."""
    with suppress(OSError):
        return f"{socket.gethostname()}\n{Path('/proc/sys/kernel/random/boot_id').read_text()}".encode()
    return socket.gethostname().encode()


def _is_shared_with(other: bytes) -> bool:
    """Whether the lock was taken here: some file systems do not share locks between machines."""
    return bool(set(other.split()) & set(_here().split()))


def _sweep() -> None:
    """Remove lock files whose run no longer matters, say because the warehouse is another one now."""
    oldest = (datetime.now(UTC) - LONGEST).timestamp()
    with suppress(OSError):
        for path in _FOLDER.iterdir():
            if path.stat().st_mtime < oldest and is_gone(path.name, datetime.now(UTC)):
                path.unlink(missing_ok=True)
