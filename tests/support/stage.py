"""All stand-ins of one world on one port, and the product's settings for them: quick, patient with nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sandbox.direct import DirectApi, DirectSwitches
from sandbox.faults import Faults
from sandbox.qtickets import QticketsApi
from sandbox.recorder import Request
from sandbox.server import Running, serve
from sandbox.vk import VK_ACCOUNT_ID, VK_LEGACY_TOKEN, VkAdsApi, VkLegacyApi
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
        self.apis[api].add(name, world)
        file = home / "secrets" / f".env.{api}.{name}"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(0o600)
        self.write(file, api, name)

    def write(self, file: Path, api: str, account: str, **more: str) -> None:
        """The account's credentials of now."""
        given = self.apis[api].accounts[account].settings(self.running.url_of(self.apis[api]))
        given |= {f"{api.upper()}_RATE": "10000"} | more
        file.write_text("".join(f"{setting}={value}\n" for setting, value in given.items()))

    def show(self, world: World) -> None:
        self.qtickets.show(world)
        self.vk.cabinet.show(world)
        self.direct.show(world)

    @property
    def apis(self) -> dict[str, QticketsApi | VkAdsApi | VkLegacyApi | DirectApi]:
        return {"qtickets": self.qtickets, "vk": self.vk, "legacy": self.legacy, "direct": self.direct}

    def faults(self, api: str) -> Faults:
        return self.apis[api].faults

    def requests(self, api: str) -> list[Request]:
        return self.apis[api].requests

    def calm(self) -> None:
        """No fault any more, and nobody remembers what was asked."""
        for api in self.apis.values():
            api.faults.clear()
            api.requests.clear()
        self.vk.tokens.issued.clear()
        self.direct.reset()

    @property
    def calls(self) -> int:
        """Requests for figures. A resumed run may ask for what only describes them."""
        asked = (request.path for api in self.apis.values() for request in api.requests)
        return sum(not path.startswith(("/events", "/shows/", "/promo-codes")) for path in asked)

    def settings(self, dsn: str, database: str, folder: Path, *, legacy: bool = False) -> Settings:
        of_legacy = {"VK_API": "legacy", "VK_TOKEN": VK_LEGACY_TOKEN, "VK_ACCOUNT_ID": str(VK_ACCOUNT_ID)}
        given = of_legacy if legacy else {}
        for api in (self.qtickets, self.direct, *(() if legacy else (self.vk,))):
            given |= api.settings(self.running.url_of(api))
        values: dict[str, Any] = {name.lower(): value for name, value in given.items()} | {
            "clickhouse_dsn": dsn, "clickhouse_database": database, "landing_url": str(folder / "landing"),
            "vk_token_file": folder / "vk_token.json", "vk_legacy_base_url": self.running.url_of(self.legacy),
            "qtickets_rate": 10_000, "vk_rate": 10_000, "direct_rate": 10_000,
            "http_attempts": 3, "http_backoff": 0.001, "http_timeout": 60, "fetch_retries": 0,
            "qtickets_page_size": 20, "qtickets_extras": False, "vk_page_size": 50, "direct_report_deadline": 5,
        }  # fmt: skip
        return Settings(_env_file=None, **values)

    def environment(self, dsn: str, database: str, folder: Path) -> dict[str, str]:
        made = self.settings(dsn, database, folder)
        given = {name.upper(): getattr(made, name) for name in made.model_fields_set}
        return {n: one.get_secret_value() if isinstance(one, SecretStr) else str(one) for n, one in given.items()}


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
