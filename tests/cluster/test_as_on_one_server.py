"""What the tests of loads say of one server holds of two shards: the same tests, on another warehouse."""

from __future__ import annotations

import pytest

from tests.tasks.load import (
    test_interleaved,
    test_mart,
    test_moved_ads,
    test_overtaken,
    test_quarantine,
    test_upsert,
)

pytestmark = pytest.mark.slow
_ASK_ONE_SERVER = {
    # They change a table by statements that only a table of one server takes.
    "test_a_row_that_another_program_deletes_fails_the_run",
    "test_rows_removed_and_loaded_again_survive_a_server_that_drops_repeated_inserts",
}
three_days = test_mart.three_days

for _module in (test_interleaved, test_mart, test_moved_ads, test_overtaken, test_quarantine, test_upsert):
    for _name, _member in list(vars(_module).items()):
        if _name.startswith("test_") and callable(_member) and _name not in _ASK_ONE_SERVER:
            assert _name not in globals(), _name
            globals()[_name] = _member
