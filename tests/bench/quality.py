"""`python -m tests.bench.quality`: how long the checks take over one year and over three.

Rows are made by the engine: 50,000 ad days and 20,000 tickets a month, a run an hour. No thresholds: absolute
figures belong to the machine, the ratio says how a check grows with the history.
"""

from __future__ import annotations

import tempfile
import time
from datetime import date
from pathlib import Path

from clickhouse_connect.driver.client import Client

from tasks.load.migrate import migrate
from tasks.load.sql import sql_text
from tasks.load.upsert import merge
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Check, checks, judge
from tasks.settings import Settings
from tests.quality.healthy import MARTS, set_references

TODAY = date(2025, 11, 20)
YEARS = (1, 3)
ADS_A_DAY, TICKETS_A_DAY, EVENTS, RUNS_A_DAY = 820, 660, 40, 24
_BEST_OF = 3

_FACTS = """
INSERT INTO {table}
SELECT
    toDate('{today}') - 1 - intDiv(number, {ads}) AS stat_date, 'account', number % {ads} % 90 + 1,
    number % {ads} % 400 + 1, number % {ads} + 1, concat('campaign ', toString(number % {ads} % 90 + 1)),
    5000 + number % 700, 60 + number % 50, toDecimal64(900 + number % 300, 2), {vat}, 1, '{utm}', 'cpc',
    toString(number % {ads} % 90 + 1), 'msk_01_10', '',
    ['москва', 'казань', 'самара', 'томск'][number % {ads} % 4 + 1], 1, 10, 1
FROM numbers({ads} * {days})
"""
_TICKETS = """
INSERT INTO stg_qtickets_tickets
SELECT
    number + 1, intDiv(number, 2) + 1, number % {events} + 1, 1, 'paid',
    toDateTime64('{today}', 3, 'Europe/Moscow') - toIntervalSecond(intDiv(number * 86400, {tickets}) + 60) AS at,
    at, toDecimal64(1000 + number % 1500, 2) AS price, 1, price, 0, NULL, 'RUB',
    ['vk', 'yandex', '', 'tg'][number % 4 + 1], '', toString(number % 90 + 1), '', '', 1
FROM numbers({tickets} * {days})
"""
_EVENTS = """
INSERT INTO dim_events
SELECT number + 1, 'event', ['москва', 'казань', 'самара', 'томск'][number % 4 + 1], '', 'Europe/Moscow', 'RUB', 1,
    toDateTime64('{today}', 3, 'UTC'), toDateTime64('{today}', 3, 'UTC') + toIntervalDay(30), 1
FROM numbers({events})
"""
_RUNS = """
INSERT INTO meta_job_runs
SELECT
    job, toString(number), toDateTime64('{today}', 3, 'Europe/Moscow') - toIntervalHour(number) AS at, at + 60,
    'success', 9, '',
    concat('{{"window":{{"first":"', toString(toDate(at) - 8), '","last":"', toString(toDate(at)), '"}}}}'), 1
FROM numbers({runs} * {days}) AS n
CROSS JOIN (SELECT arrayJoin(['qtickets_loader', 'vk_ads_loader', 'direct_loader']) AS job) AS j
"""


def fill(client: Client, years: int) -> None:
    values = {"today": TODAY, "days": 365 * years, "events": EVENTS, "tickets": TICKETS_A_DAY, "runs": RUNS_A_DAY}
    for table, utm, vat in (("fact_vk_ads_daily", "vk", 0), ("fact_direct_daily", "yandex", 1)):
        client.command(_FACTS.format(table=table, utm=utm, vat=vat, ads=ADS_A_DAY, **values))
    for statement in (_TICKETS, _EVENTS, _RUNS):
        client.command(statement.format(**values))
    for mart in MARTS:
        name = mart.table.name
        columns = ", ".join(client.query(f"SELECT * FROM {name} LIMIT 0").column_names[:-1])
        client.command(f"INSERT INTO {name} SELECT {columns}, 1 FROM ({sql_text(f'marts/{name}.sql')})")
    for table in ("fact_vk_ads_daily", "fact_direct_daily", "stg_qtickets_tickets", "meta_job_runs"):
        merge(client, table)


def seconds(client: Client, check: Check) -> float:
    best = float("inf")
    for _ in range(_BEST_OF):
        begun = time.perf_counter()
        judge(client, check, TODAY, {})
        best = min(best, time.perf_counter() - begun)
    return best


def measure(folder: Path, years: int) -> dict[str, float]:
    settings = Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder / f'{years}-years'}")
    with warehouse(settings) as client:
        migrate(client)
        set_references(client)
        fill(client, years)
        return {check.name: seconds(client, check) for check in checks()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, many = (measure(Path(folder), years) for years in YEARS)
    print(f"{'check':<28}{'1 year':>9}{'3 years':>9}{'ratio':>7}")
    for name in sorted(many, key=lambda name: -many[name]):
        _print(name, few[name], many[name])
    _print("all", sum(few.values()), sum(many.values()))


def _print(name: str, few: float, many: float) -> None:
    print(f"{name:<28}{few:>9.3f}{many:>9.3f}{many / few:>7.1f}")


if __name__ == "__main__":
    main()
