-- title: Advertising does not change its cost in all campaigns on one day
-- ru: Цена рекламы не сдвинулась сразу во всех кампаниях
-- why: All at once is no auction but a basis: with VAT or without, with a fee, in another currency
-- why_ru: Разом меняется не аукцион, а база: с НДС или без, с комиссией, в другой валюте
-- do: Compare the spend of that day with the cabinet, with VAT and without; if it differs, tell whoever runs Zakaz
-- do_ru: Сверьте расход этого дня с кабинетом, с НДС и без него; если не сходится, сообщите администратору Zakaz
-- severity: warn
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, day
-- days: 14
-- param: times = 1.12
-- param: holiday = 1.6
-- param: spread = 6
-- param: campaigns = 3
-- param: small = 1000
-- says: {who}: all {campaigns} campaigns are {percent} % {moved} since {day}
-- says_ru: {who}: реклама {moved_ru} на {percent} % сразу во всех кампаниях с {day}

-- The geometric mean of each ad's cost against its own two weeks before: new ads in many campaigns change what these
-- cost. It must leave what it strayed in six
-- weeks, in clicks and in shows alike, and from one day to the next. Over New Year auctions are cheap, and two weeks later they are compared with that: there it
-- must be more.
WITH
    days AS
    (
        SELECT
            source, account, campaign_id, ad_id AS thing, stat_date AS d, any(campaign_name) AS name, toFloat64(sum(impressions)) AS shown, toFloat64(sum(clicks)) AS clicked,
            toFloat64(sum(spend)) AS spent
        FROM v_ad_spend WHERE stat_date >= {since:Date} - 70 AND stat_date < {today:Date}
        GROUP BY source, account, campaign_id, thing, d
    ),
    -- include: advertising_costs,
    judged AS
    (
        SELECT
            *, 1.4826 * arrayReduce('median', arrayMap(x -> abs(x), shifts)) AS mad, length(shifts) AS days_before,
            1.4826 * arrayReduce('median', arrayMap(x -> abs(x), show_shifts)) AS show_mad,
            log(if((toMonth(d) = 12 AND toDayOfMonth(d) >= 29) OR (toMonth(d) = 1 AND toDayOfMonth(d) <= 23), {holiday:Float64}, {times:Float64})) AS bound,
            -- Clicks are the surer measure where money is paid for clicks, shows where it is paid for shows.
            if(mad < show_mad, click_shift, show_shift) AS sure, if(mad < show_mad, show_shift, click_shift) AS other,
            greatest(least(mad, show_mad), 0.012) AS sure_mad, greatest(mad, show_mad, 0.012) AS other_mad,
            campaigns >= {campaigns:Float64} AND of_these >= {small:Float64} AND days_before >= 10 AND click_shift * show_shift > 0
                AND abs(sure) > if(has({open:Array(String)}, concat(source, '/', account, '/', toString(d))), 0.8, 1) * greatest(bound, {spread:Float64} * sure_mad) AND abs(other) > bound / 2
                AND abs(other) > {spread:Float64} / 4 * other_mad
                AND abs(sure - other) < greatest(0.35 * abs(sure), 3 * other_mad)
                AND abs(click_shift - arrayReduce('median', arraySlice(shifts, -3))) > 0.5 * abs(click_shift) AS is_strange
        FROM
        (
            SELECT *, groupArray(click_shift) OVER w AS shifts, groupArray(show_shift) OVER w AS show_shifts
            FROM together WINDOW w AS (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 42 PRECEDING AND 1 PRECEDING)
        )
    )
SELECT source, account, d AS day, campaigns, round(abs(exp(sure) - 1) * 100) AS percent, if(sure > 0, 'dearer', 'cheaper') AS moved, if(sure > 0, 'подорожала', 'подешевела') AS moved_ru, round(abs(of_these - of_these / exp(sure)), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY source, account ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AS went_on FROM judged)
WHERE d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY money DESC, source, account, day
