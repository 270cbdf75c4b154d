"""What all tests share: nothing of the developer's own settings, Prefect home or data may reach them."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certifi
import hypothesis
import pytest
from hypothesis import HealthCheck

_HOME = tempfile.TemporaryDirectory(prefix="zakaz-tests-")
# Before anything imports Prefect or the settings: cached results and secrets would leak in from elsewhere.
_OWN = (
    "QTICKETS_ VK_ DIRECT_ CLICKHOUSE_ PREFECT_ ZAKAZ_ENV ALERT_ DATALENS_ DIGEST_ BACKUP_ COSTS_ AD_SHOWS_".split()
)
for _name in [name for name in os.environ if name.startswith(tuple(_OWN))]:
    del os.environ[_name]
os.environ["ZAKAZ_HOME"] = _HOME.name
os.environ["PREFECT_HOME"] = str(Path(_HOME.name) / "prefect")
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["LANDING_URL"] = str(Path(_HOME.name) / "landing")
# No test asks the world, and Prefect and httpx read all its certificates for each client: 30 ms. One will do.
os.environ["SSL_CERT_FILE"] = str(Path(_HOME.name) / "certificate.pem")
_ONE = "".join(Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")[:2])
Path(os.environ["SSL_CERT_FILE"]).write_text(_ONE)

from tasks.settings import Settings  # noqa: E402

# The same examples each time, but for constants of the modules that a worker has imported; ZAKAZ_TEST_EXAMPLES=1000 looks
# for new ones. So no example fails for being slow or large, only for what it breaks.
_MORE = os.environ.get("ZAKAZ_TEST_EXAMPLES")
_LARGE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
_HOW: dict[str, Any] = {"max_examples": int(_MORE)} if _MORE else {"derandomize": True, "max_examples": 50}
hypothesis.settings.register_profile("ours", deadline=None, suppress_health_check=_LARGE, **_HOW)
hypothesis.settings.load_profile("ours")

pytest_plugins = ["tests.support.fixtures", "tests.cluster.servers"]


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: the slow tests wait for servers much of their time."""
    return (os.cpu_count() or 1) + 1


_ONE_OF_EACH = ("prefect_server_of_session", "shards")
"""Servers of a session that are dear to start."""


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in a hook of the same name.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is made for a module or a session is made once: its tests stay on one worker, which `--dist loadgroup` does.
    What lasts longest begins first: processes, then what stays together, then what is slow."""
    for item in items:
        made = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - of no public name
        shared = next((name for name in _ONE_OF_EACH if name in made), "")
        if not shared and any(one.scope == "module" for found in made.values() for one in found):
            shared = item.nodeid.partition("::")[0]
        if shared:
            item.add_marker(pytest.mark.xdist_group(shared))

    def last(item: pytest.Item) -> tuple[bool, ...]:
        marks = (item.get_closest_marker(name) is None for name in ("xdist_group", "slow"))
        return "production" not in item.nodeid, *marks

    items.sort(key=last)


def pytest_collection_finish(session: pytest.Session) -> None:
    """A pytest that pytest-xdist does not know yet left out the groups once, without a word."""
    if getattr(session.config.option, "loadgroup", False):
        grouped = [item.nodeid for item in session.items if item.get_closest_marker("xdist_group")]
        if not all("@" in nodeid for nodeid in grouped):
            raise pytest.UsageError("pytest-xdist does not group the tests: each worker would make all servers.")


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings for a test: embedded warehouse and landing area in its own folder, quick and few retries."""

    def make(**values: object) -> Settings:
        defaults = {
            "clickhouse_dsn": f"chdb://{tmp_path / 'warehouse'}", "clickhouse_lock_wait": 5,
            "landing_url": str(tmp_path / "landing"), "backup_url": str(tmp_path / "backups"),
            "http_backoff": 0.01, "http_timeout": 5, "fetch_retries": 0,
            "qtickets_token": "sandbox-qtickets-token-zqpd", "qtickets_rate": 1000,
        }  # fmt: skip
        return Settings(_env_file=None, **(defaults | values))

    return make


@pytest.fixture(scope="session", autouse=True)
def _remove_home() -> Iterator[None]:
    yield
    _HOME.cleanup()
