"""datalens_reader reads nothing but views, and writes nothing."""

from __future__ import annotations

import pytest

from tests.flows.access.asker import NO_RIGHT, READ_ONLY, Asker, Refused, refusal

pytestmark = pytest.mark.slow


def test_the_reader_reads_no_table(reader: Asker, admin: Asker) -> None:
    tables = admin.ask("SELECT name FROM system.tables WHERE database = 'zakaz' AND engine LIKE '%MergeTree'")
    assert {"stg_qtickets_tickets", "dim_events", "meta_job_runs", "fact_vk_ads_daily", "agg_marketing_daily"} <= {
        row["name"] for row in tables
    }
    for row in tables:
        assert refusal(reader, f"SELECT count() FROM zakaz.{row['name']}").code == NO_RIGHT


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM other.t",
        "SELECT * FROM other.v_t",
        "SELECT * FROM system.users",
        "SELECT * FROM system.processes",
        "SELECT * FROM system.parts",
        "SELECT * FROM system.grants",
        "SELECT * FROM system.server_settings",
        "SELECT * FROM remote('127.0.0.1', zakaz.stg_qtickets_tickets)",
        "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'x String')",
        "SELECT * FROM file('/etc/passwd', LineAsString)",
        "SELECT * FROM view(SELECT ticket_id FROM zakaz.stg_qtickets_tickets)",
        "SELECT 1 WHERE 7 IN (SELECT event_id FROM zakaz.dim_events)",
        "SELECT 1 AS x UNION ALL SELECT count() FROM zakaz.meta_quarantine",
        "SELECT * FROM s3('http://127.0.0.1:1/bucket/x.csv', CSV, 'x String')",
        "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "SELECT * FROM format(Template, 'x String', 'x')",
        "SELECT * FROM mergeTreeIndex('zakaz', 'stg_qtickets_tickets')",
        "SELECT * FROM loop(zakaz.stg_qtickets_tickets) LIMIT 1",
        "SELECT count() FROM system.zeros",
        "SELECT * FROM system.numbers LIMIT 1",
        "SELECT * FROM system.quotas_usage",
        "SELECT * FROM system.settings_profiles",
        "SELECT * FROM system.named_collections",
        "SELECT * FROM system.query_cache",
        "SHOW ACCESS",
        "SHOW USERS",
        "SHOW PROCESSLIST",
        "SHOW GRANTS FOR etl_writer",
        "SHOW CREATE USER",
        "KILL QUERY WHERE user = 'etl_writer'",
        "DESCRIBE TABLE zakaz.stg_qtickets_tickets",
        "SHOW CREATE TABLE zakaz.stg_qtickets_tickets",
    ],
)
def test_the_reader_reads_nothing_by_another_way(reader: Asker, statement: str) -> None:
    assert refusal(reader, statement).code == NO_RIGHT


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT dictGet('zakaz.any', 'x', 1)",
        "SELECT * FROM executable('x', TSV, 'x String')",
        "SELECT * FROM cluster('default', zakaz.stg_qtickets_tickets)",
        "SELECT joinGet('zakaz.stg_qtickets_tickets', 'price', 1)",
        "SELECT * FROM zakaz.v_sales_14d INTO OUTFILE 'mine'",
        "SELECT * FROM system.query_log",
        "SELECT sum(number) FROM numbers(1000000000000000000)",
        "SELECT count() FROM generateRandom('x UInt64')",
        "SELECT sleep(4)",
        "EXECUTE AS etl_writer SELECT 1",
    ],
)
def test_the_reader_gets_nothing_by_what_needs_no_right(reader: Asker, statement: str) -> None:
    """Refused for reasons of their own: nothing there to read, switched off, or more than a limit."""
    with pytest.raises(Refused):
        reader.do(statement)


def test_the_reader_sees_nothing_of_tables_through_merge(reader: Asker) -> None:
    """`merge` passes over tables that the user may not read."""
    with pytest.raises(Refused):
        reader.do("SELECT count() FROM merge('zakaz', '^stg_')")


def test_the_reader_sees_no_other_database(reader: Asker) -> None:
    assert {row["name"] for row in reader.ask("SHOW DATABASES")} <= {"zakaz", "system"}
    assert not reader.ask("SELECT * FROM system.tables WHERE database NOT IN ('zakaz', 'system')")
    assert not reader.ask("SELECT * FROM system.columns WHERE database = 'zakaz' AND NOT startsWith(table, 'v_')")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO zakaz.meta_job_runs (job) VALUES ('x')",
        "INSERT INTO zakaz.v_sales_latest VALUES (1)",
        "CREATE TABLE zakaz.v_mine (x UInt8) ENGINE = Memory",
        "CREATE VIEW zakaz.v_mine AS SELECT 1 AS x",
        "CREATE OR REPLACE VIEW zakaz.v_sales_14d AS SELECT 1 AS x",
        "CREATE VIEW zakaz.v_mine SQL SECURITY NONE AS SELECT * FROM other.t",
        "CREATE TEMPORARY TABLE mine (x UInt8)",
        "CREATE DATABASE mine",
        "CREATE USER mine",
        "CREATE FUNCTION mine AS (x) -> x",
        "ALTER TABLE zakaz.agg_marketing_daily DELETE WHERE 1",
        "DELETE FROM zakaz.agg_marketing_daily WHERE 1",
        "ALTER TABLE zakaz.v_sales_14d MODIFY QUERY SELECT 1",
        "ALTER USER datalens_reader IDENTIFIED BY 'x'",
        "GRANT SELECT ON zakaz.* TO datalens_reader",
        "DROP VIEW zakaz.v_sales_14d",
        "DROP TABLE zakaz.agg_marketing_daily",
        "DROP DATABASE zakaz",
        "TRUNCATE TABLE zakaz.agg_marketing_daily",
        "RENAME TABLE zakaz.v_sales_14d TO zakaz.v_x",
        "OPTIMIZE TABLE zakaz.agg_marketing_daily",
        "KILL QUERY WHERE 1",
        "SYSTEM STOP MERGES zakaz.agg_marketing_daily",
        "SYSTEM FLUSH LOGS",
        "BACKUP DATABASE zakaz TO File('mine')",
    ],
)
def test_the_reader_writes_nothing(reader: Asker, statement: str) -> None:
    assert refusal(reader, statement).code in {NO_RIGHT, READ_ONLY}
