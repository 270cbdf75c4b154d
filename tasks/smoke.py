"""Smoke: does everything that a load needs answer, right now? APIs, landing area, warehouse, last runs, alerts."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from tasks import exposure
from tasks.alerts.channel import Channel
from tasks.alerts.history import undelivered
from tasks.errors import MissingError, SettingsError, ZakazError
from tasks.landing import Landing
from tasks.load.access import try_rights
from tasks.load.backup_place import place
from tasks.load.migrate import not_applied
from tasks.load.runs import history
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.settings import GIVEN_FILE, HOME, Settings, remarks
from tasks.sources.accounts import Account, wanted
from tasks.translation import RECORD, counted, marked, numbered, retold, said
from tasks.unknowns import INTERVIEWS
from tasks.unknowns.answers import contradictions, newest
from tasks.window import MOSCOW

_NAMES = marked(
    *("token files", "folders", "addresses", "settings", "sources", "landing area", "warehouse", "connection"),
    *("schema", "rights", "last run", "answers", "backups", "alerts", "server", "worker"),
    "deployments",
)
"""Of probes, beside those of sources."""
_STATUSES = marked("ok", "warning", "failure")
_COUNTS = (marked("{n} ok", "{n} ok"), marked("{n} warning", "{n} warnings"), marked("{n} failure", "{n} failures"))


@dataclass(frozen=True)
class Probe:
    """One line of the smoke test. `status`: ok, warning or failure; `todo` says what to do about it."""

    name: str
    status: str
    seconds: float
    found: str
    todo: str = ""

    def told(self, language: str) -> Probe:
        """In the reader's language. Names of accounts stay."""
        names = []
        for part in self.name.split(": "):
            first, *rest = [part] if part in _NAMES else part.split(" ")
            names.append(" ".join([said(first, language), *rest]))
        status, found = said(self.status, language), retold(self.found, language)
        return replace(self, name=": ".join(names), status=status, found=found, todo=retold(self.todo, language))


class SmokeFailed(ZakazError):
    def __init__(self, probes: list[Probe]) -> None:
        super().__init__(_failures(probes, RECORD))
        self.probes = probes

    def told(self, language: str) -> str:
        return _failures(self.probes, language)


def _failures(probes: list[Probe], language: str) -> str:
    wrong = [probe.told(language) for probe in probes if probe.status == "failure"]
    return "; ".join([summary(probes, language), *(f"{probe.name}: {probe.todo}" for probe in wrong)])


class Warned(Exception):
    """What was found is not wrong enough to fail: `found. what to do`."""


def summary(probes: list[Probe], language: str = RECORD) -> str:
    """`22 ok, 1 warning, 2 failures`."""
    numbers = [sum(probe.status == status for probe in probes) for status in _STATUSES]
    both = zip(_COUNTS, numbers, strict=True)
    return ", ".join(counted(one, many, n, language) for (one, many), n in both if n)


def probe_all(settings: Settings, channel: Channel | None, account: str | None = None) -> list[Probe]:
    """Every probe, whatever the others gave; of accounts those of this name. No secret is in any of them.
    `channel`: the one for alerts."""
    return list(_probes(settings, channel, wanted("all", account, settings)))


def refuse_failures(probes: list[Probe]) -> None:
    """Raises SmokeFailed."""
    if any(probe.status == "failure" for probe in probes):
        raise SmokeFailed(probes)


def _probes(settings: Settings, channel: Channel | None, accounts: list[Account]) -> Iterator[Probe]:
    """What is missing, or does not answer, is said once: what needs it is left out."""
    yield timed("token files", partial(_token_files, settings))
    yield timed("folders", _folders)
    yield timed("addresses", partial(_addresses, settings))
    ready = list(filter(_is_set_up, accounts))
    for account in accounts:
        yield timed(f"{account.label}: settings", partial(_settings_of, account))
        if account in ready:
            yield timed(f"{account.label}: API", partial(_api_of, account))
    if not ready:
        yield timed("sources", _nothing_to_load)
    yield timed("landing area", lambda: Landing(settings.landing_url).probe())
    connection = timed("warehouse: connection", partial(_version, settings))
    yield connection
    if is_there := connection.status == "ok":
        yield timed("warehouse: schema", partial(_schema, settings))
        yield timed("warehouse: rights", partial(_rights, settings))
        for account in ready:
            yield timed(f"{account.label}: last run", partial(_last_run, account))
        for account in ready:
            if account.source.name in INTERVIEWS:
                yield timed(f"{account.label}: answers", partial(_answers, account))
        yield timed("backups", partial(_backups, settings))
    yield timed("alerts", partial(_alerts, settings, channel, knows_old_ones=is_there))


def timed(name: str, probe: Callable[[], str]) -> Probe:
    """`probe` gives what it found well; what it raises, of ours, is a warning or a failure."""
    begun = time.monotonic()

    def told(status: str, found: str, todo: str = "") -> Probe:
        return Probe(name, status, round(time.monotonic() - begun, 2), found, todo)

    try:
        return told("ok", probe())
    except Warned as warning:
        found, _, todo = str(warning).partition(". ")
        return told("warning", found, todo)
    except MissingError as error:
        return told("warning", "not set up", str(error))
    except ZakazError as error:
        return told("failure", "does not work", str(error))


def _token_files(settings: Settings) -> str:
    """Those with passwords too; a sample's empty value is a missing setting, seen below."""
    files = exposure.secret_files(settings, HOME, os.environ.get(GIVEN_FILE))
    if open_to_others := [str(file) for file in files if exposure.is_open(file)]:
        command = shlex.join(["chmod", "600", *open_to_others])
        raise ZakazError(f"others can read what holds a token or a password: {command}")
    if lines := list(remarks(settings)):
        raise Warned(f"not all that is there is read. {'; '.join(lines)}")
    if not files:
        raise Warned("no file in secrets/. Copy the samples from configs/, or set the environment.")
    return f"readable by their owner alone: {numbered(len(files), 'file')}"


def _folders() -> str:
    """A folder that somebody opened stays open; a file within may be open by its own mode."""
    folders = [folder for name in ("data", "secrets") if (folder := HOME / name).is_dir()]
    if open_to_others := [str(folder) for folder in folders if exposure.is_open(folder)]:
        command = shlex.join(["chmod", "700", *open_to_others])
        raise Warned(f"others can look into {', '.join(open_to_others)}. {command}")
    return "data and secrets are their owner's alone"


def _addresses(settings: Settings) -> str:
    if lines := exposure.in_the_clear(settings):
        raise Warned(f"not encrypted. {'; '.join(lines)}")
    return "no token or password leaves this machine in the clear"


def _settings_of(account: Account) -> str:
    account.check()
    return "nothing is missing"


def _nothing_to_load() -> str:
    raise ZakazError("no source has a token. Copy a sample from configs/ into secrets/ and put the token in.")


def _is_set_up(account: Account) -> bool:
    try:
        account.check()
    except SettingsError:
        return False
    return True


def _api_of(account: Account) -> str:
    """Where a file cannot be read, the settings are those of `main`."""
    account.check()
    return account.source.probe(account.settings)


def _version(settings: Settings) -> str:
    with warehouse(settings) as client:
        return f"ClickHouse {client.server_version}"


def _schema(settings: Settings) -> str:
    with warehouse(settings) as client:
        behind = not_applied(client)
        if behind is None:
            raise Warned("no schema yet. Run `zakaz migrate`, or any load.")
        if behind:
            raise Warned(f"not applied: {numbered(len(behind), 'migration')}. Run `zakaz migrate`, or any load.")
        views = sql_files("views")
        for view in views:
            client.command(f"SELECT * FROM {view.name} LIMIT 0")  # noqa: S608 - our own file's name
        return f"tables and views are as they should be: {len(views) + len(sql_files('schema'))}"


def _rights(settings: Settings) -> str:
    """Everything a load does, on a table of its own."""
    with warehouse(settings) as client:
        try_rights(client)
        return "create, insert, delete, merge, drop"


def _last_run(account: Account) -> str:
    with warehouse(account.settings) as client:
        if not client.command("EXISTS TABLE meta_job_runs"):
            raise Warned("never ran. Load it once.")
        last = history(client, 1, account.source.job, account.name)
    if last.is_empty():
        raise Warned("never ran. Load it once.")
    status, finished_at, message = last.select("status", "finished_at", "message").row(0)
    if status == "failed":
        raise ZakazError(f"the last run failed: {message}")
    if finished_at is None:
        return "it is under way"
    when = f"{finished_at.astimezone(MOSCOW):%Y-%m-%d %H:%M}"
    return f"it went well, {when} in Moscow"


def _answers(account: Account) -> str:
    """Whether the settings go with what the API told of itself."""
    with warehouse(account.settings) as client:
        told = newest(client, account)
    answers = {question: judged for question, (judged, _) in told.items()}
    wrong = [
        f"{found.setting} is {found.is_now}, by the answer of {told[found.question.id][1]:%Y-%m-%d} it should be "
        f"{found.right}"
        for found in contradictions(account.settings, account.source.name, answers)
    ]
    if wrong:
        again = f"zakaz probe {account.source.name} --account {account.name} --apply"
        raise Warned(f"settings contradict what the API answered. {'; '.join(wrong)}: `{again}`")
    if not answers:
        return "never asked: `zakaz probe`"
    return f"no setting contradicts the {numbered(len(answers), 'answer')}"


def _backups(settings: Settings) -> str:
    """Whether there is a place for them; whether it can be written only a backup shows."""
    try:
        return f"they are kept in {place(settings).words}"
    except SettingsError as error:
        raise Warned(f"not set up. {error}") from None


def _alerts(settings: Settings, channel: Channel | None, *, knows_old_ones: bool) -> str:
    if knows_old_ones:
        _refuse_undelivered(settings)
    if channel is None:
        raise Warned(
            "no alert is sent of failures. Set ZAKAZ_ALERT_BLOCK to a Prefect notification block, or ALERT_URL if "
            "there is no Prefect server."
        )
    channel.check()
    return channel.name


def _refuse_undelivered(settings: Settings) -> None:
    with warehouse(settings) as client:
        lost = undelivered(client)
    if lost.height:
        trouble, sent_at, error = lost.row(0)
        when = f"{trouble}, {sent_at.astimezone(MOSCOW):%m-%d %H:%M} in Moscow"
        raise ZakazError(
            f"messages of the last week that were not delivered: {lost.height}, the last of {when}: {error}"
        )
