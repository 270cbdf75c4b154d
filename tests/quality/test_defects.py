"""Each defect is caught by the checks that are for it, and by no other; what only looks like one breaks none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tests.quality.defects import DEFECTS
from tests.quality.harmless import HARMLESS
from tests.quality.harness import TODAY, Defect, caught, healthy_warehouse
from tests.quality.healthy import broken
from tests.quality.report import line


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with healthy_warehouse(tmp_path_factory.mktemp("defects")) as client:
        yield client


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_caught(client: Client, defect: Defect) -> None:
    found = caught(client, defect)
    print(line(defect.name, found))  # noqa: T201 - the report, with -s

    assert ", ".join(sorted(found)) == defect.caught_by


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.name)
def test_what_is_no_defect_breaks_no_check(client: Client, change: Defect) -> None:
    assert caught(client, change) == {}


def test_every_defect_was_mended(client: Client) -> None:
    """Else the ones after it would have been judged on damaged data."""
    assert broken(client, TODAY) == {}
