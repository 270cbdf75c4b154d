-- title: No clicks are missing while money flows
-- ru: Клики не пропали, пока идут расходы
-- why: Ads are paid for and not clicked, or the clicks did not come: the cost per click is wrong
-- why_ru: За рекламу платят, а кликов нет: либо объявление не работает, либо данные не пришли
-- do: Look up the clicks of that day in the cabinet; if they are there, the day is to be loaded again
-- do_ru: Посмотрите клики за этот день в кабинете; если они там есть, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, campaign_id, day
-- days: 14
-- param: clicks = 20
-- param: small = 300
-- says: {who}: {clicks} clicks for {spent} ₽ on {day}, usual {expected}: {campaign}
-- says_ru: {who}: кликов {clicks} вместо {expected} за {day} при расходе {spent} ₽: {campaign_ru}

-- As many as the money and the shows of the day, each by the campaign's two weeks before, let expect (the lower
-- of the two; where shows are missing, too, spend_without_impressions tells it), and none or a tenth came. campaign_id 0: the whole account. A campaign that has no clicks on other days, too, is of
-- another kind and not judged.
WITH
    days AS
    (
        SELECT
            source, account, campaign_id, stat_date AS d, any(campaign_name) AS name, toFloat64(sum(impressions)) AS shown, toFloat64(sum(clicks)) AS clicked,
            toFloat64(sum(spend)) AS spent
        FROM v_ad_spend WHERE stat_date >= {since:Date} - 34 AND stat_date < {today:Date}
        GROUP BY source, account, campaign_id, d
    ),
    things AS
    (
        SELECT source, account, arrayJoin([campaign_id, 0]) AS thing, d, any(name) AS campaign, sum(shown) AS shown, sum(clicked) AS clicked, sum(days.spent) AS spent, count() AS n
        FROM days WHERE days.spent > 0 GROUP BY source, account, thing, d
    ),
    judged AS
    (
        SELECT
            *, least(spent * quantileExact(0.5)(clicked / spent) OVER w, shown * quantileExact(0.5)(clicked / greatest(shown, 1)) OVER w) AS expected,
            count() OVER w AS days_before, min(clicked) OVER w AS least_before,
            days_before >= 5 AND least_before > 0 AND expected >= {clicks:Float64} AND spent >= {small:Float64} AND clicked <= expected / 10 AND expected - clicked > 4.4 * sqrt(expected) AND (thing != 0 OR n > 1) AS is_strange
        FROM things WINDOW w AS (PARTITION BY source, account, thing ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING)
    )
SELECT
    source, account, thing AS campaign_id, d AS day, if(thing = 0, 'all campaigns', campaign) AS campaign, if(thing = 0, 'все кампании', campaign) AS campaign_ru,
    clicked AS clicks, round(expected) AS expected, round(spent, 2) AS spent, round(spent, 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY source, account, thing ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS went_on FROM judged)
WHERE d >= {since:Date}
    -- What is open ends with the clicks, whatever becomes of the days that it was judged by.
    AND (is_strange AND NOT went_on OR clicked <= greatest(expected, {clicks:Float64}) / 10
        AND has({open:Array(String)}, concat(source, '/', account, '/', toString(thing), '/', toString(d))))
ORDER BY money DESC, source, account, campaign_id, day
