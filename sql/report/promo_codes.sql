-- What was sold with promo codes and discounts in all loaded days, and what it would have cost more.
SELECT
    kind,
    code,
    sum(v.tickets_sold)                                                 AS tickets,
    CAST(sum(v.revenue) - sum(v.refunds_amount) AS Decimal(18, 2))      AS net,
    CAST(sum(v.discount) AS Decimal(18, 2))                             AS given
FROM v_promo_codes AS v
GROUP BY kind, code
ORDER BY net DESC, kind, code
