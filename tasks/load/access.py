"""Who may do what on a ClickHouse server: the roles, limits and users of `sql/access`, made or renewed.

A password leaves this process as a salted hash only: no statement and no log holds it, not even the server's.
The embedded engine has no users: whoever may open its folder may do everything.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from pydantic import SecretStr

from tasks.errors import SettingsError, WarehouseError
from tasks.load.address import address
from tasks.load.cluster import newer_settings, run, stored
from tasks.load.frames import select
from tasks.load.sql import SqlFile, sql_files
from tasks.load.warehouse import warehouse
from tasks.settings import Settings

PASSWORD_LENGTH = 12
_DIFFERENT_CHARACTERS = 5
_GUESSED_FIRST = {"", "admin", "changeme", "clickhouse", "password", "qwerty", "secret", "test", "zakaz"}
_NO_STORAGE, _READ_ONLY = 514, 164
_TRIAL = "_smoke"
"""Table on which the rights of a load are tried."""
_SHEDDING = (
    "SELECT toString(getSetting('readonly')) SETTINGS readonly = DEFAULT",
    "SELECT * FROM (SELECT toString(getSetting('readonly')) SETTINGS readonly = 0)",
)


@dataclass(frozen=True)
class Login:
    """A user, `sql/access/{name}.sql`. Settings hold its password and its hosts; `may` says what it is for."""

    name: str
    setting: str
    hosts: str
    may: str

    def password(self, settings: Settings) -> str | None:
        """None where it is not set. Raises SettingsError for one that is easily guessed."""
        secret: SecretStr | None = getattr(settings, self.setting)
        if secret is None:
            return None
        password = secret.get_secret_value()
        if trouble := _weakness(password, self.name):
            raise SettingsError(
                f"{self.setting.upper()} {trouble}. Make one with `openssl rand -hex 24`; nothing was changed."
            )
        return password


LOGINS = (
    Login("etl_writer", "etl_password", "etl_hosts", "migrates and loads"),
    Login("datalens_reader", "datalens_password", "datalens_hosts", "reads the views"),
    Login("backup_user", "backup_password", "backup_hosts", "backs up"),
)


def grant_access(settings: Settings) -> list[str]:
    """Create or update the roles, limits and users of `sql/access`; a line a user for the command's output.

    May be repeated: a changed password is set anew. Raises SettingsError before anything is done.
    """
    dsn, database = settings.clickhouse_dsn.get_secret_value(), settings.clickhouse_database
    if address(dsn, database).folder:
        raise SettingsError(
            "The embedded warehouse has no users: whoever may open its folder may do everything. "
            "Set CLICKHOUSE_DSN to a server, with a user who may create users."
        )
    passwords = {login.name: login.password(settings) for login in LOGINS}
    given = [password for password in passwords.values() if password]
    if len(set(given)) < len(given):
        raise SettingsError("Two users have the same password. Give each its own; nothing was changed.")
    files = {file.name: file for file in sql_files("access")}
    with _administrator_is_named(), warehouse(settings) as client:
        for login in LOGINS:
            values = places(settings, login, passwords[login.name], newer_settings(client))
            _run(client, statements(files[login.name], values))
        lines = [_line(login, settings, passwords[login.name]) for login in LOGINS]
        return lines + _views_without_owner(client) + _unheld_limits(client)


@contextmanager
def _administrator_is_named() -> Iterator[None]:
    try:
        yield
    except WarehouseError as error:
        if "lacks a right" in str(error):
            raise WarehouseError(
                f"{error}. Run it as an administrator of ClickHouse: `zakaz access --env secrets/access.env` "
                "(sample: configs/access.env.sample)."
            ) from None
        raise


def places(
    settings: Settings, login: Login, password: str | None, newer: Mapping[str, int] = MappingProxyType({})
) -> dict[str, str]:
    """Values for the {placeholders} of the statements. Without a password no `user`, `hash`, `salt` and `hosts`.
    `newer`: settings of a profile that not every server knows."""
    cluster = settings.clickhouse_cluster
    values = {
        "database": settings.clickhouse_database,
        "on_cluster": f" ON CLUSTER `{cluster}`" if cluster else "",
        "of_newer_servers": "".join(f",\n    {name} = {value} CONST" for name, value in newer.items()),
    }
    if cluster:
        values["cluster"] = cluster
    if password:
        salt = secrets.token_hex(32)
        values |= {"user": login.name, "salt": salt, "hash": password_hash(password, salt)}
        if hosts := getattr(settings, login.hosts):
            values["hosts"] = ", ".join(f"IP '{host}'" for host in hosts)
    return values


def statements(file: SqlFile, values: Mapping[str, str]) -> list[str]:
    """The file's statements, ready to run; one with a {placeholder} that has no value is left out."""
    wanted = [text for text in file.statements if set(re.findall(r"\{(\w+)\}", text)) <= values.keys()]
    return [re.sub(r"\{(\w+)\}", lambda place: values[place[1]], text) for text in wanted]


def password_hash(password: str, salt: str) -> str:
    """As ClickHouse makes it for `sha256_hash … SALT`."""
    return hashlib.sha256(f"{password}{salt}".encode()).hexdigest()


def try_rights(client: Client) -> None:
    """Do all that a load does, on a table of its own. Raises what the driver raises where a right is missing."""
    run(client, f"DROP TABLE IF EXISTS {_TRIAL}")
    run(
        client,
        f"CREATE TABLE IF NOT EXISTS {_TRIAL} (x UInt8, _ver UInt64) ENGINE = ReplacingMergeTree(_ver) ORDER BY x",
    )
    client.command(f"INSERT INTO {_TRIAL} VALUES (1, 1)")
    client.command(f"DELETE FROM {stored(client, _TRIAL)} WHERE x = 1")
    client.command(f"OPTIMIZE TABLE {stored(client, _TRIAL)} FINAL")
    run(client, f"DROP TABLE IF EXISTS {_TRIAL}")


def _weakness(password: str, user: str) -> str | None:
    if len(password) < PASSWORD_LENGTH:
        return f"is shorter than {PASSWORD_LENGTH} characters"
    if password != password.strip() or not password.isprintable():
        return "begins or ends with a blank, or holds a character that cannot be typed"
    letters = re.sub(r"[\W\d_]+", "", password.lower())
    guessed = _GUESSED_FIRST | {re.sub("_", "", user)}
    if letters in guessed or len(set(password)) < _DIFFERENT_CHARACTERS:
        return "is one that is guessed first"
    return None


def _run(client: Client, texts: list[str]) -> None:
    for text in texts:
        try:
            client.command(text)
        except ClickHouseError as error:
            if getattr(error, "code", None) != _NO_STORAGE:
                raise
            raise WarehouseError(
                "This server keeps its users in configuration files alone. Add a <local_directory> to its "
                "<user_directories>, as the server's own config.xml has it, and run this again."
            ) from error


def _line(login: Login, settings: Settings, password: str | None) -> str:
    if password is None:
        return f"{login.name}: skipped, {login.setting.upper()} is not set; its role is up to date"
    hosts = ", ".join(getattr(settings, login.hosts))
    return f"{login.name}: {login.may} ({settings.clickhouse_database})" + (f", from {hosts}" if hosts else "")


def _views_without_owner(client: Client) -> list[str]:
    """Views made before they read with their maker's rights, or whose maker is no user here, as after a restore."""
    lost = select(
        client,
        "SELECT name FROM system.tables WHERE database = {database:String} AND engine = 'View' "
        "AND startsWith(name, 'v_') AND definer NOT IN (SELECT name FROM system.users) ORDER BY name",
        {"database": client.database},
    )["name"].to_list()
    if not lost:
        return []
    return [f"datalens_reader cannot read {', '.join(lost)} yet: run `zakaz migrate` or a load as etl_writer"]


def _unheld_limits(client: Client) -> list[str]:
    """Whether this server lets a session drop what its profile demands, as ClickHouse did until August 2026.

    Tried with `readonly`, which a session may set for itself and not take back: by DEFAULT, and in a subquery.
    """
    if all(_stays_read_only(client, text) for text in _SHEDDING):
        return []
    return [
        f"This ClickHouse, {client.server_version}, lets a session drop its limits: of those of datalens_reader "
        "only the quota holds. Update ClickHouse; docs/datalens.md says to which version."
    ]


def _stays_read_only(client: Client, text: str) -> bool:
    try:
        return client.query(text, settings={"readonly": 2}).first_row == ("2",)
    except ClickHouseError as error:
        if getattr(error, "code", None) != _READ_ONLY:
            raise
        return True
