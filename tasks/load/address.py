"""CLICKHOUSE_DSN taken apart: where the warehouse is, and the driver's options for it.

The driver reads neither the scheme nor `secure` of an address: left alone it would send the password of an
`https://` one in the clear, to the port for plain HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from tasks.errors import SettingsError
from tasks.exposure import is_encrypted

_EMBEDDED = "chdb://"
_SCHEMES = ("clickhouse", "http", "https")


@dataclass(frozen=True)
class Address:
    """`place` is for messages: never the user or the password. `folder`: of the embedded engine, else None."""

    place: str
    options: Mapping[str, Any] = field(repr=False)
    folder: Path | None = None


def address(dsn: str, database: str) -> Address:
    """`options` are for the driver's `get_client`. Raises SettingsError, which never shows the address."""
    if not dsn.startswith(_EMBEDDED):
        return _server(dsn, database)
    path = dsn.removeprefix(_EMBEDDED).split("?", 1)[0]
    if not path:
        raise SettingsError("CLICKHOUSE_DSN names no folder. Write chdb:///absolute/folder.")
    folder = Path(path).absolute()
    return Address(str(folder), {"interface": "chdb", "path": str(folder)}, folder)


def _server(dsn: str, database: str) -> Address:
    """clickhouse:// speaks HTTP here too: the port in it is the HTTP one."""
    parts, port = _split(dsn)
    if parts.path.strip("/") not in ("", database):
        raise SettingsError(
            f"CLICKHOUSE_DSN names another database than CLICKHOUSE_DATABASE ({database}). "
            "Write the address without one."
        )
    query = dict(parse_qsl(parts.query))
    query.pop("secure", None)
    plain = urlunsplit((parts.scheme, parts.netloc, "", urlencode(query), ""))
    return Address(
        f"{parts.hostname}:{port}" if port else str(parts.hostname), {"dsn": plain, "secure": is_encrypted(dsn)}
    )


def _split(dsn: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(dsn)
        port = parts.port
    except ValueError:
        raise _malformed() from None
    # An @ behind the host: a / ? or # of the password ended the host early, and what is left is no host.
    if parts.scheme not in _SCHEMES or not parts.hostname or "@" in parts.path + parts.query + parts.fragment:
        raise _malformed()
    return parts, port


def _malformed() -> SettingsError:
    return SettingsError(
        "CLICKHOUSE_DSN is no address. Write clickhouse://user:password@host:8443/?secure=true or chdb:///folder, "
        "special characters of the password percent-encoded (@ is %40)."
    )
