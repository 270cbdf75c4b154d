-- title: Not all revenue is without a source
-- why: Tags that got lost on the way to the shop make every ad look worthless
-- severity: warn
-- sources: qtickets
-- param: rise = 0.2

SELECT concat(toString(round(share * 100)), ' % of the revenue of the last week has no source, before ', toString(round(usual * 100)), ' %') AS what, share, usual
FROM
(
    SELECT
        toFloat64(sumIf(revenue, source = 'other' AND d >= {today:Date} - 7)) / nullIf(toFloat64(sumIf(revenue, d >= {today:Date} - 7)), 0) AS share,
        toFloat64(sumIf(revenue, source = 'other' AND d < {today:Date} - 7)) / nullIf(toFloat64(sumIf(revenue, d < {today:Date} - 7)), 0) AS usual
    FROM agg_marketing_daily FINAL
    WHERE d >= {today:Date} - 37 AND d < {today:Date}
)
WHERE share > usual + {rise:Float64}
