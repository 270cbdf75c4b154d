"""No wrong reply of any endpoint ends as a success with other figures, unless the run's message counts what is missing.

A sample of the table and of the malformed payloads; `python -m tests.faults` carries out the others.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from tests.faults.bench import Bench, bench, prove_clean_loads
from tests.faults.bodies import LISTS, REPORTS
from tests.faults.malform import MARKS, STEPS, Malformed, Payload, payloads
from tests.faults.table import ENDPOINTS, Cell, one_of_each
from tests.faults.trial import Trial, trial

# Where the money comes from, and what most easily looks like a whole reply.
MONEY = {"orders", "statistics_banners_day", "getStatistics", "reports"}
ALIKE = {"list_halved", "list_emptied_and_count", "item_dropped", "item_twice", "item_null", "day_moved"}
CELLS = list(one_of_each(20))
CELLS += [c for c in one_of_each() if c.endpoint.name in MONEY and c.kind in ALIKE and c not in CELLS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bench's settings lead."""
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def made(clickhouse_dsn: str, folder: Path) -> Iterator[Bench]:
    """With its clean loads."""
    with bench(clickhouse_dsn, folder, f"faults_{uuid.uuid4().hex[:8]}") as ready:
        yield ready


@pytest.fixture
def tried(made: Bench, folder: Path) -> Iterator[Trial]:
    with trial(made, folder) as ready:
        yield ready


@pytest.mark.slow
def test_clean_loads_are_the_ground_truth_and_the_table_has_every_endpoint_that_they_ask(made: Bench) -> None:
    prove_clean_loads(made)
    for name, api in made.apis.items():
        for path in api.asked:
            assert any(e.api == name and fnmatchcase(path, e.path) for e in ENDPOINTS), f"{name} {path}"


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
def test_a_wrong_reply_is_mended_counted_or_refused(made: Bench, cell: Cell) -> None:
    verdict = made.judge(cell)
    assert verdict.word in ("exact", "counted", "refused"), str(verdict)


@pytest.mark.slow
@settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(payload=payloads())
@example(Payload("direct-adgroups", "loaded", "lasting", (("wrap", 17999, "x"),)))
def test_a_malformed_payload_is_exact_counted_or_refused(tried: Trial, payload: Payload) -> None:
    verdict = tried.judge(payload)
    assert verdict.word != "WRONG", f"{payload} {verdict}"


def test_editors_and_steps_change_what_they_say() -> None:
    page = b'{"data": [{"id": 1, "rows": [{"d": 1}, {"d": 2}]}, {"id": 2, "rows": []}], "paging": {"total": 2}}'
    assert LISTS["list_emptied_and_count"](page) == b'{"data": [], "paging": {"total": 0}}'
    assert b'"rows": [{"d": 1}]' in LISTS["inner_halved"](page)
    report = b"Date\tClicks\tCost\n2026-03-01\t3\t1.50\n2026-03-02\t4\t2.50\nTotal rows: 2\n"
    assert REPORTS["item_dropped_and_count"](report) == b"Date\tClicks\tCost\n2026-03-01\t3\t1.50\nTotal rows: 1\n"
    page = json.dumps({"data": [{"id": n, "price": "10.5", "rows": [{"clicks": n}]} for n in range(8)]}).encode()
    for step in STEPS:
        drawn = [Malformed(Payload("direct-ads", "fresh", "once", ((step, seed, "odd"),))) for seed in range(60)]
        for body in (page, report):
            assert any(one.body(body) != body or one.wire for one in drawn), step
        assert drawn[7].body(page) == drawn[7].body(page), "the same payload is the same bytes"
    payload = Payload("vk-user", "fresh", "once", (("swap", 7, "\ud83d\x1b"), ("mark", 8, MARKS[0])))
    assert Payload.read(str(payload)) == payload
