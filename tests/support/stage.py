"""All stand-ins of one world on one port, and the product's settings for them: quick, patient with nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi, DirectSwitches
from sandbox.faults import Faults
from sandbox.qtickets import SANDBOX_TOKEN, QticketsApi
from sandbox.recorder import Request
from sandbox.server import Running, serve
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, VK_LEGACY_TOKEN, VkAdsApi, VkLegacyApi
from sandbox.world import World
from tasks.settings import Settings

SOURCE_OF = {"qtickets": "qtickets", "vk": "vk_ads", "legacy": "vk_ads", "direct": "direct"}
"""An API -> the product's source that reads it."""
_MANY = 10**9


@dataclass
class Stage:
    qtickets: QticketsApi
    vk: VkAdsApi
    legacy: VkLegacyApi
    direct: DirectApi
    running: Running[QticketsApi]

    def add(self, api: str, name: str, world: World, home: Path) -> None:
        """Another account of the API; its settings are in a file of its own in `home`."""
        made = self._apis[api].add(name, world)
        file = home / "secrets" / f".env.{api}.{name}"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(0o600)
        given = made.settings(self.running.url_of(self._apis[api])) | {f"{api.upper()}_RATE": "10000"}
        file.write_text("".join(f"{setting}={value}\n" for setting, value in given.items()))

    def show(self, world: World) -> None:
        self.qtickets.show(world)
        self.vk.cabinet.show(world)
        self.direct.show(world)

    @property
    def _apis(self) -> dict[str, QticketsApi | VkAdsApi | VkLegacyApi | DirectApi]:
        return {"qtickets": self.qtickets, "vk": self.vk, "legacy": self.legacy, "direct": self.direct}

    def faults(self, api: str) -> Faults:
        return self._apis[api].faults

    def requests(self, api: str) -> list[Request]:
        return self._apis[api].requests

    def calm(self) -> None:
        """No fault any more, and nobody remembers what was asked."""
        for api in self._apis.values():
            api.faults.clear()
            api.requests.clear()
        self.vk.tokens.issued.clear()
        self.direct.reset()

    @property
    def calls(self) -> int:
        """Requests for figures. Events, which are all that a resumed run may ask for, only describe them."""
        return sum(request.path != "/events" for api in self._apis.values() for request in api.requests)

    def settings(self, dsn: str, database: str, folder: Path, *, legacy: bool = False) -> Settings:
        vk = {"vk_client_id": VK_CLIENT_ID, "vk_client_secret": VK_CLIENT_SECRET}
        old = {"vk_api": "legacy", "vk_token": VK_LEGACY_TOKEN, "vk_account_id": str(VK_ACCOUNT_ID)}
        values: dict[str, object] = {
            "clickhouse_dsn": dsn,
            "clickhouse_database": database,
            "landing_url": str(folder / "landing"),
            "vk_token_file": folder / "vk_token.json",
            "http_attempts": 3,
            "http_backoff": 0.001,
            "http_timeout": 10,
            "fetch_retries": 0,
            "qtickets_token": SANDBOX_TOKEN,
            "qtickets_base_url": self.running.url_of(self.qtickets),
            "qtickets_page_size": 20,
            "qtickets_rate": 10_000,
            "vk_base_url": self.running.url_of(self.vk),
            "vk_legacy_base_url": self.running.url_of(self.legacy),
            "vk_page_size": 50,
            "vk_rate": 10_000,
            "direct_base_url": self.running.url_of(self.direct),
            "direct_login": DIRECT_LOGIN,
            "direct_token": DIRECT_TOKEN,
            "direct_rate": 10_000,
            "direct_report_deadline": 5,
        }
        return Settings(_env_file=None, **(values | (old if legacy else vk)))  # type: ignore[arg-type]

    def environment(self, dsn: str, database: str, folder: Path) -> dict[str, str]:
        made = self.settings(dsn, database, folder)
        given = {name: getattr(made, name) for name in made.model_fields_set}
        return {
            name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in given.items()
        }


@contextmanager
def stage(world: World) -> Iterator[Stage]:
    vk = VkAdsApi.of(world)
    legacy = VkLegacyApi(vk.cabinet)
    for throttle in (vk.throttle, legacy.throttle, legacy.quota):
        throttle.limits = {1: _MANY}
    unhurried = DirectSwitches(reports_in_ten_seconds=_MANY, daily_points=_MANY, retry_in=("1",))
    qtickets, direct = QticketsApi.of(world), DirectApi.of(world, unhurried)
    with serve(qtickets, vk, legacy, direct) as running:
        yield Stage(qtickets, vk, legacy, direct, running)
