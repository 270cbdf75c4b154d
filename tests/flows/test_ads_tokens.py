"""VK gives five tokens to an application, for good: loads share one, which only its owner can read."""

from __future__ import annotations

import os
import stat

import pytest

from tests.flows import ad_truth, clock
from tests.flows.conftest import Product
from tests.flows.loaded import ServeAll, facts, the_world

pytestmark = pytest.mark.slow
_AT_ONCE = 5


def test_ten_loads_use_one_token_that_only_its_owner_can_read(product: Product, serve_all: ServeAll) -> None:
    """Five at once, which race for the first token, and five that find it; whatever umask they run under."""
    apis = serve_all(the_world())
    product.env |= {"CLICKHOUSE_LOCK_WAIT": "120"}
    mask = os.umask(0)
    try:
        for _wave in range(2):
            processes = [product.start(*product.command("load", "vk_ads", "--days", "1")) for _ in range(_AT_ONCE)]
            for process in processes:
                _, errors = process.communicate(timeout=180)
                assert process.returncode == 0, errors
    finally:
        os.umask(mask)

    assert len(apis.vk.tokens.issued) == 1
    assert [request.path for request in apis.vk.requests].count("/api/v2/oauth2/token.json") == 1
    secrets = product.home / "secrets"
    token = secrets / "vk_token.json"
    assert apis.vk.tokens.issued[0].access in token.read_text()
    assert "secret" not in token.read_text()
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {
        path.name: 0o600 for path in secrets.iterdir()
    }
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700

    assert facts(product, "vk_ads") == ad_truth.facts(the_world(), "vk_ads", clock.yesterday(), clock.yesterday())
    statuses = product.select("SELECT status, count() FROM meta_job_runs GROUP BY status").rows()
    assert statuses == [("success", 2 * _AT_ONCE)]
