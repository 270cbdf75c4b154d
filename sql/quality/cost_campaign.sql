-- title: No campaign's clicks cost several times more or less than before
-- ru: Цена клика кампании не изменилась в разы
-- why: Spend or clicks of another campaign or day may stand under its name
-- why_ru: Под именем кампании могут стоять расход или клики другой кампании
-- do: Compare the campaign's spend and clicks of that day with the cabinet; if they differ, the day is to be loaded again
-- do_ru: Сверьте расход и клики кампании за этот день с кабинетом; если они другие, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, campaign_id, day
-- days: 14
-- param: times = 4
-- param: spread = 7
-- param: small = 1000
-- param: share = 0.05
-- says: {who}: a click cost {cost} ₽ on {day}, usual {usual} ₽: {campaign}
-- says_ru: {who}: клик {day} стоил {cost} ₽ вместо {usual} ₽: {campaign}

-- Against its own two weeks and against what all campaigns of the account did that day. Small ones jump by chance: it must be
-- `share` of the account's spend. `spread` by what it strayed itself in six weeks.
WITH
    days AS
    (
        SELECT
            source, account, campaign_id, toUInt64(0) AS thing, stat_date AS d, any(campaign_name) AS name, toFloat64(sum(impressions)) AS shown, toFloat64(sum(clicks)) AS clicked,
            toFloat64(sum(spend)) AS spent
        FROM v_ad_spend WHERE stat_date >= {since:Date} - 70 AND stat_date < {today:Date}
        GROUP BY source, account, campaign_id, thing, d
    ),
    -- include: advertising_costs,
    apart AS
    (
        SELECT
            c.source AS source, c.account AS account, c.campaign_id AS campaign_id, c.name AS name, c.d AS d, c.spent AS spent, c.clicked AS clicked, c.usual_click AS usual_click,
            c.by_click - if(t.campaigns < 3, 0, (t.click_shift * t.clicks_of_these - c.by_click * c.clicked) / greatest(t.clicks_of_these - c.clicked, 1)) AS shift,
            sum(c.spent) OVER (PARTITION BY c.source, c.account, c.d) AS of_all
        FROM costs AS c INNER JOIN together AS t ON t.source = c.source AND t.account = c.account AND t.d = c.d
    ),
    judged AS
    (
        SELECT
            *, 1.4826 * arrayReduce('median', arrayMap(x -> abs(x), shifts)) AS mad,
            length(shifts) >= 10 AND greatest(spent, spent / exp(shift)) >= greatest({small:Float64}, {share:Float64} * of_all)
                AND abs(shift) > if(has({open:Array(String)}, concat(source, '/', account, '/', toString(campaign_id), '/', toString(d))), 0.8, 1) * greatest(log({times:Float64}), {spread:Float64} * mad, {spread:Float64} / sqrt(clicked), arrayMax(arrayMap(x -> abs(x), shifts)) * 1.2)
                AND abs(log(spent / clicked / usual_click)) > log({times:Float64}) AS is_strange
        FROM (SELECT *, groupArray(shift) OVER w AS shifts FROM apart WINDOW w AS (PARTITION BY source, account, campaign_id ORDER BY toInt32(d) RANGE BETWEEN 42 PRECEDING AND 1 PRECEDING))
    )
SELECT source, account, campaign_id, d AS day, name AS campaign, round(spent / clicked, 2) AS cost, round(usual_click, 2) AS usual, round(abs(spent - clicked * usual_click), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY source, account, campaign_id ORDER BY toInt32(d) RANGE BETWEEN 5 PRECEDING AND 1 PRECEDING) AS went_on FROM judged)
WHERE d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY money DESC, source, account, campaign_id, day
