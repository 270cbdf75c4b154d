"""What others could read: files and folders that are open to them, secrets that leave the machine in the clear. And
what we cannot: whose it is, and what to type.

Nothing is changed here, since whoever opened a file may have meant to. `zakaz smoke` reports all of it, the log
of a command what that command uses.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from tasks.settings import Settings

_UNENCRYPTED = ("http", "clickhouse")
_OF_PREFECT = ("API_AUTH_STRING", "API_KEY")


def make_private(folder: Path) -> None:
    """The folder, and what is missing above it, for its owner alone. What is there stays as it is."""
    for one in (*reversed(folder.absolute().parents), folder):
        one.mkdir(mode=0o700, exist_ok=True)


def is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def remedy(error: OSError) -> str:
    """What to do about it where it is a lack of rights, in a sentence with a space before; else nothing."""
    path = Path(str(error.filename or ""))
    if not isinstance(error, PermissionError) or not path.is_absolute():
        return ""
    there = next(one for one in (path, *path.parents) if _is_there(one))
    owner, me = _user(there.stat().st_uid), _user(os.geteuid())
    whose = f" {there} belongs to {owner}: run this as {owner}, or `sudo chown -R {me} {there}`."
    return whose if owner != me else f" {there} is yours, and closed to you: `chmod -R u+rwX {there}`."


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def secret_files(settings: Settings, home: Path, given: str | None) -> list[Path]:
    """Files that hold a token or a password, those there are. `given`: the file of ZAKAZ_ENV."""
    files = [file for file in (home / "secrets").glob("*") if file.name != "README.md" and file.suffix != ".sample"]
    files += [home / ".env", settings.vk_token_file]
    files += [home / "data" / "up" / name for name in ("running.json", "sandbox.env", "vk_token.json")]
    files += [Path(given)] if given else []
    profiles = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser() / "profiles.toml"
    if profiles.is_file() and any(name in profiles.read_text(errors="replace") for name in _OF_PREFECT):
        files.append(profiles)
    return sorted({file.absolute() for file in files if file.is_file()})


def in_the_clear(settings: Settings) -> list[str]:
    """A line for each secret that goes to another machine as anybody on the way can read it."""
    return [
        f"{name} sends its {secret} in the clear to {host}: {instead}"
        for name, address, secret, instead in _addresses(settings)
        if (host := _foreign_host(address)) and not is_encrypted(address)
    ]


def is_encrypted(address: str) -> bool:
    """By its scheme or, of ClickHouse, by `secure`. Raises ValueError."""
    parts = urlsplit(address)
    secure = dict(parse_qsl(parts.query)).get("secure", "")
    return parts.scheme == "https" or secure.lower() in ("true", "1", "yes")


def _addresses(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """Name of the setting, address, what secret it is sent, what to do: of those with a secret."""
    https = "write https://"
    vk = ("VK_BASE_URL", settings.vk_base_url)
    if settings.vk_api == "legacy":
        vk = ("VK_LEGACY_BASE_URL", settings.vk_legacy_base_url)
    for (name, address), secret in (
        (("QTICKETS_BASE_URL", settings.qtickets_base_url), settings.qtickets_token),
        (vk, settings.vk_token or settings.vk_client_secret),
        (("DIRECT_BASE_URL", settings.direct_base_url), settings.direct_token),
        (("DATALENS_BASE_URL", settings.datalens_base_url), settings.datalens_token),
        (("ALERT_TELEGRAM_BASE_URL", settings.alert_telegram_base_url), settings.alert_telegram_token),
        (("ALERT_URL", settings.alert_url.get_secret_value() if settings.alert_url else ""), settings.alert_url),
    ):
        if secret:
            yield name, address, "token", https
    for name, dsn in (("CLICKHOUSE_DSN", settings.clickhouse_dsn), ("BACKUP_DSN", settings.backup_dsn)):
        if dsn and _password(address := dsn.get_secret_value()):
            yield name, address, "password", "take the port for TLS, mostly 8443, and ?secure=true"
    if any(os.environ.get(f"PREFECT_{secret}") for secret in _OF_PREFECT):
        yield "PREFECT_API_URL", os.environ.get("PREFECT_API_URL", ""), "password", https


def _password(address: str) -> str | None:
    try:
        return urlsplit(address).password
    except ValueError:
        return None


def _foreign_host(address: str) -> str | None:
    """None for this machine, for a name without a dot, as containers and pods beside this one have, and for what is
    no address of the kind: whoever uses it says so."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in _UNENCRYPTED or host.endswith((".localhost", "host.docker.internal")):
        return None
    try:
        number = ip_address(host)
    except ValueError:
        return host if "." in host.rstrip(".") else None
    return None if number.is_loopback or number.is_unspecified else host
