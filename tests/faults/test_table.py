"""No wrong reply of any endpoint ends as a success with other figures, unless the run's message counts what is missing.

About four hundred cells of the table; `python -m tests.faults` carries out the others.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from tests.faults.bench import Bench, prove_clean_loads
from tests.faults.bodies import LISTS, REPORTS
from tests.faults.table import ENDPOINTS, Cell, one_of_each

pytestmark = pytest.mark.slow


def test_clean_loads_are_the_ground_truth(made: Bench) -> None:
    prove_clean_loads(made)


def test_every_endpoint_that_a_load_asks_is_in_the_table(made: Bench) -> None:
    for name, api in made.apis.items():
        for path in api.asked:
            assert any(e.api == name and fnmatchcase(path, e.path) for e in ENDPOINTS), f"{name} {path}"


@pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.id) for cell in one_of_each(4)])
def test_a_wrong_reply_is_mended_counted_or_refused(made: Bench, cell: Cell) -> None:
    verdict = made.judge(cell)
    assert verdict.word in ("exact", "counted", "refused"), str(verdict)


def test_editors_change_what_they_say() -> None:
    page = b'{"data": [{"id": 1, "rows": [{"d": 1}, {"d": 2}]}, {"id": 2, "rows": []}], "paging": {"total": 2}}'
    assert (
        LISTS["list_halved"](page) == b'{"data": [{"id": 1, "rows": [{"d": 1}, {"d": 2}]}], "paging": {"total": 2}}'
    )
    assert LISTS["list_emptied_and_count"](page) == b'{"data": [], "paging": {"total": 0}}'
    assert b'"rows": [{"d": 1}]' in LISTS["inner_halved"](page)
    assert LISTS["other_ids"](page).startswith(b'{"data": [{"id": 77777778')
    money = b'{"items": [{"id": 7, "spent": "499.50", "price": 12.5}], "count": 1}'
    assert b'"499.5000000000011", "price": 12.5000000000011' in LISTS["money_with_tail"](money)
    report = b"Date\tClicks\tCost\n2026-03-01\t3\t1.50\n2026-03-02\t4\t2.50\nTotal rows: 2\n"
    assert REPORTS["item_dropped_and_count"](report) == b"Date\tClicks\tCost\n2026-03-01\t3\t1.50\nTotal rows: 1\n"
    assert b"2026-04-11\t4" in REPORTS["day_after"](report)
