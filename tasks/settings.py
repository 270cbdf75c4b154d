"""Settings: the environment first, then the file given with --env, then `secrets/.env.*`.

Immutable, typed, secrets as `SecretStr`. Reads files and the environment, nothing else.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.errors import SettingsError

_CHECKOUT = Path(__file__).resolve().parents[1]
logger = logging.getLogger("zakaz.settings")

# Where data/ and secrets/ are. Installed as a wheel there is no checkout; the caller's folder is the next best.
HOME = Path(
    os.environ.get("ZAKAZ_HOME") or (_CHECKOUT if (_CHECKOUT / "pyproject.toml").exists() else Path.cwd())
).absolute()
SQL_DIR = _CHECKOUT / "sql"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    clickhouse_dsn: SecretStr = Field(
        default=SecretStr(f"chdb://{HOME / 'data' / 'warehouse'}"),
        description="Where the warehouse is: chdb:///folder (embedded) or a ClickHouse server's address.",
    )
    clickhouse_database: str = Field(default="zakaz", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    clickhouse_lock_wait: float = Field(
        default=60, ge=0, description="Seconds to wait for another process that uses the embedded warehouse."
    )
    landing_url: str = Field(default=str(HOME / "data" / "landing"), description="Any fsspec address.")
    landing_keep_days: int = Field(default=7, ge=1)

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

    direct_login: str | None = Field(default=None, description="The advertiser's login; also names the account.")
    direct_token: SecretStr | None = None
    direct_base_url: str = "https://api.direct.yandex.com"
    direct_version: Literal["v5", "v501"] = Field(default="v5", description="v501 has Unified campaigns in full.")
    direct_rate: float = Field(default=2, gt=0, description="Requests a second; 20 in 10 s are allowed.")
    direct_report_deadline: float = Field(default=1800, gt=0, description="Seconds to wait for one report.")

    vk_api: Literal["ads", "legacy"] = Field(default="ads", description="Today's VK Ads or the old api.vk.com.")
    vk_client_id: str | None = None
    vk_client_secret: SecretStr | None = None
    vk_token: SecretStr | None = Field(default=None, description="A ready token instead of the pair.")
    vk_base_url: str = "https://ads.vk.com"
    vk_account_id: str | None = Field(default=None, description="Legacy needs it; today's API tells it.")
    vk_legacy_base_url: str = "https://api.vk.com/method"
    vk_rate: float = Field(default=2, gt=0, description="Requests a second.")
    vk_page_size: int = Field(default=250, ge=1, description="Asked for; 50 where the server refuses it.")
    vk_token_file: Path = Field(default=HOME / "secrets" / "vk_token.json", description="Kept between runs, 0600.")

    report_currency: str = Field(default="RUB", pattern="^[A-Z]{3}$", description="Of the marketing views.")
    ad_spend_vat: Literal["include", "exclude"] = Field(default="include", description="Spend with VAT or net.")

    zakaz_alert_block: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]+/[a-z0-9-]+$", description="A Prefect notification block, type/name."
    )
    alert_repeat_hours: float = Field(default=24, gt=0, description="When a trouble that lasts is told again.")
    quality_parameters: dict[str, dict[str, float]] = Field(
        default={}, description='Per check, as JSON: {"freshness_data": {"lag_direct": 3}}.'
    )


def load_settings(env: Path | None = None) -> Settings:
    """Read the settings. Raises SettingsError, which names the setting and never shows its value."""
    if env is not None and not env.is_file():
        raise SettingsError(f"There is no settings file {env}. Copy the sample from configs/ there and fill it in.")
    files = [*_secret_files(), *([env] if env else [])]
    try:
        return Settings(_env_file=tuple(files))
    except UnicodeDecodeError:
        raise SettingsError(
            f"A settings file is not UTF-8 text. Save it as UTF-8: {', '.join(map(str, files))}."
        ) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        raise SettingsError(f"The setting {name} is wrong: {first['msg']}.") from None


def _secret_files() -> list[Path]:
    """`secrets/.env.NAME`; a backup or a sample beside it, such as `.env.vk.old`, is none."""
    if os.environ.get("ZAKAZ_IGNORE_SECRETS"):
        return []
    files = [path for path in sorted((HOME / "secrets").glob(".env.*")) if re.fullmatch(r"\.env\.\w+", path.name)]
    for path in files:
        if path.stat().st_mode & 0o077:
            logger.warning("others can read %s: chmod 600 %s", path, path)
    return files


def require(value: SecretStr | str | None, name: str, file: str) -> str:
    """The setting's value, or a SettingsError that says where to put it."""
    secret = (value.get_secret_value() if isinstance(value, SecretStr) else value or "").strip()
    if not secret:
        raise SettingsError(f"{name} is missing. Put it into secrets/{file} (sample: configs/{file}.sample).")
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise SettingsError(f"{name} holds characters that no token has. Copy it anew into secrets/{file}.")
    return secret
