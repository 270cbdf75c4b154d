"""What was backed up comes back, row for row, on both engines; a damaged backup is found out; nothing is overwritten. And
migrations: each applied once, in order; an edited or unknown one stops everything."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import EmptyWarehouseError, SettingsError, WarehouseError
from tasks.load.backup import backup, restore
from tasks.load.backup_place import place as place_of_backups
from tasks.load.backup_place import prune
from tasks.load.mart import restate, stale_days
from tasks.load.migrate import look, migrate, not_applied
from tasks.load.runs import Run
from tasks.load.tables import Mart, Scope
from tasks.load.unfinished import due
from tasks.load.upsert import upsert
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.sources.qtickets import EVENTS, SALES
from tests.support.bucket import KEY, NAME, SECRET, bucket
from tests.tasks.load.engines import BOTH, settings_of, values
from tests.tasks.load.tickets import event, event_frame, ids, load, refunded, ticket, utc

MART = Mart(SALES, day="event_date")
NEXT = Run("qtickets_loader", "next", utc("2026-03-20"), "main")


def fill(client: Client) -> None:
    """Rows of two months, superseded and deleted ones, odd texts, and a mart of them."""
    migrate(client)
    upsert(client, EVENTS, event_frame(event(7), event(8, name='O\'Брайен \\ "джаз"\n№ 1')), Scope(), 1)
    load(client, [ticket(1, paid="2026-02-10T12:00", ordered_at=utc("2026-02-10T11:55"))], 1, Scope())
    load(client, [ticket(2), ticket(3, utm_content="msk_01_10"), ticket(4, event_id=8)], 2)
    load(client, [ticket(2, amount="0.10"), refunded(3, back="450.50")], 3)
    restate(client, MART, 3)


def everything(client: Client, database: str, *, views: bool = False) -> dict[str, list[str]]:
    """Every row of every table, and of every view, as text, but for superseded versions: a server merges when it likes.
    And but for what is to be finished, after a restore all marts are, and for what depends on the moment of the query."""
    found, only = {}, "" if views else " AND engine != 'View'"
    sql = f"SELECT name FROM system.tables WHERE database = '{database}' AND name != 'meta_unfinished'{only}"
    for (name,) in values(client, sql):
        columns = "* EXCEPT minutes_since_success" if name == "v_data_freshness" else "*"
        sql = f"SELECT {columns} FROM `{database}`.`{name}`"
        text = client.raw_query(sql, fmt="TSVWithNamesAndTypes", settings={"final": 1}).decode()
        found[name] = sorted(text.split("\n"))
    return found


MakeSettings = Callable[..., Settings]


@pytest.fixture(params=BOTH)
def filled(request: pytest.FixtureRequest, make_settings: MakeSettings) -> Iterator[Settings]:
    """A warehouse with rows, and where its backups go."""
    settings = settings_of(request.param, request, make_settings)
    if request.param == "server":
        settings = settings.model_copy(update={"backup_url": "disk://backups"})
    with warehouse(settings) as client:
        fill(client)
        if request.param == "embedded":  # Held open: where none is, the embedded engine starts anew each time.
            yield settings
            return
    yield settings  # Not held open: the database is dropped and made anew.
    with warehouse(settings) as client:
        client.command(f"DROP DATABASE IF EXISTS {settings.clickhouse_database}_other SYNC")


def test_every_row_comes_back_under_another_name_or_where_it_was(filled: Settings) -> None:
    """The backup was made between a load and its mart: the next load mends that, as it would have in the first."""
    mine, name = filled.clickhouse_database, f"of-{filled.clickhouse_database}"
    other = f"{mine}_other"
    with warehouse(filled) as client:
        load(client, [ticket(2, amount="0.10"), ticket(6, amount="700.00")], version=4)
    done = backup(filled, name)
    restored = restore(filled, name, into=other)
    assert (done.tables, restored.applied) == (len(restored.rows), [])
    with warehouse(filled) as client:
        assert everything(client, other, views=True) == everything(client, mine, views=True)
        before = everything(client, mine)
        assert len(before["stg_qtickets_tickets"]) > 4
        texts = client.query(f"SELECT create_table_query FROM system.tables WHERE database = '{other}'").result_rows
        assert not re.search(rf"\b{mine}\.", str(texts)), "its views read its own tables"
    with warehouse(filled.model_copy(update={"clickhouse_database": other})) as client:
        assert migrate(client) == []
        assert stale_days(client, MART) and MART.table.name in due(client, NEXT)[1]
        restate(client, MART, 5)
        result = load(client, [ticket(2, amount="0.10"), ticket(9)], version=9)
        assert (result.new, result.removed, result.unchanged) == (1, 1, 1)
        assert values(client, "SELECT sum(revenue) FROM v_sales_latest") == [("1200.10",)]
    with pytest.raises(WarehouseError, match="is not empty"):
        restore(filled, name)
    with pytest.raises(WarehouseError, match=f"There is a backup {name} in .* already"):
        backup(filled, name)
    with warehouse(filled) as client:
        client.command(f"DROP DATABASE {mine} SYNC")
    restore(filled, name)
    with warehouse(filled) as client:
        assert everything(client, mine) == before


def flip_a_byte(folder: Path) -> None:
    path = max((folder / "data").rglob("*.bin"), key=lambda path: path.stat().st_size)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    path.write_bytes(body)


def cut_the_manifest(folder: Path) -> None:
    path = folder / ".backup"
    path.write_bytes(path.read_bytes()[:700])


@pytest.mark.parametrize("filled", ["embedded"], indirect=True)
def test_a_damaged_backup_is_refused_and_leaves_nothing(filled: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings, folder = filled, Path(filled.backup_url)
    caplog.set_level("INFO", "zakaz.load")
    assert str(backup(settings, "whole")) not in caplog.text, "the result itself says it"
    for damage in (flip_a_byte, cut_the_manifest):
        shutil.copytree(folder / "whole", folder / damage.__name__)
        damage(folder / damage.__name__)
        with pytest.raises(WarehouseError, match=damage.__name__):
            restore(settings, damage.__name__, into="other")
        with warehouse(settings) as client:
            assert ("other",) not in values(client, "SHOW DATABASES"), damage
            assert ids(client) == [1, 2, 3]


def test_the_newest_stay_and_so_does_whatever_was_not_named_by_the_clock(tmp_path: Path) -> None:
    days = [f"zakaz-202611{day:02}T023000Z" for day in range(1, 8)]
    for name in [*days, "before-the-upgrade"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / ".backup").write_text("<config/>")
    (tmp_path / "zakaz-20250101T023000Z").mkdir()  # no manifest: one that is being written, or a stranger's
    assert prune(tmp_path, 3) == days[:4]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*days[4:], "before-the-upgrade", "zakaz-20250101T023000Z"}


# Embedded only: the tests' server lacks the threads with which a real one writes to buckets.
@pytest.mark.slow
def test_a_bucket_takes_a_backup_and_gives_it_back_and_no_secret_is_shown(make_settings: MakeSettings) -> None:
    with bucket() as served:
        endpoint = {"backup_url": f"s3://{NAME}/of/ours/", "backup_s3_endpoint": served.endpoint}
        chosen = make_settings(**endpoint, backup_s3_key=KEY, backup_s3_secret=SECRET)
        with warehouse(chosen) as client:
            fill(client)
        backup(chosen, "to-a-bucket")
        assert "of/ours/to-a-bucket/.backup" in served.objects
        restore(chosen, "to-a-bucket", into="other")
        with warehouse(chosen) as client:
            assert everything(client, "other") == everything(client, "zakaz")
            assert SECRET not in str(values(client, "SELECT name FROM system.backups"))
        wrong = make_settings(**endpoint, backup_s3_key="key-never-shown", backup_s3_secret=SECRET)
        with pytest.raises(WarehouseError, match=r"refused in .* came to nothing") as caught:
            backup(wrong, "refused")
        shown = f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
        assert (SECRET in shown, "key-never-shown" in shown) == (False, False)
    assert SECRET not in repr(place_of_backups(chosen))


def test_an_address_that_is_no_place_is_refused_without_its_secret(
    make_settings: MakeSettings, tmp_path: Path
) -> None:
    for place in ("https://me:never-shown@host/a", "https://host/a?sign=never-shown"):
        with pytest.raises(SettingsError, match="BACKUP_URL is no address") as caught:
            backup(make_settings(backup_url=place), "any")
        assert "never-shown" not in str(caught.value)
    (tmp_path / "file").touch()
    with pytest.raises(WarehouseError, match="of BACKUP_URL cannot be written: "):
        backup(make_settings(backup_url=str(tmp_path / "file" / "backups")), "any")


ALL = ["schema/0001_sales", "schema/0002_notes", "views/v_sold", "views/v_a_newest"]


def write(sql: Path, name: str, text: str) -> None:
    file = sql / f"{name}.sql"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


NOTES = "-- Two statements.\nCREATE TABLE a (x Int8) ENGINE = Log;\nDROP TABLE a;\n"


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """Two migrations and two views, of which `v_a_newest` reads `v_sold` although its name comes first."""
    columns = "(d Date, n UInt32, _ver UInt8 MATERIALIZED 1)"
    for name, text in {
        "schema/0001_sales": f"CREATE TABLE IF NOT EXISTS sales {columns} ENGINE = MergeTree ORDER BY d;\n",
        "schema/0002_notes": NOTES,
        "views/v_sold": "SELECT d, n FROM sales",
        "views/v_a_newest": "-- The newest day.\nSELECT max(d) AS d, max(n) AS n FROM v_sold",
    }.items():
        write(tmp_path / "sql", name, text)
    return tmp_path / "sql"


@pytest.fixture
def empty(make_settings: Callable[..., Settings]) -> Iterator[Client]:
    """A database in which there is nothing yet."""
    with warehouse(make_settings()) as client:
        yield client


@pytest.fixture
def migrated(empty: Client, sql: Path) -> Client:
    assert (migrate(empty, sql), migrate(empty, sql)) == (ALL, [])
    empty.command("INSERT INTO sales VALUES ('2026-01-02', 5)")
    return empty


def test_an_edited_migration_and_one_of_a_newer_version_are_refused(migrated: Client, sql: Path) -> None:
    """Other line ends, as of another checkout, are no edit."""
    write(sql, "schema/0002_notes", NOTES.replace("\n", "  \r\n"))
    assert migrate(migrated, sql) == []
    write(sql, "schema/0002_notes", NOTES.replace("Int8", "Int16"))
    write(sql, "schema/0003_more", "CREATE TABLE more (x Int8) ENGINE = Log;\n")
    with pytest.raises(WarehouseError, match=r"^sql/schema/0002_notes\.sql was changed after it was applied"):
        migrate(migrated, sql)
    assert values(migrated, "EXISTS TABLE more") == [(0,)]
    (sql / "schema" / "0002_notes.sql").unlink()
    with pytest.raises(WarehouseError, match="0002_notes, which this version of Zakaz does not know"):
        migrate(migrated, sql)


def test_a_database_of_another_loader_is_refused_and_left_as_it_is(empty: Client) -> None:
    columns = "(stat_date Date, spend Float64)"
    empty.command(f"CREATE TABLE fact_direct_daily {columns} ENGINE = MergeTree ORDER BY spend")
    empty.command("INSERT INTO fact_direct_daily VALUES ('2025-01-01', 1.5)")
    with pytest.raises(WarehouseError, match=r"another program made: fact_direct_daily.*RENAME DATABASE"):
        migrate(empty)
    assert values(empty, "SELECT * FROM fact_direct_daily") == [("2025-01-01", 1.5)]
    assert values(empty, "EXISTS TABLE stg_qtickets_tickets") == [(0,)]


@pytest.mark.parametrize("dies_at", [0, 1, 2])
def test_a_migration_that_died_anywhere_is_finished_by_the_next(migrated: Client, sql: Path, dies_at: int) -> None:
    write(sql, "schema/0003_wide", "ALTER TABLE sales MODIFY COLUMN n UInt64;\n")
    write(sql, "views/v_sold", "SELECT d, n + 1 AS n FROM sales")
    command, count = migrated.command, iter(range(100))

    def dies(*arguments: object, **options: object) -> object:
        if next(count) == dies_at:
            raise KeyboardInterrupt
        return command(*arguments, **options)

    with patch.object(migrated, "command", dies), pytest.raises(KeyboardInterrupt):
        migrate(migrated, sql)
    migrate(migrated, sql)
    migrated.command("INSERT INTO sales VALUES ('2026-01-03', 5000000000)")
    assert values(migrated, "SELECT d, n FROM v_a_newest") == [("2026-01-03", 5_000_000_001)]
    assert migrate(migrated, sql) == []


def test_to_look_makes_and_changes_nothing(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings()
    folder = Path(settings.clickhouse_dsn.get_secret_value().removeprefix("chdb://"))

    def looked() -> list[tuple[object, ...]]:
        with look(settings) as client:
            return [*client.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_rows]

    with pytest.raises(EmptyWarehouseError, match="Nothing is loaded yet into "):
        looked()
    assert not folder.exists() and not folder.with_name(f"{folder.name}.lock").exists()
    with warehouse(settings), pytest.raises(EmptyWarehouseError, match="Nothing is loaded yet"):
        looked()
    with warehouse(settings) as client:
        migrate(client)
        assert (("v_romi_kpi",) in looked(), not_applied(client)) == (True, [])
        client.command("CREATE OR REPLACE VIEW v_romi_kpi AS SELECT 1 COMMENT 'Zakaz of before'")
        with pytest.raises(WarehouseError, match=r"of the schema 1 file are newer\. Run `zakaz migrate`"):
            looked()
        assert client.command("SELECT * FROM v_romi_kpi") == 1
