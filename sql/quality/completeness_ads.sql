-- title: No day between days with ads is without any
-- why: A day of an account that was not loaded looks like a day without advertising
-- severity: fail
-- sources: vk_ads, direct
-- param: days = 90
-- param: ads = 3
-- param: longest = 7

-- Several ads before and after a short gap: one or two may pause by chance, and a long gap is a decision.
SELECT
    concat(source, if(account = 'main', '', concat(' ', account)), ' ', account_id, ' has nothing on ', toString(day + 1), if(next > day + 2, concat(' to ', toString(next - 1)), '')) AS what,
    source,
    account,
    account_id,
    day + 1 AS first,
    next - 1 AS last
FROM
(
    SELECT source, account, account_id, day, ads, leadInFrame(day) OVER w AS next, leadInFrame(ads) OVER w AS ads_after
    FROM
    (
        SELECT source, account, account_id, stat_date AS day, count() AS ads FROM v_ad_spend
        WHERE stat_date >= {today:Date} - toUInt32({days:Float64}) GROUP BY source, account, account_id, day
    )
    WINDOW w AS (PARTITION BY source, account, account_id ORDER BY day ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
)
WHERE next > day + 1 AND next - day - 1 <= {longest:Float64} AND least(ads, ads_after) >= {ads:Float64}
ORDER BY source, account, account_id, first
