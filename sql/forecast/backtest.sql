-- How good the forecast would have been for shows that are over, made from what was known so many days before them.
SELECT
    days_out,
    count()                                                     AS shows,
    countIf(reason = '')                                        AS forecasts,
    quantileExactInclusiveIf(0.5)(abs(toFloat64(tickets_p50) - tickets_final) / tickets_final, reason = '') AS median_error,
    countIf(tickets_final >= tickets_p25 AND (tickets_p75 IS NULL OR tickets_final <= tickets_p75)) / nullIf(forecasts, 0) AS within_quartiles
FROM v_forecasts
WHERE tickets_final > 0
GROUP BY days_out
ORDER BY days_out DESC
