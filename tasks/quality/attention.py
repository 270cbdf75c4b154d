"""What deserves a marketer's attention: files like the checks, in `sql/attention`, the roubles at stake first. Not
faults of the data: they are neither recorded nor sent, and no run fails by them."""

from __future__ import annotations

import logging
from datetime import date

from clickhouse_connect.driver.client import Client

from tasks.quality.checks import Finding, checks, judge
from tasks.quality.looks import set_up
from tasks.settings import Settings

logger = logging.getLogger("zakaz.flow")


def attention(client: Client, settings: Settings, today: date) -> list[Finding]:
    """What there is on this Moscow day, by money; those of which nobody can say how much last. One that cannot be
    looked for says why in the log and hides no other."""
    accounts = set_up(client, settings)
    found: list[Finding] = []
    for check in checks(folder="attention"):
        result = judge(client, check, today, accounts, settings.quality_parameters.get(check.name, {}))
        if result.hindered:
            logger.warning("%s: %s", check.title, result.message)
        found += result.findings
    return sorted(found, key=lambda one: (-(one.money or 0), one.check.name, one.key))
