-- Refunds of all loaded days, by how long before the show the money went back.
SELECT
    multiIf(
        days_before_show IS NULL, 'unknown',
        days_before_show < 0, 'after',
        days_before_show <= 1, 'last',
        days_before_show <= 7, 'week',
        days_before_show <= 30, 'month',
        'early'
    )                                               AS period,
    sum(v.tickets)                                  AS tickets,
    CAST(sum(v.refunds_amount) AS Decimal(18, 2))   AS amount
FROM v_refunds AS v
GROUP BY period
ORDER BY indexOf(['early', 'month', 'week', 'last', 'after', 'unknown'], period)
