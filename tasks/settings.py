"""Settings: the environment first, then the file given with --env or in ZAKAZ_ENV, then `secrets/.env.*`.

A source's own settings, such as QTICKETS_TOKEN, belong to an account of it. The environment, the given file and
`secrets/.env.qtickets` are the account `main`; `secrets/.env.qtickets.spb` is the account `spb`, and nobody else
reads it. Immutable, typed, secrets as `SecretStr`. Reads files and the environment, nothing else.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tasks.errors import MissingError, SettingsError
from tasks.exposure import in_the_clear, is_open, remedy
from tasks.unread import (
    COPIES,
    did_you_mean,
    files_not_read,
    is_meant,
    is_near,
    names_not_read,
    parameters_not_read,
)

_CHECKOUT = Path(__file__).resolve().parents[1]
logger = logging.getLogger("zakaz.settings")

# Where data/ and secrets/ are. Installed as a wheel there is no checkout; the caller's folder is the next best.
HOME = Path(
    os.environ.get("ZAKAZ_HOME") or (_CHECKOUT if (_CHECKOUT / "pyproject.toml").exists() else Path.cwd())
).absolute()
SQL_DIR = _CHECKOUT / "sql"
GIVEN_FILE = "ZAKAZ_ENV"
OF_SOURCES = ("qtickets", "vk", "direct")
"""The word of each source in the names of its settings and token files: VK_CLIENT_ID in `secrets/.env.vk`."""
MAIN = "main"
_ENVIRONMENT = "the environment"
_NOT_IN_FILES = {GIVEN_FILE, "ZAKAZ_HOME", "ZAKAZ_IGNORE_SECRETS"}
T = TypeVar("T", bound="AlertSettings")


class AlertSettings(BaseSettings):
    """Where alerts go. Apart, since this is needed most where another setting is wrong."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    zakaz_alert_block: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]+/[a-z0-9-]+$", description="A Prefect notification block, type/name."
    )
    alert_url: SecretStr | None = Field(default=None, description='A webhook: takes {"text": …}, or Slack\'s.')
    alert_telegram_token: SecretStr | None = Field(default=None, description="A bot's, instead of the webhook.")
    alert_telegram_chat: str | None = Field(default=None, description="The chat's number or @name.")
    alert_telegram_base_url: str = "https://api.telegram.org"
    alert_repeat_hours: float = Field(default=24, gt=0, description="When an alert that stays open is sent again.")
    digest_to: SecretStr | None = Field(
        default=None,
        description="Who gets the morning message: addresses of Apprise with commas, e.g. tgram://TOKEN/CHAT. "
        "Else it goes where alerts go.",
    )
    zakaz_language: Literal["ru", "en"] = Field(default="ru", description="Of messages about the data.")

    _file: str = PrivateAttr("")
    """Of another account than `main`."""
    _places: Mapping[str, str] = PrivateAttr(default_factory=dict)
    """By the names of fields, where what is set stands: a file or _ENVIRONMENT."""

    def place_of(self, word: str, *names: str) -> str:
        """Where these settings, such as VK_TOKEN, are or belong: `secrets/.env.vk`, another file that sets them, or
        the environment. Without names those of the word that have no default."""
        if word in OF_SOURCES and self._file:
            return self._file
        own, fields = f"secrets/.env.{word}", type(self).model_fields
        every = [name for name, one in fields.items() if name.startswith(f"{word}_") and not one.default]
        places = {self._places.get(name.lower(), "") for name in names or every} - {""}
        if _ENVIRONMENT in places:
            return f"the environment, which goes before {own}"
        return " and ".join(sorted(places)) or own


class Settings(AlertSettings):
    clickhouse_dsn: SecretStr = Field(
        default=SecretStr(f"chdb://{HOME / 'data' / 'warehouse'}"),
        description="Where the warehouse is: chdb:///folder (embedded) or a ClickHouse server's address.",
    )
    clickhouse_database: str = Field(default="zakaz", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    clickhouse_cluster: str | None = Field(
        default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Of the server's remote_servers: its shards."
    )
    clickhouse_lock_wait: float = Field(
        default=60, ge=0, description="Seconds to wait for another process that uses the embedded warehouse."
    )
    # Of the users that `zakaz access` makes; needed there and nowhere else.
    etl_password: SecretStr | None = Field(default=None, description="Of etl_writer, who loads.")
    datalens_password: SecretStr | None = Field(default=None, description="Of datalens_reader, who reads views.")
    backup_password: SecretStr | None = Field(default=None, description="Of backup_user, who backs up.")
    etl_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Where etl_writer may log in from: addresses and subnets, with commas. Not set: left as it is, "
        "which is anywhere for a new user.",
    )
    datalens_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="datalens_reader, likewise."
    )
    backup_hosts: Annotated[tuple[str, ...], NoDecode] = Field(default=(), description="backup_user, likewise.")
    landing_url: str = Field(default=str(HOME / "data" / "landing"), description="Any fsspec address.")
    landing_keep_days: int = Field(default=7, ge=1)

    report_url: str = Field(
        default=str(HOME / "data" / "reports"),
        description="Where reports are kept: any fsspec address. Each day's page, and the newest as report.html.",
    )

    backup_url: str = Field(
        default=str(HOME / "data" / "backups"),
        description="Where backups go: a folder (embedded warehouse), disk://NAME (a disk of the server's that its "
        "configuration allows for backups), s3://bucket/folder or https://host/bucket/folder.",
    )
    backup_keep: int = Field(default=14, ge=1, description="Newest backups to keep, where they are in a folder.")
    backup_dsn: SecretStr | None = Field(
        default=None, description="Of a user who may back up, where the one of CLICKHOUSE_DSN may not."
    )
    backup_s3_endpoint: str | None = Field(
        default=None, pattern=r"^https?://", description="Of s3:// addresses, e.g. https://storage.yandexcloud.net."
    )
    backup_s3_key: SecretStr | None = Field(default=None, description="Without it the server uses its own key.")
    backup_s3_secret: SecretStr | None = None

    http_timeout: float = Field(default=60, gt=0, description="Seconds without an answer before a retry.")
    http_attempts: int = Field(default=6, ge=1, description="Tries of one call.")
    http_backoff: float = Field(default=1, ge=0, description="Seconds before the second try; doubles.")
    http_deadline: float = Field(default=300, gt=0, description="Seconds that one call may take in all.")
    fetch_retries: int = Field(default=1, ge=0, description="Retries of a whole fetch, the outer ring.")
    fetch_retry_delay: float = Field(default=30, ge=0)

    qtickets_token: SecretStr | None = None
    qtickets_base_url: str = "https://qtickets.ru/api/rest/v1"
    qtickets_rate: float = Field(default=3, gt=0, description="Requests a second.")
    qtickets_page_size: int = Field(default=100, ge=1, description="Asked for; the server's own size rules.")
    # The next four decide what only the live API can tell; see docs/qtickets.md.
    qtickets_filter: Literal["auto", "body", "query"] = Field(
        default="auto", description="Filters in a JSON body on GET, in the query, or the first that works."
    )
    qtickets_date_format: Literal["iso", "sql"] = Field(
        default="iso", description="2026-01-01T00:00:00+03:00 or 2026-01-01 00:00:00 (Moscow)."
    )
    qtickets_select: bool = Field(default=True, description="Ask the server to leave other fields out.")
    qtickets_payment_lag: int = Field(
        default=30,
        ge=1,
        description="Days between order and payment to allow for when the server does not filter.",
    )

    qtickets_extras: bool = Field(
        default=True, description="Once a day, ask for the seats of each show on sale and for promo codes."
    )

    direct_login: str | None = Field(
        default=None, description="The advertiser's login. An agency's: several with commas, each an account."
    )
    direct_token: SecretStr | None = None
    direct_base_url: str = "https://api.direct.yandex.com"
    direct_version: Literal["v5", "v501"] = Field(
        default="v501", description="v5, the older address, hides links of unified campaigns and combinatorial ads."
    )
    direct_rate: float = Field(default=2, gt=0, description="Requests a second; 20 in 10 s are allowed.")
    direct_report_deadline: float = Field(default=1800, gt=0, description="Seconds to wait for one report.")

    vk_api: Literal["ads", "legacy"] = Field(default="ads", description="Today's VK Ads or the old api.vk.com.")
    vk_client_id: str | None = None
    vk_client_secret: SecretStr | None = None
    vk_token: SecretStr | None = Field(default=None, description="A ready token instead of the pair.")
    vk_base_url: str = Field(
        default="https://ads.vk.com", description="VK's newer documentation says https://ads.vk.ru."
    )
    vk_agency_client: str | None = Field(
        default=None,
        description="Of an agency: the client's id or name. Several with commas, each an account.",
    )
    vk_account_id: str | None = Field(default=None, description="Legacy needs it; today's API tells it.")
    vk_legacy_base_url: str = Field(
        default="https://api.vk.com/method", description="VK's newer documentation says https://api.vk.ru/method."
    )
    vk_rate: float = Field(default=2, gt=0, description="Requests a second.")
    vk_page_size: int = Field(default=250, ge=1, description="Asked for; 50 where the server refuses it.")
    vk_token_file: Path = Field(default=HOME / "secrets" / "vk_token.json", description="Kept between runs, 0600.")

    costs_file: Path | None = Field(
        default=None,
        description="Costs other than of ads, a CSV; see configs/costs.csv.sample. Else there are none.",
    )

    ad_shows_file: Path | None = Field(
        default=None, description="Which show an ad is for, a CSV; see configs/ad_shows.csv.sample."
    )

    zakaz_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Sources in use, e.g. qtickets,vk_ads; all where it is not set."
    )
    report_currency: str = Field(default="RUB", pattern="^[A-Z]{3}$", description="Of the marketing views.")
    ad_spend_vat: Literal["include", "exclude"] = Field(default="include", description="Spend with VAT or net.")

    # Of `zakaz datalens`, with DATALENS_PASSWORD above.
    datalens_token: SecretStr | None = Field(default=None, description="An IAM token, which lasts 12 hours.")
    datalens_org: str | None = Field(default=None, description="The organization's id in Yandex Cloud.")
    datalens_workbook: str | None = Field(default=None, description="The workbook's id, from its address.")
    datalens_base_url: str = "https://api.datalens.tech"
    datalens_clickhouse_host: str | None = Field(default=None, description="Where DataLens finds ClickHouse.")
    datalens_clickhouse_port: int = Field(default=8443, ge=1, le=65535, description="Of its HTTP interface, TLS.")
    datalens_ca_file: Path | None = Field(default=None, description="The certificate of a CA of one's own.")

    quality_wait: float = Field(
        default=90, ge=0, description="Seconds to wait for a load to end before a broken check is looked at again."
    )
    quality_parameters: Annotated[dict[str, dict[str, float]], NoDecode] = Field(
        default={}, description='Per check, as JSON: {"volume_spend": {"small": 5000}}.'
    )

    @field_validator("quality_parameters", mode="before")
    @classmethod
    def _from_json(cls, given: object) -> object:
        try:
            return json.loads(given) if isinstance(given, str) else given
        except ValueError:
            example = {"example": '{"volume_spend": {"small": 5000}}'}
            raise PydanticCustomError("json", "it is no JSON, as {example} is", example) from None

    @field_validator(
        "qtickets_base_url", "direct_base_url", "vk_base_url", "vk_legacy_base_url", "datalens_base_url"
    )
    @classmethod
    def _is_address(cls, given: str) -> str:
        try:
            parts = urlsplit(given)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            raise PydanticCustomError("address", "it is no address, as https://host/path is")
        return given

    @field_validator("zakaz_sources", "etl_hosts", "datalens_hosts", "backup_hosts", mode="before")
    @classmethod
    def _names(cls, given: str | tuple[str, ...]) -> tuple[str, ...]:
        names = given.split(",") if isinstance(given, str) else given
        return tuple(name.strip() for name in names if name.strip())

    @field_validator("etl_hosts", "datalens_hosts", "backup_hosts")
    @classmethod
    def _networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(name)) for name in given)
        except ValueError:
            raise PydanticCustomError(
                "network", "it takes addresses and subnets with commas between them, e.g. 10.0.0.7,10.1.0.0/16"
            ) from None


def use_file(env: Path) -> None:
    """Read this file's settings too from now on, in this process and in those that it starts.

    It travels in the environment and not as an argument: what a flow takes as a parameter is stored and shown."""
    os.environ[GIVEN_FILE] = str(env.absolute())


def load_settings() -> Settings:
    """The settings, and those of the accounts `main`. Raises SettingsError, which names the setting and never shows
    its value."""
    files = [*_secret_files(), *_given_file()]
    settings = _read(Settings, files)
    for line in remarks(settings):
        _warn(line)
    for file in filter(is_open, [*files, *account_files().values()]):
        _warn(f"others can read {file}: chmod 600 {file}")
    for line in in_the_clear(settings):
        _warn(line)
    return settings


def load_alert_settings() -> AlertSettings:
    """Those alone that say where alerts go. Raises SettingsError."""
    return _read(AlertSettings, [*_secret_files(), *_given_file()])


def language() -> str:
    """For texts that are made before settings are needed: where these are wrong, whoever needs them says so."""
    try:
        return load_alert_settings().zakaz_language
    except SettingsError:
        return "en" if os.environ.get("ZAKAZ_LANGUAGE") == "en" else "ru"


def account_files() -> dict[tuple[str, str], Path]:
    """The file of each account but the `main` ones, by the source's word and the account's name."""
    found = {}
    for path in _files_in_secrets():
        word, _, name = path.name.removeprefix(".env.").partition(".")
        if word in OF_SOURCES and name not in COPIES and re.fullmatch(r"[a-z0-9-]+", name):
            found[word, name] = path
    return found


def with_account(settings: Settings, word: str, file: Path) -> Settings:
    """`settings` with the source's own ones from this file, and from nowhere else. Raises SettingsError."""
    own = [name for name in Settings.model_fields if name.startswith(f"{word}_")]
    defaults = {name: Settings.model_fields[name].default for name in own}
    name = file.name.removeprefix(f".env.{word}.")
    if word == "vk":
        defaults["vk_token_file"] = file.parent / f"vk_token.{name}.json"
    found = _values(file, own)
    given = _build(Settings, defaults | found, dict.fromkeys(found, _shown(file)))
    made = settings.model_copy(update={name: getattr(given, name) for name in own})
    made._file = _shown(file)
    for line in in_the_clear(made):
        if line.startswith(f"{word.upper()}_"):
            _warn(f"{made._file}: {line}")
    return made


def is_set_for_main(word: str) -> bool:
    """Whether anything is set of the account `main` of a source besides what has a default."""
    own = {name for name, one in Settings.model_fields.items() if name.startswith(f"{word}_") and not one.default}
    given = [_values(file, own) for file in [*_secret_files(), *_given_file()]]
    return bool(own & _in_environment()) or any(given) or any(p.name == f".env.{word}" for p in _secret_files())


def given_file_is_of(word: str) -> bool:
    """Whether the file given with --env is an account of this source."""
    own = {name for name in Settings.model_fields if name.startswith(f"{word}_")}
    return any(_values(file, own) for file in _given_file())


def file_that_sets(settings: Settings, word: str, name: str) -> Path:
    """Where a setting of an account of this source stands, or belongs: of several files the one that counts. Raises
    SettingsError where the environment decides."""
    if settings._file:
        return HOME / settings._file
    place = settings._places.get(name.lower(), "")
    if place == _ENVIRONMENT:
        raise SettingsError(f"{name} is set in the environment, which goes before every file: change it there.")
    if not place and given_file_is_of(word):
        return _given_file()[-1]
    return HOME / (place or f"secrets/.env.{word}")


def remarks(settings: Settings) -> Iterator[str]:
    """What somebody wrote and nobody reads: files and names that look like ours."""
    known = frozenset(name.upper() for name in Settings.model_fields)
    of_accounts, given, shared = account_files(), _given_file(), _secret_files()
    read = [*shared, *of_accounts.values(), *given]
    if not os.environ.get("ZAKAZ_IGNORE_SECRETS"):
        yield from files_not_read(HOME, (*OF_SOURCES, "alerts", "datalens"), read)
    yield from names_not_read(os.environ, known)
    yield from parameters_not_read(settings.quality_parameters, SQL_DIR / "quality", SQL_DIR / "attention")
    for file in dict.fromkeys(read):
        word, _, name = file.name.removeprefix(".env.").partition(".")
        is_account = of_accounts.get((word, name)) == file and file not in given
        try:
            names = list(_raw(file))
        except SettingsError as error:
            # Of an account: its loads fail, those of others do not.
            yield str(error)
            continue
        for written in names:
            ours = written.upper()
            owner = next((one for one in OF_SOURCES if ours.startswith(f"{one.upper()}_")), "")
            if ours in _NOT_IN_FILES:
                yield f"{file}: {written} is read from the environment alone"
            elif ours not in known:
                yield f"{file}: {written} is no setting and not read{did_you_mean(ours, known)}"
            elif is_account and owner != word:
                yield f"{file}: {written} is not read; an account has only settings that begin with {word.upper()}_"
            elif owner and owner != word and file not in given:
                yield from _of_another_file(file, word, written, owner)


def _of_another_file(file: Path, word: str, written: str, owner: str) -> Iterator[str]:
    """A setting of a source in a file that is not the source's."""
    right = file.parent / f".env.{owner}"
    if word in OF_SOURCES:
        yield f"{file}: {written} is not read; it belongs into {right}"
    elif right.is_file() and _values(right, [written.lower()]):
        yield f"{file}: {written} is not read, since {right.name} sets it{is_meant(file.name, OF_SOURCES)}"
    elif meant := is_meant(file.name, OF_SOURCES):
        yield f"{file}: {written} is read, from a file of an odd name{meant}"


def _read(kind: type[T], files: list[Path]) -> T:
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for file in files:
        word = file.name.removeprefix(".env.")
        others = tuple(f"{one}_" for one in OF_SOURCES if one != word and word in OF_SOURCES)
        mine = [name for name in kind.model_fields if not name.startswith(others) or file in _given_file()]
        found = _values(file, mine)
        values |= found
        places |= dict.fromkeys(found, _shown(file))
    values = {name: value for name, value in values.items() if name not in _in_environment()}
    places |= dict.fromkeys(_in_environment() & kind.model_fields.keys(), _ENVIRONMENT)
    made = _build(kind, values, places)
    made._places = places
    return made


def _build(kind: type[T], values: Mapping[str, Any], places: Mapping[str, str]) -> T:
    try:
        return kind(_env_file=None, **values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        place = places.get(name, _ENVIRONMENT)
        raise SettingsError(f"The setting {name.upper()} in {place} is wrong: {first['msg']}.") from None


def _shown(file: Path) -> str:
    """As people write it: `secrets/.env.vk`, of another folder with its whole path."""
    return str(file.relative_to(HOME) if file.parent == HOME / "secrets" else file)


def _values(file: Path, names: Iterable[str]) -> dict[str, str]:
    """Those of these settings that the file sets, by the names of fields."""
    given = {name.lower(): value for name, value in _raw(file).items()}
    return {name: value for name in names if (value := given.get(name))}


def _raw(file: Path) -> dict[str, str | None]:
    try:
        return dotenv_values(file, interpolate=False)
    except UnicodeDecodeError:
        raise SettingsError(f"The settings file {file} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error.strerror}.{remedy(error)}") from None


def _in_environment() -> set[str]:
    return {name.lower() for name, value in os.environ.items() if value}


@cache
def _warn(line: str) -> None:
    """Once a process: settings are read many times in one."""
    logger.warning(line)


def _given_file() -> list[Path]:
    if not (given := os.environ.get(GIVEN_FILE)):
        return []
    if not Path(given).is_file():
        raise SettingsError(f"There is no settings file {given}. Copy the sample from configs/ and fill it in.")
    return [Path(given)]


def _files_in_secrets() -> list[Path]:
    """Raises SettingsError where the folder is closed to this user: else its tokens would be called missing."""
    if os.environ.get("ZAKAZ_IGNORE_SECRETS"):
        return []
    try:
        return sorted(path for path in (HOME / "secrets").iterdir() if path.name.startswith(".env."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(
            f"The folder {error.filename} cannot be read: {error.strerror}.{remedy(error)}"
        ) from None


def _secret_files() -> list[Path]:
    """`secrets/.env.NAME`; what has more dots in its name is another account's, or a copy. Files of sources come
    last, and so count where others set the same."""
    found = [path for path in _files_in_secrets() if re.fullmatch(r"\.env\.\w+", path.name)]
    return sorted(found, key=lambda path: path.name.removeprefix(".env.") in OF_SOURCES)


def _misspelt(settings: AlertSettings, name: str) -> str:
    """` secrets/.env.vk has VK_TOKN, misspelt?` of VK_TOKEN; empty where no file has what is nearly it."""
    known = {one.upper() for one in Settings.model_fields}
    files = [HOME / settings._file] if settings._file else [*_secret_files(), *_given_file()]
    found = ((file, written) for file in files for written in _raw(file) if written.upper() not in known)
    near = (f" {_shown(file)} has {written}, misspelt?" for file, written in found if is_near(written, name, known))
    return next(near, "")


def require(settings: AlertSettings, name: str) -> str:
    """The value of a setting of a source or of alerts, e.g. `VK_TOKEN`, or a SettingsError that names its file."""
    value, word = getattr(settings, name.lower()), name.partition("_")[0].lower()
    word = "alerts" if word == "alert" else word
    place = settings.place_of(word, name)
    secret = (value.get_secret_value() if isinstance(value, SecretStr) else value or "").strip()
    if not secret:
        slip = _misspelt(settings, name)
        raise MissingError(f"{name} is missing. Put it into {place} (sample: configs/.env.{word}.sample).{slip}")
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise SettingsError(f"{name} holds characters that no token has. Copy it anew into {place}.")
    return secret
