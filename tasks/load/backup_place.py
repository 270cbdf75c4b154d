"""BACKUP_URL taken apart: where backups go, as arguments of the engine's BACKUP and RESTORE.

A backup is a folder there, not an archive: what is in it is compressed already, each file is checked by itself, and
the embedded engine can write no zip.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasks.errors import SettingsError, UsageError
from tasks.load.address import address
from tasks.settings import Settings

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_DISK = re.compile(r"disk://([A-Za-z0-9_]+)/?")
_S3 = re.compile(r"s3://([a-z0-9][a-z0-9.-]+(?:/[\w.-]+)*)/?")
_WEB = re.compile(r"https?://[\w.:-]+(?:/[\w.-]+)+/?")
_MADE_BY_ITSELF = re.compile(r"\w+-\d{8}T\d{6}Z")
"""Name of a backup that was named by the clock. One that a person named stays."""


@dataclass(frozen=True)
class Place:
    """`words` are for messages; `function` is the engine's, with `%(at)s` for the backup; `folder`, where there is
    one on this machine."""

    words: str
    function: str
    root: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path | None = None

    def check(self, name: str) -> None:
        """Raises UsageError where the name is none: it must not lead out of the place."""
        if not re.fullmatch(NAME, name):
            raise UsageError(
                "A backup's name is made of Latin letters, digits, - and _, and begins with a letter or a digit."
            )

    def parameters(self, name: str) -> dict[str, str]:
        self.check(name)
        return {"at": f"{self.root}{name}", **self.secrets}

    def without_secrets(self, text: str) -> str:
        """ClickHouse may repeat a statement in its errors."""
        for secret in self.secrets.values():
            text = text.replace(secret, "***")
        return text


def backup_folder(settings: Settings) -> Path | None:
    """The only folder where the embedded engine may write and read backups. An & in its name
    would end the engine's option."""
    url = settings.backup_url
    return None if "://" in url or "&" in url else Path(url).absolute()


def place(settings: Settings) -> Place:
    """Raises SettingsError, which shows no secret."""
    url = settings.backup_url
    embedded = address(settings.clickhouse_dsn.get_secret_value(), settings.clickhouse_database).folder is not None
    if disk := _DISK.fullmatch(url):
        if embedded:
            raise SettingsError("BACKUP_URL names a disk of a server, and the warehouse is embedded. Set a folder.")
        return Place(f"disk {disk[1]} of the server", f"Disk('{disk[1]}', %(at)s)", "")
    if bucket := _S3.fullmatch(url):
        if not settings.backup_s3_endpoint:
            raise SettingsError("BACKUP_S3_ENDPOINT is missing, e.g. https://storage.yandexcloud.net.")
        return _s3(settings, f"{settings.backup_s3_endpoint.rstrip('/')}/{bucket[1]}")
    if _WEB.fullmatch(url):
        return _s3(settings, url)
    if "://" in url:
        raise SettingsError(
            "BACKUP_URL is no address. Write a folder, disk://NAME, s3://bucket/folder or "
            "https://host/bucket/folder; key and secret go to BACKUP_S3_KEY and BACKUP_S3_SECRET."
        )
    if not embedded:
        raise SettingsError(
            "BACKUP_URL is a folder on this machine, where the ClickHouse server does not write. Set disk://NAME, "
            "a disk that the server's configuration allows for backups, or s3://bucket/folder."
        )
    folder = backup_folder(settings)
    if folder is None:
        raise SettingsError(
            f"BACKUP_URL has an & in it, which the engine cannot take. Name another folder, not {url}."
        )
    return Place(str(folder), "File(%(at)s)", f"{folder}/", folder=folder)


def _s3(settings: Settings, url: str) -> Place:
    root = f"{url.rstrip('/')}/"
    key, secret = settings.backup_s3_key, settings.backup_s3_secret
    if key is None and secret is None:
        return Place(root, "S3(%(at)s)", root)
    if key is None or secret is None:
        raise SettingsError("BACKUP_S3_KEY and BACKUP_S3_SECRET go together: set both, or neither.")
    # In the statement's text, where ClickHouse hides them, and not as the parameters of a URL, which proxies log.
    secrets = {"key": key.get_secret_value(), "secret": secret.get_secret_value()}
    return Place(root, "S3(%(at)s, %(key)s, %(secret)s)", root, secrets)


def prune(folder: Path, keep: int) -> list[str]:
    """Remove all but the `keep` newest backups of a folder on this machine and name what went.

    On a server's disk or in a bucket nobody can do that through ClickHouse: there it is for cron, or for a rule of
    the bucket. What is no whole backup is left alone.
    """
    made = [path.parent for path in folder.glob("*/.backup") if _MADE_BY_ITSELF.fullmatch(path.parent.name)]
    stale = sorted(made, key=lambda path: path.name.rsplit("-", 1)[-1], reverse=True)[keep:]
    for path in stale:
        shutil.rmtree(path)
    return sorted(path.name for path in stale)
