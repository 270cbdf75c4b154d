"""The users of the tests' ClickHouse server, as the XML it reads at start. It has no writable storage for users:
`CREATE USER` and `CREATE ROLE` fail on it with code 514."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tasks.load.warehouse import MERGE_SLEEPS

Document = Mapping[str, Any]


@dataclass(frozen=True)
class User:
    """One user: `settings` become its profile.

    `constraints` of settings: `{"max_rows_to_read": {"min": "1", "max": "9"}}`, or `{"readonly": ""}` for one that
    nobody may change. `quota`: seconds of an interval, and what may be spent in it. `roles`: by name, each with its
    grants, full statements, which replace the right to everything. `hosts`: addresses and subnets that it may come from.
    """

    name: str
    password: str = field(default="", repr=False)
    settings: Mapping[str, str | int] = field(default_factory=dict)
    constraints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    quota: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hosts: tuple[str, ...] = ("127.0.0.1",)


_COMPILED = ("compile_expressions", "compile_aggregate_expressions", "compile_sort_description")
QUICK = {"max_threads": 1, **dict.fromkeys(_COMPILED, 0)}
"""For many small queries, of which threads and compiled code cost more than they bring."""
DEFAULT = User("default", settings=QUICK)
"""Always there, without a password and with every right: the tests' DSN logs in as it."""
READER = User("reader", password="reader-password", settings={"readonly": 1})
"""May read everything and change nothing, not even a setting of its own session."""


def write_config(folder: Path, users: Iterable[User]) -> Path:
    """Write the configuration with these users besides `default`, or in its place, and return the file to start with.

    Backups go to the folder, as `File(…)` names it, and to a disk of the name that compose.yaml uses, where the folder is.
    """
    known, backups = {user.name: user for user in [DEFAULT, *users]}.values(), folder / "backups"
    access = {
        "profiles": {user.name: {**user.settings, "constraints": user.constraints} for user in known},
        "quotas": {"default": {}} | {user.name: _quota(user) for user in known if user.quota},
        "roles": {name: _grants(grants) for user in known for name, grants in user.roles.items()},
        "users": {user.name: _account(user) for user in known},
    }
    config = {
        "users_config": str(folder / "users.xml"),
        "storage_configuration": {"disks": {"backups": {"type": "local", "path": f"{backups}/"}}},
        "backups": {"allowed_path": str(backups), "allowed_disk": "backups"},
    } | MERGE_SLEEPS
    for name, document in (("users.xml", access), ("config.xml", config)):
        root = ElementTree.Element("clickhouse")
        _fill(root, document)
        ElementTree.ElementTree(root).write(folder / name, encoding="utf-8", xml_declaration=True)
    return folder / "config.xml"


def _account(user: User) -> Document:
    secret = {"password_sha256_hex": hashlib.sha256(user.password.encode()).hexdigest()}
    more = {"access_management": 1} if user.name == DEFAULT.name else {}
    more |= _grants(f"GRANT `{role}`" for role in user.roles) if user.roles else {}
    more |= {"networks": {"ip": list(user.hosts)}, "quota": user.name if user.quota else "default"}
    return {**(secret if user.password else {"password": ""}), "profile": user.name, **more}


def _grants(statements: Iterable[str]) -> Document:
    return {"grants": {"query": list(statements)}}


def _quota(user: User) -> Document:
    return {"interval": [{"duration": seconds, **most} for seconds, most in user.quota.items()]}


def _fill(parent: ElementTree.Element, content: Any) -> None:
    """A list is an element each."""
    if not isinstance(content, Mapping):
        parent.text = str(content)
        return
    for name, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            _fill(ElementTree.SubElement(parent, name), one)
