"""What goes wrong with marts, views and runs, and which checks must say so."""

from __future__ import annotations

from tests.quality.breaking import changed, doubled
from tests.quality.harness import Defect

MARTS = (
    Defect("marketing days stand twice", "duplicates_marketing", doubled("agg_marketing_daily", "d")),
    Defect(
        "spend moved to another day",
        "reconcile_marketing",
        (
            changed(
                "agg_marketing_daily",
                "spend_total = spend_total + if(d = {today} - 5, 100, -100)",
                "d IN ({today} - 5, {today} - 6) AND source = 'direct' AND city = 'москва'",
            ),
        ),
    ),
    Defect(
        "spend moved to another city",
        "reconcile_marketing",
        (
            changed(
                "agg_marketing_daily",
                "spend_total = spend_total + if(city = 'москва', 100, -100)",
                "d = {today} - 5 AND source = 'direct' AND city IN ('москва', 'казань')",
            ),
        ),
    ),
    Defect(
        "v_marketing_daily shows a row twice",
        "duplicates_views, reconcile_marketing",
        (
            "CREATE OR REPLACE VIEW v_marketing_daily AS SELECT d, city, source, impressions, clicks, conversions, spend_total, tickets_sold, revenue, refunds_amount, revenue - refunds_amount AS net_revenue FROM (SELECT * FROM agg_marketing_daily FINAL UNION ALL SELECT * FROM (SELECT * FROM agg_marketing_daily FINAL ORDER BY spend_total DESC LIMIT 1))",
        ),
    ),
    Defect(
        "v_romi_kpi leaves days out",
        "reconcile_views",
        (
            "CREATE OR REPLACE VIEW v_romi_kpi AS SELECT d, city, sum(spend_total) AS spend_total, sum(tickets_sold) AS tickets_sold, sum(revenue) AS revenue, sum(refunds_amount) AS refunds_amount, revenue - refunds_amount AS net_revenue FROM agg_marketing_daily AS a FINAL WHERE a.spend_total > 0 GROUP BY d, city",
        ),
    ),
)


def _run(status: str, finished: str) -> str:
    started = "toDateTime64({today}, 3, 'Europe/Moscow') + toIntervalHour(10)"
    columns = "job, run_id, status, started_at, finished_at, message, metrics, rows_processed, _ver"
    values = f"'vk_ads_loader', 'bad', '{status}', {started}, {finished}, 'it broke', '{{}}', 0, 9999999999999"
    return f"INSERT INTO meta_job_runs ({columns}) SELECT {values}"


RUNS = (
    Defect(
        "a job without good runs",
        "freshness_runs, runs_failed",
        (changed("meta_job_runs", "status = 'failed'", "job = 'vk_ads_loader'"),),
    ),
    Defect("a job without any run", "freshness_runs", ("DELETE FROM meta_job_runs WHERE job = 'direct_loader'",)),
    Defect(
        "no good run since three days",
        "completeness_runs, freshness_runs, good_run_by_ten",
        ("DELETE FROM meta_job_runs WHERE job = 'qtickets_loader' AND started_at > {today} - 3",),
    ),
    Defect(
        "no good run this morning",
        "good_run_by_ten",
        (
            "DELETE FROM meta_job_runs WHERE job = 'vk_ads_loader' AND started_at >= toDateTime64({today}, 3, 'Europe/Moscow')",
        ),
    ),
    Defect(
        "this morning's run did not read yesterday",
        "good_run_by_ten",
        (
            changed(
                "meta_job_runs",
                'metrics = replaceAll(metrics, concat(\'"last": "\', toString({today} - 1)), concat(\'"last": "\', toString({today} - 2)))',
                "job = 'direct_loader' AND started_at >= toDateTime64({today}, 3, 'Europe/Moscow')",
            ),
        ),
    ),
    Defect(
        "the newest run failed",
        "runs_failed",
        (_run("failed", "toDateTime64({today}, 3, 'Europe/Moscow') + toIntervalHour(11)"),),
    ),
    Defect("a run is stuck", "runs_stuck", (_run("running", "NULL"),)),
    Defect(
        "a run was killed, and later ones were good",
        "runs_stuck",
        (
            changed(
                "meta_job_runs",
                "status = 'running', finished_at = NULL",
                "run_id = concat('vk_ads-', toString({today} - 3))",
            ),
        ),
    ),
    Defect(
        "days that no run has read",
        "completeness_runs",
        (
            "DELETE FROM meta_job_runs WHERE job = 'direct_loader' AND started_at BETWEEN {today} - 30 AND {today} - 20",
        ),
    ),
    Defect(
        "the API sends another column",
        "schema_drift",
        (
            changed(
                "meta_job_runs",
                "metrics = replaceAll(metrics, 'created_at', 'made_at')",
                "run_id = concat('qtickets-', toString({today}))",
            ),
        ),
    ),
    Defect(
        "rows were rejected",
        "quarantine_growth",
        (
            "INSERT INTO meta_quarantine SELECT toString(number), 'qtickets', 'orders', toString(number), 'price is negative', 'price', '-1', '{{}}', 'r', toDateTime64({today}, 3, 'UTC'), {today}, {today}, 1 FROM numbers(12)",
        ),
    ),
)
