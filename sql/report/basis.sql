-- What the figures are in, by the newest load; since when there are any; when the checks last looked.
SELECT
    (SELECT any(currency) FROM dim_report FINAL)                        AS currency,
    (SELECT any(spend_with_vat) FROM dim_report FINAL) = 1              AS with_vat,
    (SELECT minOrNull(d) FROM v_marketing_daily)                        AS since,
    (SELECT maxOrNull(checked_at) FROM meta_quality_checks)             AS checked_at
