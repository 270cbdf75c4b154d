"""Rows of a world by hand, table by table: what a test does not say about one is ordinary."""

from collections import defaultdict
from datetime import date
from typing import Any

from clickhouse_connect.driver.client import Client

from tests.quality.healthy import make_marts
from tests.tasks.load.engines import put

TABLES = (
    *("dim_events", "dim_shows", "dim_show_dates", "dim_ad_shows", "fact_other_costs_daily",
      "fact_show_seats_daily"),
    *("fact_vk_ads_daily", "fact_direct_daily", "stg_qtickets_tickets"),
)  # fmt: skip


class Lines(defaultdict[str, list[dict[str, Any]]]):
    def __init__(self) -> None:
        super().__init__(list)

    def show(self, number: int, on: date, city: str, **more: Any) -> None:
        """The only one of its event, which has the same number."""
        names = {"event_id": number, "show_id": number, "event_name": f"Концерт {number}", "city": city}
        names |= {"currency": "RUB", "show_date": on, "show_at": f"{on} 16:00:00", "is_active": 1} | more
        self["dim_events"].append(names)
        self["dim_shows"].append(names)

    def sell(self, event: int, day: date, quantity: int, amount: object, **more: Any) -> None:
        number = len(self["stg_qtickets_tickets"])
        names = {"ticket_id": number, "order_id": number, "event_id": event, "show_id": event, "state": "paid"}
        times = dict.fromkeys(("ordered_at", "paid_at", "booked_at"), f"{day} 12:00:00.000")
        money = {"quantity": quantity, "amount": str(amount), "currency": "RUB"}
        self["stg_qtickets_tickets"].append(names | times | money | more)

    def spend(self, campaign: int, day: date, spent: object, source: str = "vk_ads", **more: Any) -> None:
        names = {"stat_date": day, "campaign_id": campaign, "campaign_name": f"К{campaign}"}
        self[f"fact_{source}_daily"].append(names | {"spent": str(spent), "spent_has_vat": 1} | more)

    def put(self, client: Client) -> None:
        """They are all there is, also in the marts."""
        for table in TABLES:
            client.command(f"TRUNCATE TABLE {table}")
        for table, lines in self.items():
            if lines:
                put(client, table, *lines)
        make_marts(client)
