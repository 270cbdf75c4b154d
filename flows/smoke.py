"""Smoke: does everything that a load needs answer, right now? APIs, landing area, warehouse, last runs, alerts."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import ALERT_HOOKS, name_of_day
from flows.outcomes import completed, in_words
from flows.parameters import AccountName
from tasks.alerts.block import block_channel
from tasks.settings import load_settings
from tasks.smoke import probe_all, refuse_failures, summary


@flow(name="smoke", flow_run_name=name_of_day, description=__doc__, **ALERT_HOOKS)
@in_words
def smoke(account: AccountName = None) -> State[object]:
    """Ask everything that a load needs."""
    settings = load_settings()
    probes = probe_all(settings, block_channel(settings), account)
    refuse_failures(probes)
    return completed(summary(probes, settings.zakaz_language), probes)
