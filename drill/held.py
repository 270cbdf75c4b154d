"""Defects of the warehouse after a good load, as statements. `base` is the database of the same life without the defect,
from which right rows come, so that the same is done again on the next morning."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from drill.defects import ADS, WAREHOUSE, Defect, Kind, Strike
from drill.lives import SOURCES
from sandbox.world.ads import DIRECT, VK
from tasks.load.frames import select


class Target(NamedTuple):
    """A table that may be damaged. `id`: what a share is taken of; `things`: columns that a defect may be bound to;
    `twin`: what a second row under a new id has; `moved`: what a row of `{n}` days later has; `labels`: other words."""

    table: str
    day: str
    id: str
    money: str
    things: tuple[str, ...]
    twin: str
    moved: str
    labels: tuple[str, ...]


_TICKETS = Target(
    "stg_qtickets_tickets", "toDate(booked_at, 'Europe/Moscow')", "ticket_id", "amount", ("event_id", "utm_source"),
    "ticket_id + 1000000000000 AS ticket_id",
    "booked_at + toIntervalDay({n}) AS booked_at, paid_at + toIntervalDay({n}) AS paid_at",
    ("'USD' AS currency", "'elsewhere' AS utm_source", "event_id + 1 AS event_id", "'cancelled' AS state"),
)  # fmt: skip
_FACTS = Target(
    "", "stat_date", "ad_id", "spent", ("campaign_id", "utm_city"), "ad_id + 1000000000000 AS ad_id",
    "stat_date + {n} AS stat_date",
    ("'USD' AS currency", "'казань' AS utm_city", "1 - spent_has_vat AS spent_has_vat"),
)  # fmt: skip
_SALES = Target(
    "stg_qtickets_sales_raw", "event_date", "event_id", "revenue", ("event_id", "city"),
    "event_id + 1000000 AS event_id", "event_date + {n} AS event_date", ("'казань' AS city", "'USD' AS currency"),
)  # fmt: skip
_MARKETING = Target(
    "agg_marketing_daily", "d", "city", "spend_total", ("city", "source"), "concat(city, '-2') AS city",
    "d + {n} AS d", ("'казань' AS city", "'other' AS source"),
)  # fmt: skip
_ROWS = {"qtickets": _TICKETS, **{name: _FACTS._replace(table=f"fact_{name}_daily") for name in ADS}}
_MARTS = {"qtickets": _SALES, **dict.fromkeys(ADS, _MARKETING)}
_MARKETS = {"qtickets": _MARKETING._replace(money="revenue"), **dict.fromkeys(ADS, _MARKETING)}
_VIEWS = {
    "qtickets": ("v_sales_latest", "v_marketing_daily"),
    **dict.fromkeys(ADS, ("v_ad_spend", "v_marketing_daily")),
}
_DAY_OF = {"v_sales_latest": "event_date", "v_ad_spend": "stat_date", "v_marketing_daily": "d"}


def _insert(table: str, base: str, change: str, where: str = "1", version: str = "max(_ver) + 1") -> str:
    """Rows as they should be, but for a change, with a version above all that are there."""
    newest = f"(SELECT {version} FROM {table}) AS _ver"
    # Bound first: what is replaced would be meant by the condition, too.
    rows = f"SELECT * FROM {base}.{table} FINAL WHERE {where}"
    return f"INSERT INTO {table} SELECT * REPLACE({change}, {newest}) FROM ({rows})"


def _on(targets: dict[str, Target], change: Callable[[Defect, Target], str], *, delete: bool = False) -> Strike:
    """Rows of the target are deleted, or written again with a change (none where it is empty), or both."""

    def strike(one: Defect, client: Client, base: str) -> list[str]:
        target = targets[one.source]
        where, made = _where(one, target, client, base), change(one, target)
        deleted = [f"DELETE FROM {target.table} WHERE {where}"] if delete else []
        return deleted + ([_insert(target.table, base, made, where)] if made else [])

    return strike


def _where(one: Defect, target: Target, client: Client, base: str) -> str:
    """So many of the ids of these days and of the thing, in an order of the defect's own."""
    where = f"{target.day} BETWEEN '{one.since}' AND '{one.until}'"
    where += f" AND source = '{one.source}'" * (target is _MARKETING)
    rows = f"SELECT DISTINCT toString({{}}) AS value FROM {base}.{target.table} FINAL WHERE "
    if one.thing != "all":
        column = one.draw("column").choice(target.things)
        found = select(client, f"{rows.format(column)}{where} ORDER BY cityHash64('{one.seed}', value) LIMIT 1")
        where += f" AND toString({column}) = '{found.item() if found.height else ''}'"
    ids = select(client, f"{rows.format(target.id)}{where} ORDER BY cityHash64('{one.seed}', value)")[
        "value"
    ].to_list()
    return f"{where} AND toString({target.id}) IN {(*ids[: ceil(len(ids) * one.size)], '')}"


def _money(one: Defect, target: Target) -> str:
    rng = one.draw("factor")
    factor = rng.choice((rng.uniform(0, 0.9), rng.uniform(1.1, 3), 100.0, 0.01))
    return f"toDecimal128(toFloat64({target.money}) * {factor:.4f}, 2) AS {target.money}"


def _moved(one: Defect, target: Target) -> str:
    return target.moved.format(n=one.draw("shift").choice((-30, -7, -1)))


def _labelled(one: Defect, target: Target) -> str:
    return one.draw("label").choice(target.labels)


def _older(one: Defect, client: Client, base: str) -> list[str]:
    """As a load of another month would have left it."""
    where, change = _where(one, _TICKETS, client, base), _TICKETS.moved.format(n=-31)
    return [_insert(_TICKETS.table, base, change, where, "min(_ver) - 1")]


def _event(one: Defect, client: Client, base: str) -> list[str]:
    sold = f"SELECT event_id FROM {base}.v_sales_latest WHERE event_date = '{one.since}'"
    found = select(client, f"{sold} ORDER BY cityHash64('{one.seed}', event_id) LIMIT 1")
    change = one.draw("column").choice(("'казань' AS city", "'USD' AS currency"))
    return [_insert("dim_events", base, change, f"event_id = {found.item() if found.height else 0}")]


def _view(made: str) -> Strike:
    """Some days of it. It keeps its comment, so that the next load does not put it right."""

    def strike(one: Defect, client: Client, base: str) -> list[str]:
        name = one.draw("view").choice(_VIEWS[one.source])
        sql = f"SELECT as_select, comment FROM system.tables WHERE database = '{base}' AND name = '{name}'"
        text, comment = select(client, sql).row(0)
        picked = f"cityHash64('{one.seed}', toString({_DAY_OF[name]})) % 10000 < {round(one.size * 10_000)}"
        select_ = made.format(text=f"({text.replace(f'{base}.', f'{client.database}.')})", picked=picked)
        return [f"CREATE OR REPLACE VIEW {name} AS {select_} COMMENT '{comment}'"]

    return strike


def _reference(one: Defect, _client: Client, base: str) -> list[str]:
    if one.source == "qtickets":
        of = one.draw("of").choice((VK, DIRECT))
        return [_insert("dim_utm_sources", base, "'other' AS source", f"source = '{of}'")]
    rate = one.draw("rate").choice((0.5, 0.9, 1.1, 2))
    return [_insert("dim_vat_rates", base, f"toDecimal32(toFloat64(rate) * {rate}, 4) AS rate")]


def _nothing(_one: Defect, _target: Target) -> str:
    return ""


def _twin(_one: Defect, target: Target) -> str:
    return target.twin


_STRIKES = {
    "rows deleted": _on(_ROWS, _nothing, delete=True),
    "rows twice under new ids": _on(_ROWS, _twin),
    "money of rows changed": _on(_ROWS, _money),
    "rows moved to another day": _on(_ROWS, _moved, delete=True),
    "rows labelled anew": _on(_ROWS, _labelled, delete=True),
    "rows of a mart deleted": _on(_MARTS, _nothing, delete=True),
    "rows of a mart twice": _on(_MARTS, _twin),
    "money of a mart changed": _on(_MARTS, _money),
    "rows of the marketing mart labelled anew": _on(_MARKETS, _labelled, delete=True),
    "a view leaves days out": _view("SELECT * FROM {text} WHERE NOT ({picked})"),
    "a view doubles days": _view("SELECT * FROM {text} UNION ALL SELECT * FROM {text} WHERE {picked}"),
    "reference tables changed": _reference,
}
_SALES_ONLY = {"an older version left": _older, "an event changed": _event}
HELD_KINDS = [
    Kind(name, WAREHOUSE, ("qtickets",) if name in _SALES_ONLY else SOURCES, exact=True, strike=strike,
         marts_may_follow=not re.search("mart|view", name))
    for name, strike in (_STRIKES | _SALES_ONLY).items()
]  # fmt: skip
