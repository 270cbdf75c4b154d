"""How one check is judged: counted exactly, five rows fetched, within bounds, and whatever it raises ends no other."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError

from tasks.load import frames
from tasks.load.warehouse import warehouse
from tasks.quality import checks as judging
from tasks.quality import looks
from tasks.quality.checks import Check, Result, checks, judge
from tasks.quality.looks import Interrupted, judge_all
from tasks.settings import SQL_DIR, Settings, load_settings
from tests.quality.healthy import TODAY
from tests.tasks.load.engines import embedded

HEADER = "-- title: T\n-- why: W\n-- severity: fail\n-- sources: qtickets\n"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("judging") / "warehouse"
    made = embedded(Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder}"))
    with warehouse(made):  # Held open: where none is, the engine starts anew with each connection.
        yield made


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    with warehouse(settings) as client:
        yield client


def judged(client: Client, sql: str) -> Result:
    return judge(client, Check("own", "T", "W", "fail", ("qtickets",), {}, None, sql), TODAY, [], {})


def test_rows_are_counted_exactly_and_a_handful_is_fetched(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def select(*given: Any, **more: Any) -> Any:
        fetched.append(frames.select(*given, **more))
        return fetched[-1]

    monkeypatch.setattr(judging, "select", select)
    for rows, message in ((0, ""), (1, "row 0"), (20_000, "row 19999 (and 19999 more)")):
        sql = f"SELECT concat('row ', toString(number)) AS what, number FROM numbers({rows}) ORDER BY number DESC"
        found = judged(client, sql)
        first = [{"what": f"row {n}", "number": n} for n in range(rows - 1, max(-1, rows - 6), -1)]
        assert (found.status, found.observed, found.sample) == ("broken" if rows else "ok", rows, first)
        assert found.message == message
        assert sum(frame.height for frame in fetched) <= judging.MOST_ROWS + 2
        fetched.clear()


RAISING = {
    "SELECT 'x' AS what FROM nowhere": "a table or view that it reads is missing (",
    "SELEC 1": "its SQL is wrong (",
    "SELECT toString(length(groupArray(number))) AS what FROM numbers(40000000)": "it needs more memory than there is; a check may use 2 GB (",
    "SELECT toString(max(sipHash64(number))) AS what FROM numbers(100000000000)": "it took longer than 120 seconds (",
}  # fmt: skip


@pytest.mark.parametrize("sql", RAISING)
def test_a_check_that_raises_says_why_in_a_line(client: Client, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    assert (judging.BOUNDS["max_memory_usage"], judging.BOUNDS["max_execution_time"]) == (2_000_000_000, 120)
    monkeypatch.setitem(judging.BOUNDS, "max_memory_usage", 100_000_000)
    monkeypatch.setitem(judging.BOUNDS, "max_execution_time", 0.5)
    found = judged(client, sql)
    assert (found.status, found.hindered, found.observed, found.sample) == ("unjudged", True, 0, [])
    assert found.message.startswith(f"could not be run: {RAISING[sql]}")
    assert "\n" not in found.message and "DB::Exception" not in found.message and len(found.message) < 300


FAULTS = {
    f"{HEADER}SELECT 'x' AS what FROM nowhere": "a table or view that it reads is missing (",
    "SELECT 'x' AS what": "sql/quality/a_wrong.sql: its header has no title, why, severity, sources",
    f"{HEADER}-- when: noon\nSELECT 'x' AS what": "sql/quality/a_wrong.sql: its `when` is not night",
    f"{HEADER}-- ru: Свежо\nSELECT 'x' AS what": "sql/quality/a_wrong.sql: it is not UTF-8 text",
}  # fmt: skip


@pytest.mark.parametrize("text", FAULTS)
def test_a_file_that_is_no_check_ends_no_other(settings: Settings, tmp_path: Path, text: str) -> None:
    (tmp_path / "quality").mkdir()
    for name in ("future_values", "negative_values"):
        shutil.copy(SQL_DIR / "quality" / f"{name}.sql", tmp_path / "quality")
    (tmp_path / "quality" / "a_wrong.sql").write_bytes(text.encode("cp1251"))
    wrong, *others = judge_all(settings, checks(tmp_path), TODAY)
    assert (wrong.status, wrong.hindered, wrong.check.severity) == ("unjudged", True, "fail")
    assert wrong.message.startswith(f"could not be run: {FAULTS[text]}")
    assert [r.status for r in others] == ["ok", "ok"]


def test_a_lost_connection_ends_the_run_with_what_was_judged(settings: Settings, monkeypatch: Any) -> None:
    def lost(client: Client, check: Check, *given: Any, **more: Any) -> Result:
        if check.name == "negative_values":
            raise OperationalError("Error HTTPConnectionPool(host='ch', port=8123) executing HTTP request")
        return judge(client, check, *given, **more)

    monkeypatch.setattr(looks, "judge", lost)
    asked = [check for check in checks() if check.name in ("events_unknown", "future_values", "negative_values")]
    with pytest.raises(Interrupted, match=r"^2 of 3 checks were judged, then: The warehouse ") as caught:
        judge_all(settings, asked, TODAY)
    told = {result.check.name: result.status for result in caught.value.results}
    assert told == {"events_unknown": "ok", "future_values": "ok"}


def test_accounts_whose_settings_cannot_be_read_are_those_that_were_loaded(  # type: ignore[no-untyped-def]
    client: Client, settings: Settings, tmp_path: Path, monkeypatch
) -> None:
    """VK's second file is no text; Direct is not in use; QTickets has a second account."""
    monkeypatch.setattr("tasks.settings.HOME", tmp_path)
    monkeypatch.setenv("CLICKHOUSE_DSN", settings.clickhouse_dsn.get_secret_value())
    (tmp_path / "secrets").mkdir()
    for name, content in {
        "sources": b"ZAKAZ_SOURCES=qtickets,vk_ads", "qtickets": b"QTICKETS_TOKEN=a",
        "qtickets.spb": b"QTICKETS_TOKEN=b", "vk.b": b"VK_TOKEN=\xff",
    }.items():  # fmt: skip
        (tmp_path / "secrets" / f".env.{name}").write_bytes(content)
    for source, account in (("vk_ads", "a"), ("qtickets", "gone"), ("direct", "main")):
        client.command(f"INSERT INTO meta_accounts (source, account, _ver) SELECT '{source}', '{account}', 1")
    found = looks.set_up(client, load_settings())
    assert found == [("qtickets", "main"), ("qtickets", "spb"), ("vk_ads", "a"), ("vk_ads", "b")]
