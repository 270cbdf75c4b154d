-- What money is in, and since when there are figures.
SELECT
    (SELECT any(currency) FROM dim_report FINAL)        AS currency,
    (SELECT minOrNull(d) FROM v_marketing_daily)        AS since
