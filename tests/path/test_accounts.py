"""Seven accounts in one warehouse, under the same ids, with settings in files as people have them, and loaded side by
side: each is as exact as if it were alone, whatever happens to the others."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.run import Request, load_one, side_by_side
from sandbox.world import World
from tasks import settings
from tasks.ingest import Report
from tasks.load.warehouse import warehouse
from tasks.sources.accounts import label, wanted
from tests.flows import ad_truth, truth
from tests.path.conftest import DAYS, FIRST, NOW, YESTERDAY
from tests.path.test_contract import prove
from tests.support.fixtures import new_database
from tests.support.product import Clock, Product, in_process
from tests.support.stage import Stage, stage

MAIN, SPB = (World.generate(until=NOW, days=DAYS, scale=0.05, seed=seed) for seed in (7, 8))
WORLDS = {
    "qtickets": MAIN,
    "qtickets spb": SPB,
    "vk_ads": MAIN,
    "vk_ads omsk": SPB.emptied(),
    "vk_ads kzn": SPB,  # a client of an agency
    "direct sandbox-direct": MAIN,
    "direct sandbox-direct-spb": SPB,  # of the same token, in tenge
}
KEYS = {"stg_qtickets_tickets": "ticket_id", "dim_events": "event_id"}
KEYS |= {"fact_vk_ads_daily": "ad_id", "fact_direct_daily": "ad_id"}
HELD = (*KEYS, "stg_qtickets_sales_raw", "agg_marketing_daily", "meta_accounts", "meta_quarantine")
PARTS = f"SELECT table, name FROM system.parts WHERE active AND database = currentDatabase() AND table IN {HELD}"


@dataclass
class Town:
    stage: Stage
    clock: Clock
    secrets: Path

    def write(self, name: str, account: str, **more: str) -> None:
        """A file with the credentials of now, e.g. `vk.spb`, the account `spb` of VK Ads."""
        self.stage.write(self.secrets / f".env.{name}", name.partition(".")[0], account, **more)

    def write_all(self) -> None:
        """VK's tokens are forgotten on both sides."""
        for file in self.secrets.iterdir():
            file.unlink()
        for cabinet in self.stage.vk.accounts.values():
            cabinet.tokens.delete()
        for name, account in (("qtickets", "main"), ("qtickets.spb", "spb"), ("vk.omsk", "omsk")):
            self.write(name, account)
        self.write("vk", "main", VK_TOKEN_FILE=str(self.secrets / "vk_token.json"))
        self.write("vk.kzn", "agency", VK_AGENCY_CLIENT=self.stage.vk.accounts["kzn"].cabinet.username)
        self.write("direct", "main", DIRECT_LOGIN="sandbox-direct,sandbox-direct-spb")

    def load(self, source: str = "all") -> dict[str, Any]:
        """As `zakaz load` does; what each account gave or raised."""
        self.clock.move(minutes=1)
        return side_by_side(source, None, lambda one: load_one(one, Request(first=FIRST)))

    def loaded(self, source: str = "all") -> list[Report]:
        outcomes = self.load(source).values()
        assert not (failed := [str(one) for one in outcomes if not isinstance(one, Report)]), failed
        return list(outcomes)


def rows(sql: str) -> list[Any]:
    return Product(settings.load_settings()).select(f"{sql} ORDER BY ALL").rows()


def held() -> list[Any]:
    """All rows of all accounts in every column, so with the run that wrote them, and the parts in which they are."""
    return [*(rows(f"SELECT * FROM {table}") for table in HELD), rows(PARTS)]


@pytest.fixture(scope="module")
def town(clickhouse_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Loaded. A test leaves it as it found it."""
    home, clock = tmp_path_factory.mktemp("town"), Clock(NOW + timedelta(minutes=1))
    (home / "secrets").mkdir()
    with new_database(clickhouse_dsn) as name, stage(MAIN) as served, pytest.MonkeyPatch.context() as patch:
        served.qtickets.add("spb", SPB)
        served.vk.add("omsk", SPB.emptied())
        served.vk.add("kzn", SPB, agency=served.vk.add("agency", SPB.emptied()))
        served.direct.add("spb", SPB, currency="KZT")
        patch.setattr(settings, "HOME", home)
        for key, value in served.environment(clickhouse_dsn, name, home).items():
            if not key.startswith(("QTICKETS_", "VK_", "DIRECT_")):
                patch.setenv(key, value)
        made = Town(served, clock, home / "secrets")
        made.write_all()
        with in_process(clock):
            assert len(made.loaded()) == len(WORLDS)
            yield made


def exact() -> None:
    """Each by its own world alone."""
    product = Product(settings.load_settings())
    for account in wanted("all", None, settings.load_settings()):
        source, world, mine = account.source.name, WORLDS[account.label], f"WHERE account = '{account.name}'"
        if source == "qtickets":
            events = sorted((event.id, event.name, event.city.name.lower()) for event in world.events)
            assert rows(f"SELECT event_id, event_name, city FROM dim_events {mine}") == events
            assert product.held("tickets", account.name) == truth.tickets(world)
            assert product.held("sales", account.name) == truth.sales(world)
        else:
            assert product.held(source, account.name) == ad_truth.facts(world, source, FIRST, YESTERDAY)


def test_every_row_of_every_account_is_its_truth_and_loaded_again_nothing_is_written(town: Town) -> None:
    exact()
    for table, key in KEYS.items():
        assert len(rows(f"SELECT {key} FROM {table} GROUP BY {key} HAVING uniqExact(account) = 2")) > 10, table
    before = held()
    for report in town.loaded():
        assert (report.written, report.warnings, report.rejected, report.partial) == (0, [], 0, False)
        assert ", nothing changed" in report.message
    assert held() == before


def test_the_contract_is_right_over_all_accounts_and_tenge_are_kept_apart(town: Town) -> None:
    with warehouse(settings.load_settings()) as client:
        prove(client, [MAIN, SPB], {"vk_ads": [MAIN, SPB], "direct": [MAIN]})


def test_what_vanished_at_one_account_leaves_that_one_alone(town: Town) -> None:
    before = [set(rows(f"SELECT * FROM {table}")) for table in KEYS]
    with town.stage.qtickets.change() as api, town.stage.direct.change() as direct:
        gone = {basket["id"] for basket in api.orders.pop(len(api.orders) // 2)["baskets"]}
        number, row = next((n, row) for n, row in enumerate(direct.rows) if row.day == FIRST and not row.ad.wizard)
        del direct.rows[number]
    _ = town.loaded("qtickets"), town.loaded("direct")
    after = [set(rows(f"SELECT * FROM {table}")) for table in KEYS]
    tickets, events, vk, facts = (was - now for was, now in zip(before, after, strict=True))
    assert {ticket[:2] for ticket in tickets} == {("main", number) for number in gone}
    ad = (row.ad.campaign_id, row.ad.group_id, row.ad.ad_id)
    assert {fact[:6] for fact in facts} == {(FIRST, "sandbox-direct", "sandbox-direct", *ad)}
    assert not any([events, vk, *(now - was for was, now in zip(before, after, strict=True))])
    town.stage.show(MAIN)
    _ = town.loaded("qtickets"), town.loaded("direct")
    exact()


def test_where_the_network_of_some_is_dead_the_others_load(town: Town) -> None:
    before = held()
    for api, account in (("qtickets", "spb"), ("vk", "kzn"), ("direct", "main")):
        town.stage.faults(api).add("disconnect", "*", times=99, account=account)
    outcomes = town.load()
    town.stage.calm()
    failed = {name for name, outcome in outcomes.items() if not isinstance(outcome, Report)}
    assert failed == {"qtickets spb", "vk_ads kzn", "direct sandbox-direct"}
    ends = "SELECT job, account FROM meta_job_runs GROUP BY job, account HAVING argMax(status, _ver) = 'failed'"
    assert {label(job.removesuffix("_loader"), account) for job, account in rows(ends)} & WORLDS.keys() == failed
    assert held() == before


def test_credentials_that_were_mixed_up_and_an_account_under_a_second_name_are_refused(town: Town) -> None:
    """Of two organizers and of two cabinets, one without data; and a cabinet by another pair than the agency's. Their
    own credentials may be new."""
    before, served = held(), town.stage
    kzn = served.vk.accounts["kzn"].cabinet
    town.write("vk.omsk", "agency", VK_AGENCY_CLIENT=str(kzn.account_id))
    for name, account in {"qtickets": "spb", "qtickets.spb": "main", "vk.kzn": "omsk", "vk.again": "kzn"}.items():
        town.write(name, account)
    outcomes = town.load()
    assert "the account that the warehouse has as kzn already" in str(outcomes.pop("vk_ads again"))
    refused = {name for name, one in outcomes.items() if "is another account than the one whose data" in str(one)}
    assert refused == {"qtickets", "qtickets spb", "vk_ads omsk", "vk_ads kzn"}
    served.qtickets.accounts["spb"].token += "-new"
    served.vk.accounts["main"].tokens.client_secret += "-new"
    for login in served.direct.accounts.values():
        login.token += "-new"
    town.write_all()
    town.loaded()
    assert held() == before
