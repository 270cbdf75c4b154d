-- title: A campaign that spends keeps the tags of its ads
-- ru: У работающей кампании не меняются метки объявлений
-- why: Its spend moves to another city or to none, and its sales are nobody's
-- why_ru: Расход переходит в другой город или теряет его, а продажи не находят свою рекламу
-- do: Look at the links of its ads in the cabinet: the city in utm_content
-- do_ru: Откройте объявления кампании в кабинете и проверьте город в метках ссылок (utm_content)
-- severity: warn
-- story: exact
-- key: source, account, campaign_id
-- days: 30
-- sources: vk_ads, direct
-- says: {who}: tags of a campaign changed on {day}: "{was}" is now "{now}", spend of {money} ₽: {campaign}
-- says_ru: {who}: метка рекламы с {day} «{now}», прежде «{was}», расход {money} ₽: {campaign}
-- param: small = 1000
-- param: share = 0.05

-- An ad against itself on its day before: new ads may have any tags. And a campaign against what was remembered of it:
-- rows of that very day that now name another city were written again. Tags that were empty and are filled are no change.
WITH
    ads AS
    (
        SELECT source, account, campaign_id, ad_group_id, ad_id, stat_date AS day, campaign_name AS campaign, toString(utm_city) AS city, utm_campaign AS tag, toFloat64(spent) AS cost
        FROM v_ad_days WHERE stat_date >= {since:Date} - 14 AND stat_date < {today:Date} AND spent > 0
    ),
    itself AS
    (
        SELECT source, account, campaign_id, campaign, day, cost,
            lagInFrame(city, 1, city) OVER w AS old_city, lagInFrame(tag, 1, tag) OVER w AS old_tag, city, tag
        FROM ads
        WINDOW w AS (PARTITION BY source, account, campaign_id, ad_group_id, ad_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    by_ad AS
    (
        SELECT source, account, campaign_id, day, any(campaign) AS campaign, sum(cost) AS money,
            any(if(old_city != city, old_city, old_tag)) AS was, any(if(old_city != city, city, tag)) AS now
        FROM itself
        WHERE day >= {since:Date} AND ((old_city != '' AND old_city != city) OR (old_tag != '' AND tag = ''))
        GROUP BY source, account, campaign_id, day
    ),
    remembered AS
    (
        -- What is remembered holds till the next entry.
        SELECT * FROM
        (
            SELECT source, account, toUInt64OrZero(thing) AS campaign_id, words['utm_city'] AS cities,
                leadInFrame(seen_on, 1, {today:Date}) OVER (PARTITION BY source, account, thing ORDER BY seen_on ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS till
            FROM meta_memory FINAL WHERE what = 'campaigns' AND day = toDate(0) AND seen_on <= {today:Date}
        )
        WHERE till > {since:Date} - 14 AND trimBoth(cities) != ''
    ),
    by_memory AS
    (
        SELECT r.source AS source, r.account AS account, r.campaign_id AS campaign_id, max(a.day) AS newest, argMax(a.campaign, a.day) AS campaign,
            sum(a.cost) AS money, trimBoth(any(r.cities)) AS was, argMax(a.city, a.day) AS now
        FROM remembered AS r INNER JOIN ads AS a ON a.source = r.source AND a.account = r.account AND a.campaign_id = r.campaign_id
        WHERE a.day < r.till AND a.day >= r.till - 14
        GROUP BY source, account, campaign_id, r.till
        HAVING countIf(a.city != '' AND position(concat(' ', r.cities, ' '), concat(' ', a.city, ' ')) > 0) = 0 AND newest >= {since:Date}
    )
SELECT
    c.source AS source, c.account AS account, c.campaign_id AS campaign_id, argMin(c.campaign, c.day) AS campaign, min(c.day) AS day,
    argMin(c.was, c.day) AS was, argMin(if(c.now = '', '-', c.now), c.day) AS now, max(c.money) AS money
FROM (SELECT source, account, campaign_id, day, campaign, money, was, now FROM by_ad UNION ALL SELECT source, account, campaign_id, newest, campaign, money, was, now FROM by_memory) AS c
INNER JOIN (SELECT source, account, day, sum(cost) AS total FROM ads GROUP BY source, account, day) AS d ON d.source = c.source AND d.account = c.account AND d.day = c.day
WHERE c.money >= least({small:Float64}, d.total / 2) AND c.money >= d.total * {share:Float64}
GROUP BY source, account, campaign_id
ORDER BY money DESC, source, account, campaign_id
