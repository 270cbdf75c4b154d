"""Defects of the warehouse after a good load, as statements. `base` is the database of the same life without the defect,
from which right rows come, so that the same defect may be done again on the next morning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from drill.defects import WAREHOUSE, Defect, Kind
from drill.lives import SOURCES
from sandbox.world.ads import DIRECT, VK
from tasks.load.frames import select

_FACTS = {VK: "fact_vk_ads_daily", DIRECT: "fact_direct_daily"}


@dataclass(frozen=True)
class Target:
    """A table that may be damaged: its day; `id`: what a share is taken of; `things`: columns that a defect may be bound
    to; `twin`: what a second row under a new id has; `moved`: what a row of another day has, `{n}` days later."""

    table: str
    day: str
    id: str
    money: str
    things: tuple[str, ...]
    twin: str
    moved: str
    label: tuple[str, ...]


def targets(source: str) -> dict[str, Target]:
    by_row = {
        "qtickets": Target(
            "stg_qtickets_tickets", "toDate(booked_at, 'Europe/Moscow')", "ticket_id", "amount",
            ("event_id", "utm_source"), "ticket_id + 1000000000000 AS ticket_id",
            "booked_at + toIntervalDay({n}) AS booked_at, paid_at + toIntervalDay({n}) AS paid_at",
            ("'USD' AS currency", "'elsewhere' AS utm_source", "event_id + 1 AS event_id", "'cancelled' AS state"),
        )
    }  # fmt: skip
    for name, table in _FACTS.items():
        by_row[name] = Target(
            table, "stat_date", "ad_id", "spent", ("campaign_id", "utm_city"), "ad_id + 1000000000000 AS ad_id",
            "stat_date + {n} AS stat_date", ("'USD' AS currency", "'казань' AS utm_city", "1 - spent_has_vat AS spent_has_vat"),
        )  # fmt: skip
    sales = Target(
        "stg_qtickets_sales_raw", "event_date", "event_id", "revenue", ("event_id", "city"),
        "event_id + 1000000 AS event_id", "event_date + {n} AS event_date", ("'казань' AS city", "'USD' AS currency"),
    )  # fmt: skip
    money = "revenue" if source == "qtickets" else "spend_total"
    marketing = Target(
        "agg_marketing_daily", "d", "city", money, ("city", "source"), "concat(city, '-2') AS city",
        "d + {n} AS d", ("'казань' AS city", "'other' AS source"),
    )  # fmt: skip
    return {"rows": by_row[source], "mart": sales if source == "qtickets" else marketing, "marketing": marketing}


Write = Callable[[Defect, Target, str, str], list[str]]


def _on(target_name: str, write: Write) -> Callable[[Defect, tuple[Client, str]], list[str]]:
    def strike(one: Defect, given: tuple[Client, str]) -> list[str]:
        client, base = given
        target = targets(one.source)[target_name]
        return write(one, target, base, _where(one, target, client, base))

    return strike


def _where(one: Defect, target: Target, client: Client, base: str) -> str:
    days = f"{target.day} BETWEEN '{one.since}' AND '{one.until}'"
    if target.table == "agg_marketing_daily" and one.source != "qtickets":
        days += f" AND source = '{one.source}'"
    column = one.draw("column").choice(target.things) if one.thing != "all" else ""
    if column:
        rows = f"SELECT toString({column}) AS value FROM {base}.{target.table} FINAL WHERE {days}"
        found = select(client, f"{rows} ORDER BY cityHash64('{one.seed}', {target.id}) LIMIT 1")
        days += f" AND toString({column}) = '{found.item() if found.height else ''}'"
    return f"{days} AND cityHash64('{one.seed}', {target.id}) % 10000 < {round(one.size * 10_000)}"


def _insert(target: Target, base: str, where: str, change: str) -> str:
    """A version above all that are there."""
    newest = f"(SELECT max(_ver) + 1 FROM {target.table}) AS _ver"
    return f"INSERT INTO {target.table} SELECT * REPLACE({change}, {newest}) FROM {base}.{target.table} FINAL WHERE {where}"


def _delete(target: Target, where: str) -> str:
    return f"DELETE FROM {target.table} WHERE {where}"


def _money(one: Defect, target: Target, base: str, where: str) -> list[str]:
    rng = one.draw("factor")
    factor = rng.choice((rng.uniform(0, 0.9), rng.uniform(1.1, 3), 100.0, 0.01))
    return [
        _insert(target, base, where, f"toDecimal128(toFloat64({target.money}) * {factor:.4f}, 2) AS {target.money}")
    ]


def _moved(one: Defect, target: Target, base: str, where: str) -> list[str]:
    days = one.draw("shift").choice((-30, -7, -1))
    return [_delete(target, where), _insert(target, base, where, target.moved.format(n=days))]


def _labelled(one: Defect, target: Target, base: str, where: str) -> list[str]:
    """The key of some rows changes with the label, so the old ones go."""
    return [_delete(target, where), _insert(target, base, where, one.draw("label").choice(target.label))]


def _older(_one: Defect, target: Target, base: str, where: str) -> list[str]:
    """As a load of another month would have left it."""
    change = f"{target.moved.format(n=-31)}, _ver - 1 AS _ver"
    return [f"INSERT INTO {target.table} SELECT * REPLACE({change}) FROM {base}.{target.table} FINAL WHERE {where}"]


def _event(one: Defect, given: tuple[Client, str]) -> list[str]:
    client, base = given
    sold = f"SELECT event_id FROM {base}.v_sales_latest WHERE event_date = '{one.since}'"
    found = select(client, f"{sold} ORDER BY cityHash64('{one.seed}', event_id) LIMIT 1")
    change = one.draw("column").choice(("'казань' AS city", "'USD' AS currency"))
    newest = "(SELECT max(_ver) + 1 FROM dim_events) AS _ver"
    where = f"event_id = {found.item() if found.height else 0}"
    return [
        f"INSERT INTO dim_events SELECT * REPLACE({change}, {newest}) FROM {base}.dim_events FINAL WHERE {where}"
    ]


_VIEWS = {
    "qtickets": ("v_sales_latest", "v_marketing_daily"),
    **dict.fromkeys((VK, DIRECT), ("v_ad_spend", "v_marketing_daily")),
}


def _view(change: str) -> Callable[[Defect, tuple[Client, str]], list[str]]:
    """It keeps its comment, so that the next load does not put it right. `{share}` of the rows."""

    def strike(one: Defect, given: tuple[Client, str]) -> list[str]:
        client, base = given
        name = one.draw("view").choice(_VIEWS[one.source])
        sql = f"SELECT as_select, comment FROM system.tables WHERE database = '{base}' AND name = '{name}'"
        text, comment = select(client, sql).row(0)
        text = text.replace(f"{base}.", f"{client.database}.")
        day, share = (
            {"v_sales_latest": "event_date", "v_ad_spend": "stat_date"}.get(name, "d"),
            round(one.size * 10_000),
        )
        picked = f"cityHash64('{one.seed}', toString({day})) % 10000 < {share}"
        made = change.format(text=f"({text})", picked=picked)
        return [f"CREATE OR REPLACE VIEW {name} AS {made} COMMENT '{comment}'"]

    return strike


def _reference(one: Defect, _given: object) -> list[str]:
    newest = "_ver + 1 AS _ver"
    if one.source == "qtickets":
        change = f"SELECT * REPLACE('other' AS source, {newest}) FROM dim_utm_sources FINAL WHERE source = '{one.draw('of').choice((VK, DIRECT))}'"
        return [f"INSERT INTO dim_utm_sources {change}"]
    rate = one.draw("rate").choice((0.5, 0.9, 1.1, 2))
    return [
        f"INSERT INTO dim_vat_rates SELECT * REPLACE(toDecimal32(toFloat64(rate) * {rate}, 4) AS rate, {newest}) FROM dim_vat_rates FINAL"
    ]


_NEW_IDS: Write = lambda _one, target, base, where: [_insert(target, base, where, target.twin)]  # noqa: E731
_DELETED: Write = lambda _one, target, _base, where: [_delete(target, where)]  # noqa: E731


def _kind(name: str, strike: Callable[..., Any], sources: tuple[str, ...] = SOURCES) -> Kind:
    return Kind(name, WAREHOUSE, sources, exact=True, strike=strike)


HELD_KINDS = [
    _kind("rows deleted", _on("rows", _DELETED)),
    _kind("rows twice under new ids", _on("rows", _NEW_IDS)),
    _kind("money of rows changed", _on("rows", _money)),
    _kind("rows moved to another day", _on("rows", _moved)),
    _kind("rows labelled anew", _on("rows", _labelled)),
    _kind("an older version left", _on("rows", _older), ("qtickets",)),
    _kind("an event changed", _event, ("qtickets",)),
    _kind("rows of a mart deleted", _on("mart", _DELETED)),
    _kind("rows of a mart twice", _on("mart", _NEW_IDS)),
    _kind("money of a mart changed", _on("mart", _money)),
    _kind("rows of the marketing mart labelled anew", _on("marketing", _labelled)),
    _kind("a view leaves days out", _view("SELECT * FROM {text} WHERE NOT ({picked})")),
    _kind("a view doubles days", _view("SELECT * FROM {text} UNION ALL SELECT * FROM {text} WHERE {picked}")),
    _kind("reference tables changed", _reference),
]
