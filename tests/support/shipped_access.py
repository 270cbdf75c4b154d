"""The users of `sql/access`, as XML that the tests' server takes: it cannot run CREATE USER. Nothing is retyped: all is parsed
out of the statements that `zakaz access` sends, and one of a kind not known here is an error."""

import re
from collections.abc import Mapping

from tasks.load.access import LOGINS, Login, places, statements
from tasks.load.sql import SqlFile, sql_files
from tasks.settings import Settings
from tests.support.clickhouse_users import User

PASSWORDS = {"etl_writer": "пишет-ночью-71", "datalens_reader": "reads:views/only?42", "backup_user": "a copy 17!"}
SETTINGS = {f"{name.split('_')[0]}_password": password for name, password in PASSWORDS.items()}
Limits = tuple[dict[str, str | int], dict[str, Mapping[str, str]]]
"""Settings and their constraints."""
_SECONDS = {"minute": 60, "hour": 3600}
_UNREAD = (
    r"CREATE (ROLE|SETTINGS PROFILE|QUOTA|USER) IF NOT EXISTS .*|ALTER QUOTA \S+ TO .*|"
    r"ALTER USER \w+ IDENTIFIED WITH sha256_hash BY '\w{64}' SALT '\w{64}'(?: SETTINGS PROFILE `\w+`)?"
)


def shipped(database: str = "zakaz", **hosts: str) -> dict[str, User]:
    """The users by name, with the passwords above. `hosts`: etl_hosts and so on; without, this machine."""
    settings = Settings(_env_file=None, clickhouse_database=database, **SETTINGS, **hosts)
    return {account.name: _user(settings, account.name) for account in LOGINS}


def account(name: str) -> Login:
    return next(account for account in LOGINS if account.name == name)


def rendered(settings: Settings, name: str) -> list[str]:
    """The statements of one file as they are sent, comments dropped, each on one line."""
    file = next(file for file in sql_files("access") if file.name == name)
    texts = statements(SqlFile(name, file.text), places(settings, account(name), PASSWORDS[name]))
    return [" ".join(re.sub(r"(?m)^\s*--.*$", "", text).split()) for text in texts]


def _user(settings: Settings, name: str) -> User:
    roles: dict[str, tuple[str, ...]] = {}
    given: list[str] = []
    limits: Limits = ({}, {})
    quota: dict[int, Mapping[str, str]] = {}
    hosts: tuple[str, ...] = ("127.0.0.1",)
    for text in rendered(settings, name):
        if re.fullmatch(_UNREAD, text):
            continue
        if found := re.fullmatch(r"GRANT (?P<what>.*) TO `(?P<role>\w+)` WITH REPLACE OPTION", text):
            roles[found["role"]] = (f"GRANT {found['what']}",)
        elif found := re.fullmatch(rf"GRANT `(?P<role>\w+)` TO {name}", text):
            given.append(found["role"])
        elif found := re.fullmatch(r"ALTER SETTINGS PROFILE \S+ SETTINGS (?P<what>.*) TO \S+", text):
            _read_settings(limits, found["what"])
        elif found := re.fullmatch(r"ALTER QUOTA \S+ KEYED BY user_name (?P<what>FOR .*)", text):
            every = re.findall(r"FOR INTERVAL (\d+) (\w+) MAX ([^,]+(?:, \w+ = \d+)*)", found["what"])
            for number, unit, most in every:
                quota[int(number) * _SECONDS[unit]] = dict(item.split(" = ") for item in most.split(", "))
        elif found := re.fullmatch(r"ALTER USER \w+ HOST (?P<what>.*)", text):
            hosts = tuple(re.findall(r"IP '([^']+)'", found["what"]))
        else:
            raise ValueError(f"a statement that the tests do not know: {text}")
    return User(name, PASSWORDS[name], *limits, quota, {role: roles[role] for role in given}, hosts)


def _read_settings(limits: Limits, text: str) -> None:
    settings, constraints = limits
    form = re.compile(r"(\w+)(?: = '?([\w/]+)'?)?(?: MIN (\d+))?(?: MAX (\d+))?( CONST)?")
    for item in text.split(", "):
        if (found := form.fullmatch(item)) is None:
            raise ValueError(f"a setting that the tests do not understand: {item}")
        name, value, least, most, const = found.groups()
        if value:
            settings[name] = value
        if const:
            constraints[name] = {"readonly": ""}
        elif most:
            constraints[name] = {"min": least, "max": most} if least else {"max": most}
