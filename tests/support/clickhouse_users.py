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
    """One user: `settings` become its profile; `grants`, full statements, replace the right to everything."""

    name: str
    password: str = field(default="", repr=False)
    settings: Mapping[str, str | int] = field(default_factory=dict)
    grants: tuple[str, ...] = ()


DEFAULT = User("default")
"""Always there, without a password and with every right: the tests' DSN logs in as it."""
READER = User("reader", password="reader-password", settings={"readonly": 1})
"""May read everything and change nothing, not even a setting of its own session."""


def write_config(folder: Path, users: Iterable[User]) -> Path:
    """Write the configuration with these users besides `default`, and return the file to start with.

    A user named `default` takes the place of ours, for other settings; it must have no password.
    """
    users_file = folder / "users.xml"
    _write(users_file, _users_config(list({user.name: user for user in [DEFAULT, *users]}.values())))
    config = ElementTree.Element("clickhouse")
    ElementTree.SubElement(config, "users_config").text = str(users_file)
    config_file = folder / "config.xml"
    _write(config_file, config)
    return config_file


def _users_config(users: list[User]) -> ElementTree.Element:
    root = ElementTree.Element("clickhouse")
    profiles, accounts = ElementTree.SubElement(root, "profiles"), ElementTree.SubElement(root, "users")
    quotas = ElementTree.SubElement(root, "quotas")
    ElementTree.SubElement(quotas, "default")
    for user in users:
        _add_profile(profiles, user)
        _add_account(accounts, user)
    return root


def _add_profile(profiles: ElementTree.Element, user: User) -> None:
    profile = ElementTree.SubElement(profiles, user.name)
    for name, value in user.settings.items():
        ElementTree.SubElement(profile, name).text = str(value)


def _add_account(accounts: ElementTree.Element, user: User) -> None:
    account = ElementTree.SubElement(accounts, user.name)
    if user.password:
        digest = hashlib.sha256(user.password.encode()).hexdigest()
        ElementTree.SubElement(account, "password_sha256_hex").text = digest
    else:
        ElementTree.SubElement(account, "password")
    ElementTree.SubElement(ElementTree.SubElement(account, "networks"), "ip").text = "127.0.0.1"
    ElementTree.SubElement(account, "profile").text = user.name
    ElementTree.SubElement(account, "quota").text = "default"
    if user.name == DEFAULT.name:
        ElementTree.SubElement(account, "access_management").text = "1"
    if user.grants:
        grants = ElementTree.SubElement(account, "grants")
        for grant in user.grants:
            ElementTree.SubElement(grants, "query").text = grant


def _write(path: Path, root: ElementTree.Element) -> None:
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
