"""Accounts: a source, a name and its settings. What a load, a backfill, a replay and a probe are of.

`secrets/.env.vk` is the account `main` of VK Ads, as are the environment and a file given with --env;
`secrets/.env.vk.spb` is `spb`. Where one file lists several logins, or clients of an agency, each is an account of
that name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
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

AT_ONCE = 8
"""Accounts that one process loads side by side; an agency may have a hundred."""


@dataclass(frozen=True)
class Account:
    source: Source
    name: str
    settings: Settings = field(repr=False)
    fault: str = ""
    """Why it cannot be loaded, whatever its settings are."""

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
    return _without_doubles(source, found)


def account_named(source: Source, name: str, settings: Settings) -> Account:
    """Raises UsageError and SettingsError."""
    found = _by_name(source, settings)
    if name not in found:
        raise UsageError(
            f"{source.title} has no account {name}. There are {', '.join(found)}; a file "
            f"secrets/.env.{source.word}.{name} would make one."
        )
    return found[name]


def wanted(source: str, account: str | None, settings: Settings) -> list[Account]:
    """What `zakaz load SOURCE|all [--account NAME]` means: of all sources in use those that have such an account.
    Raises UsageError and SettingsError."""
    if account is None:
        chosen = in_use(settings).values() if source == "all" else [source_named(source)]
        return [one for of in chosen for one in accounts_of(of, settings)]
    if source != "all":
        return [account_named(source_named(source), account, settings)]
    found = [_by_name(of, settings) for of in in_use(settings).values()]
    if not any(account in accounts for accounts in found):
        names = sorted({name for accounts in found for name in accounts})
        raise UsageError(f"No source has an account {account}. There are {', '.join(names)}.")
    return [accounts[account] for accounts in found if account in accounts]


def _by_name(source: Source, settings: Settings) -> dict[str, Account]:
    """Those too that a file given with --env keeps from being loaded with it: somebody asks for one by name."""
    found = accounts_of(source, settings)
    if given_file_is_of(source.word):
        for name, file in _files(source).items():
            found += _in_file(source, name, file, settings)
    named: dict[str, Account] = {}
    for account in found:
        named.setdefault(account.name, account)
    return named


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
        alone = settings.model_copy(update={source.listed: values[0]}) if values else settings
        return [Account(source, name, alone)]
    accounts = []
    for value in values:
        named = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
        if not named:
            listed = source.listed.upper()
            raise SettingsError(
                f"{listed} in {settings.place_of(source.word, listed)} lists {value}, by which no account "
                "can be named. Write it with Latin letters or digits, such as its id."
            )
        update: dict[str, object] = {source.listed: value}
        if source.word == "vk":
            file = settings.vk_token_file
            update["vk_token_file"] = file.with_name(f"{file.stem}.{named}{file.suffix}")
        accounts.append(Account(source, named, settings.model_copy(update=update)))
    return accounts


def _without_doubles(source: Source, found: list[Account]) -> list[Account]:
    """With a fault where two have one name, or are one account, whose figures would count twice: which of the two
    is meant nobody can tell. The others are loaded all the same."""
    keys = ["" if account.fault else source.credential(account.settings) for account in found]
    judged = []
    for account, key in zip(found, keys, strict=True):
        fault = account.fault
        for other, its in zip(found, keys, strict=True):
            files = dict.fromkeys(one.settings.place_of(source.word) for one in (account, other))
            if fault or other is account:
                continue
            if other.name == account.name:
                fault = (
                    f"{source.title} has two accounts {account.name}, in {' and '.join(files)}. Name one of them "
                    "otherwise."
                )
            elif key and key == its:
                fault = (
                    f"{source.title}: {account.name} and {other.name} are the same account, in "
                    f"{' and '.join(files)}: all its figures would count twice. Remove one of the two."
                )
        judged.append(replace(account, fault=fault))
    return judged
