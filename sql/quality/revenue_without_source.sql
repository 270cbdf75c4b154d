-- title: A source that brings tickets goes on doing so
-- why: Tags that got lost on the way to the shop make every ad look worthless
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- param: days = 3
-- param: fall = 0.4
-- param: tickets = 30

SELECT 'too few attributed tickets before for their fall to mean something' AS unjudged
FROM
(
    SELECT sum(tickets_sold) * {days:Float64} / 28 AS usual FROM agg_marketing_daily FINAL
    WHERE source != 'other' AND d < {today:Date} - toUInt32({days:Float64}) AND d >= {today:Date} - toUInt32({days:Float64}) - 28
    GROUP BY source
)
HAVING count() = 0 OR max(usual) < {tickets:Float64};

-- By its share in all tickets, since all of them may fall; and only while the source is still paid for.
WITH
    {today:Date} - toUInt32({days:Float64}) AS since,
    days AS
    (
        SELECT d, source, sum(tickets_sold) AS tickets, sum(spend_total) AS spend
        FROM agg_marketing_daily FINAL WHERE d >= since - 28 AND d < {today:Date} GROUP BY d, source
    ),
    sums AS
    (
        SELECT
            source,
            sumIf(tickets, d >= since) AS new,
            sumIf(tickets, d < since) AS old,
            sum(new) OVER () AS all_new,
            sum(old) OVER () AS all_old,
            toFloat64(sumIf(spend, d >= since)) / {days:Float64} AS spends,
            toFloat64(sumIf(spend, d < since)) / 28 AS spent
        FROM days GROUP BY source
    )
SELECT
    concat(source, ' brought ', toString(new), ' tickets since ', toString(since), ', by its usual share ', toString(round(all_new * old / all_old))) AS what,
    source,
    new
FROM sums
WHERE source != 'other' AND all_old > 0 AND all_new * old / all_old >= {tickets:Float64}
    AND new < {fall:Float64} * all_new * old / all_old AND spends > 0 AND spends >= 0.6 * spent
ORDER BY source
