"""The users of the tests' ClickHouse server, as the XML it reads at start.

The server has no writable storage for users: `CREATE USER` and `CREATE ROLE` fail on it with code 514. What a
test needs of access control is declared here, before the server starts.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


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


DEFAULT = User("default")
"""Always there, without a password and with every right: the tests' DSN logs in as it."""
READER = User("reader", password="reader-password", settings={"readonly": 1})
"""May read everything and change nothing, not even a setting of its own session."""


def write_config(folder: Path, users: Iterable[User]) -> Path:
    """Write the configuration with these users besides `default`, or in its place, and return the file to start with."""
    users_file = folder / "users.xml"
    _write(users_file, _users_config(list({user.name: user for user in [DEFAULT, *users]}.values())))
    config = ElementTree.Element("clickhouse")
    ElementTree.SubElement(config, "users_config").text = str(users_file)
    _allow_backups(config, folder / "backups")
    config_file = folder / "config.xml"
    _write(config_file, config)
    return config_file


def _allow_backups(config: ElementTree.Element, folder: Path) -> None:
    """To the folder, as `File(…)` names it, and to a disk of the name that compose.yaml uses, where the folder is."""
    disks = ElementTree.SubElement(ElementTree.SubElement(config, "storage_configuration"), "disks")
    _fill(ElementTree.SubElement(disks, "backups"), {"type": "local", "path": f"{folder}/"})
    allowed = ElementTree.SubElement(config, "backups")
    _fill(allowed, {"allowed_path": str(folder), "allowed_disk": "backups"})


def _users_config(users: list[User]) -> ElementTree.Element:
    root = ElementTree.Element("clickhouse")
    profiles, accounts = ElementTree.SubElement(root, "profiles"), ElementTree.SubElement(root, "users")
    quotas = ElementTree.SubElement(root, "quotas")
    ElementTree.SubElement(quotas, "default")
    roles = ElementTree.SubElement(root, "roles")
    for user in users:
        _add_profile(profiles, user)
        _add_account(accounts, user)
        if user.quota:
            quota = ElementTree.SubElement(quotas, user.name)
            for seconds, most in user.quota.items():
                _fill(ElementTree.SubElement(quota, "interval"), {"duration": seconds} | dict(most))
        for name, grants in user.roles.items():
            _add_grants(ElementTree.SubElement(roles, name), grants)
    return root


def _add_profile(profiles: ElementTree.Element, user: User) -> None:
    profile = ElementTree.SubElement(profiles, user.name)
    _fill(profile, user.settings)
    constraints = ElementTree.SubElement(profile, "constraints")
    for name, limits in user.constraints.items():
        _fill(ElementTree.SubElement(constraints, name), limits)


def _add_account(accounts: ElementTree.Element, user: User) -> None:
    account = ElementTree.SubElement(accounts, user.name)
    if user.password:
        digest = hashlib.sha256(user.password.encode()).hexdigest()
        ElementTree.SubElement(account, "password_sha256_hex").text = digest
    else:
        ElementTree.SubElement(account, "password")
    networks = ElementTree.SubElement(account, "networks")
    for host in user.hosts:
        ElementTree.SubElement(networks, "ip").text = host
    ElementTree.SubElement(account, "profile").text = user.name
    ElementTree.SubElement(account, "quota").text = user.name if user.quota else "default"
    if user.name == DEFAULT.name:
        ElementTree.SubElement(account, "access_management").text = "1"
    if user.roles:
        _add_grants(account, [f"GRANT `{role}`" for role in user.roles])


def _add_grants(parent: ElementTree.Element, statements: Iterable[str]) -> None:
    grants = ElementTree.SubElement(parent, "grants")
    for statement in statements:
        ElementTree.SubElement(grants, "query").text = statement


def _fill(parent: ElementTree.Element, texts: Mapping[str, str | int]) -> None:
    for name, value in texts.items():
        ElementTree.SubElement(parent, name).text = str(value)


def _write(path: Path, root: ElementTree.Element) -> None:
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
