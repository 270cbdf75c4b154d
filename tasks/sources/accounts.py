"""Accounts: a source, a name and its settings. What a load, a backfill, a replay and a probe are of.

`secrets/.env.vk` is the account `main` of VK Ads, as are the environment and a file given with --env;
`secrets/.env.vk.spb` is `spb`. Where one file lists several logins, or clients of an agency, each is an account of
that name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tasks.errors import SettingsError, UsageError
from tasks.settings import (
    MAIN,
    Settings,
    account_files,
    given_file_is_of,
    is_set_for_main,
    with_account,
)
from tasks.sources import in_use, source_named
from tasks.sources.source import Source


@dataclass(frozen=True)
class Account:
    source: Source
    name: str
    settings: Settings = field(repr=False)
    fault: str = ""
    """Why its settings cannot be read."""

    @property
    def label(self) -> str:
        """`vk_ads`, of another account than `main` `vk_ads spb`."""
        return label(self.source.name, self.name)

    @property
    def title(self) -> str:
        return label(self.source.title, self.name)

    def check(self) -> None:
        """Raises SettingsError where a setting that its API needs is missing or wrong."""
        if self.fault:
            raise SettingsError(self.fault)
        self.source.check_settings(self.settings)


def label(source: str, account: str | None) -> str:
    return source if account in (None, "", MAIN) else f"{source} {account}"


def accounts_of(source: Source, settings: Settings) -> list[Account]:
    """All accounts of the source, `main` first; `main` alone where none is set up, so that its errors say what is
    missing. A file given with --env that has settings of the source is its only account. Raises SettingsError."""
    files = {} if given_file_is_of(source.word) else _files(source)
    found = [] if files and not is_set_for_main(source.word) else _listed(source, MAIN, settings)
    for name, file in files.items():
        found += _in_file(source, name, file, settings)
    _refuse_the_same(source, found)
    return found


def account_named(source: Source, name: str, settings: Settings) -> Account:
    """Raises UsageError and SettingsError."""
    found = accounts_of(source, settings)
    if (file := _files(source).get(name)) and name not in {account.name for account in found}:
        found += _in_file(source, name, file, settings)
    for account in found:
        if account.name == name:
            return account
    raise UsageError(
        f"{source.title} has no account {name}. There are {', '.join(account.name for account in found)}; a file "
        f"secrets/.env.{source.word}.{name} would make one."
    )


def wanted(source: str, account: str | None, settings: Settings) -> list[Account]:
    """What `zakaz load SOURCE|all [--account NAME]` means: of all sources in use those that have such an account.
    Raises UsageError and SettingsError."""
    if source != "all":
        of = source_named(source)
        return accounts_of(of, settings) if account is None else [account_named(of, account, settings)]
    found = [one for of in in_use(settings).values() for one in accounts_of(of, settings)]
    chosen = [one for one in found if account in (None, one.name)]
    if not chosen:
        names = sorted({one.name for one in found})
        raise UsageError(f"No source has an account {account}. There are {', '.join(names)}.")
    return chosen


def _files(source: Source) -> dict[str, Path]:
    return {name: file for (word, name), file in account_files().items() if word == source.word}


def _in_file(source: Source, name: str, file: Path, settings: Settings) -> list[Account]:
    """A file that cannot be read is an account all the same: it fails, and the others do not."""
    try:
        return _listed(source, name, with_account(settings, source.word, file))
    except SettingsError as error:
        return [Account(source, name, settings, str(error))]


def _listed(source: Source, name: str, settings: Settings) -> list[Account]:
    """One account, or those that its file lists: each has the file's settings with one of the values."""
    given = str(getattr(settings, source.listed) or "") if source.listed else ""
    values = [one.strip() for one in given.split(",") if one.strip()]
    if not values[1:]:
        return [Account(source, name, settings)]
    accounts = []
    for value in values:
        named = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
        update: dict[str, object] = {source.listed: value}
        if source.word == "vk":
            file = settings.vk_token_file
            update["vk_token_file"] = file.with_name(f"{file.stem}.{named}{file.suffix}")
        accounts.append(Account(source, named, settings.model_copy(update=update)))
    return accounts


def _refuse_the_same(source: Source, found: list[Account]) -> None:
    """One account under two names would count all its money twice."""
    names: dict[str, Account] = {}
    keys: dict[str, Account] = {}
    for account in found:
        file = account.settings.file_of(source.word)
        other = names.setdefault(account.name, account)
        if other is not account:
            raise SettingsError(
                f"{source.title} has two accounts {account.name}, in {file} and in "
                f"{other.settings.file_of(source.word)}. Name one of the files otherwise."
            )
        if account.fault or not (credential := source.credential(account.settings)):
            continue
        other = keys.setdefault(credential, account)
        if other is not account:
            raise SettingsError(
                f"{source.title}: {file} and {other.settings.file_of(source.word)} are the same account, "
                f"{account.name} and {other.name}: all its figures would count twice. Remove one of the two files."
            )
