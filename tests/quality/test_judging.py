"""How one check is judged: counted exactly, five rows fetched, within bounds, and whatever it raises ends no other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError

from tasks.errors import WarehouseError
from tasks.load import frames
from tasks.load.migrate import migrated
from tasks.quality import checks, looks
from tasks.quality.checks import Check, Result, checks, judge
from tasks.quality.looks import Interrupted, judge_all
from tasks.settings import SQL_DIR, Settings
from tests.quality.small import TODAY, fill, named

HEADER = "-- title: T\n-- why: W\n-- severity: fail\n-- sources: qtickets\n"


@pytest.fixture(scope="module")
def warehouse_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("judging")
    return Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder / 'warehouse'}")


@pytest.fixture(scope="module")
def client(warehouse_settings: Settings) -> Iterator[Client]:
    with migrated(warehouse_settings) as client:
        fill(client)
        yield client


def check_of(sql: str, **parameters: float) -> Check:
    return Check("own", "T", "W", "fail", ("qtickets",), parameters, None, sql)


def judged(client: Client, sql: str) -> Result:
    return judge(client, check_of(sql), TODAY, {})


@pytest.mark.parametrize("rows", [0, 1, 4, 5, 6, 7, 12_345])
def test_rows_are_counted_exactly_and_five_are_kept_in_order(client: Client, rows: int) -> None:
    numbers = f"SELECT concat('row ', toString(number)) AS what, number FROM numbers({rows}) ORDER BY number DESC"

    found = judged(client, numbers)

    first = [{"what": f"row {n}", "number": n} for n in range(rows - 1, -1, -1)][:5]
    more = f" (and {rows - 1} more)" if rows > 1 else ""
    assert found.status == ("broken" if rows else "ok")
    assert (found.observed, found.sample) == (rows, first)
    assert found.message == (f"row {rows - 1}{more}" if rows else "")


def test_of_millions_of_rows_a_handful_is_fetched(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def select(*given: Any, **more: Any) -> Any:
        frame = frames.select(*given, **more)
        fetched.append(frame.height)
        return frame

    monkeypatch.setattr(quality, "select", select)
    found = judged(client, "SELECT toString(number) AS what FROM numbers(20000000) ORDER BY number DESC")

    assert found.observed == 20_000_000
    assert [row["what"] for row in found.sample] == ["19999999", "19999998", "19999997", "19999996", "19999995"]
    assert fetched == [6, 1]


def test_a_comment_at_the_end_and_parameters_of_a_check_are_no_trouble(client: Client) -> None:
    sql = "SELECT toString({least:Float64}) AS what, {today:Date} AS day WHERE {least:Float64} > 2 -- rarely"

    found = judge(client, check_of(sql, least=1), TODAY, {"least": 3, "of another check": 9})

    assert (found.status, found.sample) == ("broken", [{"what": "3", "day": TODAY}])
    assert judge(client, check_of(sql, least=1), TODAY, {}).status == "ok"


RAISING = {
    "SELECT 'x' AS what FROM nowhere": "could not be run: a table or view that it reads is missing (",
    "SELECT 'x' AS what, nothing FROM dim_events": "could not be run: a column that it reads is missing (",
    "SELEC 1": "could not be run: its SQL is wrong (",
    "SELECT 'x' AS what WHERE throwIf(1, 'thrown')": "could not be run: thrown",
    "SELECT 'x' AS wat": "could not be run: ColumnNotFoundError: ",
    "SELECT toString(length(groupArray(number))) AS what FROM numbers(40000000)": (
        "could not be run: it needs more memory than there is; a check may use 2 GB ("
    ),
}


@pytest.mark.parametrize("sql", RAISING)
def test_a_check_that_raises_is_not_judged_and_says_why_in_a_line(
    client: Client, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    assert quality.BOUNDS["max_memory_usage"] == 2_000_000_000
    monkeypatch.setitem(quality.BOUNDS, "max_memory_usage", 100_000_000)

    found = judged(client, sql)

    assert (found.status, found.hindered, found.observed, found.sample) == ("unjudged", True, 0, [])
    assert found.message.startswith(RAISING[sql])
    assert "\n" not in found.message
    assert "DB::Exception" not in found.message
    assert len(found.message) < 300


def test_a_check_that_takes_too_long_is_ended(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert quality.BOUNDS["max_execution_time"] == 120
    monkeypatch.setitem(quality.BOUNDS, "max_execution_time", 0.2)

    found = judged(client, "SELECT toString(max(sipHash64(number))) AS what FROM numbers(100000000000)")

    assert found.message.startswith("could not be run: it took longer than 120 seconds (")


def test_the_reason_of_want_of_data_is_no_hindrance(client: Client) -> None:
    wants = replace(check_of("SELECT 'x' AS what"), unjudged_sql="SELECT 'no data yet' AS unjudged")

    found = judge(client, wants, TODAY, {})

    assert (found.status, found.message, found.hindered) == ("unjudged", "no data yet", False)


@pytest.fixture
def own_checks(tmp_path: Path) -> Callable[..., list[Check]]:
    """Two good checks and others by name and text."""

    def made(**texts: str) -> list[Check]:
        folder = tmp_path / "quality"
        folder.mkdir()
        for name in ("future_values", "negative_values"):
            shutil.copy(SQL_DIR / "quality" / f"{name}.sql", folder)
        for name, text in texts.items():
            (folder / f"{name}.sql").write_text(text, "utf-8")
        return checks(tmp_path)

    return made


@pytest.mark.usefixtures("client")
def test_the_others_are_judged_where_one_raises(
    warehouse_settings: Settings, own_checks: Callable[..., list[Check]]
) -> None:
    asked = own_checks(a_first=f"{HEADER}SELECT 'x' AS what FROM nowhere", z_last=f"{HEADER}SELECT 'x' AS what")

    found = judge_all(warehouse_settings, asked, TODAY)

    assert [(r.check.name, r.status, r.hindered) for r in found] == [
        ("a_first", "unjudged", True),
        ("future_values", "ok", False),
        ("negative_values", "ok", False),
        ("z_last", "broken", False),
    ]


FAULTS = {
    "SELECT 'x' AS what": "its header has no title, why, severity, sources",
    "-- title: T\n-- why: W\n-- sources: q\nSELECT 'x' AS what": "its header has no severity",
    HEADER.replace("fail", "error") + "SELECT 'x' AS what": "its severity is neither warn nor fail",
    f"{HEADER}-- param: late = soon\nSELECT 'x' AS what": "a `param` line is not `name = number`",
    f"{HEADER}-- param: late\nSELECT 'x' AS what": "a `param` line is not `name = number`",
    HEADER: "it has no statement",
}


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("text", FAULTS)
def test_a_file_that_is_no_check_ends_no_other(
    warehouse_settings: Settings, own_checks: Callable[..., list[Check]], text: str
) -> None:
    wrong, *others = judge_all(warehouse_settings, own_checks(a_wrong=text), TODAY)

    assert (wrong.status, wrong.hindered, wrong.check.severity) == ("unjudged", True, "fail")
    assert wrong.message == f"could not be run: sql/quality/a_wrong.sql: {FAULTS[text]}"
    assert [r.status for r in others] == ["ok", "ok"]


def test_a_lost_connection_ends_the_run_with_what_was_judged(
    client: Client, warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = quality.judge

    def lost(client: Client, check: Check, *given: Any, **more: Any) -> Result:
        if check.name == "negative_values":
            raise OperationalError("Error HTTPConnectionPool(host='ch', port=8123) executing HTTP request")
        return real(client, check, *given, **more)

    monkeypatch.setattr(looks, "judge", lost)
    with pytest.raises(Interrupted) as caught:
        judge_all(warehouse_settings, named("events_unknown", "future_values", "negative_values"), TODAY)

    assert [(r.check.name, r.status) for r in caught.value.results] == [
        ("events_unknown", "ok"),
        ("future_values", "ok"),
    ]
    assert str(caught.value).startswith("2 of 3 checks were judged, then: The warehouse ")
    assert str(caught.value).endswith("cannot be reached. Is the server running, and CLICKHOUSE_DSN right?")


def test_a_warehouse_that_cannot_be_reached_is_no_half_judged_one(make_settings: Callable[..., Settings]) -> None:
    with pytest.raises(WarehouseError) as caught:
        judge_all(make_settings(clickhouse_dsn="http://default@127.0.0.1:9"), named("future_values"), TODAY)

    assert not isinstance(caught.value, Interrupted)
    assert "cannot be reached" in str(caught.value)


def test_an_error_after_which_the_warehouse_is_silent_is_no_fault_of_the_check(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OperationalError("the server went away")

    def raising(*_given: Any, **_more: Any) -> Any:
        raise error

    monkeypatch.setattr(quality, "select", raising)
    assert judged(client, "SELECT 'x' AS what").message == "could not be run: the server went away"
    monkeypatch.setattr(client, "command", raising)
    with pytest.raises(OperationalError):
        judged(client, "SELECT 'x' AS what")
