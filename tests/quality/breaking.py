"""SQL that breaks a healthy warehouse: what the defects are put together from."""

from __future__ import annotations

PAID_ON = "toDate(assumeNotNull(paid_at), 'Europe/Moscow')"
BOOKED_ON = "toDate(coalesce(paid_at, ordered_at), 'Europe/Moscow')"
NOW = " SETTINGS mutations_sync = 2"
MOSCOW = "(SELECT event_id FROM dim_events WHERE city = 'москва')"


def copied(table: str, where: str, replaced: str = "") -> str:
    how = f"REPLACE ({replaced})" if replaced else ""
    return f"INSERT INTO {table} SELECT * {how} FROM (SELECT * FROM {table} WHERE {where})"


def doubled(table: str, day: str) -> tuple[str, ...]:
    """The same rows in a second part that is never merged, as a crash before the merge leaves them."""
    return f"SYSTEM STOP MERGES {table}", copied(table, f"{day} = {{today}} - 5")


def changed(table: str, change: str, where: str) -> str:
    return f"ALTER TABLE {table} UPDATE {change} WHERE {where}{NOW}"


def tickets(change: str, where: str) -> str:
    return changed("stg_qtickets_tickets", change, where)


def vk(change: str, where: str) -> str:
    return changed("fact_vk_ads_daily", change, where)


ONE_TICKET = f"ticket_id = (SELECT max(ticket_id) FROM stg_qtickets_tickets WHERE state = 'paid' AND amount > 0 AND {PAID_ON} = {{today}} - 1)"
ONE_AD = "stat_date = {today} - 4 AND ad_id = (SELECT argMax(ad_id, spent) FROM fact_vk_ads_daily WHERE stat_date = {today} - 4)"
MAIN = "(SELECT argMax(campaign_id, s) FROM (SELECT campaign_id, sum(spent) AS s FROM fact_vk_ads_daily WHERE utm_city != '' AND stat_date > {today} - 17 GROUP BY campaign_id HAVING count() >= 16))"
