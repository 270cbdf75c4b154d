"""A warehouse for the views of concerts, on either engine."""

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.warehouse import warehouse
from tests.quality.healthy import set_references
from tests.support.clickhouse_users import QUICK
from tests.tasks.load.engines import BOTH, place_of


@pytest.fixture(scope="module", params=BOTH)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    for settings in place_of(request.param, request, tmp_path_factory):
        with warehouse(settings) as client:
            for name, value in QUICK.items():
                client.set_client_setting(name, value)
            set_references(client)
            yield client
