"""`zakaz load all`: each source for itself; what went wrong is named, and the exit status says how badly."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import Product
from tests.flows.loaded import ServeAll, facts, the_world

pytestmark = pytest.mark.slow


def test_a_missing_setting_is_status_2_and_the_others_are_loaded(product: Product, serve_all: ServeAll) -> None:
    """Each with its own days: today's advertising is not over and not loaded, today's sales are."""
    serve_all(the_world())
    product.env |= {"DIRECT_RATE": "50"}
    del product.env["VK_CLIENT_SECRET"]

    done = product.run("load", "all")

    assert done.returncode == 2
    assert _lines(done.stderr) == [
        "zakaz: vk_ads: VK_CLIENT_SECRET is missing. Put it into secrets/.env.vk (sample: configs/.env.vk.sample)."
    ]
    assert done.stdout.splitlines() == [
        f"qtickets {_message(product, 'qtickets_loader')}",
        f"direct {_message(product, 'direct_loader')}",
    ]
    # A week, and more where Direct says that it changed older days.
    first, last = _message(product, "direct_loader").split(": ")[0].split("..")
    assert date.fromisoformat(first) <= clock.yesterday() - timedelta(days=6)
    assert last == str(clock.yesterday())
    assert facts(product, "direct") == ad_truth.facts(
        the_world(), "direct", date.fromisoformat(first), clock.yesterday()
    )
    assert (
        max(day for day, *_ in ad_truth.facts(the_world(), "direct", clock.yesterday(), clock.today()))
        == clock.today()
    )
    assert product.sales() == truth.sales(the_world(), clock.yesterday())
    jobs = product.select("SELECT job, status FROM meta_job_runs ORDER BY job").rows()
    assert jobs == [("direct_loader", "success"), ("qtickets_loader", "success")]


def test_a_failed_source_is_status_1_whatever_else_is_missing(product: Product, serve_all: ServeAll) -> None:
    serve_all(the_world())
    product.env |= {"DIRECT_TOKEN": "wrong-token-4711"}
    del product.env["QTICKETS_TOKEN"]

    done = product.run("load", "all")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    missing, failed = _lines(done.stderr)
    assert missing.startswith("zakaz: qtickets: QTICKETS_TOKEN is missing")
    assert failed.startswith("zakaz: direct: Yandex Direct refused the request with code 53")
    assert "wrong-token-4711" not in done.stderr
    fortnight = clock.yesterday() - timedelta(days=13)
    assert done.stdout.splitlines() == [f"vk_ads {_message(product, 'vk_ads_loader')}"]
    assert facts(product, "vk_ads") == ad_truth.facts(the_world(), "vk_ads", fortnight, clock.yesterday())
    assert (
        max(day for day, *_ in ad_truth.facts(the_world(), "vk_ads", clock.yesterday(), clock.today()))
        == clock.today()
    )
    jobs = product.select("SELECT job, status FROM meta_job_runs ORDER BY job").rows()
    assert jobs == [("direct_loader", "failed"), ("vk_ads_loader", "success")]


def _lines(errors: str) -> list[str]:
    return [line for line in errors.splitlines() if line.startswith("zakaz: ")]


def _message(product: Product, job: str) -> str:
    return str(product.select(f"SELECT message FROM meta_job_runs WHERE job = '{job}'").item())
