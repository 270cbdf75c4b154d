"""What a load that failed leaves open: since when, and how much money a day. For its alert."""

from __future__ import annotations

import logging

from tasks.alerts.alert import moment
from tasks.errors import ZakazError
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.load.warehouse import warehouse
from tasks.settings import MAIN, Settings
from tasks.translation import said
from tasks.window import moscow_today

logger = logging.getLogger("zakaz.alerts")


def stake_of(settings: Settings, source: str, account: str | None) -> str:
    """A sentence or two; none where the account was never loaded or the warehouse does not answer: it may be the
    trouble."""
    given = {"source": source, "account": account or MAIN, "today": moscow_today()}
    # For a sentence no message waits.
    at_once = settings.model_copy(update={"clickhouse_lock_wait": min(settings.clickhouse_lock_wait, 2)})
    try:
        with warehouse(at_once) as client:
            found = select(client, sql_text("alerts/stake.sql"), given).row(0, named=True)
    except ZakazError as error:
        logger.debug("what is at stake cannot be looked up: %s", error)
        return ""
    if found["loaded_at"] is None:
        return ""
    language = settings.zakaz_language
    told = [said("It was last loaded well on {day} at {time}.", language, **moment(found["loaded_at"]))]
    unit = "₽" if found["currency"] == "RUB" else found["currency"]
    spend, sales = (
        f"{found[name] or 0:,.0f} {unit}".replace(",", "\N{NO-BREAK SPACE}") for name in ("spend", "sales")
    )
    if found["spend"]:
        told.append(said("It spends some {money} a day.", language, money=spend))
    if found["sales"]:
        told.append(said("It sells some {money} a day.", language, money=sales))
    return " ".join(told)
