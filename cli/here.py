"""A command's work in its own process, where no Prefect server is set: the same path, and nothing is started.

A failure that nobody sees, as of cron or a timer, is sent to the channel of the settings. What only some commands
need is imported where they do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from cli import stopping
from tasks.alerts.alert import Trouble, failure_of, opened, words_of
from tasks.alerts.channel import settings_channel
from tasks.alerts.sending import deliver, fire, resolve
from tasks.alerts.stake import stake_of
from tasks.backfill import backfill
from tasks.errors import SettingsError
from tasks.harmless import for_chat
from tasks.ingest import Report, ingest
from tasks.load.address import address
from tasks.settings import Settings, language, load_alert_settings, load_settings
from tasks.sources import SOURCES
from tasks.sources.accounts import Account, wanted
from tasks.translation import retold, said
from tasks.window import Window, moscow_today

if TYPE_CHECKING:
    from tasks.load.backup import BackedUp
    from tasks.quality.checks import Result
    from tasks.smoke import Probe

_ACCOUNTS = "accounts of {}"


def load_account(account: Account, window: Window, refresh: bool) -> Report:
    return ingest(account, window, _new_run_id(), refresh=refresh)


def load_range(account: Account, first: date, last: date | None, refresh: bool) -> str:
    def load(window: Window) -> None:
        load_account(account, window, refresh)

    return backfill(account, first, last, refresh=refresh, load=load)


def replay_rows(source: str, account: str | None, settings: Settings) -> str:
    from tasks.replay import replay  # noqa: PLC0415

    return replay(wanted(source, account, settings), settings)


def judge(settings: Settings) -> list[Result]:
    from tasks.quality.run import run_checks  # noqa: PLC0415

    return run_checks(
        settings,
        moscow_today(),
        _new_run_id(),
        channel=settings_channel(settings),
        sends_alerts=not is_attended(),
    )


def probe(settings: Settings, account: str | None) -> list[Probe]:
    from tasks.smoke import probe_all, refuse_failures  # noqa: PLC0415

    probes = probe_all(settings, settings_channel(settings), account)
    refuse_failures(probes)
    return probes


def back_up(settings: Settings, name: str | None) -> BackedUp:
    from tasks.load.backup import backup  # noqa: PLC0415

    return backup(settings, name)


def send_digest(settings: Settings) -> str:
    from tasks.digest import sending  # noqa: PLC0415

    return sending.send_digest(settings, settings_channel(settings))


def is_attended() -> bool:
    """Whether a person may be looking on: one of the standard streams is a terminal."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


@contextmanager
def alerts_of(name: str, days: str = "") -> Iterator[None]:
    """Around the work of a command, e.g. `qtickets` and `30 days`: an alert of its failure is sent unless somebody
    looks on, and resolved by the next run of as many days that succeeds."""
    what = f"{name} {days}".strip()
    with stopping.on_stop(lambda how: fire_unseen(what, how, name)):
        try:
            yield
        except Exception as error:
            fire_unseen(what, words_of(error), name)
            raise
    resolve_done(what, name)


@contextmanager
def alerts_of_accounts(name: str) -> Iterator[None]:
    """Around the search for the accounts of a source, or of all: its alert is resolved by a load of one of them."""
    try:
        yield
    except Exception as error:
        fire_unseen(_ACCOUNTS.format(name), words_of(error))
        raise


def resolve_done(what: str, name: str) -> None:
    """What is done, e.g. `qtickets spb 30 days`, and with it that the accounts of its source were found."""
    settings, source = load_settings(), name.partition(" ")[0]
    keys = [_key(what), *(_key(_ACCOUNTS.format(one)) for one in ("all", source) if source in SOURCES)]
    resolve(settings, keys, settings_channel(settings))


def fire_unseen(what: str, why: str, name: str = "") -> None:
    """Send an alert of a failure, unless somebody looks on. `name`: the account of `what`, e.g. `qtickets spb`."""
    if is_attended():
        return
    spoken = language()
    footer = said("All runs: zakaz runs", spoken)
    trouble = Trouble(_key(what), failure_of(what, spoken), why, for_chat(retold(why, spoken)), footer=footer)
    try:
        settings = load_settings()
        folder = address(settings.clickhouse_dsn.get_secret_value(), settings.clickhouse_database).folder
    except SettingsError:
        _fire_without_settings(trouble)
        return
    channel = settings_channel(settings)
    if channel is None and folder is not None and not folder.exists():
        return  # Nobody is told, and a record alone is no reason to make a warehouse.
    source, _, account = name.partition(" ")
    body = "\n".join(filter(None, (trouble.body, stake_of(settings, source, account))))
    fire(settings, replace(trouble, body=body), channel, only_looks=source == "smoke")


def _fire_without_settings(trouble: Trouble) -> None:
    """A setting is wrong, but maybe none of those for alerts. There is no record, so it is sent each time."""
    try:
        channel = settings_channel(load_alert_settings())
    except SettingsError:
        return
    deliver(opened(trouble, datetime.now(UTC), language()), channel)


def _key(what: str) -> str:
    return f"run {what}"


def _new_run_id() -> str:
    return str(uuid4())
