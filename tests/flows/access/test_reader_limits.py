"""datalens_reader has limits that a session can lower and not raise; what resets them is in test_reader_fence.py."""

from __future__ import annotations

import pytest

from tests.flows.access.asker import NO_RIGHT, NOT_TO_CHANGE, READ_ONLY, Asker, refusal
from tests.flows.access.conftest import READER

pytestmark = pytest.mark.slow
TOO_MUCH_TO_READ, TOO_MUCH_TO_TELL, TOO_LONG, TOO_MUCH_MEMORY = 158, 396, 159, 241


@pytest.mark.parametrize("name", [name for name in READER.constraints if name.startswith("max_")])
def test_a_limit_can_be_lowered_and_not_raised(reader: Asker, name: str) -> None:
    most, lowest = int(READER.constraints[name]["max"]), int(READER.constraints[name].get("min", 0))

    for more in {most + 1, lowest - 1} - {-1}:
        assert refusal(reader, "SELECT 1", **{name: more}).code == NOT_TO_CHANGE
        assert refusal(reader, f"SELECT 1 SETTINGS {name} = {more}").code == NOT_TO_CHANGE
    reader.do("SELECT 1", **{name: most - 1})


@pytest.mark.parametrize("name", [name for name in READER.constraints if name.endswith("_mode")])
def test_an_answer_is_never_cut_short_in_silence(reader: Asker, name: str) -> None:
    assert refusal(reader, "SELECT 1", **{name: "break"}).code == NOT_TO_CHANGE


def test_reading_only_is_not_to_be_shed(reader: Asker) -> None:
    assert refusal(reader, "SELECT 1", readonly=0).code == READ_ONLY
    assert refusal(reader, "SELECT 1 SETTINGS readonly = 0").code == READ_ONLY
    assert refusal(reader, "SET readonly = 0", session_id="shed").code == READ_ONLY


def test_a_query_over_a_limit_is_refused_with_a_clear_word(reader: Asker) -> None:
    long = "SELECT sum(sleepEachRow(0.5)) FROM numbers(100) SETTINGS max_execution_time = 1, max_block_size = 1"
    for statement, code, word in [
        ("SELECT sum(number) FROM numbers(100000001)", TOO_MUCH_TO_READ, "'max_rows_to_read' setting) exceeded"),
        (
            "SELECT number FROM numbers(1000001)",
            TOO_MUCH_TO_TELL,
            "Limit for result exceeded, max rows: 1.00 million",
        ),
        ("SELECT groupArray(number) FROM numbers(90000000) GROUP BY number % 7", TOO_MUCH_MEMORY, "memory limit"),
        (long, TOO_LONG, "Timeout exceeded"),
    ]:
        error = refusal(reader, statement)
        assert error.code == code, error
        assert word in str(error)


def test_limits_hold_inside_the_views(reader: Asker) -> None:
    """Although these read with the rights of another user, who has no limits."""
    error = refusal(reader, "SELECT * FROM zakaz.v_sales_latest", max_rows_to_read=5)
    assert error.code == TOO_MUCH_TO_READ


def test_without_its_role_the_reader_keeps_its_limits(reader: Asker) -> None:
    numbers = "SELECT sum(number) FROM numbers(100000001)"
    reader.do("SET ROLE NONE", session_id="bare")
    assert refusal(reader, numbers, session_id="bare").code == TOO_MUCH_TO_READ
    assert refusal(reader, "SELECT * FROM zakaz.v_sales_14d", session_id="bare").code == NO_RIGHT


def test_the_reader_has_a_quota(reader: Asker) -> None:
    quota = reader.ask("SHOW CURRENT QUOTA")
    told = {row["duration"]: {name: row[f"max_{name}"] for name in READER.quota[row["duration"]]} for row in quota}
    assert told == {seconds: {n: float(most) for n, most in all_.items()} for seconds, all_ in READER.quota.items()}
